/* SPDX-License-Identifier: Apache-2.0 */
/* objects - turns JSON of the API server into small structs; no cJSON type leaves this file and
 * kube/write. Fields that are not needed are not looked at, fields that are needed and missing or of the wrong
 * type are named. What cJSON allocates is wiped when it is freed: a Secret may have been in it.
 *
 * Every reader returns 0, or -EBADMSG with one line in ret_failure, or -ENOMEM; *ret is written only
 * on success. A list that is longer than its struct says so in .truncated. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/span.h"
#include "core/evidence.h"

#define OBJECT_NAME_MAX      254 /* RFC 1123 subdomain and a terminator */
#define OBJECT_UID_MAX       64
#define OBJECT_VERSION_MAX   32
#define OBJECT_CONTAINER_MAX 136 /* runtime://64 hex, with room */
#define OBJECT_IMAGE_MAX     512
#define OBJECT_TAINTS_MAX    16
#define OBJECT_WORDS_MAX     160
#define NODES_MAX            100

#define OPERATOR_SELECTOR  "io.cilium%2Fapp%3Doperator" /* escaped for a query */
#define OPERATOR_CONTAINER "cilium-operator"
#define PAUSED_ANNOTATION  "gatewake.io/paused"

struct object_taint {              /* of a node, or what a pod tolerates */
	char key[OBJECT_NAME_MAX]; /* toleration: "" is every key */
	char value[OBJECT_NAME_MAX];
	char effect[32]; /* toleration: "" is every effect */
	bool exists;     /* toleration: any value */
};

struct object_deployment {
	char namespace[OBJECT_NAME_MAX], name[OBJECT_NAME_MAX], uid[OBJECT_UID_MAX];
	char image[OBJECT_IMAGE_MAX]; /* of the operator's container in the template */
	char host[OBJECT_NAME_MAX];   /* env KUBERNETES_SERVICE_HOST as a plain value, or "" */
	char port[8];
	int32_t replicas;
	bool observed, paused;
};

struct object_deployments {
	size_t count; /* all there are; only the first is kept */
	struct object_deployment first;
};

struct object_replicaset {
	char uid[OBJECT_UID_MAX], owner[OBJECT_UID_MAX];
	int32_t replicas;
	bool terminating;
};

struct object_replicasets {
	size_t count;
	bool truncated;
	struct object_replicaset item[REPLICASETS_MAX];
};

struct object_pod {
	char name[OBJECT_NAME_MAX], uid[OBJECT_UID_MAX], version[OBJECT_VERSION_MAX];
	char node[OBJECT_NAME_MAX],
		owner[OBJECT_UID_MAX]; /* owner: the controlling ReplicaSet's UID */
	char container
		[OBJECT_CONTAINER_MAX]; /* id without its runtime://, "" where none was started */
	bool running, ready, terminating, always_pulls;
	bool held_back;   /* waits in CrashLoopBackOff */
	enum crash crash; /* of its last container that ended, */
	int64_t ended_sec; /* when that was, in the node's wall time; 0: not known, */
	unsigned back_off_sec; /* how long after that it is started again; 0: not known */
	char last_words[OBJECT_WORDS_MAX]; /* and the end of the last line that it left */
	size_t toleration_count;
	struct object_taint toleration[OBJECT_TAINTS_MAX];
};

struct object_pods {
	size_t count;
	bool truncated;
	struct object_pod item[OPERATORS_MAX];
};

struct object_node {
	char name[OBJECT_NAME_MAX], boot_id[OBJECT_UID_MAX];
	char internal_ip[OBJECT_UID_MAX]; /* "" where it has none */
	bool cordoned;
	size_t taint_count;
	struct object_taint taint[OBJECT_TAINTS_MAX]; /* of effect NoSchedule and NoExecute only */
};

struct object_nodes {
	size_t count;
	bool truncated;
	struct object_node item[NODES_MAX];
};

#define SECRETS_NAMESPACE_DEFAULT "cilium-secrets"
#define METRICS_PORT_DEFAULT      9963

struct object_config { /* of cilium-config; what is not there is not off */
	char secrets_namespace[OBJECT_NAME_MAX];
	bool gateway_off, sync_off, proxy_off;
	bool host_network, proxy_protocol;
	uint16_t metrics_port;
};

void objects_init(void); /* once, before any other: sets cJSON's allocator */

int objects_read_deployments(struct span json, struct object_deployments *ret,
                             struct failure *ret_failure);
int objects_read_replicasets(struct span json, struct object_replicasets *ret,
                             struct failure *ret_failure);
int objects_read_pods(struct span json, struct object_pods *ret, struct failure *ret_failure);
int objects_read_nodes(struct span json, struct object_nodes *ret, struct failure *ret_failure);

int objects_read_config(struct span json, struct object_config *ret, struct failure *ret_failure);

/* Whether a CustomResourceDefinition serves a version. */
int objects_read_crd(struct span json, const char *version, bool *ret_served,
                     struct failure *ret_failure);

/* The message of a Status object, printable and cut to size; false where the body is none. A 404
 * without it (plain text) says nothing about the object: the path is not served (yet). */
bool objects_read_status(struct span json, char *message, size_t size);

/* What on the node keeps a copy of the pod from being scheduled: its taints that the pod does not
 * tolerate (core/v1 toleration rules), a cordon by its own name. */
enum obstacle objects_obstacle(const struct object_pod *pod, const struct object_node *node);
