/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/objects.h"

#include <limits.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/secret.h"
#include "cilium/crash.h"
#include "host/clock.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

void objects_init(void)
{
	cJSON_Hooks hooks = { .malloc_fn = malloc, .free_fn = secret_release };

	cJSON_InitHooks(&hooks);
}

static int parse(struct span json, cJSON **ret, struct failure *ret_failure)
{
	char quoted[64];

	*ret = cJSON_ParseWithLength(json.ptr, json.len);
	if (cJSON_IsObject(*ret))
		return 0;
	cJSON_Delete(*ret);
	*ret = NULL;
	failure_quote(quoted, sizeof(quoted), json.ptr, json.len);
	return failure_set(ret_failure, FAILURE_BAD_DATA, -EBADMSG,
	                   "not a whole JSON object (%zu bytes, begins \"%s\")", json.len, quoted);
}

static int bad(struct failure *ret_failure, const char *what)
{
	return failure_set(ret_failure, FAILURE_BAD_DATA, -EBADMSG, "the answer has no usable %s",
	                   what);
}

/* Walks members by name; the list of names ends with NULL. */
static const cJSON *at(const cJSON *object, const char *const *names)
{
	for (; object && *names; names++)
		object = cJSON_GetObjectItemCaseSensitive(object, *names);
	return object;
}
#define AT(object, ...) at(object, (const char *const[]){ __VA_ARGS__, NULL })

static const char *string_of(const cJSON *item)
{
	return cJSON_IsString(item) ? item->valuestring : "";
}

/* False where the text does not fit: a name that is cut would be another name. */
static bool copy(char *buffer, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		return false;
	memcpy(buffer, text, len + 1);
	return true;
}
#define COPY(array, item) copy(array, sizeof(array), string_of(item))

static int32_t int_of(const cJSON *item, int32_t otherwise)
{
	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > INT32_MAX)
		return otherwise;
	return (int32_t)item->valuedouble;
}

/* A list's items, whose kind must be what was asked for. */
static int items_of(const cJSON *list, const char *kind, const cJSON **ret_items,
                    struct failure *ret_failure)
{
	const cJSON *items = AT(list, "items");

	if (strcmp(string_of(AT(list, "kind")), kind) != 0)
		return bad(ret_failure, kind);
	if (!cJSON_IsArray(items) && !cJSON_IsNull(items))
		return bad(ret_failure, "items");
	*ret_items = items;
	return 0;
}

static bool is_paged(const cJSON *list)
{
	return string_of(AT(list, "metadata", "continue"))[0] != '\0';
}

static const cJSON *named(const cJSON *array, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
	{
		if (strcmp(string_of(AT(item, "name")), name) == 0)
			return item;
	}
	return NULL;
}

/* The UID of the owner that controls this object, "" where there is none of that kind. */
static const char *controller_of(const cJSON *object, const char *kind)
{
	const cJSON *owner;

	cJSON_ArrayForEach(owner, AT(object, "metadata", "ownerReferences"))
	{
		if (cJSON_IsTrue(AT(owner, "controller")) &&
		    strcmp(string_of(AT(owner, "kind")), kind) == 0)
			return string_of(AT(owner, "uid"));
	}
	return "";
}

static bool is_terminating(const cJSON *object)
{
	return AT(object, "metadata", "deletionTimestamp") != NULL;
}

static int read_deployment(const cJSON *object, struct object_deployment *ret,
                           struct failure *ret_failure)
{
	const cJSON *container =
		named(AT(object, "spec", "template", "spec", "containers"), OPERATOR_CONTAINER);
	const cJSON *env = AT(container, "env");

	*ret = (struct object_deployment){ 0 };
	if (!COPY(ret->namespace, AT(object, "metadata", "namespace")) || !ret->namespace[0] ||
	    !COPY(ret->name, AT(object, "metadata", "name")) || !ret->name[0] ||
	    !COPY(ret->uid, AT(object, "metadata", "uid")) || !ret->uid[0])
		return bad(ret_failure, "metadata of a Deployment");
	if (!container || !COPY(ret->image, AT(container, "image")))
		return bad(ret_failure, "container " OPERATOR_CONTAINER " in the Deployment");
	if (!COPY(ret->host, AT(named(env, "KUBERNETES_SERVICE_HOST"), "value")) ||
	    !COPY(ret->port, AT(named(env, "KUBERNETES_SERVICE_PORT"), "value")))
		return bad(ret_failure, "env KUBERNETES_SERVICE_HOST and _PORT in the Deployment");
	ret->replicas = int_of(AT(object, "spec", "replicas"), 1);
	ret->observed = int_of(AT(object, "status", "observedGeneration"), -1) >=
	                int_of(AT(object, "metadata", "generation"), INT_MAX);
	ret->paused = AT(object, "metadata", "annotations", PAUSED_ANNOTATION) != NULL;
	return 0;
}

/* What a list holds, and how one of it is read. */
struct shape {
	const char *kind;
	size_t max, size;
	int (*read)(const cJSON *object, void *ret, struct failure *ret_failure);
};

/* Reads into memory of its own first: a list that turns out bad leaves the last good one alone. */
static int read_list(struct span json, const struct shape *shape, void *items, size_t *ret_count,
                     bool *ret_truncated, struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *list = NULL;
	CLEANUP(free_p) char *read = calloc(shape->max, shape->size);
	const cJSON *array, *item;
	size_t count = 0;
	int r = read ? parse(json, &list, ret_failure) : -ENOMEM;

	if (r == 0)
		r = items_of(list, shape->kind, &array, ret_failure);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, array)
	{
		if (count == shape->max)
			break;
		r = shape->read(item, read + count++ * shape->size, ret_failure);
		if (r < 0)
			return r;
	}
	memcpy(items, read, count * shape->size);
	*ret_count = count;
	*ret_truncated = is_paged(list) || (size_t)cJSON_GetArraySize(array) > shape->max;
	return 0;
}

int objects_read_deployments(struct span json, struct object_deployments *ret,
                             struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *list = NULL;
	struct object_deployments read = { 0 };
	const cJSON *items, *first;
	int r = parse(json, &list, ret_failure);

	if (r == 0)
		r = items_of(list, "DeploymentList", &items, ret_failure);
	if (r < 0)
		return r;
	read.count = (size_t)cJSON_GetArraySize(items) + is_paged(list);
	first = cJSON_GetArrayItem(items, 0);
	if (first)
		r = read_deployment(first, &read.first, ret_failure);
	if (r == 0)
		*ret = read;
	return r;
}

static int read_replicaset(const cJSON *object, void *item, struct failure *ret_failure)
{
	struct object_replicaset *ret = item;
	*ret = (struct object_replicaset){ 0 };
	if (!COPY(ret->uid, AT(object, "metadata", "uid")) || !ret->uid[0] ||
	    !copy(ret->owner, sizeof(ret->owner), controller_of(object, "Deployment")))
		return bad(ret_failure, "metadata of a ReplicaSet");
	ret->replicas = int_of(AT(object, "spec", "replicas"), 1);
	ret->terminating = is_terminating(object);
	return 0;
}

int objects_read_replicasets(struct span json, struct object_replicasets *ret,
                             struct failure *ret_failure)
{
	static const struct shape shape = { "ReplicaSetList", REPLICASETS_MAX,
		                            sizeof(struct object_replicaset), read_replicaset };

	return read_list(json, &shape, ret->item, &ret->count, &ret->truncated, ret_failure);
}

static bool read_toleration(const cJSON *object, struct object_taint *ret)
{
	*ret = (struct object_taint){ .exists = strcmp(string_of(AT(object, "operator")),
		                                       "Exists") == 0 };
	return COPY(ret->key, AT(object, "key")) && COPY(ret->value, AT(object, "value")) &&
	       COPY(ret->effect, AT(object, "effect"));
}

/* "containerd://<id>" without its scheme. */
static const char *container_id(const cJSON *status)
{
	const char *id = string_of(AT(status, "containerID"));
	const char *scheme = strstr(id, "://");

	return scheme ? scheme + 3 : id;
}

static struct span last_line(struct span text)
{
	const char *newline;

	while (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	newline = memrchr(text.ptr, '\n', text.len);
	if (newline)
		text = (struct span){ newline + 1, (size_t)(text.ptr + text.len - newline - 1) };
	return text;
}

/* What a process says when it ends is its reason, and the end of that the reason of the reasons. What stands
 * before msg= is a date, another one each time. */
static void read_last_words(const char *message, char *ret, size_t size)
{
	struct span line = last_line(span_of(message));
	const char *words = memmem(line.ptr, line.len, "msg=", 4);

	if (words)
		line = (struct span){ words + 4, (size_t)(line.ptr + line.len - words - 4) };
	if (line.len >= size) {
		line = (struct span){ line.ptr + line.len - size + 1, size - 1 };
		words = memchr(line.ptr, ' ', line.len);
		if (words)
			line = (struct span){ words + 1,
				              (size_t)(line.ptr + line.len - words - 1) };
	}
	failure_quote(ret, size, line.ptr, line.len);
}

/* "back-off 2m40s restarting failed container=...", counted from when the last one ended; 0: it is none. */
static unsigned read_back_off(const char *text)
{
	static const char opening[] = "back-off ";
	unsigned whole = 0, part = 0;

	if (strncmp(text, opening, sizeof(opening) - 1) != 0)
		return 0;
	for (text += sizeof(opening) - 1; *text && *text != ' '; text++) {
		if (*text >= '0' && *text <= '9' && part < 10000) {
			part = 10 * part + (unsigned)(*text - '0');
			continue;
		}
		if (*text != 'h' && *text != 'm' && *text != 's')
			return 0;
		whole += part * (*text == 'h' ? 3600 : *text == 'm' ? 60 : 1);
		part = 0;
	}
	return part ? 0 : whole;
}

static void read_end(const cJSON *status, struct object_pod *ret)
{
	const cJSON *terminated = AT(status, "lastState", "terminated");
	const char *message = string_of(AT(terminated, "message"));

	ret->held_back = strcmp(string_of(AT(status, "state", "waiting", "reason")),
	                        "CrashLoopBackOff") == 0;
	ret->back_off_sec = read_back_off(string_of(AT(status, "state", "waiting", "message")));
	ret->crash = crash_judge(span_of(message));
	ret->ended_sec = clock_date_sec(string_of(AT(terminated, "finishedAt")));
	read_last_words(message, ret->last_words, sizeof(ret->last_words));
}

static int read_pod(const cJSON *object, void *item, struct failure *ret_failure)
{
	struct object_pod *ret = item;
	const cJSON *status = named(AT(object, "status", "containerStatuses"), OPERATOR_CONTAINER);
	const cJSON *container = named(AT(object, "spec", "containers"), OPERATOR_CONTAINER);
	const cJSON *toleration;

	*ret = (struct object_pod){ 0 };
	if (!COPY(ret->name, AT(object, "metadata", "name")) || !ret->name[0] ||
	    !COPY(ret->uid, AT(object, "metadata", "uid")) || !ret->uid[0] ||
	    !COPY(ret->version, AT(object, "metadata", "resourceVersion")) || !ret->version[0])
		return bad(ret_failure, "metadata of a pod");
	if (!COPY(ret->node, AT(object, "spec", "nodeName")) ||
	    !copy(ret->owner, sizeof(ret->owner), controller_of(object, "ReplicaSet")) ||
	    !copy(ret->container, sizeof(ret->container), container_id(status)))
		return bad(ret_failure, "nodeName, ownerReferences or containerID of a pod");
	read_end(status, ret);
	ret->running = AT(status, "state", "running") != NULL;
	ret->ready = cJSON_IsTrue(AT(status, "ready"));
	ret->terminating = is_terminating(object);
	ret->always_pulls = strcmp(string_of(AT(container, "imagePullPolicy")), "Always") == 0;
	/* Beyond the limit a toleration is not known, which can only keep us from acting. */
	cJSON_ArrayForEach(toleration, AT(object, "spec", "tolerations"))
	{
		if (ret->toleration_count < OBJECT_TAINTS_MAX &&
		    read_toleration(toleration, &ret->toleration[ret->toleration_count]))
			ret->toleration_count++;
	}
	return 0;
}

int objects_read_pods(struct span json, struct object_pods *ret, struct failure *ret_failure)
{
	static const struct shape shape = { "PodList", OPERATORS_MAX, sizeof(struct object_pod),
		                            read_pod };

	return read_list(json, &shape, ret->item, &ret->count, &ret->truncated, ret_failure);
}

static bool keeps_away(const struct object_taint *taint)
{
	return strcmp(taint->effect, "NoSchedule") == 0 || strcmp(taint->effect, "NoExecute") == 0;
}

static int read_node(const cJSON *object, void *item, struct failure *ret_failure)
{
	struct object_node *ret = item;
	const cJSON *source;

	*ret = (struct object_node){ 0 };
	if (!COPY(ret->name, AT(object, "metadata", "name")) || !ret->name[0])
		return bad(ret_failure, "metadata of a Node");
	if (!COPY(ret->boot_id, AT(object, "status", "nodeInfo", "bootID")))
		return bad(ret_failure, "status.nodeInfo.bootID of a Node");
	cJSON_ArrayForEach(source, AT(object, "status", "addresses"))
	{
		if (strcmp(string_of(AT(source, "type")), "InternalIP") == 0 &&
		    !ret->internal_ip[0])
			(void)COPY(ret->internal_ip, AT(source, "address"));
	}
	ret->cordoned = cJSON_IsTrue(AT(object, "spec", "unschedulable"));
	cJSON_ArrayForEach(source, AT(object, "spec", "taints"))
	{
		struct object_taint *taint = &ret->taint[ret->taint_count];

		if (ret->taint_count == OBJECT_TAINTS_MAX)
			return bad(ret_failure, "taints of a Node: there are too many");
		if (!COPY(taint->key, AT(source, "key")) ||
		    !COPY(taint->value, AT(source, "value")) ||
		    !COPY(taint->effect, AT(source, "effect")))
			return bad(ret_failure, "taints of a Node");
		ret->taint_count += keeps_away(taint);
	}
	return 0;
}

int objects_read_nodes(struct span json, struct object_nodes *ret, struct failure *ret_failure)
{
	static const struct shape shape = { "NodeList", NODES_MAX, sizeof(struct object_node),
		                            read_node };

	return read_list(json, &shape, ret->item, &ret->count, &ret->truncated, ret_failure);
}

static bool says(const cJSON *data, const char *key, const char *value)
{
	return strcmp(string_of(AT(data, key)), value) == 0;
}

/* ":9963" or "address:9963". */
static uint16_t port_of(const char *address)
{
	const char *colon = strrchr(address, ':');
	long port = colon ? strtol(colon + 1, NULL, 10) : 0;

	return port > 0 && port <= UINT16_MAX ? (uint16_t)port : METRICS_PORT_DEFAULT;
}

int objects_read_config(struct span json, struct object_config *ret, struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *map = NULL;
	struct object_config read = { 0 };
	const cJSON *data;
	int r = parse(json, &map, ret_failure);

	if (r < 0)
		return r;
	data = AT(map, "data");
	if (!cJSON_IsObject(data) ||
	    !COPY(read.secrets_namespace, AT(data, "gateway-api-secrets-namespace")))
		return bad(ret_failure, "data of ConfigMap cilium-config");
	if (!read.secrets_namespace[0])
		memcpy(read.secrets_namespace, SECRETS_NAMESPACE_DEFAULT,
		       sizeof(SECRETS_NAMESPACE_DEFAULT));
	read.gateway_off = says(data, "enable-gateway-api", "false");
	read.sync_off = says(data, "enable-gateway-api-secrets-sync", "false");
	/* 1.18 and older take node-port for it as well. */
	read.proxy_off = says(data, "kube-proxy-replacement", "false") &&
	                 !says(data, "enable-node-port", "true");
	read.host_network = says(data, "gateway-api-hostnetwork-enabled", "true");
	read.proxy_protocol = says(data, "enable-gateway-api-proxy-protocol", "true");
	read.metrics_port = port_of(string_of(AT(data, "operator-prometheus-serve-addr")));
	*ret = read;
	return 0;
}

int objects_read_crd(struct span json, const char *version, bool *ret_served,
                     struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *crd = NULL;
	const cJSON *versions;
	int r = parse(json, &crd, ret_failure);

	if (r < 0)
		return r;
	versions = AT(crd, "spec", "versions");
	if (!cJSON_IsArray(versions))
		return bad(ret_failure, "spec.versions of a CustomResourceDefinition");
	*ret_served = cJSON_IsTrue(AT(named(versions, version), "served"));
	return 0;
}

bool objects_read_status(struct span json, char *message, size_t size)
{
	CLEANUP(cJSON_Delete_p) cJSON *status = cJSON_ParseWithLength(json.ptr, json.len);
	const char *text = string_of(AT(status, "message"));

	if (strcmp(string_of(AT(status, "kind")), "Status") != 0)
		return false;
	failure_quote(message, size, text, strlen(text));
	return true;
}

static bool tolerates(const struct object_taint *toleration, const struct object_taint *taint)
{
	if (toleration->effect[0] && strcmp(toleration->effect, taint->effect) != 0)
		return false;
	if (!toleration->key[0])
		return toleration->exists;
	if (strcmp(toleration->key, taint->key) != 0)
		return false;
	return toleration->exists || strcmp(toleration->value, taint->value) == 0;
}

static bool is_tolerated(const struct object_pod *pod, const struct object_taint *taint)
{
	for (size_t i = 0; i < pod->toleration_count; i++)
		if (tolerates(&pod->toleration[i], taint))
			return true;
	return false;
}

static enum obstacle obstacle_of(const char *key)
{
	static const char *const pressure[] = { "node.kubernetes.io/memory-pressure",
		                                "node.kubernetes.io/disk-pressure",
		                                "node.kubernetes.io/pid-pressure" };

	if (strcmp(key, "node.kubernetes.io/unschedulable") == 0)
		return OBSTACLE_CORDON;
	for (size_t i = 0; i < sizeof(pressure) / sizeof(pressure[0]); i++)
		if (strcmp(key, pressure[i]) == 0)
			return OBSTACLE_PRESSURE;
	return OBSTACLE_TAINT;
}

enum obstacle objects_obstacle(const struct object_pod *pod, const struct object_node *node)
{
	static const struct object_taint cordon = { .key = "node.kubernetes.io/unschedulable",
		                                    .effect = "NoSchedule" };

	/* The taint follows the cordon a moment later. */
	if (node->cordoned && !is_tolerated(pod, &cordon))
		return OBSTACLE_CORDON;
	for (size_t i = 0; i < node->taint_count; i++)
		if (!is_tolerated(pod, &node->taint[i]))
			return obstacle_of(node->taint[i].key);
	return OBSTACLE_NONE;
}
