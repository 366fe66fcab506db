/* SPDX-License-Identifier: Apache-2.0 */
/* runfile - status.json in the runtime directory: written by the agent, only when it changed; read by
 * the commands. A lock beside it tells whether an agent lives. And gatewake.prom, the same for
 * node-exporter, in the directory that it reads. */
#pragma once
#include <stdint.h>

#include "base/failure.h"
#include "report/status.h"

#define RUNFILE_STATUS "status.json"
#define RUNFILE_LOCK   "lock"
#define METRICS_FILE   "gatewake.prom"

struct runfile { /* zeroed with .folder set */
	const char *folder;
	uint64_t told; /* hash of what is in the file, less its dates; 0: nothing */
};

struct metricsfile { /* zeroed with .folder set; "": no metrics are wanted */
	const char *folder;
	uint64_t told; /* hash of what is in the file; 0: nothing */
};

/* An agent that starts: what the one before has left is nobody's word, and its lock would vouch for it. */
void runfile_remove(const char *folder);

/* 0: written, or nothing but a date differs. -EMSGSIZE, -ENOMEM; -errno: it could not be written, and the old one is
 * gone. */
int runfile_write(struct runfile *runfile, const struct status *status);

/* Reads it back. -ENOENT: no agent has written yet; -EBADMSG; -errno; one line in ret_failure.
 * status_clear() frees what it holds. */
int runfile_read(const char *folder, struct status *ret, struct failure *ret_failure);

/* The same; 0 also where none is wanted. The folder must be there. */
int metricsfile_write(struct metricsfile *file, const struct status *status);

/* An agent that starts or ends: nobody stands behind what the file says. */
void metricsfile_remove(const char *folder);
