/* SPDX-License-Identifier: Apache-2.0 */
/* engine - the inside that cycle, observe and act share: the only place where evidence is assembled.
 * It decides nothing: what to ask and what to do comes from the core, by its door. */
#pragma once
#include "config.h"
#include "base/address.h"
#include "cilium/release.h"
#include "core/core.h"
#include "host/containers.h"
#include "host/journal.h"
#include "host/remember.h"
#include "host/runfile.h"
#include "kube/kubeconfig.h"
#include "kube/objects.h"
#include "platform/arm64/board.h"
#include "report/words.h"
#include "wire/http.h"

#define ENGINE_DETAIL_MAX 200
#define LEDGER_FILE       "ledger"

/* One order under way, which may take several requests in a row. */
struct errand {
	struct order order;            /* kind ORDER_NONE: a free place */
	uint32_t request;              /* http's id of the one that runs now */
	size_t step;                   /* ASK_CRDS: which of them, */
	const struct release *release; /* by this release, for the whole round */
	uint64_t sent_usec;            /* when the one that runs now was sent */
	struct sync *sync;             /* of the errands around a copy; owned */
};

/* The text of a trouble that repeats is told at 1, 2, 4, 8 ... times, and when it is over. */
struct repeated {
	unsigned count;
	char text[240];
};

/* Where an endpoint is, in the forms that are needed. */
struct target {
	char server
		[KUBECONFIG_SERVER_MAX]; /* https://host:port[/prefix], "" where it is not known */
	char address[300];               /* host:port, for people */
	char detail[ENGINE_DETAIL_MAX];  /* of the last probe */
	struct address answered;         /* that the server's name led to when it last connected */
};

struct last_proof { /* of every listener; zeroed: never */
	uint64_t usec;
	int64_t wall_sec; /* the same as a date */
};

struct certs; /* engine/certs.h: what is needed, and what is known of it */
struct watches;
struct vip; /* engine/vip.h: the virtual address, as this host sees it */

struct engine {
	const struct config *config;
	struct journal journal;
	struct kubeconfig *kubeconfig; /* NULL: no credentials */
	struct failure no_credentials; /* why */
	struct http *http;
	struct target target[ENDPOINT_COUNT];

	struct core core;
	struct policy policy;
	struct evidence evidence;
	struct decision decision;
	struct errand errands[ORDERS_MAX];
	unsigned ends; /* errands finished so far */

	/* What the evidence points to, and the strings behind its identities. */
	struct object_deployments deployments;
	struct object_replicasets replicasets;
	struct object_pods pods;
	struct object_nodes nodes;
	struct evidence_replicaset replicaset_items[REPLICASETS_MAX];
	struct evidence_pod pod_items[OPERATORS_MAX];
	struct evidence_log log_items[OPERATORS_MAX];
	struct evidence_metrics metrics_items[OPERATORS_MAX];
	struct object_config cilium;
	size_t log_next;
	char crd[320];
	char boot_id[OBJECT_UID_MAX];
	struct containers containers;
	struct board board; /* this host's */
	uint64_t board_read_usec, board_looked_usec;
	struct certs *certs;
	struct watches *watches;
	struct vip *vip;

	struct repeated trouble[ORDER_KIND_COUNT];
	bool remembers;                /* the service alone leaves something for the next boot */
	char remembered[REMEMBER_MAX]; /* the vip's address, as it is on the disk; "": none */
	int ledger_fd;                 /* what the disk did not take; -1: nothing */
	bool ledger_trouble, remember_trouble, runfile_trouble, metricsfile_trouble;
	uint64_t remember_usec; /* when it was last tried to remember the address */
	struct runfile runfile;
	struct metricsfile metricsfile;
	struct last_proof last_proof;
	double api_usable_s, controller_on_s,
		tls_proven_s; /* seconds since boot, below 0: not yet */
	char refusal[200];    /* the API's words for the last delete that did not succeed */
};

/* An end, told to the core; place is free again. */
void engine_finish(struct engine *engine, struct errand *errand, enum result result,
                   uint64_t now_usec);

/* Sends the next request of an errand through its endpoint, bounded by the order's deadline. limit: of
 * the answer. -EBUSY, -ENOMEM. */
int engine_send(struct engine *engine, struct errand *errand, enum http_method method,
                const char *path, struct span body, size_t limit, uint64_t now_usec);

struct watch_request;

/* Sends what a watch asks for. */
int engine_watch(struct engine *engine, enum endpoint via, const struct watch_request *request,
                 uint32_t *ret_id);

/* The same for the operator's metrics on this host, which are plain HTTP. */
int engine_send_metrics(struct engine *engine, struct errand *errand, size_t limit,
                        uint64_t now_usec);

/* Tells a trouble that may repeat (text), or that it is over (NULL). */
void engine_trouble(struct engine *engine, enum order_kind kind, const char *text);

const char *engine_kind_name(enum order_kind kind);

/* This host's Node: the one that carries this boot's id (its name need not be the host's), or, where it
 * carries none at all, the one that our configuration names. NULL: not known. */
const struct object_node *engine_our_node(const struct engine *engine);

/* The pod that was last seen to run (or to have run) that container; NULL: none. */
const struct object_pod *engine_pod_of(const struct engine *engine, uint32_t container);

/* Of what an errand has brought, whose last answer is in now. */
struct stamp engine_stamp(const struct errand *errand, uint64_t now_usec);
