/* SPDX-License-Identifier: Apache-2.0 */
/* containers - which container ids are alive on this host: a container runtime makes a cgroup per
 * container whose directory carries the id, on cgroup v2 (".../cri-containerd-<id>.scope") and v1
 * (".../k8s.io/<id>") alike; any user may list it. So a live container can be told from yesterday's
 * status without asking anybody. */
#pragma once
#include <stdint.h>

#include "core/evidence.h"

#define CONTAINERS_MAX OPERATORS_MAX

struct containers {       /* zeroed with .root set: nothing found yet */
	const char *root; /* prefix of /sys, "" for the real one; owned by the caller */
	struct {
		uint32_t identity;
		char path[512]; /* where it was found */
	} found[CONTAINERS_MAX];
	unsigned next;
};

/* One look: at the place where it was found last, else through the whole tree (bounded in depth and
 * entries). LIFE_GONE: the tree was read and holds no such directory; LIFE_UNKNOWN: it cannot be read.
 * id is 64 hex digits; anything shorter than 12 is LIFE_UNKNOWN. */
enum life containers_look(struct containers *self, const char *id);
