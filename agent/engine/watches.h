/* SPDX-License-Identifier: Apache-2.0 */
/* watches - keeps the stores of Gateways, grants, CiliumEnvoyConfigs and copies like the API server's, and notices
 * when the operator's pods change: carries each kube/watch's requests, over whichever endpoint is usable. */
#pragma once
#include "engine/engine.h"
#include "kube/gateways.h"

struct watched {
	struct watch watch;
	uint32_t request; /* http's id, 0: none is out */
	enum endpoint via;
};

struct watches {
	struct gateways *store;
	struct watched item[PATH_RESOURCE_COUNT];
	bool begun;                      /* the namespaces and the release are known */
	bool pods_changed;               /* since the evidence was told last */
	uint32_t epoch;                  /* of the core, in which the snapshots are to be made */
	uint64_t relisted_usec;          /* when that epoch began for us */
	char namespace[OBJECT_NAME_MAX]; /* of the copies */
	char operators[OBJECT_NAME_MAX]; /* the operator's namespace */
	char trouble[240];               /* told last */
};

/* -ENOMEM. */
int watches_new(struct watches **ret);
struct watches *watches_free(struct engine *engine, struct watches *watches); /* always NULL */

/* Sends what is due and feeds what came; lowers *wake_usec. */
void watches_turn(struct engine *engine, uint64_t now_usec, uint32_t dice, uint64_t *wake_usec);

/* Takes an end that belongs to a watch; false: it is none of theirs. */
bool watches_end(struct engine *engine, const struct http_end *end, uint64_t now_usec,
                 uint32_t dice);

/* Credentials or endpoints are others: begin again. */
void watches_again(struct engine *engine, uint64_t now_usec);

/* What keeps a watch that copies rest on from showing anything: the kind that it is of, and why. NULL: nothing. */
const struct failure *watches_failure(const struct engine *engine, enum path_resource resource,
                                      const char **ret_kind);

/* Whether the API says no to one of them, again and again. */
bool watches_refused(const struct engine *engine);

/* Whether every watch that copies rest on has a complete snapshot of this epoch and a stream that runs;
 * *ret_at is the oldest of them. */
bool watches_synced(const struct engine *engine, struct stamp *ret_at);
