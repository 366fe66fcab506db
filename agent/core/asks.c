/* SPDX-License-Identifier: Apache-2.0 */
#include "core/asks.h"

#include "base/backoff.h"
#include "core/diagnosis.h"

#define NEVER              UINT64_MAX
#define OVERDUE_SLACK_USEC (1 * SECONDS_USEC) /* an end must have been told by then */

/* Requests in a row eat the window in which nothing is lost yet, so each bound is short. */
static const uint64_t bound_usec[] = {
	[ASK_PROBE] = 1500 * MSEC_USEC,       [ASK_CRDS] = 3 * SECONDS_USEC,
	[ASK_DEPLOYMENTS] = 2 * SECONDS_USEC, [ASK_REPLICASETS] = 2 * SECONDS_USEC,
	[ASK_PODS] = 2 * SECONDS_USEC,        [ASK_NODES] = 2 * SECONDS_USEC,
	[ASK_LOG] = 3 * SECONDS_USEC,         [ASK_CONFIG] = 2 * SECONDS_USEC,
	[ASK_METRICS] = 2 * SECONDS_USEC,     [ASK_SOURCE] = 2 * SECONDS_USEC,
	[ASK_PROOF] = 3 * SECONDS_USEC,       [ACT_DELETE_POD] = 3 * SECONDS_USEC,
	[ACT_CREATE_COPY] = 3 * SECONDS_USEC,
};
_Static_assert(sizeof(bound_usec) / sizeof(bound_usec[0]) == ORDER_KIND_COUNT,
               "a bound for each kind");

/* An order that finds no room waits for another's end: none ever does. Probes, the kinds without a
 * subject, the log and the metrics of each operator, the delete, and what is about one Secret each. */
_Static_assert(ENDPOINT_COUNT + 6 + 2 * OPERATORS_MAX + 1 + CREATES_MAX + LOOKS_MAX + PROOFS_MAX <=
                       ORDERS_MAX,
               "room for all that can be under way at once");

enum pace { PACE_STILL, PACE_SETTLED, PACE_OFF, PACE_COMING };
#define PACE_COUNT 4

static const uint64_t pause_usec[PACE_COUNT][ORDER_KIND_COUNT] = {
	/* Well within AGE_VERDICT_USEC, with lost answers: the watch tells of what can't wait. */
	[PACE_STILL] = { [ASK_CRDS] = NEVER,
	                 [ASK_REPLICASETS] = NEVER,
	                 [ASK_DEPLOYMENTS] = 20 * SECONDS_USEC,
	                 [ASK_NODES] = 20 * SECONDS_USEC,
	                 [ASK_CONFIG] = 60 * SECONDS_USEC,
	                 [ASK_PODS] = 20 * SECONDS_USEC },
	[PACE_SETTLED] = { [ASK_CRDS] = NEVER,
	                   [ASK_REPLICASETS] = NEVER,
	                   [ASK_DEPLOYMENTS] = 10 * SECONDS_USEC,
	                   [ASK_NODES] = 10 * SECONDS_USEC,
	                   [ASK_CONFIG] = 60 * SECONDS_USEC,
	                   [ASK_PODS] = 2 * SECONDS_USEC },
	[PACE_OFF] = { [ASK_CRDS] = 5 * SECONDS_USEC,
	               [ASK_REPLICASETS] = 1 * SECONDS_USEC,
	               [ASK_DEPLOYMENTS] = 1 * SECONDS_USEC,
	               [ASK_NODES] = 1 * SECONDS_USEC,
	               [ASK_CONFIG] = 30 * SECONDS_USEC,
	               [ASK_PODS] = 1 * SECONDS_USEC },
	[PACE_COMING] = { [ASK_CRDS] = 5 * SECONDS_USEC,
	                  [ASK_REPLICASETS] = NEVER,
	                  [ASK_DEPLOYMENTS] = 2 * SECONDS_USEC,
	                  [ASK_NODES] = 2 * SECONDS_USEC,
	                  [ASK_CONFIG] = 30 * SECONDS_USEC,
	                  [ASK_PODS] = 250 * MSEC_USEC },
};
_Static_assert(sizeof(pause_usec) / sizeof(pause_usec[0]) == PACE_COUNT, "a row for each pace");

/* What has not changed for a minute is looked at less closely. */
#define PATIENT_AFTER_USEC   (60 * SECONDS_USEC)
#define PATIENT_USEC         (5 * SECONDS_USEC)
#define AUDIT_USEC           (600 * SECONDS_USEC) /* with so long a pause it is one */
#define AUDITS_USEC          (20 * SECONDS_USEC)  /* they begin with whole such periods */
#define LOG_CLOSE_USEC       (300 * MSEC_USEC)
#define METRICS_AFTER_USEC   (3 * SECONDS_USEC) /* by then a log has said it, if it says it at all */
#define METRICS_USEC         (2100 * MSEC_USEC)
#define METRICS_PATIENT_USEC (10 * SECONDS_USEC) /* newer releases never have a series of ours */
#define UNSERVED_USEC        (20 * SECONDS_USEC) /* CRDs that no verdict waits for; each is large */
#define NEEDED_USEC          (50 * MSEC_USEC) /* at once, and yet no loop if the answer does not help */

static const struct backoff_policy unanswered = { .least_usec = 250 * MSEC_USEC,
	                                          .most_usec = 5 * SECONDS_USEC };
/* Where an act waits for the answer: facts that age 3 s never meet if each is asked for every 5 s.
 */
static const struct backoff_policy urgent = { .least_usec = 250 * MSEC_USEC,
	                                      .most_usec = 1 * SECONDS_USEC };

bool asks_under_way(const struct core *core, enum order_kind kind, uint16_t subject)
{
	for (size_t i = 0; i < ORDERS_MAX; i++)
		if (core->under_way[i].kind == kind && core->under_way[i].subject == subject)
			return true;
	return false;
}

bool asks_about(const struct core *core, enum order_kind kind, uint32_t about)
{
	for (size_t i = 0; i < ORDERS_MAX; i++)
		if (core->under_way[i].kind == kind && core->under_way[i].about == about)
			return true;
	return false;
}

uint32_t asks_luck(const struct core *core, uint32_t about)
{
	return core->luck ^ (about * UINT32_C(0x9e3779b1));
}

size_t asks_count(const struct core *core, enum order_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < ORDERS_MAX; i++)
		count += core->under_way[i].kind == kind;
	return count;
}

bool asks_is_act(enum order_kind kind)
{
	return kind == ACT_DELETE_POD || kind == ACT_CREATE_COPY;
}

enum endpoint asks_nearest(const struct core *core)
{
	return readiness_usable(&core->readiness[ENDPOINT_LOCAL]) ? ENDPOINT_LOCAL : ENDPOINT_VIP;
}

bool asks_order(struct core *core, struct order order, uint64_t now_usec, struct decision *ret)
{
	size_t place = 0;

	while (place < ORDERS_MAX && core->under_way[place].kind != ORDER_NONE)
		place++;
	if (place == ORDERS_MAX || ret->count == ORDERS_MAX)
		return false;
	if (++core->next_ticket == 0)
		core->next_ticket = 1;
	order.ticket = core->next_ticket;
	order.epoch = core->epoch;
	order.begun_usec = now_usec;
	order.deadline_usec = now_usec + bound_usec[order.kind];
	core->under_way[place] = order;
	ret->orders[ret->count++] = order;
	return true;
}

uint64_t asks_due(uint64_t ended_usec, uint64_t pause)
{
	uint64_t period = pause < AUDIT_USEC ? READINESS_PERIOD_USEC : AUDITS_USEC;
	uint64_t due = ended_usec + pause;

	return pause > READINESS_PERIOD_USEC ? due - due % period : due;
}

void asks_wake_at(struct decision *ret, uint64_t usec)
{
	if (usec < ret->wake_usec)
		ret->wake_usec = usec;
}

static enum pace pace_of(const struct core *core)
{
	switch (core->verdict) {
	case VERDICT_HEALTHY:
	case VERDICT_PROVEN:
	case VERDICT_NOT_SERVED:
	case VERDICT_COPY_BLOCKED:
	case VERDICT_DISABLED:
		return PACE_SETTLED;
	case VERDICT_CONTROLLER_OFF:
	case VERDICT_HELD_BACK:
	case VERDICT_COPIES_NEGLECTED:
		return PACE_OFF;
	case VERDICT_STARTING: /* on, and only copies are still to come: those are watched */
		return core->cause == CAUSE_COPIES_COMING ? PACE_SETTLED : PACE_COMING;
	case VERDICT_UNKNOWN:
	case VERDICT_CRDS_MISSING:
	case VERDICT_CRASHING:
		break;
	}
	return PACE_COMING;
}

static bool unchanged(const struct core *core, uint64_t now_usec)
{
	return now_usec - core->since_usec > PATIENT_AFTER_USEC;
}

static bool patient(const struct core *core, uint64_t now_usec)
{
	return pace_of(core) != PACE_SETTLED && unchanged(core, now_usec);
}

static enum pace pace_now(const struct core *core, const struct evidence *evidence,
                          uint64_t now_usec)
{
	enum pace pace = pace_of(core);

	return pace == PACE_SETTLED && evidence->pods.watched && unchanged(core, now_usec)
	               ? PACE_STILL
	               : pace;
}

/* The address may come after all else is known, or answer on everything but these. But nobody misses what is
 * switched off. */
static bool crds_open(const struct core *core)
{
	return core->crds != CRDS_SERVED &&
	       (core->verdict != VERDICT_DISABLED || core->crds != CRDS_MISSING);
}

static uint64_t pause_of(const struct core *core, const struct evidence *evidence,
                         enum order_kind kind, uint64_t now_usec, uint32_t dice)
{
	const struct ask *ask = &core->ask[kind];
	enum pace pace = pace_now(core, evidence, now_usec);
	uint64_t pause = ask->needed ? NEEDED_USEC : pause_usec[pace][kind];

	if (kind == ASK_CRDS && pause == NEVER && crds_open(core))
		return UNSERVED_USEC;
	/* Our Node is as of yesterday until the kubelet has told the API of this boot: any moment now. */
	if (kind == ASK_NODES && core->cause == CAUSE_NODE_UNKNOWN)
		pause = pause_usec[PACE_COMING][ASK_PODS];
	if (pause == NEVER)
		return NEVER;
	if (ask->misses)
		return backoff_pause_usec(ask->needed ? &urgent : &unanswered, ask->misses, dice);
	if (!ask->needed && patient(core, now_usec) && pause < PATIENT_USEC)
		return PATIENT_USEC;
	return pause;
}

bool asks_choose_via(const struct core *core, enum order_kind kind, enum endpoint *ret_via)
{
	*ret_via = kind == ASK_CRDS ? ENDPOINT_VIP : asks_nearest(core);
	return readiness_usable(&core->readiness[*ret_via]);
}

static void plan_kind(struct core *core, const struct evidence *evidence, enum order_kind kind,
                      uint64_t now_usec, uint32_t dice, struct decision *ret)
{
	struct order order = { .kind = kind };
	uint64_t pause = pause_of(core, evidence, kind, now_usec, dice);
	uint64_t due = asks_due(core->ask[kind].ended_usec, pause);

	if (pause == NEVER || asks_under_way(core, kind, 0) ||
	    !asks_choose_via(core, kind, &order.via))
		return;
	if (core->ask[kind].ended_usec && now_usec < due)
		asks_wake_at(ret, due);
	else
		(void)asks_order(core, order, now_usec, ret);
}

static void plan_probe(struct core *core, const struct evidence *evidence, enum endpoint endpoint,
                       uint64_t now_usec, struct decision *ret)
{
	struct order order = { .kind = ASK_PROBE, .subject = (uint16_t)endpoint, .via = endpoint };
	uint64_t due = core->readiness[endpoint].due_usec;

	if (!evidence->endpoint[endpoint].configured ||
	    asks_under_way(core, ASK_PROBE, order.subject))
		return;
	if (now_usec < due)
		asks_wake_at(ret, due);
	else
		(void)asks_order(core, order, now_usec, ret);
}

/* Close at first: the verdict hangs on it; then ever slower, for a log that stays silent. */
static uint64_t log_pause_usec(const struct judged *judged, uint64_t now_usec)
{
	uint64_t age = now_usec - judged->first_usec;

	return age < PATIENT_AFTER_USEC || judged->log_needed ? LOG_CLOSE_USEC : PATIENT_USEC;
}

static void plan_log(struct core *core, size_t place, uint64_t now_usec, struct decision *ret)
{
	struct judged *judged = &core->judged[place];
	struct order order = { .kind = ASK_LOG,
		               .subject = (uint16_t)place,
		               .about = judged->container };

	if (asks_under_way(core, ASK_LOG, order.subject) ||
	    !asks_choose_via(core, ASK_LOG, &order.via))
		return;
	if (now_usec < judged->log_due_usec)
		asks_wake_at(ret, judged->log_due_usec);
	else if (asks_order(core, order, now_usec, ret))
		judged->log_due_usec = now_usec + log_pause_usec(judged, now_usec);
}

static bool wants_log(const struct judged *judged)
{
	return judged->log_needed || (judged->says != LOG_ON && judged->says != LOG_OFF);
}

static void plan_logs(struct core *core, const struct evidence *evidence, uint64_t now_usec,
                      struct decision *ret)
{
	for (size_t i = 0; i < evidence->pods.count && !evidence->pods.truncated; i++) {
		size_t place = diagnosis_place(core, evidence->pods.item[i].container);

		if (place == OPERATORS_MAX || !diagnosis_counts(&evidence->pods.item[i]) ||
		    !wants_log(&core->judged[place]))
			continue;
		if (core->judged[place].pending_usec)
			core->ask[ASK_PODS].needed =
				true; /* that look confirms what the log said */
		else
			plan_log(core, place, now_usec, ret);
	}
}

static void plan_metrics_of(struct core *core, size_t place, uint64_t now_usec,
                            struct decision *ret)
{
	struct judged *judged = &core->judged[place];
	struct order order = { .kind = ASK_METRICS,
		               .subject = (uint16_t)place,
		               .about = judged->container,
		               .via = asks_nearest(core) };
	bool fresh = now_usec - judged->first_usec < PATIENT_AFTER_USEC || judged->metrics_off_usec;

	if (!judged->metrics_due_usec)
		judged->metrics_due_usec = judged->first_usec + METRICS_AFTER_USEC;
	if (now_usec < judged->metrics_due_usec)
		asks_wake_at(ret, judged->metrics_due_usec);
	else if (!asks_under_way(core, ASK_METRICS, order.subject) &&
	         asks_order(core, order, now_usec, ret))
		judged->metrics_due_usec = now_usec + (fresh ? METRICS_USEC : METRICS_PATIENT_USEC);
}

/* Where the log leaves it open. The port is this host's, so the container must be, too. */
static bool wants_metrics(const struct core *core, const struct evidence_pod *pod)
{
	size_t place = diagnosis_place(core, pod->container);

	return place < OPERATORS_MAX && pod->place == PLACE_HERE && diagnosis_counts(pod) &&
	       core->judged[place].says != LOG_ON && core->judged[place].says != LOG_OFF &&
	       !core->judged[place].pending_usec;
}

static void plan_metrics(struct core *core, const struct evidence *evidence, uint64_t now_usec,
                         struct decision *ret)
{
	for (size_t i = 0; i < evidence->pods.count && !evidence->pods.truncated; i++)
		if (wants_metrics(core, &evidence->pods.item[i]))
			plan_metrics_of(core,
			                diagnosis_place(core, evidence->pods.item[i].container),
			                now_usec, ret);
}

enum order_kind asks_overdue(const struct core *core, uint64_t now_usec)
{
	for (size_t i = 0; i < ORDERS_MAX; i++) {
		const struct order *order = &core->under_way[i];

		if (order->kind != ORDER_NONE &&
		    now_usec > order->deadline_usec + OVERDUE_SLACK_USEC)
			return order->kind;
	}
	return ORDER_NONE;
}

/* An outcome that stays away is called overdue in time, and then does not make the loop spin. */
static void plan_deadlines(const struct core *core, uint64_t now_usec, struct decision *ret)
{
	for (size_t i = 0; i < ORDERS_MAX; i++) {
		const struct order *order = &core->under_way[i];
		uint64_t overdue = order->deadline_usec + OVERDUE_SLACK_USEC + 1;

		if (order->kind == ORDER_NONE)
			continue;
		if (now_usec < order->deadline_usec)
			asks_wake_at(ret, order->deadline_usec);
		else if (now_usec < overdue)
			asks_wake_at(ret, overdue);
	}
}

void asks_plan(struct core *core, const struct evidence *evidence, uint64_t now_usec, uint32_t dice,
               struct decision *ret)
{
	plan_probe(core, evidence, ENDPOINT_LOCAL, now_usec, ret);
	plan_probe(core, evidence, ENDPOINT_VIP, now_usec, ret);
	plan_logs(core, evidence, now_usec, ret);
	plan_metrics(core, evidence, now_usec, ret);
	plan_kind(core, evidence, ASK_NODES, now_usec, dice, ret);
	plan_kind(core, evidence, ASK_DEPLOYMENTS, now_usec, dice, ret);
	/* Pods and ReplicaSets are looked for in the Deployment's namespace. */
	if (evidence->deployments.count == 1) {
		if (evidence->pods.changed_usec > evidence->pods.at.begun_usec)
			core->ask[ASK_PODS].needed = true;
		plan_kind(core, evidence, ASK_CONFIG, now_usec, dice, ret);
		plan_kind(core, evidence, ASK_PODS, now_usec, dice, ret);
		plan_kind(core, evidence, ASK_REPLICASETS, now_usec, dice, ret);
		plan_kind(core, evidence, ASK_CRDS, now_usec, dice, ret);
	}
	plan_deadlines(core, now_usec, ret);
}
