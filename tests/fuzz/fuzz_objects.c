/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_objects - bytes from an API server, as each object that is read without a watch. What is read on
 * success has its strings terminated and its counts within bounds; what is not leaves the last one alone. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kube/objects.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool so)
{
	if (!so)
		abort();
}

#define TERMINATED(array) demand(memchr(array, 0, sizeof(array)) != NULL)

static void check_pods(struct span json)
{
	static struct object_pods pods;
	struct failure failure;

	pods.count = 99;
	if (objects_read_pods(json, &pods, &failure) < 0) {
		demand(pods.count == 99 && failure.text[0]);
		return;
	}
	demand(pods.count <= OPERATORS_MAX);
	for (size_t i = 0; i < pods.count; i++) {
		TERMINATED(pods.item[i].name);
		TERMINATED(pods.item[i].container);
		demand(pods.item[i].toleration_count <= OBJECT_TAINTS_MAX);
	}
}

static void check_nodes(struct span json)
{
	static struct object_nodes nodes;
	static struct object_pod pod;
	struct failure failure;

	if (objects_read_nodes(json, &nodes, &failure) < 0)
		return;
	demand(nodes.count <= NODES_MAX);
	for (size_t i = 0; i < nodes.count; i++) {
		TERMINATED(nodes.item[i].boot_id);
		demand(nodes.item[i].taint_count <= OBJECT_TAINTS_MAX);
		(void)objects_obstacle(&pod, &nodes.item[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span json = { (const char *)bytes, size };
	struct object_deployments deployments;
	static struct object_replicasets sets;
	struct object_config config;
	struct failure failure;
	char message[64];
	bool served;

	objects_init();
	check_pods(json);
	check_nodes(json);
	if (objects_read_deployments(json, &deployments, &failure) == 0 && deployments.count)
		TERMINATED(deployments.first.image);
	if (objects_read_replicasets(json, &sets, &failure) == 0)
		demand(sets.count <= REPLICASETS_MAX);
	if (objects_read_config(json, &config, &failure) == 0)
		demand(config.metrics_port != 0 && config.secrets_namespace[0]);
	(void)objects_read_crd(json, "v1", &served, &failure);
	if (objects_read_status(json, message, sizeof(message)))
		TERMINATED(message);
	return 0;
}
