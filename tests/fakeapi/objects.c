/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/objects.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPLICASET "cilium-operator-6f87dd5596" /* the tapes' */

static void must(bool done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "fakeapi: %s\n", what);
	abort();
}

/* --- names --- */

void objects_pod_name(uint32_t pod, char name[64])
{
	(void)snprintf(name, 64, REPLICASET "-%05x", pod & 0xfffff);
}

void objects_container_id(uint32_t container, char id[OBJECTS_CONTAINER_SIZE])
{
	uint32_t mixed = container;

	for (size_t i = 0; i < 8; i++, mixed = mixed * 1664525u + 1013904223u)
		(void)snprintf(id + i * 8, 9, "%08x", mixed * 2654435761u);
}

static void uuid(unsigned family, uint32_t number, char uid[OBJECTS_UID_SIZE])
{
	(void)snprintf(uid, OBJECTS_UID_SIZE, "%08x-0000-4000-8000-%012x", family, number);
}

void objects_boot_id(uint32_t boot, char id[OBJECTS_UID_SIZE])
{
	uuid(0xb0070000, boot, id);
}

void objects_uid(uint32_t number, char uid[OBJECTS_UID_SIZE])
{
	uuid(0xdddd0000, number, uid);
}

void objects_copy_name(unsigned release, const char *namespace, const char *name, char copy[256])
{
	unsigned char digest[EVP_MAX_MD_SIZE], bytes[512] = "secret";
	size_t len = sizeof("secret");
	unsigned digest_len = 0;
	char *to = copy;

	if (release < 120) {
		(void)snprintf(copy, 256, "%s-%s", namespace, name);
		return;
	}
	len += (size_t)snprintf((char *)bytes + len, 128, "%s", namespace) + 1;
	len += (size_t)snprintf((char *)bytes + len, 256, "%s", name);
	must(EVP_Digest(bytes, len, digest, &digest_len, EVP_sha256(), NULL) == 1, "no SHA-256");
	to += snprintf(to, 32, "cilium-sync-secret-");
	for (unsigned i = 0; i < digest_len; i++)
		to += snprintf(to, 3, "%02x", digest[i]);
}

/* --- JSON --- */

static cJSON *at(cJSON *object, const char *name)
{
	cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	must(item != NULL, name);
	return item;
}

static void set(cJSON *object, const char *name, const char *text)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	must(cJSON_AddStringToObject(object, name, text) != NULL, "out of memory");
}

static void set_number(cJSON *object, const char *name, double number)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	must(cJSON_AddNumberToObject(object, name, number) != NULL, "out of memory");
}

static void set_uid(cJSON *json, uint32_t number)
{
	char uid[OBJECTS_UID_SIZE];

	objects_uid(number, uid);
	set(at(json, "metadata"), "uid", uid);
}

static void set_date(cJSON *object, const char *name)
{
	char text[32];
	time_t now = time(NULL);
	struct tm broken;

	(void)gmtime_r(&now, &broken);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
	set(object, name, text);
}

/* A copy of text with every occurrence of one word replaced; frees text. */
static char *replace(char *text, const char *from, const char *to)
{
	size_t room = strlen(text) * 4 + 1024, len = 0;
	char *out = malloc(room), *rest = text, *hit;

	must(out != NULL, "out of memory");
	while ((hit = strstr(rest, from))) {
		len += (size_t)snprintf(out + len, room - len, "%.*s%s", (int)(hit - rest), rest,
		                        to);
		rest = hit + strlen(from);
	}
	(void)snprintf(out + len, room - len, "%s", rest);
	free(text);
	return out;
}

static cJSON *parse(char *text, const char *what)
{
	cJSON *json = cJSON_Parse(text);

	must(json != NULL, what);
	free(text);
	return json;
}

/* The first item of a list that the bed gave. */
static cJSON *first_of(const struct world *world, const char *tape, const char *group,
                       const char *kind)
{
	cJSON *list = parse(world_tape(world, tape), tape);
	cJSON *item = cJSON_DetachItemFromArray(at(list, "items"), 0);

	must(item != NULL, tape);
	cJSON_Delete(list);
	set(item, "apiVersion", group);
	set(item, "kind", kind);
	return item;
}

static cJSON *make(const char *group, const char *kind, const char *namespace, const char *name)
{
	cJSON *json = cJSON_CreateObject(), *metadata;

	set(json, "apiVersion", group);
	set(json, "kind", kind);
	metadata = cJSON_AddObjectToObject(json, "metadata");
	set(metadata, "name", name);
	if (namespace[0])
		set(metadata, "namespace", namespace);
	set_date(metadata, "creationTimestamp");
	return json;
}

/* --- what stays as it is --- */

static void put_deployment(struct world *world)
{
	cJSON *json = first_of(world, "deployments.json", "apps/v1", "Deployment"), *env, *item;
	cJSON *container = cJSON_GetArrayItem(
		at(at(at(at(json, "spec"), "template"), "spec"), "containers"), 0);
	char port[16];

	(void)snprintf(port, sizeof(port), "%u", world->options.ports[GATE_VIP]);
	env = at(container, "env");
	cJSON_ArrayForEach(item, env)
	{
		if (strcmp(cJSON_GetStringValue(at(item, "name")), "KUBERNETES_SERVICE_PORT") == 0)
			set(item, "value", port);
		if (strcmp(cJSON_GetStringValue(at(item, "name")), "KUBERNETES_SERVICE_HOST") == 0)
			set(item, "value", world->options.vip);
	}
	if (world->options.release >= 120)
		set(container, "image", "quay.io/cilium/operator-generic:v1.20.2");
	store_put(&world->store, "deployments", "kube-system", "cilium-operator", json);
}

static void put_config(struct world *world)
{
	cJSON *json = make("v1", "ConfigMap", "kube-system", "cilium-config");
	cJSON *data = cJSON_AddObjectToObject(json, "data");
	char port[16];

	/* Those of the bed's that have to do with Gateways and Secrets. */
	static const char *const settings[][2] = {
		{ "enable-gateway-api", "true" },
		{ "enable-gateway-api-secrets-sync", "true" },
		{ "enable-gateway-api-proxy-protocol", "false" },
		{ "enable-policy-secrets-sync", "true" },
		{ "gateway-api-hostnetwork-enabled", "false" },
		{ "gateway-api-secrets-namespace", "cilium-secrets" },
		{ "kube-proxy-replacement", "true" },
		{ "policy-secrets-namespace", "cilium-secrets" },
	};
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		set(data, settings[i][0], settings[i][1]);
	(void)snprintf(port, sizeof(port), ":%u", world->options.metrics_port);
	set(data, "operator-prometheus-serve-addr", port);
	store_put(&world->store, "configmaps", "kube-system", "cilium-config", json);
}

static void put_crd(struct world *world, const char *plural, const char *version)
{
	char name[128], *text = replace(world_tape(world, "crd-referencegrants.json"),
	                                "referencegrants", plural);
	cJSON *json;

	(void)snprintf(name, sizeof(name), "\"%s\"", version);
	json = parse(replace(text, "\"v1beta1\"", name), plural);
	(void)snprintf(name, sizeof(name), "%s.gateway.networking.k8s.io", plural);
	store_put(&world->store, "customresourcedefinitions", "", name, json);
}

static void put_crds(struct world *world)
{
	bool newer = world->options.release >= 120;
	static const char *const always[] = { "gatewayclasses", "gateways", "httproutes",
		                              "grpcroutes" };

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		put_crd(world, always[i], "v1");
	put_crd(world, "referencegrants", newer ? "v1" : "v1beta1");
	if (!newer)
		return;
	put_crd(world, "tlsroutes", "v1");
	put_crd(world, "backendtlspolicies", "v1");
	put_crd(world, "listenersets", "v1");
}

static void put_gateway(struct world *world)
{
	cJSON *json = first_of(world, "gateways.json", "gateway.networking.k8s.io/v1", "Gateway"),
	      *listener;
	cJSON *address = cJSON_GetArrayItem(at(at(json, "status"), "addresses"), 0);
	size_t i = 0;

	set(address, "value", world->options.address);
	cJSON_ArrayForEach(listener, at(at(json, "spec"), "listeners"))
	{
		cJSON *ref = cJSON_GetArrayItem(at(at(listener, "tls"), "certificateRefs"), 0);

		set_number(listener, "port", world->options.gateway_port);
		must(i < MODEL_COPIES, "more listeners than copies");
		if (strcmp(world->source[i].namespace, "default") != 0)
			set(ref, "namespace", world->source[i].namespace);
		i++;
	}
	store_put(&world->store, "gateways", "default", "web", json);
}

static void put_envoyconfig(struct world *world)
{
	char *text = world_tape(world, "ciliumenvoyconfigs.json"), old[256], new[320];
	cJSON *list, *item;

	for (size_t i = 0; i < MODEL_COPIES; i++) {
		(void)snprintf(old, sizeof(old), "\"cilium-secrets/default-%s\"",
		               world->source[i].name);
		(void)snprintf(new, sizeof(new), "\"cilium-secrets/%s\"", world->source[i].copy);
		text = replace(text, old, new);
	}
	list = parse(text, "ciliumenvoyconfigs.json");
	item = cJSON_DetachItemFromArray(at(list, "items"), 0);
	cJSON_Delete(list);
	store_put(&world->store, "ciliumenvoyconfigs", "default",
	          cJSON_GetStringValue(at(at(item, "metadata"), "name")), item);
}

void objects_put_fixed(struct world *world)
{
	put_deployment(world);
	store_put(&world->store, "replicasets", "kube-system", REPLICASET,
	          first_of(world, "replicasets.json", "apps/v1", "ReplicaSet"));
	put_config(world);
	put_crds(world);
	store_put(&world->store, "gatewayclasses", "", "cilium",
	          first_of(world, "gatewayclasses.json", "gateway.networking.k8s.io/v1",
	                   "GatewayClass"));
	put_gateway(world);
	put_envoyconfig(world);
	for (size_t i = 0; i < MODEL_COPIES; i++)
		objects_put_source(world, &world->source[i]);
}

/* --- what changes --- */

void objects_put_node(struct world *world, uint32_t boot)
{
	cJSON *json = first_of(world, "nodes.json", "v1", "Node");
	char id[OBJECTS_UID_SIZE];

	objects_boot_id(boot, id);
	set(at(at(json, "status"), "nodeInfo"), "bootID", id);
	store_put(&world->store, "nodes", "", "pi", json);
}

static void show_state(cJSON *state, const struct pod *pod)
{
	if (pod->shown.held_back) {
		cJSON *waiting = cJSON_AddObjectToObject(state, "waiting");

		set(waiting, "reason", "CrashLoopBackOff");
		/* Of a world that runs as fast as this machine: in a faster one it is over in no time. */
		set(waiting, "message", "back-off 5m0s restarting failed container");
	} else
		set_date(cJSON_AddObjectToObject(state,
		                                 pod->shown.running ? "running" : "terminated"),
		         "startedAt");
}

static void show_container(cJSON *status, const struct pod *pod, const struct world_pod *shown)
{
	cJSON *last, *terminated, *state = cJSON_CreateObject();
	char id[OBJECTS_CONTAINER_SIZE], text[96];

	objects_container_id(shown->container, id);
	(void)snprintf(text, sizeof(text), "containerd://%s", id);
	set(status, "containerID", text);
	cJSON_DeleteItemFromObjectCaseSensitive(status, "state");
	cJSON_DeleteItemFromObjectCaseSensitive(status, "lastState");
	cJSON_AddItemToObject(status, "state", state);
	show_state(state, pod);
	last = cJSON_AddObjectToObject(status, "lastState");
	cJSON_DeleteItemFromObjectCaseSensitive(status, "ready");
	(void)cJSON_AddBoolToObject(status, "ready", pod->shown.ready);
	set_number(status, "restartCount", shown->restarts);
	if (!shown->last)
		return;
	objects_container_id(shown->last, id);
	(void)snprintf(text, sizeof(text), "containerd://%s", id);
	terminated = cJSON_AddObjectToObject(last, "terminated");
	set_number(terminated, "exitCode", shown->exit_code);
	set(terminated, "containerID", text);
	if (pod->shown.held_back) { /* the words of both, at the end */
		set(terminated, "message",
		    "level=fatal msg=\"failed to start: Get \\\"https://127.0.0.1:7443/api\\\": "
		    "dial tcp 127.0.0.1:7443: connect: connection refused\"\n");
		set_date(terminated, "finishedAt");
	}
}

void objects_put_pod(struct world *world, const struct pod *pod, const struct world_pod *shown)
{
	cJSON *json = first_of(world, "pods-off.json", "v1", "Pod");
	cJSON *metadata = at(json, "metadata"), *status = at(json, "status");
	char name[64];

	objects_pod_name(pod->id, name);
	set(metadata, "name", name);
	set_uid(json, pod->id);
	if (world->options.release >= 120)
		set(cJSON_GetArrayItem(at(at(json, "spec"), "containers"), 0), "image",
		    "quay.io/cilium/operator-generic:v1.20.2");
	if (pod->node < 0)
		cJSON_DeleteItemFromObjectCaseSensitive(at(json, "spec"), "nodeName");
	if (pod->terminating)
		set_date(metadata, "deletionTimestamp");
	if (shown->container) {
		show_container(cJSON_GetArrayItem(at(status, "containerStatuses"), 0), pod, shown);
	} else {
		cJSON_DeleteItemFromObjectCaseSensitive(status, "containerStatuses");
		set(status, "phase", "Pending");
	}
	store_put(&world->store, "pods", "kube-system", name, json);
}

static char *base64(const char *text)
{
	size_t len = strlen(text);
	char *out = malloc(len * 2 + 8);

	must(out != NULL, "out of memory");
	(void)EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len);
	return out;
}

static void add_pair(cJSON *json, const struct tls_identity *identity)
{
	cJSON *data = cJSON_AddObjectToObject(json, "data");
	char *cert = base64(identity->cert), *key = base64(identity->key);

	set(data, "tls.crt", cert);
	set(data, "tls.key", key);
	set(json, "type", "kubernetes.io/tls");
	free(cert);
	free(key);
}

static void annotate(cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	cJSON *annotations = cJSON_AddObjectToObject(at(json, "metadata"), "annotations");

	must(text != NULL, "out of memory");
	set(annotations, "kubectl.kubernetes.io/last-applied-configuration", text);
	free(text);
}

void objects_put_source(struct world *world, const struct world_source *source)
{
	cJSON *json = make("v1", "Secret", source->namespace, source->name);

	set_uid(json, ++world->model.next_id);
	add_pair(json, &source->identity);
	if (source->applied)
		annotate(json);
	store_put(&world->store, "secrets", source->namespace, source->name, json);
}

void objects_put_copy(struct world *world, const struct world_source *source, uint32_t uid)
{
	cJSON *json = make("v1", "Secret", "cilium-secrets", source->copy), *labels, *annotations;

	set_uid(json, uid);
	labels = cJSON_AddObjectToObject(at(json, "metadata"), "labels");
	set(labels, "secretsync.cilium.io/owning-secret-name", source->name);
	set(labels, "secretsync.cilium.io/owning-secret-namespace", source->namespace);
	if (world->options.release >= 120) {
		annotations = cJSON_AddObjectToObject(at(json, "metadata"), "annotations");
		set(annotations, "secretsync.cilium.io/source-kind", "Secret");
		set(annotations, "secretsync.cilium.io/source-name", source->name);
		set(annotations, "secretsync.cilium.io/source-namespace", source->namespace);
	}
	add_pair(json, &source->identity);
	store_put(&world->store, "secrets", "cilium-secrets", source->copy, json);
}

void objects_put_created(struct world *world, const char *name, cJSON *json, uint32_t uid)
{
	set_uid(json, uid);
	set_date(at(json, "metadata"), "creationTimestamp");
	store_put(&world->store, "secrets", "cilium-secrets", name, json);
}

void objects_put_orphan(struct world *world, unsigned number)
{
	cJSON *json, *labels;
	char name[64];

	(void)snprintf(name, sizeof(name), "default-orphan-%03u", number);
	json = make("v1", "Secret", "cilium-secrets", name);
	labels = cJSON_AddObjectToObject(at(json, "metadata"), "labels");
	set(labels, "secretsync.cilium.io/owning-secret-namespace", "default");
	set(labels, "secretsync.cilium.io/owning-secret-name", name + sizeof("default-") - 1);
	set(json, "type", "kubernetes.io/tls");
	objects_put_created(world, name, json, ++world->model.next_id);
}

void objects_put_grant(struct world *world)
{
	cJSON *json = make("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "elsewhere",
	                   "gateways");
	cJSON *spec = cJSON_AddObjectToObject(json, "spec"), *from = cJSON_CreateObject(),
	      *to = cJSON_CreateObject();

	set_uid(json, ++world->model.next_id);
	set(from, "group", "gateway.networking.k8s.io");
	set(from, "kind", "Gateway");
	set(from, "namespace", "default");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(spec, "from"), from);
	set(to, "group", "");
	set(to, "kind", "Secret");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(spec, "to"), to);
	store_put(&world->store, "referencegrants", "elsewhere", "gateways", json);
}

cJSON *objects_status(unsigned code, const char *reason, const char *message, const char *kind,
                      const char *name)
{
	cJSON *json = cJSON_CreateObject(), *details;

	set(json, "kind", "Status");
	set(json, "apiVersion", "v1");
	(void)cJSON_AddObjectToObject(json, "metadata");
	set(json, "status", "Failure");
	set(json, "message", message);
	set(json, "reason", reason);
	if (name[0]) {
		details = cJSON_AddObjectToObject(json, "details");
		set(details, "name", name);
		set(details, "kind", kind);
	}
	set_number(json, "code", code);
	return json;
}
