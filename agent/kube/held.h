/* SPDX-License-Identifier: Apache-2.0 */
/* held - what the cluster holds of a manifest, as the API's answers tell: objects, the token, what an
 * account is allowed. No message holds a byte of a Secret.
 *   -EBADMSG  the answer is not what was asked for
 *   -ENOMEM */
#pragma once
#include "kube/manifest.h"
#include "tls/digest.h"

struct held { /* zeroed: not there */
	char uid[OBJECT_UID_MAX], version[OBJECT_VERSION_MAX];
	bool ours; /* it carries our label */
	struct digest
		content; /* of all but its version and who wrote what: equal only for equal content */
};

int held_read(struct span json, struct held *ret);

/* Calls see() for each object of a list that a manifest has a name for; stops when it returns below 0, and
 * returns that. */
int held_list(struct span json, enum manifest_kind kind,
              int (*see)(void *argument, const struct manifest_object *object,
                         const struct held *held),
              void *argument);

/* The token of a Secret; the caller's to wipe (secret_free). *ret is NULL while it has none. */
int held_token(struct span json, char **ret);

/* SelfSubjectAccessReview: its path, its body (the caller's to free), its answer. */
#define HELD_REVIEW_PATH "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
int held_review(const struct manifest_right *right, char **ret_json);
int held_allowed(struct span json, bool *ret);

/* "get secrets shop/cert", for people. */
void held_right_words(const struct manifest_right *right, char *text, size_t size);
