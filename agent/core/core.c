/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core.h"

#include "base/backoff.h"
#include "core/asks.h"
#include "core/diagnosis.h"
#include "core/remedy.h"
#include "core/settled.h"

#include <string.h>

#define WAKE_MAX_USEC (60 * SECONDS_USEC)

/* Between deletes of one pod that did not succeed. A conflict only asks for another look. */
static const struct backoff_policy retry[] = {
	[RESULT_OK] = { 0, 0 },
	[RESULT_CONFLICT] = { 50 * MSEC_USEC, 5 * SECONDS_USEC },
	[RESULT_REFUSED] = { 5 * SECONDS_USEC, 300 * SECONDS_USEC },
	[RESULT_UNREACHABLE] = { 500 * MSEC_USEC, 5 * SECONDS_USEC },
	[RESULT_LOST] = { 50 * MSEC_USEC, 5 * SECONDS_USEC },
};

/* An act stays: its end must be known. */
static void withdraw(struct core *core, enum endpoint endpoint, bool probes, struct decision *ret)
{
	for (size_t i = 0; i < ORDERS_MAX; i++) {
		struct order *order = &core->under_way[i];

		if (order->kind == ORDER_NONE || asks_is_act(order->kind) ||
		    order->via != endpoint || (order->kind == ASK_PROBE) != probes)
			continue;
		ret->withdrawn[ret->withdrawn_count++] = order->ticket;
		*order = (struct order){ .kind = ORDER_NONE };
	}
}

static void step_holder(struct core *core, const struct evidence *evidence, uint64_t now_usec,
                        struct decision *ret)
{
	uint64_t since_usec = core->holder.since_usec;
	bool stirred = holder_step(&core->holder, evidence, now_usec);

	/* Two rounds of which each went to another host prove nothing. */
	if (core->holder.since_usec != since_usec)
		core->crds_good = 0;
	for (enum endpoint endpoint = ENDPOINT_LOCAL; endpoint <= ENDPOINT_VIP; endpoint++) {
		if (stirred)
			readiness_stir(&core->readiness[endpoint], now_usec);
		/* What was sent before the address moved may be stuck in ARP for seconds, or gone to the host that
		 * had it. */
		if (readiness_follow_stir(&core->readiness[endpoint], now_usec))
			withdraw(core, endpoint, true, ret);
		else if (core->readiness[endpoint].stir_usec)
			asks_wake_at(ret, core->readiness[endpoint].stir_usec);
	}
	asks_wake_at(ret, core->holder.recheck_usec);
}

/* A certificate that is not valid yet means that the clock is behind, unless the clock is known to be right. And
 * where no link has a carrier, that nobody answers is no wonder. */
static struct evidence_endpoint endpoint_seen(const struct evidence *evidence,
                                              enum endpoint endpoint)
{
	struct evidence_endpoint seen = evidence->endpoint[endpoint];

	if (seen.layer == LAYER_CLOCK && evidence->clock.right)
		seen.layer = LAYER_TLS;
	if (endpoint == ENDPOINT_VIP && seen.layer == LAYER_VIP && evidence->holder.cut_off)
		seen.layer = LAYER_LINK;
	return seen;
}

static void step_readiness(struct core *core, const struct evidence *evidence, uint64_t now_usec,
                           uint32_t dice, struct decision *ret)
{
	for (enum endpoint endpoint = ENDPOINT_LOCAL; endpoint <= ENDPOINT_VIP; endpoint++) {
		struct evidence_endpoint seen = endpoint_seen(evidence, endpoint);

		if (readiness_step(&core->readiness[endpoint], &seen, now_usec, dice) !=
		    READINESS_LOST)
			continue;
		core->epoch++;
		/* Forgotten, so that the other can be asked at once. A probe stays: it is what notices the return. */
		withdraw(core, endpoint, false, ret);
		if (endpoint == ENDPOINT_VIP)
			core->crds_good = 0;
	}
}

static void latch_crds(struct core *core, const struct evidence *evidence, uint64_t now_usec)
{
	const struct evidence_crds *crds = &evidence->crds;

	if (crds->at.begun_usec <= core->crds_judged_usec)
		return;
	core->crds_judged_usec = crds->at.begun_usec;
	if (crds->state != core->crds)
		core->crds_since_usec = now_usec;
	core->crds = crds->state;
	/* Nor does one that was under way when another host took the address: part of it the last one answered. */
	if (crds->state != CRDS_SERVED || crds->at.epoch != core->epoch ||
	    crds->at.begun_usec < core->holder.since_usec) {
		core->crds_good = 0;
		return;
	}
	/* A round of long ago says nothing of the time between. */
	if (crds->at.begun_usec - core->crds_good_usec > AGE_CRDS_USEC)
		core->crds_good = 0;
	core->crds_good++;
	core->crds_good_usec = crds->at.ended_usec;
}

static void order_restart(struct core *core, struct evidence const *evidence, uint32_t container,
                          uint64_t now_usec, struct decision *ret)
{
	struct order order = { .kind = ACT_DELETE_POD,
		               .about = container,
		               .via = asks_nearest(core) };

	if (asks_order(core, order, now_usec, ret))
		core->save |= budget_spend(&core->ledger, evidence->boot, container, now_usec);
}

/* Facts are read again every few seconds; meanwhile the standing obstacle stays what is told. */
static bool stands(enum cause cause)
{
	return cause == CAUSE_CRDS_UNPROVEN || cause == CAUSE_NOT_ALIVE ||
	       cause == CAUSE_OTHER_NODE ||
	       (cause >= CAUSE_NO_REPLACEMENT && cause <= CAUSE_ALWAYS_PULLS);
}

static struct permit restart(struct core *core, const struct policy *policy,
                             const struct evidence *evidence, uint32_t container, uint64_t now_usec,
                             struct decision *ret)
{
	struct permit permit = { CAUSE_RESTARTING, 0 };

	if (asks_under_way(core, ACT_DELETE_POD, 0))
		return permit;
	permit = remedy_may_restart(core, policy, evidence, container, now_usec);
	if (permit.cause == CAUSE_STALE && core->about == container && stands(core->cause))
		return (struct permit){ core->cause, core->until_usec };
	if (permit.cause != CAUSE_NONE)
		return permit;
	order_restart(core, evidence, container, now_usec, ret);
	return (struct permit){ CAUSE_RESTARTING, 0 };
}

/* On, and yet copies stay wrong: worth one restart a fault; a split state is one by itself. */
static bool wants_restart(const struct core *core, const struct judged *judged, uint64_t now_usec)
{
	uint64_t owed_usec = core->copies.hopeful_usec;

	return judged->split ||
	       (owed_usec && now_usec > copies_neglected_from(owed_usec, judged->on_usec));
}

static struct permit restart_neglectful(struct core *core, const struct policy *policy,
                                        const struct evidence *evidence, uint32_t container,
                                        uint64_t now_usec, struct decision *ret)
{
	/* The verdict is one on a container that is judged: it has a place. */
	const struct judged *judged = &core->judged[diagnosis_place(core, container)];
	struct permit permit = { CAUSE_NEGLECTED, 0 };

	/* Between two connections of a watch nothing is done, and what was told stays. */
	if (!judged->split && !core->copies.current) {
		if (core->verdict == VERDICT_COPIES_NEGLECTED && core->about == container)
			permit = (struct permit){ core->cause, core->until_usec };
		return permit;
	}
	if (!wants_restart(core, judged, now_usec))
		return permit;
	permit = restart(core, policy, evidence, container, now_usec, ret);
	if (permit.cause == CAUSE_RESTARTING)
		core->copies.restarted_for = container;
	return permit;
}

static void settle(struct core *core, struct finding found, uint64_t until_usec, uint64_t now_usec)
{
	core->until_usec = until_usec;
	core->on = found.on;
	if (core->since_usec && found.verdict == core->verdict && found.cause == core->cause &&
	    found.about == core->about)
		return;
	core->verdict = found.verdict;
	core->cause = found.cause;
	core->about = found.about;
	core->since_usec = now_usec;
}

static void tell_endpoints(const struct core *core, struct decision *ret)
{
	ret->holder = core->holder.now;
	ret->holder_since_usec = core->holder.since_usec;
	ret->move = core->holder.move;
	for (enum endpoint endpoint = ENDPOINT_LOCAL; endpoint <= ENDPOINT_VIP; endpoint++) {
		ret->endpoint[endpoint].layer = core->readiness[endpoint].layer;
		ret->endpoint[endpoint].since_usec = core->readiness[endpoint].since_usec;
	}
	if (readiness_usable(&core->readiness[ENDPOINT_VIP]) && core->crds == CRDS_UNANSWERED) {
		ret->endpoint[ENDPOINT_VIP].layer = LAYER_CRDS;
		ret->endpoint[ENDPOINT_VIP].since_usec = core->crds_since_usec;
	}
}

static void tell(struct core *core, uint64_t now_usec, struct decision *ret)
{
	ret->verdict = core->verdict;
	ret->cause = core->cause;
	ret->on = core->on;
	ret->about = core->about;
	ret->since_usec = core->since_usec;
	ret->until_usec = core->until_usec;
	if (core->until_usec > now_usec && core->until_usec < ret->wake_usec)
		ret->wake_usec = core->until_usec;
	ret->ledger = core->ledger;
	ret->save = core->save;
	core->save = false;
	ret->overdue = asks_overdue(core, now_usec);
	ret->copies.needed = core->copies.needed;
	ret->copies.present = core->copies.present;
	ret->copies.created = core->copies.created;
	ret->copies.blocked = core->copies.blocked;
	ret->copies.stale = core->copies.stale;
	ret->copies.unfit = core->copies.unfit;
	ret->copies.known = core->copies.current;
	ret->listeners.provable = core->proofs.provable;
	ret->listeners.served = core->proofs.served;
	ret->listeners.bad = core->proofs.bad;
	tell_endpoints(core, ret);
}

static void forget_needs(struct core *core)
{
	for (size_t kind = 0; kind < ORDER_KIND_COUNT; kind++)
		core->ask[kind].needed = false;
	for (size_t i = 0; i < OPERATORS_MAX; i++)
		core->judged[i].log_needed = false;
}

void core_step(struct core *core, const struct policy *policy, const struct evidence *evidence,
               uint64_t now_usec, uint32_t dice, struct decision *ret)
{
	struct finding found;
	struct permit permit = { CAUSE_NONE, 0 };

	memset(ret, 0, sizeof(*ret));
	ret->wake_usec = now_usec + WAKE_MAX_USEC;
	core->luck = dice;
	forget_needs(core);
	step_readiness(core, evidence, now_usec, dice, ret);
	step_holder(core, evidence, now_usec, ret);
	latch_crds(core, evidence, now_usec);
	diagnosis_latch(core, evidence, now_usec);
	copies_latch(core, evidence, now_usec);
	proofs_latch(core, evidence);
	found = diagnosis_find(core, evidence, now_usec);
	if (found.verdict == VERDICT_CONTROLLER_OFF || found.verdict == VERDICT_HELD_BACK) {
		permit = restart(core, policy, evidence, found.about, now_usec, ret);
		found.cause = permit.cause;
	} else if (found.verdict == VERDICT_COPIES_NEGLECTED) {
		permit = restart_neglectful(core, policy, evidence, found.about, now_usec, ret);
		found.cause = permit.cause;
	}
	settle(core, found, permit.until_usec, now_usec);
	copies_plan(core, policy, evidence, diagnosis_on_usec(core, evidence), now_usec, ret);
	proofs_plan(core, evidence, now_usec, ret);
	asks_plan(core, evidence, now_usec, dice, ret);
	tell(core, now_usec, ret);
	ret->copies.pending = copies_pending(core, policy, evidence);
	ret->settled = settled(core, policy, evidence);
}

static void note_act(struct core *core, const struct order *order, const struct outcome *outcome)
{
	size_t place = diagnosis_place(core, order->about);
	struct judged *judged;

	/* Whatever came of it: what was known before it ended is not to be acted on again. */
	core->acted_usec = outcome->ended_usec;
	if (place == OPERATORS_MAX)
		return;
	judged = &core->judged[place];
	judged->deleted = outcome->result == RESULT_OK;
	judged->not_deleted =
		outcome->result == RESULT_REFUSED || outcome->result == RESULT_UNREACHABLE;
	if (judged->deleted)
		copies_note_restart(&core->copies, order->about);
	judged->failed = judged->deleted ? 0 : judged->failed + 1;
	judged->act_due_usec = outcome->ended_usec +
	                       backoff_pause_usec(&retry[outcome->result], judged->failed, 0);
}

static void note_ask(struct core *core, const struct order *order, const struct outcome *outcome)
{
	struct ask *ask = &core->ask[order->kind];

	ask->ended_usec = outcome->ended_usec;
	ask->refused = outcome->result == RESULT_REFUSED;
	ask->misses = outcome->result == RESULT_OK ? 0 : ask->misses + 1;
}

static void note(struct core *core, const struct order *order, const struct outcome *outcome)
{
	if (order->kind == ACT_DELETE_POD)
		note_act(core, order, outcome);
	else if (order->kind == ACT_CREATE_COPY || order->kind == ASK_SOURCE)
		copies_note(core, order, outcome);
	else if (order->kind == ASK_PROOF)
		proofs_note(core, order, outcome);
	else
		note_ask(core, order, outcome);
}

void core_note(struct core *core, const struct outcome *outcome)
{
	for (size_t i = 0; i < ORDERS_MAX; i++) {
		struct order order = core->under_way[i];

		if (order.kind == ORDER_NONE || order.ticket != outcome->ticket)
			continue;
		core->under_way[i] = (struct order){ .kind = ORDER_NONE };
		note(core, &order, outcome);
		return;
	}
}
