/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/api.h"
#include "tests/fakeapi/apply.h"
#include "tests/fakeapi/objects.h"

#include <stdlib.h>
#include <string.h>

#define PLAIN "text/plain; charset=utf-8"
#define JSON  "application/json"

#define RBAC      "/apis/rbac.authorization.k8s.io/v1"
#define ADMISSION "/apis/admissionregistration.k8s.io/v1"
#define REVIEWS   "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

static const struct resource {
	const char *group, *plural, *kind;
	bool builtin;          /* in a list such objects don't say what they are */
	unsigned since, until; /* releases whose bundle has that version */
} resources[] = {
	{ "/apis/apps/v1", "deployments", "Deployment", true, 0, 999 },
	{ "/apis/apps/v1", "replicasets", "ReplicaSet", true, 0, 999 },
	{ "/api/v1", "pods", "Pod", true, 0, 999 },
	{ "/api/v1", "nodes", "Node", true, 0, 999 },
	{ "/api/v1", "configmaps", "ConfigMap", true, 0, 999 },
	{ "/api/v1", "secrets", "Secret", true, 0, 999 },
	{ "/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition",
	  true, 0, 999 },
	{ "/apis/gateway.networking.k8s.io/v1", "gatewayclasses", "GatewayClass", false, 0, 999 },
	{ "/apis/gateway.networking.k8s.io/v1", "gateways", "Gateway", false, 0, 999 },
	{ "/apis/gateway.networking.k8s.io/v1", "listenersets", "ListenerSet", false, 120, 999 },
	{ "/apis/gateway.networking.k8s.io/v1", "referencegrants", "ReferenceGrant", false, 120,
	  999 },
	{ "/apis/gateway.networking.k8s.io/v1beta1", "referencegrants", "ReferenceGrant", false, 0,
	  999 },
	{ "/apis/cilium.io/v2", "ciliumenvoyconfigs", "CiliumEnvoyConfig", false, 0, 999 },
	{ "/api/v1", "serviceaccounts", "ServiceAccount", true, 0, 999 },
	{ RBAC, "clusterroles", "ClusterRole", true, 0, 999 },
	{ RBAC, "clusterrolebindings", "ClusterRoleBinding", true, 0, 999 },
	{ RBAC, "roles", "Role", true, 0, 999 },
	{ RBAC, "rolebindings", "RoleBinding", true, 0, 999 },
	{ ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", true, 0, 999 },
	{ ADMISSION, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", true,
	  0, 999 },
};

struct place { /* what a path leads to */
	const struct resource *resource;
	char namespace[64], name[256], below[64], api_version[64];
};

static void answer(struct api_answer *ret, unsigned status, const char *type, char *body)
{
	*ret = (struct api_answer){ .status = status, .type = type, .body = body };
}

void api_json(struct api_answer *ret, unsigned status, cJSON *json)
{
	answer(ret, status, JSON, cJSON_PrintUnformatted(json));
	cJSON_Delete(json);
}

void api_refuse(struct api_answer *ret, unsigned code, const char *reason, const char *message,
                const char *kind, const char *name)
{
	api_json(ret, code, objects_status(code, reason, message, kind, name));
}

/* --- the request's parts --- */

static bool take_part(const char **rest, char *part, size_t size)
{
	size_t len = strcspn(*rest + 1, "/");

	if ((*rest)[0] != '/' || len == 0 || len >= size)
		return false;
	memcpy(part, *rest + 1, len);
	part[len] = '\0';
	*rest += len + 1;
	return true;
}

static bool find_place(const struct world *world, const char *path, struct place *ret)
{
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		const struct resource *row = &resources[i];
		size_t len = strlen(row->group);
		const char *rest = path + len, *group = strchr(row->group + 1, '/') + 1;
		char part[64];

		*ret = (struct place){ .resource = row };
		if (strncmp(path, row->group, len) != 0 || world->options.release < row->since ||
		    world->options.release > row->until ||
		    (world->no_policies && strcmp(row->group, ADMISSION) == 0))
			continue;
		(void)snprintf(ret->api_version, sizeof(ret->api_version), "%s", group);
		if (strncmp(rest, "/namespaces/", 12) == 0) {
			rest += 11;
			(void)take_part(&rest, ret->namespace, sizeof(ret->namespace));
		}
		if (!take_part(&rest, part, sizeof(part)) || strcmp(part, row->plural) != 0)
			continue;
		(void)take_part(&rest, ret->name, sizeof(ret->name));
		(void)take_part(&rest, ret->below, sizeof(ret->below));
		return !*rest;
	}
	return false;
}

static int hex(char digit)
{
	const char *digits = "0123456789abcdef", *at = digit ? strchr(digits, digit | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* A value of the query, unescaped; "" where it is not there. */
static void parameter(const char *query, const char *name, char *value, size_t size)
{
	size_t len = strlen(name), done = 0;

	value[0] = '\0';
	while (query && (strncmp(query, name, len) != 0 || query[len] != '=')) {
		query = strchr(query, '&');
		query = query ? query + 1 : NULL;
	}
	for (query = query ? query + len + 1 : ""; *query && *query != '&' && done + 1 < size;
	     query++) {
		if (*query == '%' && hex(query[1]) >= 0 && hex(query[2]) >= 0) {
			value[done++] = (char)(hex(query[1]) * 16 + hex(query[2]));
			query += 2;
		} else {
			value[done++] = *query;
		}
	}
	value[done] = '\0';
}

static uint64_t number(const char *query, const char *name)
{
	char value[32];

	parameter(query, name, value, sizeof(value));
	return strtoull(value, NULL, 10);
}

/* --- objects on their way out --- */

static cJSON *metadata_of(const cJSON *object)
{
	cJSON *partial = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(partial, "kind", "PartialObjectMetadata");
	(void)cJSON_AddStringToObject(partial, "apiVersion", "meta.k8s.io/v1");
	cJSON_AddItemToObject(
		partial, "metadata",
		cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(object, "metadata"), true));
	return partial;
}

static cJSON *shown(const cJSON *object, const char *api_version, bool metadata_only)
{
	cJSON *copy = metadata_only ? metadata_of(object) : cJSON_Duplicate(object, true);

	if (metadata_only)
		return copy;
	(void)cJSON_ReplaceItemInObjectCaseSensitive(copy, "apiVersion",
	                                             cJSON_CreateString(api_version));
	return copy;
}

static bool matches(const cJSON *object, const char *selector)
{
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(object, "metadata"), "labels");
	const char *equals = strchr(selector, '='), *value;
	char key[128];

	if (!selector[0])
		return true;
	if (!equals)
		return false;
	(void)snprintf(key, sizeof(key), "%.*s", (int)(equals - selector), selector);
	value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, key));
	return value && strcmp(value, equals + 1) == 0;
}

static void add_list_metadata(cJSON *list, uint64_t version, size_t next)
{
	cJSON *metadata = cJSON_AddObjectToObject(list, "metadata");
	char text[64];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	(void)cJSON_AddStringToObject(metadata, "resourceVersion", text);
	(void)snprintf(text, sizeof(text), "%zu.%llu=", next, (unsigned long long)version);
	if (next)
		(void)cJSON_AddStringToObject(metadata, "continue", text);
}

/* A page of the objects from start on; *ret_next is where the one after it begins, 0: this was the last. */
static cJSON *page_of(const struct world *world, const struct place *place, const char *selector,
                      size_t start, size_t limit, bool metadata_only, size_t *ret_next)
{
	cJSON *items = cJSON_CreateArray();
	size_t count = 0;

	*ret_next = 0;
	for (size_t i = start; i < STORE_OBJECTS; i++) {
		const struct stored *object = &world->store.object[i];
		cJSON *item;

		if (!object->resource || strcmp(object->resource, place->resource->plural) != 0 ||
		    (place->namespace[0] && strcmp(object->namespace, place->namespace) != 0) ||
		    !matches(object->json, selector))
			continue;
		if (limit && count++ == limit) {
			*ret_next = i;
			break;
		}
		item = shown(object->json, place->api_version, metadata_only);
		if (place->resource->builtin && !metadata_only) {
			cJSON_DeleteItemFromObjectCaseSensitive(item, "kind");
			cJSON_DeleteItemFromObjectCaseSensitive(item, "apiVersion");
		}
		cJSON_AddItemToArray(items, item);
	}
	return items;
}

/* Of custom resources the metadata stands behind the items (facts/kubernetes-api.md, 0). */
static void answer_list(struct api_answer *ret, const struct place *place, cJSON *items,
                        uint64_t version, size_t next, bool metadata_only)
{
	cJSON *list = cJSON_CreateObject();
	char kind[64];

	(void)snprintf(kind, sizeof(kind), "%sList",
	               metadata_only ? "PartialObjectMetadata" : place->resource->kind);
	(void)cJSON_AddStringToObject(list, "kind", kind);
	(void)cJSON_AddStringToObject(list, "apiVersion",
	                              metadata_only ? "meta.k8s.io/v1" : place->api_version);
	if (place->resource->builtin)
		add_list_metadata(list, version, next);
	cJSON_AddItemToObject(list, "items", items);
	if (!place->resource->builtin)
		add_list_metadata(list, version, next);
	api_json(ret, 200, list);
}

static void get_list(const struct world *world, const struct place *place,
                     const struct api_request *request, struct api_answer *ret)
{
	char selector[256], token[64], *dot = NULL;
	bool metadata_only = strstr(request->accept, "as=PartialObjectMetadataList") != NULL;
	uint64_t version = world->store.version;
	size_t start, next;
	cJSON *items;

	if (!metadata_only && strstr(request->accept, "as=PartialObjectMetadata")) {
		api_refuse(
			ret, 406, "NotAcceptable",
			"you requested PartialObjectMetadata, but the requested object is a list",
			"", "");
		return;
	}
	parameter(request->query, "labelSelector", selector, sizeof(selector));
	parameter(request->query, "continue", token, sizeof(token));
	start = strtoull(token, &dot, 10);
	if (token[0])
		version = strtoull(dot + (*dot == '.'), NULL, 10);
	if (token[0] &&
	    (version < world->store.compacted ||
	     store_next(&world->store, place->resource->plural, place->namespace, version))) {
		api_refuse(ret, 410, "Expired",
		           "The provided continue parameter is too old to display a consistent "
		           "list result.",
		           "", "");
		return;
	}
	items = page_of(world, place, selector, start, number(request->query, "limit"),
	                metadata_only, &next);
	answer_list(ret, place, items, version, next, metadata_only);
}

static void begin_watch(const struct place *place, const struct api_request *request,
                        struct api_answer *ret)
{
	*ret = (struct api_answer){
		.status = 200,
		.type = JSON,
		.watch = true,
		.resource = place->resource->plural,
		.version = number(request->query, "resourceVersion"),
		.metadata_only = strstr(request->accept, "as=PartialObjectMetadata;") != NULL,
		.seconds = (unsigned)number(request->query, "timeoutSeconds"),
	};
	memcpy(ret->namespace, place->namespace, sizeof(ret->namespace));
	memcpy(ret->api_version, place->api_version, sizeof(ret->api_version));
}

static void not_found(struct api_answer *ret, const struct place *place)
{
	char message[400];

	(void)snprintf(message, sizeof(message), "%s \"%s\" not found", place->resource->plural,
	               place->name);
	api_refuse(ret, 404, "NotFound", message, place->resource->plural, place->name);
}

static void get_log(struct world *world, const struct place *place,
                    const struct api_request *request, struct api_answer *ret)
{
	size_t limit = number(request->query, "limitBytes");
	char *log;

	if (!store_find(&world->store, "pods", place->namespace, place->name)) {
		not_found(ret, place);
		return;
	}
	log = world_log(world, place->name);
	if (!log) {
		api_refuse(ret, 502, "", "dial tcp 127.0.0.1:10250: connect: connection refused",
		           "", "");
		return;
	}
	if (limit && limit < strlen(log))
		log[limit] = '\0';
	answer(ret, 200, "text/plain", log);
}

static void get(struct world *world, const struct place *place, const struct api_request *request,
                struct api_answer *ret)
{
	const struct stored *object =
		store_find(&world->store, place->resource->plural, place->namespace, place->name);

	if (strcmp(place->below, "log") == 0)
		get_log(world, place, request, ret);
	else if (place->below[0])
		answer(ret, 404, PLAIN, strdup("404 page not found\n"));
	else if (!place->name[0] && number(request->query, "watch"))
		begin_watch(place, request, ret);
	else if (!place->name[0])
		get_list(world, place, request, ret);
	else if (!object)
		not_found(ret, place);
	else
		api_json(ret, 200, shown(object->json, place->api_version, false));
}

/* --- writes --- */

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text ? text : "";
}

/* What the preconditions name and the object is not; false where they hold. */
static bool conflicts(const cJSON *options, const cJSON *object, const char *name, char *message,
                      size_t size)
{
	const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(options, "preconditions");
	const cJSON *is = cJSON_GetObjectItemCaseSensitive(object, "metadata");
	static const struct {
		const char *field, *word;
	} rows[] = { { "uid", "UID" }, { "resourceVersion", "ResourceVersion" } };

	for (size_t i = 0; i < 2; i++) {
		const char *want = text_of(wanted, rows[i].field),
			   *have = text_of(is, rows[i].field);

		if (!want[0] || strcmp(want, have) == 0)
			continue;
		(void)snprintf(message, size,
		               "Operation cannot be fulfilled on Pod \"%s\": the %s in the "
		               "precondition (%s) does not match the "
		               "%s in record (%s). The object might have been modified",
		               name, rows[i].word, want, rows[i].word, have);
		return true;
	}
	return false;
}

static void delete_pod(struct world *world, const struct place *place,
                       const struct api_request *request, struct api_answer *ret)
{
	struct stored *object = store_find(&world->store, "pods", place->namespace, place->name);
	cJSON *options = cJSON_ParseWithLength(request->body, request->body_len), *gone;
	char message[512];

	if (!object) {
		not_found(ret, place);
	} else if (request->body_len && !options) {
		api_refuse(ret, 400, "BadRequest", "the body is no JSON", "", "");
	} else if (conflicts(options, object->json, place->name, message, sizeof(message))) {
		api_refuse(ret, 409, "Conflict", message, "Pod", place->name);
	} else {
		gone = shown(object->json, place->api_version, false);
		(void)world_delete_pod(world, place->name);
		api_json(ret, 200, gone);
	}
	cJSON_Delete(options);
}

/* The policy of setup, once it is bound (tests/e2e/cases/rights.py has the real one); its words as they were seen. */
static bool is_held(struct world *world, const cJSON *secret)
{
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(secret, "metadata");

	return store_find(&world->store, "validatingadmissionpolicybindings", "",
	                  "gatewake-copies") &&
	       !cJSON_GetObjectItemCaseSensitive(metadata, "labels");
}

static void post_secret(struct world *world, const struct place *place,
                        const struct api_request *request, struct api_answer *ret)
{
	cJSON *json = cJSON_ParseWithLength(request->body, request->body_len);
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(json, "metadata");
	const char *name = text_of(metadata, "name");
	char message[400];

	if (is_held(world, json)) {
		api_refuse(ret, 422, "Invalid",
		           "secrets \"\" is forbidden: ValidatingAdmissionPolicy 'gatewake-copies' "
		           "with "
		           "binding 'gatewake-copies' denied request: a copy is of type "
		           "kubernetes.io/tls",
		           "secrets", "");
	} else if (!metadata || !name[0] || strcmp(text_of(json, "kind"), "Secret") != 0) {
		api_refuse(ret, 400, "BadRequest", "the body is no Secret", "", "");
	} else if (store_find(&world->store, "secrets", place->namespace, name)) {
		(void)snprintf(message, sizeof(message), "secrets \"%s\" already exists", name);
		api_refuse(ret, 409, "AlreadyExists", message, "secrets", name);
	} else {
		world_copy_created(world, name, json);
		api_json(ret, 201, cJSON_Duplicate(json, true));
		return;
	}
	cJSON_Delete(json);
}

static void serve(struct world *world, const struct place *place, const struct api_request *request,
                  struct api_answer *ret)
{
	const char *plural = place->resource->plural;
	const struct apply_place where = { plural, place->namespace, place->name };

	if (strcmp(request->method, "GET") == 0)
		get(world, place, request, ret);
	else if (strcmp(request->method, "DELETE") == 0 && strcmp(plural, "pods") == 0 &&
	         place->name[0])
		delete_pod(world, place, request, ret);
	else if (strcmp(request->method, "PATCH") == 0 && place->name[0])
		apply_object(world, &where, request, ret);
	else if (strcmp(request->method, "DELETE") == 0 && place->name[0])
		apply_delete(world, &where, request, ret);
	else if (strcmp(request->method, "POST") == 0 &&
	         strcmp(place->namespace, "cilium-secrets") == 0 &&
	         strcmp(plural, "secrets") == 0 && !place->name[0])
		post_secret(world, place, request, ret);
	else
		api_refuse(ret, 405, "MethodNotAllowed",
		           "the server does not allow this method on the requested resource", "",
		           "");
}

void api_answer(struct world *world, const struct api_request *request, const char *token,
                struct api_answer *ret)
{
	struct place place;

	if (strcmp(request->token, token) != 0 && !apply_knows(world, request->token))
		api_refuse(ret, 401, "Unauthorized", "Unauthorized", "", "");
	else if (strcmp(request->path, "/readyz") == 0 || strcmp(request->path, "/livez") == 0)
		answer(ret, 200, PLAIN, strdup("ok"));
	else if (strcmp(request->path, REVIEWS) == 0)
		apply_review(world, request, ret);
	else if (!find_place(world, request->path, &place))
		answer(ret, 404, PLAIN, strdup("404 page not found\n"));
	else
		serve(world, &place, request, ret);
}

/* --- watches --- */

static char *event_line(const char *type, cJSON *object)
{
	cJSON *event = cJSON_CreateObject();
	char *text, *line;

	(void)cJSON_AddStringToObject(event, "type", type);
	cJSON_AddItemToObject(event, "object", object);
	text = cJSON_PrintUnformatted(event);
	cJSON_Delete(event);
	line = malloc(strlen(text) + 2);
	if (line)
		(void)sprintf(line, "%s\n", text);
	free(text);
	return line;
}

char *api_watch_line(const struct world *world, struct api_answer *watch, bool *ret_over)
{
	static const char *const types[] = {
		[STORE_ADDED] = "ADDED", [STORE_MODIFIED] = "MODIFIED", [STORE_DELETED] = "DELETED"
	};
	const struct happened *event;
	char message[96];

	*ret_over = watch->version < world->store.compacted;
	if (*ret_over) {
		(void)snprintf(message, sizeof(message), "too old resource version: %llu (%llu)",
		               (unsigned long long)watch->version,
		               (unsigned long long)world->store.compacted);
		return event_line("ERROR", objects_status(410, "Expired", message, "", ""));
	}
	event = store_next(&world->store, watch->resource, watch->namespace, watch->version);
	if (!event)
		return NULL;
	watch->version = event->version;
	return event_line(types[event->what],
	                  shown(event->json, watch->api_version, watch->metadata_only));
}

char *api_watch_bookmark(const struct world *world, struct api_answer *watch)
{
	cJSON *object = cJSON_CreateObject(), *metadata;
	const char *kind = "PartialObjectMetadata";
	char version[24];

	for (size_t i = 0; !watch->metadata_only && i < sizeof(resources) / sizeof(resources[0]);
	     i++)
		if (strcmp(resources[i].plural, watch->resource) == 0)
			kind = resources[i].kind;
	(void)cJSON_AddStringToObject(object, "kind", kind);
	(void)cJSON_AddStringToObject(object, "apiVersion",
	                              watch->metadata_only ? "meta.k8s.io/v1" : watch->api_version);
	metadata = cJSON_AddObjectToObject(object, "metadata");
	watch->version = world->store.version;
	(void)snprintf(version, sizeof(version), "%llu", (unsigned long long)watch->version);
	(void)cJSON_AddStringToObject(metadata, "resourceVersion", version);
	return event_line("BOOKMARK", object);
}
