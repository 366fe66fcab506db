/* SPDX-License-Identifier: Apache-2.0 */
#include "core/diagnosis.h"

#define METRICS_APART_USEC (2 * SECONDS_USEC)

static bool current(const struct evidence_pod *pod)
{
	switch (pod->place) {
	case PLACE_HERE:
		/* Right after boot the API shows yesterday's container, running and ready. */
		return pod->life == LIFE_ALIVE;
	case PLACE_ELSEWHERE:
		return true;
	case PLACE_UNKNOWN:
		break;
	}
	return false;
}

bool diagnosis_counts(const struct evidence_pod *pod)
{
	return pod->container && pod->running && !pod->terminating && current(pod);
}

bool diagnosis_held_back(const struct evidence_pod *pod)
{
	if (!pod->container || !pod->held_back || pod->running || pod->terminating)
		return false;
	/* Right after boot the API shows yesterday's back-off: the kubelet of today knows none. */
	return pod->place == PLACE_ELSEWHERE ||
	       (pod->place == PLACE_HERE && pod->life != LIFE_ALIVE && pod->ended_usec);
}

size_t diagnosis_place(const struct core *core, uint32_t container)
{
	size_t place = 0;

	while (place < OPERATORS_MAX && core->judged[place].container != container)
		place++;
	return place;
}

/* A free place, else that of the container not seen for longest: with at most OPERATORS_MAX pods
 * in a list, a place of one that is not in it is always to be had. */
static struct judged *take_place(struct core *core, uint32_t container, uint64_t now_usec)
{
	struct judged *place = &core->judged[0];

	for (size_t i = 0; i < OPERATORS_MAX; i++) {
		if (core->judged[i].present_usec < place->present_usec)
			place = &core->judged[i];
	}
	*place = (struct judged){ .container = container, .first_usec = now_usec };
	return place;
}

static void take_in_log(struct judged *judged, const struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->log_count; i++) {
		const struct evidence_log *log = &evidence->log[i];

		if (log->container != judged->container || log->at.begun_usec <= judged->log_usec)
			continue;
		judged->log_usec = log->at.begun_usec;
		judged->hint = log->says;
		if (log->says == LOG_ON || log->says == LOG_OFF) {
			judged->pending = log->says;
			judged->pending_usec = log->at.ended_usec;
			judged->split = false;
		}
	}
}

/* A replacement is first seen after the restart was ordered, be its answer in or not. What the kubelet
 * starts in the same pod after a delete that was refused replaces nothing. */
static bool replaces(const struct core *core, const struct judged *judged)
{
	size_t place = diagnosis_place(core, core->ledger.about);

	if (place < OPERATORS_MAX && core->judged[place].not_deleted)
		return false;
	return judged->first_usec >= core->ledger.last_usec;
}

/* Off only by two scrapes 2 s apart: the series of a leader's controllers settle one after another. */
static void judge_metrics(struct judged *judged, const struct evidence_metrics *metrics)
{
	judged->metrics_usec = metrics->at.begun_usec;
	switch (metrics->says) {
	case METRICS_NOTHING:
		judged->metrics_off_usec = 0;
		return;
	case METRICS_ON:
		judged->pending = LOG_ON;
		judged->split = judged->hint == LOG_SPLIT;
		break;
	case METRICS_OFF:
		if (!judged->metrics_off_usec)
			judged->metrics_off_usec = metrics->at.begun_usec;
		if (metrics->at.begun_usec - judged->metrics_off_usec < METRICS_APART_USEC)
			return;
		judged->pending = LOG_OFF;
		break;
	}
	judged->pending_usec = metrics->at.ended_usec;
}

static void take_in_metrics(struct judged *judged, const struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->metrics_count; i++)
		if (evidence->metrics[i].container == judged->container &&
		    evidence->metrics[i].at.begun_usec > judged->metrics_usec &&
		    !judged->pending_usec)
			judge_metrics(judged, &evidence->metrics[i]);
}

static void tell_ledger(struct core *core, const struct evidence *evidence,
                        const struct judged *judged)
{
	if (judged->says == LOG_ON && !judged->split)
		core->save |= budget_cured(&core->ledger);
	else if (replaces(core, judged))
		core->save |= budget_seen_off(&core->ledger, evidence->boot, judged->container);
}

static void confirm(struct core *core, struct judged *judged, const struct evidence *evidence,
                    uint64_t now_usec)
{
	if (!judged->pending_usec || evidence->pods.at.begun_usec < judged->pending_usec)
		return;
	judged->pending_usec = 0;
	judged->says = judged->pending;
	*(judged->says == LOG_OFF ? &judged->off_usec : &judged->on_usec) = now_usec;
	tell_ledger(core, evidence, judged);
}

static bool is_final(const struct judged *judged)
{
	return judged->says == LOG_ON || judged->says == LOG_OFF;
}

static void latch_running(struct core *core, struct judged *judged, const struct evidence *evidence,
                          uint64_t now_usec)
{
	if (is_final(judged))
		return;
	take_in_metrics(judged, evidence);
	take_in_log(judged, evidence); /* after the metrics: of the two, it has the last word */
	confirm(core, judged, evidence, now_usec);
}

/* A replacement that ends is as good as one that was seen off. */
static void latch_held_back(struct core *core, struct judged *judged,
                            const struct evidence *evidence)
{
	if (!judged->held_back && replaces(core, judged))
		core->save |= budget_seen_off(&core->ledger, evidence->boot, judged->container);
	judged->held_back = true;
}

void diagnosis_latch(struct core *core, const struct evidence *evidence, uint64_t now_usec)
{
	for (size_t i = 0; i < evidence->pods.count && !evidence->pods.truncated; i++) {
		const struct evidence_pod *pod = &evidence->pods.item[i];
		struct judged *judged;
		size_t place;

		if (!diagnosis_counts(pod) && !diagnosis_held_back(pod))
			continue;
		place = diagnosis_place(core, pod->container);
		judged = place < OPERATORS_MAX ? &core->judged[place]
		                               : take_place(core, pod->container, now_usec);
		judged->present_usec = evidence->pods.at.begun_usec;
		if (pod->running)
			latch_running(core, judged, evidence, now_usec);
		else
			latch_held_back(core, judged, evidence);
	}
}

/* The cause of not knowing yet, in words that help most: the container's own before the pod's. */
static enum cause not_known(const struct judged *judged)
{
	switch (judged ? judged->hint : LOG_NOTHING) {
	case LOG_UNREADABLE:
		return CAUSE_LOG_UNREADABLE;
	case LOG_SPLIT:
		return CAUSE_LOG_SPLIT;
	case LOG_OPAQUE:
		return CAUSE_LOG_OPAQUE;
	case LOG_NOTHING:
	case LOG_OFF:
	case LOG_ON:
		break;
	}
	return CAUSE_LOG_SILENT;
}

/* Which of two containers speaks for all: one that is off may lead tomorrow; one that is on leads, or
 * may at once; one that comes up needs no back-off of another to end. */
static int rank(const struct finding *finding)
{
	if (finding->verdict == VERDICT_CONTROLLER_OFF)
		return 4;
	if (finding->on)
		return 3;
	if (finding->verdict == VERDICT_HELD_BACK || finding->verdict == VERDICT_CRASHING)
		return 1;
	return finding->about ? 2 : 0;
}

/* Of two that are off, the one on this node is ours to judge first; of two that are on, all agents
 * speak of the same one, so that never both are restarted for one fault. */
static bool supersedes(const struct finding *new, const struct finding *old, bool here)
{
	if (rank(new) != rank(old))
		return rank(new) > rank(old);
	return new->on ? new->about < old->about : here;
}

static struct finding found(enum verdict verdict, enum cause cause)
{
	return (struct finding){ verdict, cause, 0, false };
}

static struct finding listeners_say(const struct proofs *proofs)
{
	if (proofs->bad)
		return found(VERDICT_NOT_SERVED, CAUSE_NOT_SERVED);
	if (proofs->provable && proofs->served == proofs->provable)
		return found(VERDICT_PROVEN, CAUSE_PROVEN);
	return found(VERDICT_HEALTHY, CAUSE_NONE);
}

/* Of a controller that is on. */
static struct finding copies_say(const struct core *core, const struct judged *judged,
                                 uint64_t now_usec)
{
	const struct copies *copies = &core->copies;
	bool neglected = copies->owed_usec &&
	                 now_usec > copies_neglected_from(copies->owed_usec, judged->on_usec);

	if (!copies->known) /* silence is not health */
		return found(VERDICT_STARTING, CAUSE_LOOKING);
	if (copies->blocked)
		return found(VERDICT_COPY_BLOCKED, CAUSE_COPY_REFUSED);
	if (neglected || judged->split)
		return found(VERDICT_COPIES_NEGLECTED, CAUSE_NEGLECTED);
	if (copies->wrong)
		return found(VERDICT_STARTING, CAUSE_COPIES_COMING);
	if (copies->unfit) /* only now: a bad source is no reason not to mend the others */
		return found(VERDICT_COPY_BLOCKED, CAUSE_COPY_REFUSED);
	return listeners_say(&core->proofs);
}

/* What ended it decides whether a new start at once would go better than the next one in its turn. */
static struct finding of_held_back(const struct evidence_pod *pod)
{
	switch (pod->crash) {
	case CRASH_API_AWAY:
		return found(VERDICT_HELD_BACK, CAUSE_NONE);
	case CRASH_STANDING:
		return found(VERDICT_CRASHING, CAUSE_CRASH_CRD);
	case CRASH_OTHER:
	case CRASH_UNKNOWN:
		break;
	}
	return found(VERDICT_CRASHING, CAUSE_CRASH);
}

static struct finding of_pod(const struct core *core, const struct evidence_pod *pod,
                             const struct judged *judged, uint64_t now_usec)
{
	struct finding new = found(VERDICT_STARTING, not_known(judged));

	if (diagnosis_held_back(pod))
		new = of_held_back(pod);
	else if (!diagnosis_counts(pod))
		new.cause = CAUSE_NOT_CURRENT;
	else if (judged && judged->says == LOG_OFF)
		new = found(VERDICT_CONTROLLER_OFF, CAUSE_NONE);
	else if (judged && judged->says == LOG_ON)
		new = copies_say(core, judged, now_usec);
	new.on = judged && judged->says == LOG_ON &&diagnosis_counts(pod);
	new.about = pod->container;
	return new;
}

static const struct judged *judged_of(const struct core *core, const struct evidence_pod *pod)
{
	size_t place = diagnosis_place(core, pod->container);

	return place < OPERATORS_MAX ? &core->judged[place] : NULL;
}

static struct finding of_pods(const struct core *core, const struct evidence *evidence,
                              uint64_t now_usec)
{
	struct finding best = found(VERDICT_STARTING, CAUSE_NO_POD);

	for (size_t i = 0; i < evidence->pods.count; i++) {
		const struct evidence_pod *pod = &evidence->pods.item[i];
		const struct judged *judged = judged_of(core, pod);
		struct finding new;

		if (!pod->container || pod->terminating || (judged && judged->deleted) ||
		    (!pod->running && !diagnosis_held_back(pod)))
			continue;
		new = of_pod(core, pod, judged, now_usec);
		if (supersedes(&new, &best, pod->place == PLACE_HERE))
			best = new;
	}
	return best;
}

uint64_t diagnosis_on_usec(const struct core *core, const struct evidence *evidence)
{
	uint64_t on_usec = 0;

	for (size_t i = 0; i < evidence->pods.count; i++) {
		const struct judged *judged = judged_of(core, &evidence->pods.item[i]);

		if (!judged || judged->deleted || !diagnosis_counts(&evidence->pods.item[i]))
			continue;
		if (judged->says == LOG_OFF)
			return 0;
		if (judged->on_usec > on_usec)
			on_usec = judged->on_usec;
	}
	return on_usec;
}

/* Why a look is missing: it is under way, or it was refused. */
static enum cause unseen(const struct core *core, enum order_kind kind)
{
	return core->ask[kind].refused ? CAUSE_READ_REFUSED : CAUSE_LOOKING;
}

static enum cause blind_to_deployment(const struct core *core, const struct evidence *evidence,
                                      uint64_t now_usec)
{
	if (!stamp_within(evidence->deployments.at, AGE_VERDICT_USEC, now_usec))
		return unseen(core, ASK_DEPLOYMENTS);
	if (evidence->deployments.count > 1)
		return CAUSE_TWO_OPERATORS;
	if (evidence->deployments.count == 1)
		return CAUSE_NONE;
	return evidence->deployments.at.epoch == core->epoch ? CAUSE_NO_OPERATOR : CAUSE_LOOKING;
}

static enum cause blind_to_pods(const struct core *core, const struct evidence *evidence,
                                uint64_t now_usec)
{
	if (!stamp_within(evidence->nodes.at, AGE_VERDICT_USEC, now_usec))
		return unseen(core, ASK_NODES);
	if (!stamp_within(evidence->pods.at, AGE_VERDICT_USEC, now_usec))
		return unseen(core, ASK_PODS);
	if (evidence->pods.truncated || evidence->replicasets.truncated)
		return CAUSE_TOO_MANY;
	return evidence->nodes.ours_known ? CAUSE_NONE : CAUSE_NODE_UNKNOWN;
}

static enum cause blind(const struct core *core, const struct evidence *evidence, uint64_t now_usec)
{
	enum cause cause = CAUSE_NONE;

	if (!readiness_usable(&core->readiness[ENDPOINT_LOCAL]) &&
	    !readiness_usable(&core->readiness[ENDPOINT_VIP]))
		cause = CAUSE_NO_ENDPOINT;
	if (cause == CAUSE_NONE)
		cause = blind_to_deployment(core, evidence, now_usec);
	if (cause == CAUSE_NONE)
		cause = blind_to_pods(core, evidence, now_usec);
	return cause;
}

/* What the person chose not to have. */
static enum cause switched_off(const struct evidence *evidence)
{
	const struct evidence_config *config = &evidence->config;

	if (!stamp_known(config->at))
		return CAUSE_NONE;
	if (config->gateway_off)
		return CAUSE_GATEWAY_OFF;
	if (config->proxy_off)
		return CAUSE_PROXY_OFF;
	return config->sync_off ? CAUSE_SYNC_OFF : CAUSE_NONE;
}

/* A negative: it counts only if it began and ended in one usable epoch. */
static bool crds_missing(const struct core *core, const struct evidence *evidence,
                         uint64_t now_usec)
{
	return evidence->crds.state == CRDS_MISSING && evidence->crds.at.epoch == core->epoch &&
	       stamp_within(evidence->crds.at, AGE_MISSING_USEC, now_usec);
}

struct finding diagnosis_find(const struct core *core, const struct evidence *evidence,
                              uint64_t now_usec)
{
	enum cause cause = blind(core, evidence, now_usec);

	if (cause != CAUSE_NONE)
		return found(VERDICT_UNKNOWN, cause);
	cause = switched_off(evidence);
	if (cause != CAUSE_NONE)
		return found(VERDICT_DISABLED, cause);
	if (crds_missing(core, evidence, now_usec))
		return found(VERDICT_CRDS_MISSING, CAUSE_CRD_MISSING);
	return of_pods(core, evidence, now_usec);
}
