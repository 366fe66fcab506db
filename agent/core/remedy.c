/* SPDX-License-Identifier: Apache-2.0 */
#include "core/remedy.h"

#include "core/diagnosis.h"

#define OTHER_NODE_USEC (30 * SECONDS_USEC) /* the agent over there goes first for so long */
#define CRDS_ROUNDS     2
#define BACK_OFF_USEC   (2 * SECONDS_USEC) /* less than so long is not worth a new pod */

static const struct permit go = { CAUSE_NONE, 0 };

static const struct evidence_pod *pod_of(const struct evidence *evidence, uint32_t container)
{
	for (size_t i = 0; i < evidence->pods.count; i++)
		if (evidence->pods.item[i].container == container)
			return &evidence->pods.item[i];
	return NULL;
}

static const struct evidence_replicaset *owner_of(const struct evidence *evidence,
                                                  const struct evidence_pod *pod)
{
	for (size_t i = 0; i < evidence->replicasets.count; i++)
		if (pod->replicaset && evidence->replicasets.item[i].id == pod->replicaset)
			return &evidence->replicasets.item[i];
	return NULL;
}

/* What the person decided. */
static enum cause forbidden(const struct policy *policy, const struct evidence *evidence)
{
	if (!(policy->may & POLICY_RESTART))
		return policy->once ? CAUSE_ONCE : CAUSE_MODE;
	return evidence->deployments.first.paused ? CAUSE_PAUSED : CAUSE_NONE;
}

/* Each act is decided on facts that are young, and that were asked for after the last act ended. */
static bool refresh(struct core *core, enum order_kind kind, struct stamp at, uint64_t now_usec)
{
	bool stale = !stamp_within(at, AGE_ACT_USEC, now_usec) || at.begun_usec <= core->acted_usec;

	core->ask[kind].needed |= stale;
	return stale;
}

static bool stale(struct core *core, const struct evidence *evidence, uint64_t now_usec)
{
	/* No short cut: all that is missing is asked for at the same time. */
	bool pods = refresh(core, ASK_PODS, evidence->pods.at, now_usec);
	bool nodes = refresh(core, ASK_NODES, evidence->nodes.at, now_usec);
	bool sets = refresh(core, ASK_REPLICASETS, evidence->replicasets.at, now_usec);
	bool deployments = refresh(core, ASK_DEPLOYMENTS, evidence->deployments.at, now_usec);

	return pods || nodes || sets || deployments;
}

/* A rollout moves where its controller has yet to see the newest generation, or where a pod of
 * another ReplicaSet is coming up. A pod without a container is none: on one node the chart's
 * second replica is Pending for ever. */
static bool rollout_moves(const struct evidence *evidence, const struct evidence_pod *judged)
{
	if (!evidence->deployments.first.observed)
		return true;
	for (size_t i = 0; i < evidence->pods.count; i++) {
		const struct evidence_pod *pod = &evidence->pods.item[i];

		if (pod->replicaset != judged->replicaset && pod->container && !pod->ready &&
		    !pod->terminating)
			return true;
	}
	return false;
}

static enum cause no_room(enum obstacle obstacle)
{
	switch (obstacle) {
	case OBSTACLE_NONE:
		return CAUSE_NONE;
	case OBSTACLE_UNKNOWN:
		return CAUSE_STALE;
	case OBSTACLE_CORDON:
		return CAUSE_CORDONED;
	case OBSTACLE_PRESSURE:
		return CAUSE_PRESSURE;
	case OBSTACLE_TAINT:
		return CAUSE_TAINTED;
	}
	return CAUSE_STALE;
}

static enum cause replacement_blocked(const struct evidence *evidence,
                                      const struct evidence_pod *pod)
{
	const struct evidence_replicaset *owner = owner_of(evidence, pod);

	if (!owner || owner->terminating || owner->replicas < 1 ||
	    owner->deployment != evidence->deployments.first.id ||
	    evidence->deployments.first.replicas < 1)
		return CAUSE_NO_REPLACEMENT;
	if (no_room(pod->obstacle) != CAUSE_NONE)
		return no_room(pod->obstacle);
	if (pod->always_pulls)
		return CAUSE_ALWAYS_PULLS;
	return rollout_moves(evidence, pod) ? CAUSE_ROLLOUT : CAUSE_NONE;
}

/* What a node of others runs no cgroup of ours tells, and after a boot of that node the API goes on
 * showing yesterday's container. But a log is read by the pod's name: it is that of the process
 * that would take the delete. */
static bool still_off(struct judged *judged, const struct evidence *evidence, uint64_t now_usec)
{
	for (size_t i = 0; i < evidence->log_count; i++)
		if (evidence->log[i].container == judged->container &&
		    evidence->log[i].says == LOG_OFF &&
		    stamp_within(evidence->log[i].at, AGE_LOG_USEC, now_usec))
			return true;
	judged->log_needed = true;
	return false;
}

/* The agent over there has its time from when it can act: found off, and the address is there. */
static uint64_t others_due_usec(const struct core *core, const struct judged *judged)
{
	uint64_t usable_usec = core->readiness[ENDPOINT_VIP].since_usec;

	return (judged->off_usec > usable_usec ? judged->off_usec : usable_usec) + OTHER_NODE_USEC;
}

/* A back-off is cut short only while nothing runs in its place. The next container changes the pod's
 * resourceVersion, which is a precondition, but not at once: what the kubelet could not tell the API
 * it tells up to 10 s after that is back. So a back-off that is over, or nearly, is no reason. */
static struct permit ended_here(const struct evidence_pod *pod, uint64_t now_usec)
{
	bool gone = pod->life == LIFE_GONE && now_usec - pod->life_usec <= AGE_LIFE_USEC;
	bool over = now_usec + BACK_OFF_USEC >= pod->due_usec; /* not known: it may be */

	return gone && !over && diagnosis_held_back(pod) ? go : (struct permit){ CAUSE_STALE, 0 };
}

/* Locality is the lock: with it, two agents need no Lease of their own. */
static struct permit place_permits(const struct core *core, const struct evidence *evidence,
                                   const struct evidence_pod *pod, struct judged *judged,
                                   uint64_t now_usec)
{
	uint64_t due = others_due_usec(core, judged);

	switch (pod->place) {
	case PLACE_HERE:
		if (!pod->running)
			return ended_here(pod, now_usec);
		if (pod->life != LIFE_ALIVE || now_usec - pod->life_usec > AGE_LIFE_USEC)
			return (struct permit){ CAUSE_NOT_ALIVE, 0 };
		return go;
	case PLACE_ELSEWHERE:
		/* Its back-off ends by itself, and what ended it can be seen over there only. */
		if (!pod->running)
			return (struct permit){ CAUSE_OTHER_NODE, 0 };
		/* From afar one that is on can't be told from its successor: left to the agent there. */
		if (judged->says == LOG_ON)
			return (struct permit){ CAUSE_OTHER_NODE, 0 };
		if (now_usec < due)
			return (struct permit){ CAUSE_OTHER_NODE, due };
		return still_off(judged, evidence, now_usec) ? go
		                                             : (struct permit){ CAUSE_STALE, 0 };
	case PLACE_UNKNOWN:
		break;
	}
	return (struct permit){ CAUSE_NODE_UNKNOWN, 0 };
}

static struct permit budget_permits(const struct core *core, const struct evidence *evidence,
                                    const struct judged *judged, uint64_t now_usec)
{
	bool gently = judged->says == LOG_ON && !judged->split;
	uint64_t due = budget_due_usec(&core->ledger, evidence->boot, judged->container);

	if (judged->held_back)
		due = budget_due_held_back_usec(&core->ledger, evidence->boot, judged->container);
	if (gently)
		due = budget_due_gently_usec(&core->ledger, evidence->boot, judged->container);
	if (now_usec < due)
		return (struct permit){ CAUSE_BUDGET, due };
	if (now_usec < judged->act_due_usec)
		return (struct permit){ CAUSE_NOT_DELETED, judged->act_due_usec };
	return go;
}

/* The new process asks for its CRDs once, through the vip endpoint: they must just have been there.
 */
static bool crds_proven(struct core *core, const struct evidence *evidence, uint64_t now_usec)
{
	bool proven = core->crds_good >= CRDS_ROUNDS && evidence->crds.at.epoch == core->epoch &&
	              now_usec - core->crds_good_usec <= AGE_CRDS_USEC;

	core->ask[ASK_CRDS].needed |= !proven;
	return proven;
}

static struct permit world_permits(struct core *core, const struct evidence *evidence,
                                   struct judged *judged, uint64_t now_usec)
{
	const struct evidence_pod *pod;
	struct permit permit;

	if (stale(core, evidence, now_usec))
		return (struct permit){ CAUSE_STALE, 0 };
	pod = pod_of(evidence, judged->container);
	if (!pod)
		return (struct permit){ CAUSE_STALE, 0 };
	permit = place_permits(core, evidence, pod, judged, now_usec);
	if (permit.cause == CAUSE_NONE)
		permit.cause = replacement_blocked(evidence, pod);
	return permit;
}

struct permit remedy_may_restart(struct core *core, const struct policy *policy,
                                 const struct evidence *evidence, uint32_t container,
                                 uint64_t now_usec)
{
	size_t place = diagnosis_place(core, container);
	struct permit permit = { forbidden(policy, evidence), 0 };

	if (place == OPERATORS_MAX)
		return (struct permit){ CAUSE_STALE, 0 };
	if (permit.cause == CAUSE_NONE)
		permit = budget_permits(core, evidence, &core->judged[place], now_usec);
	if (permit.cause == CAUSE_NONE && !readiness_usable(&core->readiness[ENDPOINT_VIP]))
		permit.cause = CAUSE_VIP_NOT_USABLE;
	if (permit.cause == CAUSE_NONE)
		permit = world_permits(core, evidence, &core->judged[place], now_usec);
	if (permit.cause == CAUSE_NONE && !crds_proven(core, evidence, now_usec))
		permit.cause = CAUSE_CRDS_UNPROVEN;
	return permit;
}
