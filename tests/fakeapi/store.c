/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *why)
{
	(void)fprintf(stderr, "fakeapi: %s\n", why);
	abort();
}

static void set_version(cJSON *json, uint64_t version)
{
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(json, "metadata");
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "resourceVersion");
	if (!cJSON_AddStringToObject(metadata, "resourceVersion", text))
		die("an object without metadata");
}

static void note(struct store *store, enum store_event what, const struct stored *object)
{
	struct happened *event = &store->event[store->event_count++ % STORE_EVENTS];

	if (event->json) {
		store->compacted = event->version;
		cJSON_Delete(event->json);
	}
	*event = (struct happened){ .what = what,
		                    .resource = object->resource,
		                    .version = store->version };
	(void)snprintf(event->namespace, sizeof(event->namespace), "%s", object->namespace);
	event->json = cJSON_Duplicate(object->json, true);
	if (!event->json)
		die("out of memory");
	set_version(event->json, store->version);
}

struct stored *store_find(struct store *store, const char *resource, const char *namespace,
                          const char *name)
{
	for (size_t i = 0; i < STORE_OBJECTS; i++) {
		struct stored *object = &store->object[i];

		if (object->resource && strcmp(object->resource, resource) == 0 &&
		    strcmp(object->namespace, namespace) == 0 && strcmp(object->name, name) == 0)
			return object;
	}
	return NULL;
}

static struct stored *free_place(struct store *store)
{
	for (size_t i = 0; i < STORE_OBJECTS; i++)
		if (!store->object[i].resource)
			return &store->object[i];
	die("too many objects");
	return NULL;
}

void store_put(struct store *store, const char *resource, const char *namespace, const char *name,
               cJSON *json)
{
	struct stored *object = store_find(store, resource, namespace, name);
	enum store_event what = object ? STORE_MODIFIED : STORE_ADDED;

	if (!object) {
		object = free_place(store);
		*object = (struct stored){ .resource = resource };
		(void)snprintf(object->namespace, sizeof(object->namespace), "%s", namespace);
		(void)snprintf(object->name, sizeof(object->name), "%s", name);
	}
	cJSON_Delete(object->json);
	object->json = json;
	object->version = ++store->version;
	set_version(json, object->version);
	note(store, what, object);
}

bool store_delete(struct store *store, const char *resource, const char *namespace,
                  const char *name)
{
	struct stored *object = store_find(store, resource, namespace, name);

	if (!object)
		return false;
	store->version++;
	note(store, STORE_DELETED, object);
	cJSON_Delete(object->json);
	*object = (struct stored){ 0 };
	return true;
}

const struct happened *store_next(const struct store *store, const char *resource,
                                  const char *namespace, uint64_t version)
{
	size_t first = store->event_count > STORE_EVENTS ? store->event_count - STORE_EVENTS : 0;

	for (size_t i = first; i < store->event_count; i++) {
		const struct happened *event = &store->event[i % STORE_EVENTS];

		if (event->version > version && strcmp(event->resource, resource) == 0 &&
		    (!namespace[0] || strcmp(event->namespace, namespace) == 0))
			return event;
	}
	return NULL;
}

void store_compact(struct store *store)
{
	store->compacted = ++store->version; /* a version that nobody was told */
}
