/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/gateways_read.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#define LABEL_NAMESPACE "secretsync.cilium.io/owning-secret-namespace"
#define LABEL_NAME      "secretsync.cilium.io/owning-secret-name"
#define GATEWAY_GROUP   "gateway.networking.k8s.io"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

/* What an object consists of besides its struct: strings and arrays, each on its own, freed together. */
struct gateways_piece {
	struct gateways_piece *next;
	_Alignas(max_align_t) char bytes[];
};

/* Reads on after a fault, which stays: so each field is one line, and the first fault is told at the end. */
struct reader {
	struct gateways_piece **held;
	int error;
	const char *field; /* that the error is about */
};

void gateways_object_free(struct gateways_object *object)
{
	struct gateways_piece *next = object ? object->held : NULL;

	while (next) {
		struct gateways_piece *piece = next;

		next = piece->next;
		free(piece);
	}
	free(object);
}

static void fail(struct reader *reader, int error, const char *field)
{
	if (reader->error)
		return;
	reader->error = error;
	reader->field = field;
}

static void *hold(struct reader *reader, size_t size, const char *field)
{
	struct gateways_piece *piece = reader->error ? NULL : calloc(1, sizeof(*piece) + size);

	if (!piece) {
		fail(reader, -ENOMEM, field);
		return NULL;
	}
	piece->next = *reader->held;
	*reader->held = piece;
	return piece->bytes;
}

/* Walks members by name; the list of names ends with NULL. */
static const cJSON *at(const cJSON *object, const char *const *names)
{
	for (; object && *names; names++)
		object = cJSON_GetObjectItemCaseSensitive(object, *names);
	return object;
}
#define AT(object, ...) at(object, (const char *const[]){ __VA_ARGS__, NULL })

static bool is_set(const cJSON *item)
{
	return item && !cJSON_IsNull(item);
}

static const char *string_of(const cJSON *item)
{
	return cJSON_IsString(item) ? item->valuestring : "";
}

static const char *keep(struct reader *reader, const char *string, const char *field)
{
	size_t size = strlen(string) + 1;
	char *kept;

	if (size == 1)
		return "";
	if (size > GATEWAYS_TEXT_MAX) {
		fail(reader, -EBADMSG, field);
		return "";
	}
	kept = hold(reader, size, field);
	if (!kept)
		return "";
	memcpy(kept, string, size);
	return kept;
}

/* otherwise NULL: it must be there, and must not be empty. */
static const char *text(struct reader *reader, const cJSON *item, const char *otherwise, const char *field)
{
	if (!is_set(item) && otherwise)
		return keep(reader, otherwise, field);
	if (!cJSON_IsString(item) || (!otherwise && !item->valuestring[0])) {
		fail(reader, -EBADMSG, field);
		return "";
	}
	return keep(reader, item->valuestring, field);
}

static uint16_t port(struct reader *reader, const cJSON *item, const char *field)
{
	if (cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble <= UINT16_MAX)
		return (uint16_t)item->valuedouble;
	fail(reader, -EBADMSG, field);
	return 0;
}

/* Room for what stands in a list, which may be absent. NULL with a count of 0: nothing to read. */
static void *room(struct reader *reader, const cJSON *list, size_t size, size_t *ret_count, const char *field)
{
	size_t count = 0;
	void *rows = NULL;

	if (is_set(list) && !cJSON_IsArray(list))
		fail(reader, -EBADMSG, field);
	else if (is_set(list))
		count = (size_t)cJSON_GetArraySize(list);
	if (count)
		rows = hold(reader, count * size, field);
	*ret_count = rows ? count : 0;
	return rows;
}

/* Each item of a list for which room() made room. */
#define FOR_EACH(item, rows, list) \
	for (const cJSON *item = (rows) ? (list)->child : NULL; item && !reader->error; item = item->next)

static void read_class(struct reader *reader, const cJSON *json, struct gateways_object *object)
{
	struct gateways_class *ret = (struct gateways_class *)object;

	ret->controller = text(reader, AT(json, "spec", "controllerName"), NULL, "spec.controllerName");
}

static void read_refs(struct reader *reader, const cJSON *list, const char *namespace,
		      struct gateways_listener *ret)
{
	struct gateways_ref *ref = room(reader, list, sizeof(*ref), &ret->ref_count, "certificateRefs");

	ret->ref = ref;
	FOR_EACH(item, ref, list) {
		ref->group = text(reader, AT(item, "group"), "", "certificateRefs.group");
		ref->kind = text(reader, AT(item, "kind"), "Secret", "certificateRefs.kind");
		ref->namespace = text(reader, AT(item, "namespace"), namespace, "certificateRefs.namespace");
		ref->name = text(reader, AT(item, "name"), NULL, "certificateRefs.name");
		ref++;
	}
}

static enum gateways_tls mode_of(const cJSON *tls)
{
	const char *mode = string_of(AT(tls, "mode"));

	if (!is_set(tls))
		return GATEWAYS_NO_TLS;
	if (!mode[0] || strcmp(mode, "Terminate") == 0)
		return GATEWAYS_TERMINATE;
	return strcmp(mode, "Passthrough") == 0 ? GATEWAYS_PASSTHROUGH : GATEWAYS_OTHER_TLS;
}

static const struct gateways_listener *read_listeners(struct reader *reader, const cJSON *list,
						      const char *namespace, size_t *ret_count)
{
	struct gateways_listener *first = room(reader, list, sizeof(*first), ret_count, "spec.listeners");
	struct gateways_listener *listener = first;

	FOR_EACH(item, first, list) {
		const cJSON *tls = AT(item, "tls");

		listener->name = text(reader, AT(item, "name"), NULL, "spec.listeners.name");
		listener->hostname = text(reader, AT(item, "hostname"), "", "spec.listeners.hostname");
		listener->protocol = text(reader, AT(item, "protocol"), NULL, "spec.listeners.protocol");
		listener->port = port(reader, AT(item, "port"), "spec.listeners.port");
		listener->tls = mode_of(tls);
		listener->own_validation = is_set(AT(tls, "frontendValidation"));
		read_refs(reader, AT(tls, "certificateRefs"), namespace, listener);
		listener++;
	}
	return first;
}

static void read_frontend(struct reader *reader, const cJSON *frontend, struct gateways_gateway *ret)
{
	const cJSON *list = AT(frontend, "perPort");
	struct gateways_port *entry = room(reader, list, sizeof(*entry), &ret->port_count, "spec.tls.frontend.perPort");

	ret->port = entry;
	ret->validates = is_set(AT(frontend, "default", "validation"));
	FOR_EACH(item, entry, list) {
		entry->port = port(reader, AT(item, "port"), "spec.tls.frontend.perPort.port");
		entry->validates = is_set(AT(item, "tls", "validation"));
		entry++;
	}
}

static void read_gateway(struct reader *reader, const cJSON *json, struct gateways_object *object)
{
	struct gateways_gateway *ret = (struct gateways_gateway *)object;
	const cJSON *list = AT(json, "status", "addresses");
	struct gateways_address *address = room(reader, list, sizeof(*address), &ret->address_count, "status.addresses");

	ret->class = text(reader, AT(json, "spec", "gatewayClassName"), NULL, "spec.gatewayClassName");
	ret->listener = read_listeners(reader, AT(json, "spec", "listeners"), object->namespace, &ret->listener_count);
	read_frontend(reader, AT(json, "spec", "tls", "frontend"), ret);
	ret->address = address;
	FOR_EACH(item, address, list) {
		address->type = text(reader, AT(item, "type"), "IPAddress", "status.addresses.type");
		address->value = text(reader, AT(item, "value"), NULL, "status.addresses.value");
		address++;
	}
}

static void read_listenerset(struct reader *reader, const cJSON *json, struct gateways_object *object)
{
	struct gateways_listenerset *ret = (struct gateways_listenerset *)object;
	const cJSON *parent = AT(json, "spec", "parentRef");

	ret->parent.group = text(reader, AT(parent, "group"), GATEWAY_GROUP, "spec.parentRef.group");
	ret->parent.kind = text(reader, AT(parent, "kind"), "Gateway", "spec.parentRef.kind");
	ret->parent.namespace = text(reader, AT(parent, "namespace"), object->namespace, "spec.parentRef.namespace");
	ret->parent.name = text(reader, AT(parent, "name"), NULL, "spec.parentRef.name");
	ret->listener = read_listeners(reader, AT(json, "spec", "listeners"), object->namespace, &ret->listener_count);
}

static void read_grant(struct reader *reader, const cJSON *json, struct gateways_object *object)
{
	struct gateways_grant *ret = (struct gateways_grant *)object;
	const cJSON *from_list = AT(json, "spec", "from"), *to_list = AT(json, "spec", "to");
	struct gateways_from *from = room(reader, from_list, sizeof(*from), &ret->from_count, "spec.from");
	struct gateways_to *to = room(reader, to_list, sizeof(*to), &ret->to_count, "spec.to");

	ret->from = from;
	ret->to = to;
	FOR_EACH(item, from, from_list) {
		from->group = text(reader, AT(item, "group"), "", "spec.from.group");
		from->kind = text(reader, AT(item, "kind"), NULL, "spec.from.kind");
		from->namespace = text(reader, AT(item, "namespace"), NULL, "spec.from.namespace");
		from++;
	}
	FOR_EACH(item, to, to_list) {
		to->group = text(reader, AT(item, "group"), "", "spec.to.group");
		to->kind = text(reader, AT(item, "kind"), NULL, "spec.to.kind");
		to->name = text(reader, AT(item, "name"), "", "spec.to.name");
		to++;
	}
}

struct names { /* a set, in order; one more than is allowed, so that it can be told */
	size_t count;
	const char *name[SDS_NAMES_MAX + 1];
};

static void add_name(struct names *names, const char *name)
{
	size_t place = 0;
	int r = 1;

	while (place < names->count && (r = strcmp(names->name[place], name)) < 0)
		place++;
	if ((place < names->count && r == 0) || names->count > SDS_NAMES_MAX)
		return;
	memmove(&names->name[place + 1], &names->name[place], (names->count - place) * sizeof(names->name[0]));
	names->name[place] = name;
	names->count++;
}

/* "<namespace>/<name>", and short enough: nothing else can be a Secret that an agent serves. */
static bool is_secret_name(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash && slash != name && slash[1] && !strchr(slash + 1, '/') && strlen(name) < GATEWAYS_TEXT_MAX;
}

static void add_config(struct names *names, const cJSON *config)
{
	const char *name = string_of(AT(config, "name"));

	if (is_secret_name(name))
		add_name(names, name);
}

/* tlsCertificateSdsSecretConfigs, validationContextSdsSecretConfig, ... and the same in snake case: protobuf's
 * JSON knows both. */
static bool is_sds_field(const char *field)
{
	static const char *const endings[] = { "SdsSecretConfig", "SdsSecretConfigs", "sds_secret_config",
					       "sds_secret_configs" };
	size_t len = field ? strlen(field) : 0;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t ending = strlen(endings[i]);

		if (len >= ending && strcmp(field + len - ending, endings[i]) == 0)
			return true;
	}
	return false;
}

/* Envoy's configuration is a tree of any shape; as deep as cJSON read it. */
static void collect(struct names *names, const cJSON *value)
{
	for (const cJSON *item = value ? value->child : NULL; item; item = item->next) {
		if (is_sds_field(item->string) && cJSON_IsArray(item))
			for (const cJSON *config = item->child; config; config = config->next)
				add_config(names, config);
		else if (is_sds_field(item->string))
			add_config(names, item);
		collect(names, item);
	}
}

static const cJSON *owner_of(const cJSON *json)
{
	const cJSON *owner;

	cJSON_ArrayForEach(owner, AT(json, "metadata", "ownerReferences")) {
		if (cJSON_IsTrue(AT(owner, "controller")) && strcmp(string_of(AT(owner, "kind")), "Gateway") == 0 &&
		    strncmp(string_of(AT(owner, "apiVersion")), GATEWAY_GROUP "/", sizeof(GATEWAY_GROUP)) == 0)
			return owner;
	}
	return NULL;
}

static void read_envoyconfig(struct reader *reader, const cJSON *json, struct gateways_object *object)
{
	struct gateways_envoyconfig *ret = (struct gateways_envoyconfig *)object;
	const cJSON *owner = owner_of(json);
	struct names names = { 0 };
	const char **sds;

	ret->owner = text(reader, AT(owner, "name"), "", "metadata.ownerReferences.name");
	ret->owner_uid = text(reader, AT(owner, "uid"), "", "metadata.ownerReferences.uid");
	collect(&names, AT(json, "spec", "resources"));
	if (!names.count)
		return;
	sds = hold(reader, names.count * sizeof(*sds), "spec.resources");
	if (!sds)
		return;
	for (size_t i = 0; i < names.count; i++)
		sds[i] = keep(reader, names.name[i], "spec.resources");
	ret->sds = sds;
	ret->sds_count = names.count;
}

static void read_copy(struct reader *reader, const cJSON *json, struct gateways_object *object)
{
	struct gateways_copy *ret = (struct gateways_copy *)object;
	const cJSON *labels = AT(json, "metadata", "labels");

	ret->source_namespace = text(reader, AT(labels, LABEL_NAMESPACE), "", "label " LABEL_NAMESPACE);
	ret->source_name = text(reader, AT(labels, LABEL_NAME), "", "label " LABEL_NAME);
}

static const struct shape {
	const char *kind;
	size_t size;
	bool clusterwide;
	void (*read)(struct reader *reader, const cJSON *json, struct gateways_object *object);
} shapes[] = {
	[GATEWAYS_CLASS] = { "GatewayClass", sizeof(struct gateways_class), true, read_class },
	[GATEWAYS_GATEWAY] = { "Gateway", sizeof(struct gateways_gateway), false, read_gateway },
	[GATEWAYS_LISTENERSET] = { "ListenerSet", sizeof(struct gateways_listenerset), false, read_listenerset },
	[GATEWAYS_GRANT] = { "ReferenceGrant", sizeof(struct gateways_grant), false, read_grant },
	[GATEWAYS_ENVOYCONFIG] = { "CiliumEnvoyConfig", sizeof(struct gateways_envoyconfig), false, read_envoyconfig },
	[GATEWAYS_COPY] = { "PartialObjectMetadata", sizeof(struct gateways_copy), false, read_copy },
};
static_assert(sizeof(shapes) / sizeof(shapes[0]) == GATEWAYS_KIND_COUNT, "a row for each kind");

static int64_t generation_of(const cJSON *json)
{
	const cJSON *item = AT(json, "metadata", "generation");

	return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 1e15 ? (int64_t)item->valuedouble
											 : 0;
}

/* Items of a list may come without their kind. */
static void read_metadata(struct reader *reader, const cJSON *json, const struct shape *shape,
			  struct gateways_object *ret)
{
	const cJSON *kind = AT(json, "kind");

	if (is_set(kind) && strcmp(string_of(kind), shape->kind) != 0)
		fail(reader, -EBADMSG, "kind");
	ret->namespace = text(reader, AT(json, "metadata", "namespace"), shape->clusterwide ? "" : NULL,
			      "metadata.namespace");
	ret->name = text(reader, AT(json, "metadata", "name"), NULL, "metadata.name");
	ret->uid = text(reader, AT(json, "metadata", "uid"), NULL, "metadata.uid");
	ret->version = text(reader, AT(json, "metadata", "resourceVersion"), NULL, "metadata.resourceVersion");
	ret->generation = generation_of(json);
	ret->terminating = is_set(AT(json, "metadata", "deletionTimestamp"));
}

static int explain(const struct reader *reader, const struct shape *shape, const cJSON *json,
		   struct failure *ret_failure)
{
	const char *namespace = string_of(AT(json, "metadata", "namespace"));
	const char *name = string_of(AT(json, "metadata", "name"));
	char quoted_namespace[64], quoted_name[64];

	if (reader->error == -ENOMEM)
		return failure_set(ret_failure, FAILURE_LOCAL, -ENOMEM, "no memory for a %s", shape->kind);
	failure_quote(quoted_namespace, sizeof(quoted_namespace), namespace, strlen(namespace));
	failure_quote(quoted_name, sizeof(quoted_name), name, strlen(name));
	return failure_set(ret_failure, FAILURE_BAD_DATA, reader->error, "%s %s/%s has no usable %s", shape->kind,
			   quoted_namespace, quoted_name, reader->field);
}

int gateways_read(enum gateways_kind kind, struct span json, struct gateways_object **ret,
		  struct failure *ret_failure)
{
	const struct shape *shape = &shapes[kind];
	CLEANUP(cJSON_Delete_p) cJSON *tree = NULL;
	struct gateways_object *object;
	struct reader reader = { 0 };

	errno = 0;
	tree = cJSON_ParseWithLength(json.ptr, json.len);
	if (!tree && errno == ENOMEM) /* cJSON does not say, but malloc does */
		return failure_set(ret_failure, FAILURE_LOCAL, -ENOMEM, "no memory for a %s", shape->kind);
	if (!cJSON_IsObject(tree))
		return failure_set(ret_failure, FAILURE_BAD_DATA, -EBADMSG, "no whole %s (%zu bytes)", shape->kind,
				   json.len);
	object = calloc(1, shape->size);
	if (!object)
		return failure_set(ret_failure, FAILURE_LOCAL, -ENOMEM, "no memory for a %s", shape->kind);
	reader.held = &object->held;
	read_metadata(&reader, tree, shape, object);
	shape->read(&reader, tree, object);
	if (reader.error) {
		int r = explain(&reader, shape, tree, ret_failure);

		gateways_object_free(object);
		return r;
	}
	*ret = object;
	return 0;
}
