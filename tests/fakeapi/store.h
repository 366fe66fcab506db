/* SPDX-License-Identifier: Apache-2.0 */
/* store - the objects of the fake API server as JSON, one resourceVersion for all of them, and the events that
 * led here. Owns its objects. Not for two threads at once: the caller has the lock. Out of memory ends the
 * program: it is a test. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_OBJECTS 256
#define STORE_EVENTS  1024 /* older ones are forgotten: a watch from there is answered 410 */

enum store_event { STORE_ADDED, STORE_MODIFIED, STORE_DELETED };

struct stored {               /* resource NULL: a free place */
	const char *resource; /* plural, e.g. "secrets"; static */
	char namespace[64], name[256];
	uint64_t version;
	cJSON *json;
};

struct happened {
	enum store_event what;
	const char *resource;
	char namespace[64];
	uint64_t version;
	cJSON *json; /* of a delete: as it was, with the version of the delete */
};

struct store {              /* zeroed but for version: empty */
	uint64_t version;   /* of the last change of anything */
	uint64_t compacted; /* events up to this one are forgotten */
	struct stored object[STORE_OBJECTS];
	struct happened event[STORE_EVENTS];
	size_t event_count; /* ever; the last STORE_EVENTS of them are kept */
};

/* Puts an object in its place, and owns it from then on; gives it its resourceVersion. */
void store_put(struct store *store, const char *resource, const char *namespace, const char *name,
               cJSON *json);

/* False: there is none. */
bool store_delete(struct store *store, const char *resource, const char *namespace,
                  const char *name);

/* NULL: there is none. namespace "" for what has none. */
struct stored *store_find(struct store *store, const char *resource, const char *namespace,
                          const char *name);

/* The first event of a resource after version; namespace "": of all. NULL: none yet. */
const struct happened *store_next(const struct store *store, const char *resource,
                                  const char *namespace, uint64_t version);

/* Forgets every event so far. */
void store_compact(struct store *store);
