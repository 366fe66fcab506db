/* SPDX-License-Identifier: Apache-2.0 */
/* manifest - the objects that give gatewake an account of its own, and no right beyond those that the
 * paths of kube/path and kube/sync use: one table of rights, from which the Roles, the check of them and
 * the table in README.md come. Owns what it built. Pure: nothing is asked. */
#pragma once
#include <stdio.h>

#include "base/cleanup.h"
#include "kube/manifest_kind.h"

struct manifest_source {
	const char *namespace, *name;
};

struct manifest_facts { /* all owned by the caller; names as the API has them */
	const char *operator_namespace, *secrets_namespace;
	bool all_secrets; /* the sources need no names then */
	const struct manifest_source *source;
	size_t source_count;
};

/* One verb on one thing. */
struct manifest_right {
	char namespace[OBJECT_NAME_MAX]; /* "": in all of them, or of the cluster */
	const char *group, *resource, *subresource;
	char name[OBJECT_NAME_MAX]; /* "": any */
	char verb[8];
};

struct manifest;

/* -EINVAL: a namespace or name that is none. -ENOMEM. */
int manifest_new(const struct manifest_facts *facts, struct manifest **ret);
struct manifest *manifest_free(struct manifest *manifest); /* always NULL */
DEFINE_CLEANUP(struct manifest, manifest_free)

/* NULL: that was the last one. */
const struct manifest_object *manifest_object(const struct manifest *manifest, size_t place);
const struct manifest_right *manifest_right(const struct manifest *manifest, size_t place);

/* The object as JSON, to apply; version "": it is not there yet, else the resourceVersion that it must still
 * have. The caller's to free. -ENOMEM. */
int manifest_body(const struct manifest *manifest, size_t place, const char *version,
                  char **ret_json);

/* A create that the policies must refuse: where it is posted (with dryRun), and its body, the caller's. -ENOMEM. */
int manifest_forbidden(const struct manifest *manifest, char path[MANIFEST_PATH], char **ret_json);

/* All of it as YAML, as `kubectl apply -f -` takes it. -ENOMEM, -EIO. */
int manifest_print(const struct manifest *manifest, FILE *stream);
