/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_kind - the kinds of object that a manifest has, how ours are called and labelled, and where the API has
 * them. Pure. */
#pragma once
#include <stdbool.h>

#include "kube/objects.h"

#define MANIFEST_ACCOUNT     "gatewake"
#define MANIFEST_TOKEN       "gatewake-token"
#define MANIFEST_LABEL       "app.kubernetes.io/managed-by"
#define MANIFEST_LABEL_VALUE "gatewake"
#define MANIFEST_SELECTOR    "app.kubernetes.io%2Fmanaged-by%3Dgatewake" /* escaped for a query */
#define MANIFEST_PATH        512

/* What they are called. */
#define MANIFEST_COPIES_ROLE   "gatewake-copies"
#define MANIFEST_SOURCES_ROLE  "gatewake-sources"
#define MANIFEST_PODS_POLICY   "gatewake-pods"
#define MANIFEST_COPIES_POLICY "gatewake-copies"

/* In the order in which they are made: who is to be held is held before he is there. */
enum manifest_kind {
	MANIFEST_POLICY,
	MANIFEST_POLICY_BINDING,
	MANIFEST_SERVICE_ACCOUNT,
	MANIFEST_SECRET,
	MANIFEST_CLUSTER_ROLE,
	MANIFEST_CLUSTER_ROLE_BINDING,
	MANIFEST_ROLE,
	MANIFEST_ROLE_BINDING,
};
#define MANIFEST_KIND_COUNT 8

struct manifest_object {
	enum manifest_kind kind;
	char namespace[OBJECT_NAME_MAX], name[OBJECT_NAME_MAX]; /* namespace "": it has none */
};

const char *manifest_kind_name(enum manifest_kind kind);
const char *manifest_kind_version(enum manifest_kind kind); /* "group/version", as in apiVersion */
/* Kubernetes has ValidatingAdmissionPolicies since 1.30: the rest works without them. */
bool manifest_kind_is_policy(enum manifest_kind kind);
/* Whether we make objects of that kind under that name. */
bool manifest_knows(enum manifest_kind kind, const char *name);
/* The path of one object; of all that carry our label, in all namespaces. Both fit in MANIFEST_PATH. */
void manifest_path(const struct manifest_object *object, char path[MANIFEST_PATH]);
void manifest_path_ours(enum manifest_kind kind, char path[MANIFEST_PATH]);
