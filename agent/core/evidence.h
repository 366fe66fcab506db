/* SPDX-License-Identifier: Apache-2.0 */
/* evidence - what is known of the world, and since when: facts only, no judgement. The engine fills
 * it and owns the arrays that it points to; the core reads it and keeps nothing of it but
 * identities and times.
 *
 * Identities are the engine's 32-bit names for long strings (a container id, a UID), equal only for
 * equal strings and the same again after a restart of the agent; 0 means there is none.
 * Times are microseconds of CLOCK_BOOTTIME. A stamp with begun_usec 0: never known. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECONDS_USEC UINT64_C(1000000)
#define MSEC_USEC    UINT64_C(1000)

#define OPERATORS_MAX   8   /* operator pods; a chart's default is 2 */
#define SOURCES_MAX     256 /* sources that listeners refer to */
#define LISTENERS_MAX   256
#define REPLICASETS_MAX 16 /* a Deployment keeps 10 old ones by default */
#define HOLDER_ADVERTS_MAX 8  /* hosts that announced the virtual address */

/* How old a fact may be, counted from when its request began, and still lead to an act or a
 * negative verdict. One table; it never depends on the verdict. */
#define AGE_CRDS_USEC    (700 * MSEC_USEC) /* from the END of the second round */
#define AGE_ACT_USEC     (3 * SECONDS_USEC) /* pods, Deployment, ReplicaSets, nodes before a delete */
#define AGE_LIFE_USEC    (250 * MSEC_USEC)   /* alive in this host's cgroups */
#define AGE_LOG_USEC     (1 * SECONDS_USEC)  /* "off" in the log of a container on another node */
#define AGE_VERDICT_USEC (30 * SECONDS_USEC) /* pods: beyond this nothing is claimed any more */
#define AGE_MISSING_USEC (60 * SECONDS_USEC) /* a CRD that is missing */

struct stamp {
	uint64_t begun_usec; /* when the request BEGAN */
	uint64_t ended_usec; /* when its answer was whole */
	uint32_t epoch;      /* the core's epoch in which it was ordered */
};

enum endpoint { ENDPOINT_LOCAL, ENDPOINT_VIP };
#define ENDPOINT_COUNT 2

/* The first layer that a probe did not pass, in the order in which a connection meets them.
 * LAYER_CRDS is never a probe's: readiness adds it while the CRDs give no definite answer. */
enum layer {
	LAYER_UNKNOWN, /* not probed yet, or no address known */
	LAYER_CLOCK,   /* a certificate is not valid yet, and the clock is the suspect */
	LAYER_LINK,    /* no route: ENETUNREACH */
	LAYER_VIP,     /* nobody answers for the address: EHOSTUNREACH, or silence */
	LAYER_TCP,     /* the address is held, the port is not open: ECONNREFUSED */
	LAYER_TLS,     /* connected, no handshake */
	LAYER_AUTH,    /* 401, 403 */
	LAYER_READYZ,  /* any other answer than 200 */
	LAYER_CRDS,    /* 401, 403, 5xx or silence for a required CRD */
	LAYER_USABLE,
};
#define LAYER_COUNT 10

struct evidence_endpoint {
	struct stamp at;
	bool configured; /* its address is known */
	bool reused;     /* the probe went over the connection of the one before */
	enum layer layer;
	int error;            /* errno of the connection, 0 where there is none */
	uint16_t http_status; /* 0: no answer */
	const char *detail;   /* the engine's words for it, never NULL once probed */
};

/* What the kernel knows of the virtual address as a neighbour. */
enum neighbour {
	NEIGHBOUR_NONE,     /* nobody has tried to reach it */
	NEIGHBOUR_ASKED,    /* ARP (or NDP) is under way */
	NEIGHBOUR_ANSWERED, /* it answered once: whether it still would is not known */
	NEIGHBOUR_ANSWERS,  /* it answered just now */
	NEIGHBOUR_SILENT,   /* no answer when it was asked last, three times */
};

struct evidence_advert { /* of one host that announces the virtual address by VRRP */
	uint32_t from;   /* that host */
	uint64_t interval_usec;
	uint64_t first_usec; /* of those that followed each other since without a gap */
	uint64_t last_usec;
	uint64_t resigned_usec; /* its last word, that it gives the address up; 0: it was not */
};

/* The virtual address, beside what asking it says. Its own host is not among the adverts: what a host sends
 * by multicast it does not hear. */
struct evidence_holder {
	uint32_t wanted;    /* the address to look for; 0: none, and nothing below says more */
	bool known;         /* this host's addresses are known, all of them */
	bool here;          /* this host carries it, and answers for it */
	uint64_t here_usec; /* when it came or went */
	bool shadow; /* it stands on lo or a dummy here: what this host asks it answers itself */
	enum neighbour neighbour;
	uint64_t neighbour_usec; /* when it answered last, or was silent; else since when */
	bool cut_off;            /* no link on whose network it is has a carrier */
	size_t advert_count;
	const struct evidence_advert *advert;
	uint32_t
		stirs; /* counts what may have made the next answer another one: the address, a link,
	                   another sender of adverts, another neighbour, a step of the clock */
};

struct evidence_clock {
	bool right; /* known to be: synchronised, or kept by a battery */
};

enum crds_state { CRDS_UNKNOWN, CRDS_SERVED, CRDS_MISSING, CRDS_UNANSWERED };

struct evidence_crds { /* one round over every CRD that this operator's release requires */
	struct stamp at;
	enum crds_state state;
	uint16_t http_status; /* of the one that was not served */
	const char *name;     /* which one, and the version wanted; never NULL once asked */
};

struct evidence_deployment {
	uint32_t id;
	uint32_t release; /* minor version of Cilium as 1 * 100 + minor (118), 0: cannot be read */
	int32_t replicas;
	bool observed; /* its controller has seen the newest generation */
	bool paused;   /* annotation gatewake.io/paused */
};

struct evidence_deployments {
	struct stamp at;
	size_t count; /* operator Deployments in the whole cluster: 1, or something is odd */
	struct evidence_deployment first;
};

struct evidence_replicaset {
	uint32_t id, deployment;
	int32_t replicas;
	bool terminating;
};

struct evidence_replicasets {
	struct stamp at;
	bool truncated;
	size_t count;
	const struct evidence_replicaset *item;
};

enum place { PLACE_UNKNOWN, PLACE_HERE, PLACE_ELSEWHERE };
enum life { LIFE_UNKNOWN, LIFE_ALIVE, LIFE_GONE };

/* What on the pod's node keeps a replacement from being scheduled there. */
enum obstacle {
	OBSTACLE_NONE,
	OBSTACLE_UNKNOWN,
	OBSTACLE_CORDON,
	OBSTACLE_PRESSURE,
	OBSTACLE_TAINT
};

/* Why an operator ended, by its last words. */
enum crash {
	CRASH_UNKNOWN,  /* it never ended, or left no words */
	CRASH_API_AWAY, /* the API server did not answer: over once it does */
	CRASH_STANDING, /* a CRD that is listed and not served: a restart meets it again */
	CRASH_OTHER,
};

struct evidence_pod {
	uint32_t id, container, replicaset;
	enum place place;   /* HERE: on the Node whose bootID is this host's */
	enum life life;     /* HERE only: is its container a cgroup of this host right now */
	uint64_t life_usec; /* when that was looked at */
	enum obstacle obstacle;
	bool running, ready, terminating;
	bool held_back;    /* its container ended, and waits out a back-off (CrashLoopBackOff) */
	enum crash crash;  /* why the last container of this pod ended */
	uint64_t
		ended_usec; /* HERE only: when it did, by what the wall clock says now; 0: before this
	                        host booted, or not known */
	uint64_t due_usec;  /* HERE only: when its back-off is over; 0: not known */
	bool always_pulls; /* imagePullPolicy Always: a replacement needs the registry */
};

struct evidence_pods {
	struct stamp at;
	bool watched;          /* a stream is open that tells of each change */
	uint64_t changed_usec; /* of the last one told: a reason to look, and no more than that */
	bool truncated; /* more than OPERATORS_MAX: nothing is done */
	size_t count;
	const struct evidence_pod *item;
};

struct evidence_nodes {
	struct stamp at;
	bool ours_known; /* a Node carries this host's bootID */
};

/* What one container's log says, read from its head in one unbroken read. */
enum log_says {
	LOG_NOTHING, /* readable, and no line of ours in it yet: not known */
	LOG_OFF,     /* "Required GatewayAPI resources are not found": final for this container */
	LOG_ON,    /* the check was made, and the registrations hold *v1.Gateway, and no off line */
	LOG_SPLIT, /* the check was made, and a list that parses lacks *v1.Gateway; no off line: not
	              known */
	LOG_OPAQUE, /* the list does not parse (log as JSON), nor is a worker of the Gateway controller seen: not known */
	LOG_UNREADABLE,
};

struct evidence_log {
	struct stamp at;
	uint32_t container; /* that the pod was said to run when the read was ordered */
	enum log_says says;
	uint16_t http_status; /* of LOG_UNREADABLE; 0: no answer */
};

/* What one container's metrics say; read on its own node, from the port that its ConfigMap names. */
enum metrics_say {
	METRICS_NOTHING, /* no series of any controller: not the leader, or not yet */
	METRICS_ON,      /* controller_runtime_active_workers of controller="gateway" */
	METRICS_OFF,     /* such series of others, none of gateway */
};

struct evidence_metrics {
	struct stamp at;
	uint32_t container;
	enum metrics_say says;
};

struct evidence_config { /* cilium-config */
	struct stamp at;
	bool gateway_off, sync_off, proxy_off;
};

/* What a look at a source Secret said. */
enum source_state {
	SOURCE_UNKNOWN,
	SOURCE_MISSING,    /* a JSON Status 404 */
	SOURCE_UNREADABLE, /* 403 and the like */
	SOURCE_INVALID,    /* no certificate and key that fit, or of the wrong type */
	SOURCE_VALID,
};

/* One source Secret that listeners of Cilium's class refer to, however many do. */
struct evidence_copy {
	uint32_t source;     /* its namespace and name */
	bool granted;        /* by its own namespace, or by a ReferenceGrant */
	bool nameable;       /* its copy can exist: names and label values have their limits */
	bool present;        /* the copy is there */
	bool blocked;        /* it is there without the owner labels that this release insists on */
	uint64_t gone_usec;  /* the last delete of the copy seen by us, 0: none */
	uint64_t
		changed_usec; /* the last event of a Gateway that refers to it, of a grant, or of the copy */
	enum source_state state;
	struct stamp source_at; /* of state and stale */
	bool stale;             /* the copy's data is known to differ from the source's */
};

/* Put together from watches. That a copy is missing is a negative: it counts only if every watch it
 * rests on has a complete snapshot of the core's epoch. */
struct evidence_copies {
	struct stamp at; /* of the oldest of those snapshots */
	bool synced;     /* each of them is complete and its stream runs */
	bool truncated;  /* there are more than gatewake looks at: nothing is created */
	bool refused;    /* the API says no to one of those watches, again and again */
	size_t count;
	const struct evidence_copy *item;
};

/* What a listener really serves. */
enum proof {
	PROOF_UNKNOWN,
	PROOF_SERVED,
	PROOF_STALE, /* an older leaf of that source */
	PROOF_WRONG_CERT,
	PROOF_NO_CERT,     /* reset, closed, an alert, or silence in the handshake */
	PROOF_UNREACHABLE, /* this host has no way there */
	PROOF_SKIPPED,     /* passthrough, no name to ask for, a client certificate on TLS 1.2 */
};

struct evidence_listener {
	uint32_t id;     /* Gateway, listener, address */
	uint32_t source; /* that it should serve */
	bool provable;   /* it has an address and a name to ask for, and terminates TLS */
	enum proof proof;
	struct stamp at;       /* of proof */
	uint64_t changed_usec; /* when its Gateway, its copy or its source last changed */
};

struct evidence_listeners {
	bool synced, truncated;
	size_t count;
	const struct evidence_listener *item;
};

struct evidence {
	uint32_t boot; /* this boot's identity */
	struct evidence_clock clock;
	struct evidence_endpoint endpoint[ENDPOINT_COUNT];
	struct evidence_holder holder; /* of the vip endpoint's address */
	struct evidence_crds crds; /* through the vip endpoint */
	struct evidence_deployments deployments;
	struct evidence_replicasets replicasets;
	struct evidence_pods pods;
	struct evidence_nodes nodes;
	size_t log_count;
	const struct evidence_log *log; /* the last read of each container that was asked for */
	size_t metrics_count;
	const struct evidence_metrics *metrics;
	struct evidence_config config;
	struct evidence_copies copies;
	struct evidence_listeners listeners;
};

static inline bool stamp_known(struct stamp stamp)
{
	return stamp.begun_usec != 0;
}

static inline bool stamp_within(struct stamp stamp, uint64_t age_usec, uint64_t now_usec)
{
	return stamp_known(stamp) && now_usec - stamp.begun_usec <= age_usec;
}
