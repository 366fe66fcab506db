/* SPDX-License-Identifier: Apache-2.0 */
/* cluster - what the contract's client sees, through the Kubernetes API alone: the operator's container and its log,
 * the copies with their UIDs. Asked over the kubeconfig's own endpoint, which the faults leave alone. */
#pragma once
#include "core/evidence.h"
#include "kube/kubeconfig.h"
#include "kube/objects.h"
#include "wire/http.h"

#define COPIES_SEEN_MAX 16

struct seen_copy {
	char name[OBJECT_NAME_MAX], uid[OBJECT_UID_MAX];
	char source_namespace[OBJECT_NAME_MAX], source_name[OBJECT_NAME_MAX];
};

struct seen_copies {
	size_t count;
	struct seen_copy item[COPIES_SEEN_MAX];
};

struct cluster {
	struct kubeconfig *kubeconfig;
	struct http *http;
	uint32_t release; /* of the operator: 118 */
};

void cluster_open(struct cluster *self,
                  const char *kubeconfig); /* ends the program where it can't */
void cluster_close(struct cluster *self);

/* Each is false where there is no good answer just now. */
bool cluster_see_pod(struct cluster *self, struct object_pod *ret); /* the one that is not ending */
bool cluster_see_log(struct cluster *self, const struct object_pod *pod, enum log_says *ret);
bool cluster_see_copies(struct cluster *self, struct seen_copies *ret);
bool cluster_create(struct cluster *self, const struct seen_copy *copy, char uid[OBJECT_UID_MAX]);
