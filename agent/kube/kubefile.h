/* SPDX-License-Identifier: Apache-2.0 */
/* kubefile - finds, in the tree of a kubeconfig, the cluster and the user that one context names,
 * and says in one line what is wrong with a field. Only the shape is judged here: what a field may
 * hold is kubeconfig's business. Owns nothing; the tree must outlive it. */
#pragma once
#include "base/failure.h"
#include "base/yaml.h"

/* Cut to these sizes, a message has room for its reason. */
#define KUBEFILE_LABEL_SIZE 72
#define KUBEFILE_NAME_SIZE  32

struct kubefile {
	const char *path;
	char label[KUBEFILE_LABEL_SIZE]; /* "kubeconfig PATH", for messages */
	const struct yaml_value *root;   /* NULL: no document */
	struct failure *failure;         /* where every fault is told */
};

/* What one of the lists holds under a name: users[NAME].user. */
struct kubefile_entry {
	const char *list;              /* "users" */
	const char *kind;              /* "user" */
	char name[KUBEFILE_NAME_SIZE]; /* for messages: quoted and cut */
	const struct yaml_value *fields;
};

/* Follows current-context (a single context needs no such name) to its cluster and user.
 *   -EBADMSG  a list or entry is missing, named twice or of the wrong shape */
int kubefile_follow(const struct kubefile *file, struct kubefile_entry *ret_cluster,
                    struct kubefile_entry *ret_user);

/* A single value; *ret_text is NULL where it isn't set, else lives as long as the tree.
 *   -EBADMSG  the field is a list or map */
int kubefile_get_text(const struct kubefile *file, const struct kubefile_entry *entry,
                      const char *field, const char **ret_text);

/* Sets "LABEL: users[NAME].user.FIELD: why" (field "": the entry itself), returns error. The values
 * themselves must stay out of it: a key pasted into the wrong field is still a key. */
int kubefile_reject(const struct kubefile *file, const struct kubefile_entry *entry,
                    const char *field, enum failure_class class, int error, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Sets "LABEL: out of memory", returns -ENOMEM. */
int kubefile_out_of_memory(const struct kubefile *file);
