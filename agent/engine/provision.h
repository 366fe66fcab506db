/* SPDX-License-Identifier: Apache-2.0 */
/* provision - carries a manifest into the cluster and out of it again: one request at a time, each waited for.
 * What is there without our label is left alone. Owns its connection, not the credentials. */
#pragma once
#include "kube/held.h"
#include "kube/kubeconfig.h"
#include "wire/http.h"

#define PROVISION_TEXT_MAX 300

struct provision;

enum provision_fate {
	PROVISION_UNCHANGED,
	PROVISION_CREATED,
	PROVISION_CHANGED,
	PROVISION_DELETED,
	PROVISION_FOREIGN,     /* there, and not ours: left alone */
	PROVISION_UNSUPPORTED, /* a policy, and a Kubernetes that has none */
	PROVISION_FAILED,      /* the text says why */
};

struct provision_end {
	enum provision_fate fate;
	char text[PROVISION_TEXT_MAX]; /* of FAILED: one line */
};

/* token NULL: with the kubeconfig's own credentials, else with that token in place of them. Both stay the caller's, and
 * are needed to the end. -ENOMEM. */
int provision_new(const struct kubeconfig *kubeconfig, const char *token, struct provision **ret);
struct provision *provision_free(struct provision *self); /* always NULL */
DEFINE_CLEANUP(struct provision, provision_free)

/* What is there of an object. fate UNCHANGED: *ret_held is it (zeroed: nothing), else as above. */
void provision_look(struct provision *self, const struct manifest_object *object,
                    struct held *ret_held, struct provision_end *ret);

/* Server-side apply of an object of which held was seen; what is as it should be is not written at all. dry: the API
 * server only says what would be. */
void provision_apply(struct provision *self, const struct manifest *manifest, size_t place,
                     const struct held *held, bool dry, struct provision_end *ret);

/* Who hears of each object that goes. */
struct provision_hearer {
	void (*tell)(void *argument, const struct manifest_object *object,
	             const struct provision_end *end);
	void *argument;
};

/* What carries our label and name and is not in the manifest (NULL: all of it) goes, the last kind first. dry: it is
 * only told. Ends with the first failure. */
void provision_remove(struct provision *self, const struct manifest *manifest, bool dry,
                      const struct provision_hearer *hearer, struct provision_end *ret);

/* The account's token, which the API server's controllers put into its Secret within a moment. The caller's to wipe.
 * false: ret says why. */
bool provision_token(struct provision *self, const struct manifest_object *secret, char **ret_token,
                     struct provision_end *ret);

/* Whether the policies hold the account: what they must refuse is asked for, without effect, as that account, and again
 * until deadline_usec, since a policy that was just made is known a moment later. False: ret says why. */
bool provision_is_held_to(struct provision *self, const struct manifest *manifest,
                          uint64_t deadline_usec, struct provision_end *ret);

/* Whether a right is had, as the API server's own review says. Since a Role that was just made is known a moment later,
 * a no is asked again until deadline_usec (of CLOCK_BOOTTIME). fate UNCHANGED: *ret_allowed. */
void provision_review(struct provision *self, const struct manifest_right *right,
                      uint64_t deadline_usec, bool *ret_allowed, struct provision_end *ret);
