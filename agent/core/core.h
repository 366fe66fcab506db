/* SPDX-License-Identifier: Apache-2.0 */
/* core - the one door to every decision of gatewake. Pure: no clock, dice, socket, allocation or
 * log line; time and luck are arguments, so the simulation and the program drive the same code.
 *
 * One round: the engine hands in evidence and gets a decision; it saves the ledger if told to,
 * stops what is withdrawn, carries out the orders, and tells core_note() how each one ended. The
 * core keeps no pointer into the evidence. */
#pragma once
#include "core/budget.h"
#include "core/copies.h"
#include "core/evidence.h"
#include "core/holder.h"
#include "core/proofs.h"
#include "core/readiness.h"

enum order_kind {
	ORDER_NONE,
	ASK_PROBE,       /* subject: enum endpoint; GET /readyz */
	ASK_CRDS,        /* every CRD that the release requires, through the vip endpoint */
	ASK_DEPLOYMENTS, /* the operator's, by label, in the whole cluster */
	ASK_REPLICASETS,
	ASK_PODS,
	ASK_NODES,
	ASK_LOG,         /* about: the container whose log is to be read from its head */
	ASK_CONFIG,      /* the operator's ConfigMap, cilium-config */
	ASK_METRICS,     /* about: the container on this node whose metrics are to be read */
	ASK_SOURCE,      /* about: the source Secret that is to be looked at */
	ASK_PROOF,       /* about: the listener whose certificate is to be seen */
	ACT_DELETE_POD,  /* about: the container that was judged; its pod's UID and resourceVersion
	                   are preconditions */
	ACT_CREATE_COPY, /* about: the source Secret; it is read, checked, and its copy created */
};
#define ORDER_KIND_COUNT 14

#define ORDERS_MAX 44 /* in one decision, and under way at once */

struct order {
	enum order_kind kind;
	uint16_t subject;
	uint32_t ticket; /* never 0, never used twice in a life */
	uint32_t epoch;  /* goes into the stamp of what it brings */
	uint32_t about;  /* the identity that was judged, never "whatever is there now" */
	enum endpoint via;
	uint64_t begun_usec;
	uint64_t
		deadline_usec; /* the only bound in time there is: the engine has none of its own */
};

enum result {
	RESULT_OK,          /* answered; for an act: done */
	RESULT_CONFLICT,    /* the API refused a precondition, or the object is gone: look again */
	RESULT_REFUSED,     /* the API says no and means it, or asks to come later */
	RESULT_UNREACHABLE, /* nothing reached the API */
	RESULT_LOST,        /* it may have happened */
};

struct outcome {
	uint32_t ticket;
	enum result result;
	uint64_t ended_usec;
};

enum verdict {
	VERDICT_UNKNOWN,
	VERDICT_DISABLED,
	VERDICT_CRDS_MISSING,
	VERDICT_CRASHING,
	VERDICT_HELD_BACK,
	VERDICT_CONTROLLER_OFF,
	VERDICT_COPY_BLOCKED,
	VERDICT_COPIES_NEGLECTED,
	VERDICT_STARTING,
	VERDICT_NOT_SERVED,
	VERDICT_PROVEN,
	VERDICT_HEALTHY,
};
#define VERDICT_COUNT 12

/* Why the verdict is what it is, or, of CONTROLLER_OFF and HELD_BACK, what the restart waits for. */
enum cause {
	CAUSE_NONE,
	/* UNKNOWN */
	CAUSE_NO_ENDPOINT,   /* neither endpoint is usable */
	CAUSE_LOOKING,       /* usable, the first answers are not in yet; of STARTING: on, and the
	                        copies have not been seen yet */
	CAUSE_NO_OPERATOR,   /* no Deployment with the operator's label */
	CAUSE_TWO_OPERATORS, /* more than one: which one counts is not known */
	CAUSE_TOO_MANY,      /* more pods or ReplicaSets than gatewake looks at */
	CAUSE_NODE_UNKNOWN,  /* no Node carries this host's bootID yet */
	CAUSE_READ_REFUSED,  /* the API refuses to show what must be read */
	/* CRDS_MISSING */
	CAUSE_CRD_MISSING,
	/* CRASHING */
	CAUSE_CRASH_CRD, /* a CRD lists a version and does not serve it */
	CAUSE_CRASH,     /* for another reason, or without a word */
	/* CONTROLLER_OFF, HELD_BACK: what the restart waits for */
	CAUSE_RESTARTING, /* the pod is being deleted */
	CAUSE_VIP_NOT_USABLE,
	CAUSE_CRDS_UNPROVEN,  /* the two rounds through the vip endpoint are under way */
	CAUSE_MODE,           /* mode: observe or sync */
	CAUSE_ONCE,           /* a command that looks once, and leaves it to the service */
	CAUSE_PAUSED,         /* annotation gatewake.io/paused on the Deployment */
	CAUSE_STALE,          /* evidence is being read again */
	CAUSE_NOT_ALIVE,      /* the container that was judged is no cgroup of this host */
	CAUSE_OTHER_NODE,     /* the agent on the pod's node goes first */
	CAUSE_NO_REPLACEMENT, /* no live ReplicaSet owner, or replicas 0 */
	CAUSE_ROLLOUT,        /* a rollout is moving */
	CAUSE_CORDONED,
	CAUSE_PRESSURE,
	CAUSE_TAINTED,
	CAUSE_ALWAYS_PULLS, /* imagePullPolicy Always: the replacement needs the registry */
	CAUSE_BUDGET,
	CAUSE_NOT_DELETED, /* the last delete did not succeed, the next try has its time */
	/* STARTING */
	CAUSE_NO_POD,      /* no container of the operator runs just now */
	CAUSE_NOT_CURRENT, /* the pod's status is from before this boot */
	CAUSE_LOG_UNREADABLE,
	CAUSE_LOG_SILENT,    /* readable, nothing decisive in it yet */
	CAUSE_LOG_SPLIT,     /* the registrations lack *v1.Gateway, without the off line */
	CAUSE_LOG_OPAQUE,    /* the list does not parse: log as JSON */
	CAUSE_COPIES_COMING, /* on, and copies are missing or stale for less than 90 s */
	/* DISABLED */
	CAUSE_GATEWAY_OFF, /* enable-gateway-api */
	CAUSE_SYNC_OFF,    /* enable-gateway-api-secrets-sync */
	CAUSE_PROXY_OFF,   /* neither kube-proxy-replacement nor what this release takes for it */
	/* COPY_BLOCKED */
	CAUSE_COPY_REFUSED, /* the API refused a copy, one without owner labels is in its place, or
	                       its source is no good (.copies.unfit) */
	/* COPIES_NEGLECTED: the other causes are those of CONTROLLER_OFF */
	CAUSE_NEGLECTED, /* a restart did not help */
	/* NOT_SERVED */
	CAUSE_NOT_SERVED,
	/* PROVEN */
	CAUSE_PROVEN,
};
#define CAUSE_COUNT 42

/* What this round may do: one cycle, different masks for run, doctor, sync. */
enum { POLICY_RESTART = 1 << 0, POLICY_CREATE = 1 << 1 };

struct policy {
	unsigned may; /* POLICY_* */
	bool once;    /* a person waits for one answer: the service would do what this may not */
};

#define WITHDRAWN_MAX ORDERS_MAX

struct decision {
	enum verdict verdict;
	enum cause cause;
	bool on;             /* the verdict speaks of a controller that is known to be on */
	uint32_t about;      /* the container that the verdict speaks of, or 0 */
	uint64_t since_usec; /* of verdict and cause */
	uint64_t until_usec; /* of CAUSE_BUDGET, OTHER_NODE, NOT_DELETED: when it may go on; 0
	                        otherwise */
	struct {
		enum layer
			layer; /* LAYER_USABLE once usable, and through a short move of the address */
		uint64_t since_usec;
	} endpoint[ENDPOINT_COUNT];
	struct holder_finding holder; /* of the virtual address */
	uint64_t holder_since_usec;
	struct holder_move move; /* the last one */
	struct {
		unsigned needed, present, created, blocked, stale;
		unsigned unfit; /* missing, for their source is missing, unreadable or invalid */
		unsigned pending; /* to be looked at or created still, as far as the policy goes */
		bool known;       /* the watches were complete in this step */
	} copies;
	struct {
		unsigned provable, served, bad;
	} listeners;
	bool save; /* the ledger goes to disk BEFORE any order is carried out */
	struct ledger ledger;
	struct order orders[ORDERS_MAX];
	size_t count;
	uint32_t withdrawn[WITHDRAWN_MAX]; /* tickets to stop; no outcome of theirs is expected */
	size_t withdrawn_count;
	enum order_kind
		overdue;    /* not ORDER_NONE: no outcome by its deadline; silences the watchdog */
	bool settled;       /* to wait on would not change the answer, see core/settled.h */
	uint64_t wake_usec; /* call again then at the latest */
};

/* What is latched of one container: evidence goes away, the process stays what it is. */
struct judged {
	uint32_t container;    /* 0: a free place */
	enum log_says says;    /* LOG_ON and LOG_OFF are final */
	enum log_says hint;    /* the last read of any kind, for the cause */
	uint64_t pending_usec; /* end of a read that decided, not confirmed by a newer look at the
	                          pod; 0: none */
	enum log_says pending;
	uint64_t log_usec; /* begin of the read judged last */
	uint64_t log_due_usec;
	bool log_needed;       /* by this step: an act waits for a fresh look at its log */
	uint64_t first_usec;   /* first seen */
	uint64_t off_usec;     /* when it was found off */
	uint64_t on_usec;      /* when it was found on */
	uint64_t present_usec; /* last seen in a list of pods */
	unsigned failed;       /* deletes of its pod in a row that did not succeed */
	uint64_t act_due_usec;
	bool deleted;              /* its pod's delete was answered OK */
	bool not_deleted;          /* that the last one came to nothing is sure */
	bool held_back;            /* it ended, and its pod waits out a back-off */
	uint64_t metrics_usec;     /* begin of the scrape judged last */
	uint64_t metrics_off_usec; /* begin of the first scrape that said off, 0: none */
	uint64_t metrics_due_usec;
	bool split; /* on, and its secret synchronization knows no Gateway (1.18 checks twice) */
};

/* How the asks of one kind went. */
struct ask {
	uint64_t ended_usec; /* of the last one */
	unsigned misses;     /* in a row without an answer */
	bool refused;        /* the last one was answered with a refusal */
	bool needed;         /* by this step: an act or a confirmation waits for a fresh one */
};

struct core { /* zeroed: a fresh start; set .ledger from the disk before the first step */
	struct ledger ledger;
	uint32_t epoch;
	uint32_t next_ticket;
	uint32_t luck; /* of the last step: what is noted after it has no dice of its own */
	struct readiness readiness[ENDPOINT_COUNT];
	struct holder holder;
	struct judged judged[OPERATORS_MAX];
	struct order under_way[ORDERS_MAX];
	struct copies copies;
	struct proofs proofs;
	struct ask ask[ORDER_KIND_COUNT]; /* of the kinds without a subject */
	unsigned crds_good;               /* rounds in a row with every CRD served */
	uint64_t crds_judged_usec,
		crds_good_usec; /* begin of the last round judged; end of the last good one */
	enum crds_state crds;
	uint64_t crds_since_usec;
	uint64_t acted_usec; /* end of the last act */
	enum verdict verdict;
	enum cause cause;
	bool on;
	uint32_t about;
	uint64_t since_usec, until_usec;
	bool save; /* the ledger changed since it was last handed out */
};

/* Never fails; *ret is written whole. dice: uniform in 32 bits. */
void core_step(struct core *core, const struct policy *policy, const struct evidence *evidence,
               uint64_t now_usec, uint32_t dice, struct decision *ret);

/* Tells how an order ended; a ticket that was withdrawn or is unknown is ignored. */
void core_note(struct core *core, const struct outcome *outcome);
