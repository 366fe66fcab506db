/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/gateways.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kube/answer.h"
#include "kube/gateways_read.h"

struct rows {
	size_t count, weight; /* weight: listeners, or SDS names */
	const char *over;
	struct gateways_object **item;
};

struct table {
	struct gateways *all;
	enum gateways_kind kind;
	struct rows now, next; /* next: of a snapshot that is not complete */
};

struct gateways {
	struct table table[GATEWAYS_KIND_COUNT];
	uint64_t revision;
};

static const struct limit {
	size_t count, weight; /* weight 0: none */
	const char *count_name, *weight_name;
} limits[] = {
#define TEXT_OF(number) #number
#define NAMED(number, what) TEXT_OF(number) " " what
	[GATEWAYS_CLASS] = { CLASSES_MAX, 0, NAMED(CLASSES_MAX, "GatewayClasses"), NULL },
	[GATEWAYS_GATEWAY] = { GATEWAYS_MAX, LISTENERS_MAX, NAMED(GATEWAYS_MAX, "Gateways"),
			       NAMED(LISTENERS_MAX, "listeners") },
	[GATEWAYS_LISTENERSET] = { LISTENERSETS_MAX, LISTENERS_MAX, NAMED(LISTENERSETS_MAX, "ListenerSets"),
				   NAMED(LISTENERS_MAX, "listeners") },
	[GATEWAYS_GRANT] = { GRANTS_MAX, 0, NAMED(GRANTS_MAX, "ReferenceGrants"), NULL },
	[GATEWAYS_ENVOYCONFIG] = { ENVOYCONFIGS_MAX, SDS_NAMES_MAX, NAMED(ENVOYCONFIGS_MAX, "CiliumEnvoyConfigs"),
				   NAMED(SDS_NAMES_MAX, "SDS names") },
	[GATEWAYS_COPY] = { COPIES_MAX, 0, NAMED(COPIES_MAX, "copies"), NULL },
};
static_assert(sizeof(limits) / sizeof(limits[0]) == GATEWAYS_KIND_COUNT, "a row for each kind");

static size_t weight_of(enum gateways_kind kind, const struct gateways_object *object)
{
	switch (kind) {
	case GATEWAYS_GATEWAY:
		return ((const struct gateways_gateway *)object)->listener_count;
	case GATEWAYS_LISTENERSET:
		return ((const struct gateways_listenerset *)object)->listener_count;
	case GATEWAYS_ENVOYCONFIG:
		return ((const struct gateways_envoyconfig *)object)->sds_count;
	case GATEWAYS_CLASS:
	case GATEWAYS_GRANT:
	case GATEWAYS_COPY:
		break;
	}
	return 0;
}

/* Listeners are counted together, wherever they stand. */
static size_t weight_elsewhere(const struct table *table)
{
	if (table->kind == GATEWAYS_GATEWAY)
		return table->all->table[GATEWAYS_LISTENERSET].now.weight;
	if (table->kind == GATEWAYS_LISTENERSET)
		return table->all->table[GATEWAYS_GATEWAY].now.weight;
	return 0;
}

static int order(const struct gateways_object *a, const char *namespace, const char *name)
{
	int r = strcmp(a->namespace, namespace);

	return r ? r : strcmp(a->name, name);
}

/* Where an object of that name stands, or would stand. */
static size_t place_of(const struct rows *rows, const char *namespace, const char *name, bool *ret_there)
{
	size_t low = 0, high = rows->count;

	*ret_there = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int r = order(rows->item[middle], namespace, name);

		if (r == 0) {
			*ret_there = true;
			return middle;
		}
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void drop(struct table *table, struct rows *rows, size_t place)
{
	rows->weight -= weight_of(table->kind, rows->item[place]);
	gateways_object_free(rows->item[place]);
	rows->count--;
	memmove(&rows->item[place], &rows->item[place + 1], (rows->count - place) * sizeof(rows->item[0]));
}

static void clear(struct table *table, struct rows *rows)
{
	while (rows->count)
		drop(table, rows, rows->count - 1);
	rows->over = NULL;
}

/* Takes the object over. One that does not fit replaces nothing, yet what it would replace is no longer so. */
static void insert(struct table *table, struct rows *rows, struct gateways_object *object)
{
	const struct limit *limit = &limits[table->kind];
	size_t weight = weight_of(table->kind, object);
	bool there;
	size_t place = place_of(rows, object->namespace, object->name, &there);

	if (there)
		drop(table, rows, place);
	if (rows->count == limit->count)
		rows->over = limit->count_name;
	else if (limit->weight && rows->weight + weight + weight_elsewhere(table) > limit->weight)
		rows->over = limit->weight_name;
	else {
		memmove(&rows->item[place + 1], &rows->item[place],
			(rows->count - place) * sizeof(rows->item[0]));
		rows->item[place] = object;
		rows->count++;
		rows->weight += weight;
		return;
	}
	gateways_object_free(object);
}

static void change(struct table *table, enum watch_change change, struct gateways_object *object)
{
	struct rows *rows = &table->now;
	bool there;
	size_t place = place_of(rows, object->namespace, object->name, &there);

	/* A stream that begins before what is known tells of the past. */
	if (there && answer_compare_versions(object->version, rows->item[place]->version) < 0) {
		gateways_object_free(object);
		return;
	}
	table->all->revision++;
	if (change != WATCH_DELETED) {
		insert(table, rows, object);
		return;
	}
	if (there)
		drop(table, rows, place);
	gateways_object_free(object);
}

static int put(void *store, enum watch_change what, struct span json, struct failure *ret_failure)
{
	struct table *table = store;
	struct rows *rows = &table->now;
	size_t count = rows->count, weight = rows->weight;
	const char *over = rows->over;
	struct gateways_object *object;
	int r = gateways_read(table->kind, json, &object, ret_failure);

	if (r < 0)
		return r;
	if (what == WATCH_LISTED) {
		insert(table, &table->next, object);
		return 0;
	}
	change(table, what, object);
	if (over && (what == WATCH_DELETED || rows->count != count || rows->weight != weight))
		return failure_set(ret_failure, FAILURE_TOO_BIG, -EAGAIN, "more than %s before; asking anew", over);
	return 0;
}

static void begin(void *store)
{
	struct table *table = store;

	clear(table, &table->next);
}

static void end(void *store)
{
	struct table *table = store;
	struct rows old = table->now;

	table->now = table->next;
	table->next = old;
	clear(table, &table->next);
	table->all->revision++;
}

struct watch_sink gateways_sink(struct gateways *self, enum gateways_kind kind)
{
	return (struct watch_sink){ .store = &self->table[kind], .begin = begin, .put = put, .end = end };
}

static bool make(struct gateways *self, enum gateways_kind kind)
{
	struct table *table = &self->table[kind];

	table->all = self;
	table->kind = kind;
	table->now.item = calloc(limits[kind].count, sizeof(table->now.item[0]));
	table->next.item = calloc(limits[kind].count, sizeof(table->next.item[0]));
	return table->now.item && table->next.item;
}

int gateways_new(struct gateways **ret)
{
	CLEANUP(gateways_free_p) struct gateways *self = calloc(1, sizeof(*self));
	bool made = self != NULL;

	for (size_t kind = 0; made && kind < GATEWAYS_KIND_COUNT; kind++)
		made = make(self, (enum gateways_kind)kind);
	if (!made)
		return -ENOMEM;
	*ret = TAKE_PTR(self);
	return 0;
}

struct gateways *gateways_free(struct gateways *self)
{
	for (size_t kind = 0; self && kind < GATEWAYS_KIND_COUNT; kind++) {
		struct table *table = &self->table[kind];

		clear(table, &table->now);
		clear(table, &table->next);
		free(table->now.item);
		free(table->next.item);
	}
	free(self);
	return NULL;
}

uint64_t gateways_revision(const struct gateways *self)
{
	return self->revision;
}

const char *gateways_over(const struct gateways *self, enum gateways_kind kind)
{
	return self->table[kind].now.over;
}

const void *gateways_at(const struct gateways *self, enum gateways_kind kind, size_t index)
{
	const struct rows *rows = &self->table[kind].now;

	return index < rows->count ? rows->item[index] : NULL;
}

const void *gateways_find(const struct gateways *self, enum gateways_kind kind, const char *namespace,
			  const char *name)
{
	const struct rows *rows = &self->table[kind].now;
	bool there;
	size_t place = place_of(rows, namespace, name, &there);

	return there ? rows->item[place] : NULL;
}

bool gateways_is_cilium(const struct gateways *self, const char *class)
{
	const struct gateways_class *found = gateways_class_find(self, "", class);

	return found && strcmp(found->controller, GATEWAYS_CONTROLLER) == 0;
}

static bool is_from(const struct gateways_grant *grant, const char *kind, const char *namespace)
{
	for (size_t i = 0; i < grant->from_count; i++)
		if (strcmp(grant->from[i].group, "gateway.networking.k8s.io") == 0 &&
		    strcmp(grant->from[i].kind, kind) == 0 && strcmp(grant->from[i].namespace, namespace) == 0)
			return true;
	return false;
}

static bool is_to(const struct gateways_grant *grant, const char *name)
{
	for (size_t i = 0; i < grant->to_count; i++)
		if (strcmp(grant->to[i].group, "") == 0 && strcmp(grant->to[i].kind, "Secret") == 0 &&
		    (!grant->to[i].name[0] || strcmp(grant->to[i].name, name) == 0))
			return true;
	return false;
}

bool gateways_grant_allows(const struct gateways *self, enum gateways_kind from_kind, const char *from_namespace,
			   const char *secret_namespace, const char *secret_name)
{
	const struct gateways_grant *grant;
	const char *kind = from_kind == GATEWAYS_GATEWAY ? "Gateway" : "ListenerSet";

	if (from_kind != GATEWAYS_GATEWAY && from_kind != GATEWAYS_LISTENERSET)
		return false;
	if (strcmp(from_namespace, secret_namespace) == 0)
		return true;
	for (size_t i = 0; (grant = gateways_grant_at(self, i)); i++)
		if (strcmp(grant->is.namespace, secret_namespace) == 0 && is_from(grant, kind, from_namespace) &&
		    is_to(grant, secret_name))
			return true;
	return false;
}

bool gateways_asks_client(const struct gateways_gateway *gateway, const struct gateways_listener *listener)
{
	if (listener->tls != GATEWAYS_TERMINATE)
		return false;
	for (size_t i = 0; i < gateway->port_count; i++)
		if (gateway->port[i].port == listener->port)
			return gateway->port[i].validates || listener->own_validation;
	return gateway->validates || listener->own_validation;
}
