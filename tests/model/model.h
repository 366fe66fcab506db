/* SPDX-License-Identifier: Apache-2.0 */
/* model - the cluster as gatewake meets it: API server, nodes with their kubelets, the operator's
 * pods and processes (1.18.4), its Lease and the copies. Time and luck are arguments; no clock, no
 * allocation, no socket. It holds only what the real parts were seen to do.
 *
 * Two layers are kept apart, for most traps lie between them: what IS (process, node.boot) and what
 * the API SHOWS (pod.shown, node.shown_boot), which follows later, or shows yesterday after a boot.
 *
 * Left out, because it was never measured: an operator that loses its Lease while the address is
 * away, and a container that is replaced in its pod within a second. A restart in place takes at
 * least MODEL_RESTART_USEC here, longer than any request that still takes effect. */
#pragma once
#include "tests/model/luck.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_NEVER        UINT64_MAX
#define MODEL_NODES        2
#define MODEL_PODS         8
#define MODEL_SPELLS       128
#define MODEL_COPIES       3
#define MODEL_REPLICASET   7u
#define MODEL_RESTART_USEC UINT64_C(1500000)

enum fault { FAULT_NONE, FAULT_REFUSED, FAULT_STALL, FAULT_EOF, FAULT_500, FAULT_401, FAULT_403 };

struct spell { /* one fault from..until, the end not included */
	uint64_t from_usec, until_usec;
	enum fault fault;
};

/* A way that requests take. Of two spells at the same time the first one added counts. */
struct path {
	size_t count;
	struct spell spell[MODEL_SPELLS];
};

/* What an operator process makes of the one answer that it asks for at its start. */
enum mind { MIND_ASKING, MIND_ON, MIND_OFF };

struct process {
	uint32_t container; /* 0: none runs */
	enum mind mind;
	bool registered; /* *v1.Gateway is in its list of registrations */
	bool leads, synced;
	bool contacted;        /* the API server answered it once, */
	bool gives_up;         /* or never did: it ends now, by itself */
	uint64_t started_usec; /* it asks for so long */
	uint64_t asks_usec;    /* when the answer comes, or is asked for again */
	uint64_t stalled_usec; /* when the stalled handshake times out, 0: it does not stall */
	uint64_t decided_usec;
	uint64_t log_usec;    /* its lines can be read from then on */
	uint64_t tries_usec;  /* for the Lease */
	uint32_t dead_holder; /* that it watches, and since when */
	uint64_t watches_usec;
	uint64_t syncs_usec; /* as leader: lists the Secrets */
	uint64_t mends_usec; /* and later: looks at those that something happened to */
};

struct pod {
	uint32_t id; /* 0: a free place */
	uint32_t version;
	int node; /* -1: Pending */
	bool terminating;
	uint64_t starts_usec, shows_usec, ends_usec;
	struct process process;
	uint32_t ended; /* the container that gave up last, 0: none in this life of the kubelet */
	uint64_t ended_usec;
	unsigned ends; /* so many in a row: each is started later than the one before */
	struct {
		uint32_t container;
		bool running, ready, held_back;
		uint64_t ended_usec, due_usec;
	} shown;
};

struct node {
	bool exists, up;
	uint32_t boot, shown_boot;
	uint64_t booted_usec;
	uint64_t kubelet_usec;  /* from then on logs can be read and pods are reported */
	uint64_t shows_usec;    /* the Node's bootID in the API is this boot's */
	uint64_t cordoned_usec; /* until then no pod is scheduled here */
	bool pressure;          /* why: disk pressure instead of a cordon */
	struct path local;      /* this host's own way to the API server */
};

/* When things come up after a boot, each counted from it. */
struct boot_plan {
	uint64_t api_usec, vip_usec, container_usec, kubelet_usec, node_usec, status_usec;
	uint64_t envoy_usec; /* it serves from then on */
};

/* A Secret that a listener refers to; zeroed but for its version: there, a valid pair, granted. */
struct source {
	uint32_t version;
	bool missing, invalid, ungranted;
	bool touched; /* something happened to it or to its copy, and no operator has seen it yet */
	uint64_t granted_usec; /* when that changed last */
};

struct copied {         /* of a copy */
	uint32_t holds; /* version of the source */
	uint64_t changed_usec;
	uint32_t served; /* what Envoy serves: it keeps what it has loaded until it starts anew */
};

enum create_end { CREATE_DONE, CREATE_EXISTS, CREATE_NO_SOURCE, CREATE_BAD_SOURCE };

enum delete_end { DELETE_DONE, DELETE_CONFLICT, DELETE_GONE };

struct model {
	struct luck luck;
	uint32_t next_id;
	uint32_t replicas;
	bool patient; /* as 1.20.2: asks again when refused, and ends after 30 s, not after 60 */
	struct path api, vip, log, operators; /* operators: faults that only the operator meets */
	struct node node[MODEL_NODES];
	struct pod pod[MODEL_PODS];
	uint32_t lease; /* container that holds it, 0: empty */
	struct source source[MODEL_COPIES];
	struct copied copied[MODEL_COPIES];
	uint32_t copy[MODEL_COPIES]; /* UID, 0: missing */
	uint32_t revision;           /* of sources' grants and of copies: what a watch would tell */
	bool paused;                 /* annotation on the Deployment */
	uint64_t touched_usec, touched_until_usec,
		touches_usec; /* someone writes to the pods, so often */
	uint64_t controllers_usec;
	/* What happened, for the referee. */
	unsigned losses;         /* times that the copies were deleted */
	const struct pod *loser; /* whose process did it last */
	unsigned lost_races;     /* processes that decided OFF */
	unsigned gave_up;        /* that ended by themselves */
	unsigned touch_losses;   /* copies deleted by an operator that is off, one by one */
	unsigned mends, adopted; /* copies that one that is on wrote, and that it found right */
};

/* A healthy cluster: nodes, replicas, a leader that is on, all copies. */
void model_init(struct model *model, uint64_t seed, unsigned nodes, unsigned replicas);

/* Runs everything that is due; between two calls no time in model_next() may be passed over. */
void model_advance(struct model *model, uint64_t now_usec);
uint64_t model_next(const struct model *model);

void path_add(struct path *path, uint64_t from_usec, uint64_t until_usec, enum fault fault);
enum fault path_fault(const struct path *path, uint64_t now_usec);
uint64_t path_clear_from(const struct path *path,
                         uint64_t now_usec); /* 0: always, NEVER: not now */

/* Ways to the API: through the virtual address, or the node's own. */
enum fault model_vip(const struct model *model, uint64_t now_usec);
enum fault model_local(const struct model *model, size_t node, uint64_t now_usec);

void model_power_cut(struct model *model, size_t node, bool with_api, uint64_t now_usec);
void model_boot(struct model *model, size_t node, const struct boot_plan *plan, uint64_t now_usec);
void model_end_cleanly(struct model *model, size_t node); /* SIGTERM while the API answers */
void model_crash(struct model *model, size_t node,
                 uint64_t now_usec); /* kubelet restarts in place */
void model_give_up(struct model *model, struct pod *pod, uint64_t now_usec); /* after a back-off */

/* The API's answers. A log is read by the pod's name: it is that of the container that runs NOW. */
enum model_log { MODEL_LOG_502, MODEL_LOG_404, MODEL_LOG_EMPTY, MODEL_LOG_OFF, MODEL_LOG_ON };
enum model_log model_log(const struct model *model, uint32_t pod, uint64_t now_usec);
bool model_cordoned(const struct model *model, size_t node, uint64_t now_usec);
enum delete_end model_delete_pod(struct model *model, uint32_t pod, uint32_t version,
                                 uint64_t now_usec);

/* What happens to Secrets from outside, and what an agent does to them. A copy that is created wakes no
 * operator: create events in the copies' namespace are filtered. */
void model_rotate(struct model *model, size_t source, uint64_t now_usec);
void model_touch(struct model *model, size_t source, uint64_t now_usec);     /* it, or its copy */
void model_lose_copy(struct model *model, size_t source, uint64_t now_usec); /* by a person */
void model_grant(struct model *model, size_t source, bool granted, uint64_t now_usec);
enum create_end model_create_copy(struct model *model, size_t source, uint64_t now_usec);
uint32_t model_serves(struct model *model, size_t source, uint64_t now_usec); /* version, 0: none */
void model_restart_envoy(struct model *model, uint64_t from_usec);

/* Part of the model: an operator writes or deletes a copy. */
void copy_write(struct model *model, size_t source, uint64_t now_usec);
void copy_delete(struct model *model, size_t source, uint64_t now_usec);

/* The truth, for the referee and for a host's own cgroups. */
const struct process *model_process(const struct model *model, uint32_t container);
const struct pod *model_pod(const struct model *model, uint32_t pod);
bool model_controller_on(const struct model *model);
bool model_copy_needed(const struct model *model, size_t source); /* and can be made */
bool model_copies_whole(const struct model *model); /* each that is needed is there, and right */
