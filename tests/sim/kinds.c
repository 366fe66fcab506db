/* SPDX-License-Identifier: Apache-2.0 */
/* kinds - the kinds of trouble. Each world begins with a healthy cluster; at 60 s the power goes.
 */
#include "tests/sim/world.h"

#define CUT_USEC (60 * SECONDS_USEC)
#define QUIET_USEC                                                                                 \
	(60 * SECONDS_USEC) /* after it must have healed: nothing may happen any more   \
	                                */

static uint64_t between(struct world *world, uint64_t least_usec, uint64_t most_usec)
{
	return luck_between(&world->luck, least_usec, most_usec);
}

static uint64_t seconds(struct world *world, unsigned least, unsigned most)
{
	return between(world, least * SECONDS_USEC, most * SECONDS_USEC);
}

static void calm_at(struct world *world, uint64_t usec)
{
	if (usec > world->calm_usec)
		world->calm_usec = usec;
	world->end_usec = world->calm_usec + world->kind->heals_usec + QUIET_USEC;
}

/* The virtual address comes late: the operator asks before it is there. */
static struct boot_plan plan_boot(struct world *world)
{
	struct boot_plan plan;

	plan.api_usec = seconds(world, 3, 8);
	plan.kubelet_usec = plan.api_usec + between(world, 500 * MSEC_USEC, 2 * SECONDS_USEC);
	plan.container_usec = plan.kubelet_usec + between(world, 0, 1500 * MSEC_USEC);
	plan.vip_usec = plan.container_usec + seconds(world, 1, 30);
	plan.node_usec = plan.kubelet_usec + between(world, 0, SECONDS_USEC);
	plan.status_usec = plan.container_usec + between(world, 1000 * MSEC_USEC, 5 * SECONDS_USEC);
	plan.envoy_usec = plan.kubelet_usec;
	if (plan.status_usec < plan.node_usec) /* the Node's bootID is refreshed first */
		plan.status_usec = plan.node_usec;
	return plan;
}

static uint64_t last_of(const struct boot_plan *plan)
{
	uint64_t last = plan->vip_usec > plan->status_usec ? plan->vip_usec : plan->status_usec;

	return last > plan->api_usec ? last : plan->api_usec;
}

static uint64_t boot_at(struct world *world, size_t node, uint64_t usec, struct boot_plan plan)
{
	uint64_t start = usec + seconds(world, 2, 12);

	world_event(world, usec, EVENT_BOOT, node);
	world->event[world->event_count - 1].plan = plan;
	world_event(world, start, EVENT_START, node);
	calm_at(world, usec + last_of(&plan));
	calm_at(world, start);
	return usec;
}

/* Returns when it boots. */
static uint64_t cut_and_boot(struct world *world, struct boot_plan plan)
{
	world_event(world, CUT_USEC, EVENT_CUT, 0);
	return boot_at(world, 0, CUT_USEC + seconds(world, 2, 20), plan);
}

static void make_healthy(struct world *world)
{
	struct boot_plan plan = plan_boot(world);

	plan.vip_usec = plan.api_usec;
	(void)cut_and_boot(world, plan);
	world->end_usec += 600 * SECONDS_USEC;
}

static void make_late(struct world *world)
{
	struct boot_plan plan = plan_boot(world);

	if (luck_percent(&world->luck, 10))
		plan.vip_usec += seconds(world, 300, 3600);
	(void)cut_and_boot(world, plan);
}

static void add_flap(struct world *world, uint64_t usec, uint64_t until_usec)
{
	static const enum fault fault[] = { FAULT_REFUSED, FAULT_500,   FAULT_401,
		                            FAULT_403,     FAULT_STALL, FAULT_EOF };
	size_t which = (size_t)between(world, 0, sizeof(fault) / sizeof(fault[0]) - 1);

	path_add(&world->model.vip, usec, until_usec, fault[which]);
}

static void make_flapping(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan) + plan.vip_usec;
	unsigned flaps = (unsigned)between(world, 1, 8);

	for (unsigned i = 0; i < flaps; i++) {
		uint64_t from = usec + between(world, 200 * MSEC_USEC, 6 * SECONDS_USEC);

		usec = from + between(world, 200 * MSEC_USEC, 7 * SECONDS_USEC);
		add_flap(world, from, usec);
	}
	calm_at(world, usec);
}

/* Each new process meets a fault of its own, as often as that is needed to use up the budget. */
static void make_turned_off(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec;

	plan.vip_usec = plan.api_usec;
	usec = cut_and_boot(world, plan);
	path_add(&world->model.operators, usec, usec + last_of(&plan) + seconds(world, 5, 60),
	         FAULT_403);
	calm_at(world, usec + last_of(&plan) + 60 * SECONDS_USEC);
	for (uint64_t kill = usec + last_of(&plan);
	     luck_percent(&world->luck, 60) && kill < world->calm_usec;
	     kill += seconds(world, 2, 20)) {
		world_event(world, kill, EVENT_KILL, 0);
		world_event(world, kill + 500 * MSEC_USEC, EVENT_START, 0);
	}
}

static void make_lossy(struct world *world)
{
	world->agent[0].habits.lost_percent = (unsigned)between(world, 10, 40);
	make_late(world);
	world->agent[0].habits.breaks_connections = luck_percent(&world->luck, 30);
}

static void make_slow(struct world *world)
{
	world->agent[0].habits.least_usec = 300 * MSEC_USEC;
	world->agent[0].habits.most_usec = 900 * MSEC_USEC;
	make_late(world);
}

static void make_blind(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);
	uint64_t until = usec + seconds(world, 5, 60);

	path_add(&world->model.log, usec, until, FAULT_500);
	calm_at(world, until);
}

static void make_yesterday(struct world *world)
{
	struct boot_plan plan = plan_boot(world);

	plan.vip_usec = luck_percent(&world->luck, 50) ? plan.api_usec : plan.vip_usec;
	plan.node_usec = plan.kubelet_usec + seconds(world, 0, 20);
	plan.status_usec = plan.node_usec + seconds(world, 5, 40);
	world->tally.yesterdays++;
	(void)cut_and_boot(world, plan);
}

static void make_killed(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);
	unsigned kills = (unsigned)between(world, 1, 6);

	world->agent[0].kill_at_act =
		(enum kill_point)between(world, KILL_NEVER, KILL_AFTER_ORDERS);
	world->agent[0].habits.save_fails_percent = luck_percent(&world->luck, 20) ? 50 : 0;
	if (luck_percent(&world->luck, 30))
		world->agent[0].habits.lost_percent = 30;
	for (unsigned i = 0; i < kills; i++) {
		uint64_t kill =
			usec + between(world, 2 * SECONDS_USEC, last_of(&plan) + 8 * SECONDS_USEC);
		uint64_t start = kill + between(world, MSEC_USEC, 8 * SECONDS_USEC);

		world_event(world, kill, EVENT_KILL, 0);
		world_event(world, start, EVENT_START, 0);
		calm_at(world, start);
	}
	calm_at(world, usec + last_of(&plan) + 20 * SECONDS_USEC);
}

static void make_cuts(struct world *world)
{
	uint64_t usec = CUT_USEC;

	for (unsigned i = 0; i < 8; i++) {
		struct boot_plan plan = plan_boot(world);

		world_event(world, usec, EVENT_CUT, 0);
		usec += seconds(world, 1, 10);
		if (i < 7)
			boot_at(world, 0, usec, plan);
		else
			(void)boot_at(world, 0, usec, plan);
		/* The next one comes in the midst of it, or when all is well again. */
		usec += luck_percent(&world->luck, 70)
		                ? plan.vip_usec + between(world, 0, 20 * SECONDS_USEC)
		                : last_of(&plan) + seconds(world, 60, 90);
	}
}

static void make_clean_end(struct world *world)
{
	struct boot_plan plan = plan_boot(world);

	world_event(world, CUT_USEC, EVENT_CLEAN_CUT, 0);
	(void)boot_at(world, 0, CUT_USEC + seconds(world, 2, 20), plan);
}

static uint64_t cordon(struct world *world, uint64_t until_usec)
{
	world->model.node[0].cordoned_usec = until_usec;
	world->model.node[0].pressure = luck_percent(&world->luck, 50);
	world->cordoned_from_usec[0] = 0;
	return until_usec;
}

static void make_cordoned(struct world *world)
{
	uint64_t usec = cut_and_boot(world, plan_boot(world));

	calm_at(world, cordon(world, usec + seconds(world, 20, 600)));
}

static size_t some_source(struct world *world)
{
	return (size_t)between(world, 0, MODEL_COPIES - 1);
}

/* A copy that goes again before anybody was shown that it is back was away all the time, for an agent: longer than a
 * healthy operator takes. */
static bool lost_about_then(const struct world *world, uint64_t usec)
{
	for (size_t i = 0; i < world->event_count; i++) {
		const struct event *event = &world->event[i];

		if (event->kind == EVENT_LOSE_COPY && usec + 6 * SECONDS_USEC > event->usec &&
		    event->usec + 6 * SECONDS_USEC > usec)
			return true;
	}
	return false;
}

/* Renewals, touches and, of a healthy cluster, deletes by hand. */
static void disturb(struct world *world, uint64_t from_usec, uint64_t until_usec, unsigned times,
                    bool by_hand)
{
	for (unsigned i = 0; i < times; i++) {
		uint64_t usec = between(world, from_usec, until_usec);
		enum event_kind kind = by_hand && luck_percent(&world->luck, 50) ? EVENT_LOSE_COPY
		                       : luck_percent(&world->luck, 60)          ? EVENT_ROTATE
		                                                                 : EVENT_TOUCH;

		if (kind == EVENT_LOSE_COPY && lost_about_then(world, usec))
			kind = EVENT_TOUCH;
		world_event(world, usec, kind, some_source(world));
		calm_at(world, usec);
	}
}

/* All the while the controller is off: the copies come, and come again. */
static void disturb_while_off(struct world *world)
{
	uint64_t calm = world->calm_usec;

	disturb(world, calm, calm + 300 * SECONDS_USEC, (unsigned)between(world, 0, 8), false);
}

static void make_cordoned_for_ever(struct world *world)
{
	(void)cut_and_boot(world, plan_boot(world));
	(void)cordon(world, MODEL_NEVER);
	world->model.node[0].pressure = false;
	disturb_while_off(world);
}

static void make_disturbed(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec;

	plan.vip_usec = plan.api_usec;
	usec = cut_and_boot(world, plan) + last_of(&plan) + 40 * SECONDS_USEC;
	disturb(world, usec, usec + 600 * SECONDS_USEC, (unsigned)between(world, 1, 12), true);
}

static void make_renewed(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);

	disturb(world, usec, usec + last_of(&plan) + 40 * SECONDS_USEC,
	        (unsigned)between(world, 1, 5), false);
}

/* Off, with the Gateway among its registrations: the copies stay and grow stale, for longer than any
 * operator that is on would take; and then it may be restarted. */
static void make_stale(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);

	path_add(&world->model.operators, usec, usec + plan.container_usec + 2 * SECONDS_USEC,
	         FAULT_STALL);
	disturb(world, usec + last_of(&plan) + 15 * SECONDS_USEC,
	        usec + last_of(&plan) + 60 * SECONDS_USEC, 3, false);
	/* Sources are not watched: only the audit sees it. */
	calm_at(world, cordon(world, usec + seconds(world, 900, 1100)));
}

/* All is right, and for a while Envoy serves nothing: no fault of the operator's. */
static void make_late_envoy(struct world *world)
{
	struct boot_plan plan = plan_boot(world);

	plan.envoy_usec += seconds(world, 20, 200);
	calm_at(world, cut_and_boot(world, plan) + plan.envoy_usec);
}

/* The agent comes when all is lost already. */
static void make_late_agent(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan) + plan.vip_usec + seconds(world, 30, 120);

	world->event[world->event_count - 1].usec = usec;
	calm_at(world, usec);
}

static void make_refused(struct world *world)
{
	uint64_t usec = cut_and_boot(world, plan_boot(world));

	world->agent[0].habits.creates_until_usec = usec + seconds(world, 60, 300);
	calm_at(world, cordon(world, usec + seconds(world, 60, 400)));
	calm_at(world, world->agent[0].habits.creates_until_usec);
}

static void make_ungranted(struct world *world)
{
	uint64_t usec = cut_and_boot(world, plan_boot(world));
	size_t source = some_source(world);

	model_grant(&world->model, source, false, 0);
	(void)cordon(world, usec + seconds(world, 100, 300));
	if (luck_percent(&world->luck, 50)) {
		usec += seconds(world, 50, 100);
		world_event(world, usec, EVENT_GRANT, source);
	}
	calm_at(world, world->model.node[0].cordoned_usec);
}

/* No pair, or none at all, until the issuer is done. */
static void make_bad_source(struct world *world)
{
	uint64_t usec = cut_and_boot(world, plan_boot(world));
	struct source *source = &world->model.source[some_source(world)];
	uint64_t mended = usec + seconds(world, 60, 200);

	source->invalid = luck_percent(&world->luck, 50);
	source->missing = !source->invalid;
	(void)cordon(world, usec + seconds(world, 60, 300));
	world_event(world, mended, EVENT_MEND_SOURCE, (size_t)(source - world->model.source));
	calm_at(world, world->model.node[0].cordoned_usec);
	calm_at(world, mended);
}

static void make_synced(struct world *world)
{
	(void)cut_and_boot(world, plan_boot(world));
	world->agent[0].policy.may = POLICY_CREATE;
	disturb_while_off(world);
}

static void make_observed(struct world *world)
{
	(void)cut_and_boot(world, plan_boot(world));
	world->agent[0].policy.may = 0;
}

static void make_paused(struct world *world)
{
	(void)cut_and_boot(world, plan_boot(world));
	world->model.paused = true;
	disturb_while_off(world);
}

/* All has been well for minutes, and nobody looks closely any more. Then the operator ends, and the next one meets an
 * address that is away for so short a time that no probe need notice. */
static void make_still(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t crash;

	plan.vip_usec = plan.api_usec;
	crash = cut_and_boot(world, plan) + last_of(&plan) + seconds(world, 90, 400);
	path_add(&world->model.vip, crash + 500 * MSEC_USEC, crash + 3500 * MSEC_USEC, FAULT_500);
	world_event(world, crash, EVENT_CRASH, 0);
	calm_at(world, crash + 5 * SECONDS_USEC);
}

/* The off process ends by itself, about when the agent is about to end it. */
static void make_alone(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);
	uint64_t crash =
		usec + plan.vip_usec - 3 * SECONDS_USEC + between(world, 0, 6 * SECONDS_USEC);

	/* Most often so that the new one starts just as the address is back. */
	if (luck_percent(&world->luck, 80))
		crash = usec + plan.vip_usec - between(world, 1000 * MSEC_USEC, 2500 * MSEC_USEC);
	else if (luck_percent(&world->luck, 30)) { /* or before the agent is there at all */
		crash = usec + plan.vip_usec + 100 * MSEC_USEC;
		world_event(world, usec, EVENT_KILL, 0);
	}
	world_event(world, crash, EVENT_CRASH, 0);
	calm_at(world, crash + 5 * SECONDS_USEC);
}

static void make_forbidden(struct world *world)
{
	static const enum order_kind kind[] = { ASK_CRDS,      ASK_DEPLOYMENTS, ASK_REPLICASETS,
		                                ASK_PODS,      ASK_NODES,       ASK_LOG,
		                                ACT_DELETE_POD };
	struct boot_plan plan = plan_boot(world);
	uint64_t until = cut_and_boot(world, plan) + last_of(&plan) + seconds(world, 1, 60);
	struct habits *habits = &world->agent[0].habits;

	habits->forbids = kind[between(world, 0, sizeof(kind) / sizeof(kind[0]) - 1)];
	habits->forbids_until_usec = until;
	calm_at(world, until);
}

static void make_conflicts(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);

	world->model.touched_usec = usec;
	world->model.touched_until_usec = usec + last_of(&plan) + seconds(world, 5, 30);
	world->model.touches_usec = 40 * MSEC_USEC;
	world->agent[0].habits.least_usec = 20 * MSEC_USEC;
	world->agent[0].habits.most_usec = 120 * MSEC_USEC;
	calm_at(world, world->model.touched_until_usec);
}

static void make_withheld(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);

	world->agent[0].habits.withhold_usec =
		usec + 12 * SECONDS_USEC + between(world, 0, plan.vip_usec);
	calm_at(world, usec + 12 * SECONDS_USEC + plan.vip_usec + 20 * SECONDS_USEC);
}

static void make_two_replicas(struct world *world)
{
	make_late(world);
}

static void make_two_nodes(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = cut_and_boot(world, plan);

	world_event(world, SECONDS_USEC, EVENT_START, 1);
	if (luck_percent(&world->luck, 30)) /* both at once, one of them serves the API */
		world_event(world, CUT_USEC, EVENT_CUT, 1);
	if (world->event[world->event_count - 1].kind == EVENT_CUT) {
		struct boot_plan other = plan_boot(world);

		other.vip_usec = 0;
		(void)boot_at(world, 1, usec, other);
	}
	if (luck_percent(&world->luck, 30)) /* nobody acts over there */
		world->agent[0].policy.may =
			luck_percent(&world->luck, 50) ? 0u : (unsigned)POLICY_RESTART;
}

/* Nobody acts on node 0, so that the agent of node 1 would; and then node 0 boots again, and all is
 * well there, but the API goes on showing the container that was off. */
static void make_other_boots(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = CUT_USEC + seconds(world, 2, 10);
	uint64_t off = usec + plan.status_usec + 3 * SECONDS_USEC;

	world->with_api[0] = false;
	world->with_api[1] = true;
	world->agent[0].policy.may = 0;
	world_event(world, SECONDS_USEC, EVENT_START, 1);
	plan.vip_usec = plan.container_usec + 500 * MSEC_USEC;
	world_event(world, CUT_USEC, EVENT_CUT, 0);
	(void)boot_at(world, 0, usec, plan);
	usec = off + between(world, 5 * SECONDS_USEC, 40 * SECONDS_USEC);
	if (luck_percent(&world->luck, 40)) { /* or only the process ends there */
		world_event(world, off + between(world, 24 * SECONDS_USEC, 34 * SECONDS_USEC),
		            EVENT_CRASH, 0);
		calm_at(world, off + 40 * SECONDS_USEC);
		return;
	}
	world_event(world, usec, EVENT_CUT, 0);
	plan = plan_boot(world);
	plan.vip_usec = 0;
	plan.status_usec = plan.node_usec + between(world, 0, 30 * SECONDS_USEC);
	if (plan.status_usec < plan.container_usec)
		plan.status_usec = plan.container_usec + MSEC_USEC;
	(void)boot_at(world, 0, usec + seconds(world, 1, 5), plan);
}

/* The operator asks again and again, ends, and is started ever later; perhaps the power goes as well. */
static void make_held_back(struct world *world)
{
	struct boot_plan plan = plan_boot(world);

	world->model.patient = true;
	plan.vip_usec = plan.container_usec + seconds(world, 40, 700);
	if (luck_percent(&world->luck, 30)) {
		world_event(world, CUT_USEC, EVENT_CUT, 0);
		(void)boot_at(world, 0, CUT_USEC + seconds(world, 2, 20), plan);
		world_event(world, CUT_USEC + plan.vip_usec, EVENT_CUT, 0);
		(void)boot_at(world, 0, CUT_USEC + plan.vip_usec + seconds(world, 2, 20),
		              plan_boot(world));
		return;
	}
	(void)cut_and_boot(world, plan);
}

/* The API is away at the end as well, so that the next start is shown late. */
static void make_held_back_api(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec, back;

	world->model.patient = true;
	plan.vip_usec = plan.container_usec + seconds(world, 60, 700);
	usec = cut_and_boot(world, plan);
	back = usec + plan.vip_usec;
	path_add(&world->model.api, back - seconds(world, 5, 40), back, FAULT_REFUSED);
	calm_at(world, back);
}

/* On both nodes, and perhaps nobody acts on one of them: the other one leaves it to its kubelet. */
static void make_held_back_pair(struct world *world)
{
	struct boot_plan plan = plan_boot(world);
	uint64_t usec = CUT_USEC + seconds(world, 2, 20);

	world->model.patient = true;
	plan.vip_usec = plan.container_usec + seconds(world, 40, 700);
	for (size_t node = 0; node < 2; node++) {
		world_event(world, CUT_USEC, EVENT_CUT, node);
		(void)boot_at(world, node, usec, plan);
	}
	if (luck_percent(&world->luck, 30))
		world->agent[0].policy.may = 0;
}

static void make_hopeless(struct world *world)
{
	struct boot_plan plan = plan_boot(world);

	plan.vip_usec = plan.api_usec;
	path_add(&world->model.operators, CUT_USEC, MODEL_NEVER, FAULT_403);
	if (luck_percent(&world->luck, 50))
		world->agent[0].habits.lost_percent = 20;
	(void)cut_and_boot(world, plan);
	world->end_usec = world->calm_usec + 6 * 3600 * SECONDS_USEC;
}

const struct kind kinds[] = {
	{ "healthy", "address before operator: no delete, no save",
	  PROMISE_HEALS | PROMISE_NO_DELETE | PROMISE_NO_SAVE | PROMISE_NO_CREATE, 0,
	  40 * SECONDS_USEC, 0, 1, 1, make_healthy },
	{ "disturbed", "the operator is on and mends all itself: no write at all",
	  PROMISE_HEALS | PROMISE_NO_DELETE | PROMISE_NO_SAVE | PROMISE_NO_CREATE, 0,
	  40 * SECONDS_USEC, 0, 1, 1, make_disturbed },
	{ "renewed meanwhile", "healed, with the new certificates", PROMISE_HEALS, 0,
	  75 * SECONDS_USEC, 0, 1, 1, make_renewed },
	{ "stale while off", "healed, and nobody is blamed for it", PROMISE_HEALS, 0,
	  60 * SECONDS_USEC, 0, 1, 1, make_stale },
	{ "Envoy comes late", "healed, and no restart for it", PROMISE_HEALS, 0, 60 * SECONDS_USEC,
	  0, 1, 1, make_late_envoy },
	{ "agent comes late", "healed, the copies at once", PROMISE_HEALS, 0, 45 * SECONDS_USEC, 0,
	  1, 1, make_late_agent },
	{ "creates refused for a while", "healed, no storm", PROMISE_HEALS, 0, 80 * SECONDS_USEC, 0,
	  1, 1, make_refused },
	{ "no grant", "healed, and never created without one", PROMISE_HEALS, 0, 60 * SECONDS_USEC,
	  0, 1, 1, make_ungranted },
	{ "bad source", "healed, its copy once it is mended", PROMISE_HEALS, 0, 60 * SECONDS_USEC,
	  0, 1, 1, make_bad_source },
	{ "mode sync", "the copies come, the restart does not",
	  PROMISE_NO_DELETE | PROMISE_NO_SAVE | PROMISE_OFF | PROMISE_COPIES, CAUSE_MODE,
	  600 * SECONDS_USEC, 0, 1, 1, make_synced },
	{ "late address", "healed, and no copy lost", PROMISE_HEALS, 0, 45 * SECONDS_USEC,
	  6 * SECONDS_USEC, 1, 1, make_late },
	{ "flapping address", "healed within the budget", PROMISE_HEALS, 0, 700 * SECONDS_USEC,
	  6 * SECONDS_USEC, 1, 1, make_flapping },
	{ "turned off again and again", "healed within the budget", PROMISE_HEALS, 0,
	  700 * SECONDS_USEC, 0, 1, 1, make_turned_off },
	{ "lost answers", "healed, whatever was lost", PROMISE_HEALS, 0, 240 * SECONDS_USEC, 0, 1,
	  1, make_lossy },
	{ "slow answers", "healed, and no copy lost", PROMISE_HEALS, 0, 60 * SECONDS_USEC,
	  18 * SECONDS_USEC, 1, 1, make_slow },
	{ "unreadable log", "healed once it can be read", PROMISE_HEALS, 0, 45 * SECONDS_USEC,
	  6 * SECONDS_USEC, 1, 1, make_blind },
	{ "yesterday's status", "healed, no good process deleted", PROMISE_HEALS, 0,
	  45 * SECONDS_USEC, 6 * SECONDS_USEC, 1, 1, make_yesterday },
	{ "killed agent", "healed within the budget", PROMISE_HEALS, 0, 100 * SECONDS_USEC, 0, 1, 1,
	  make_killed },
	{ "eight power cuts", "healed after the last", PROMISE_HEALS, 0, 45 * SECONDS_USEC,
	  6 * SECONDS_USEC, 1, 1, make_cuts },
	{ "empty Lease", "healed, and no copy lost", PROMISE_HEALS, 0, 30 * SECONDS_USEC,
	  6 * SECONDS_USEC, 1, 1, make_clean_end },
	{ "cordoned for a while", "healed after it, no delete before", PROMISE_HEALS, 0,
	  45 * SECONDS_USEC, 8 * SECONDS_USEC, 1, 1, make_cordoned },
	{ "cordoned for ever", "no delete, and the copies come",
	  PROMISE_NO_DELETE | PROMISE_NO_SAVE | PROMISE_OFF | PROMISE_COPIES, CAUSE_CORDONED,
	  600 * SECONDS_USEC, 0, 1, 1, make_cordoned_for_ever },
	{ "mode observe", "no write at all",
	  PROMISE_NO_DELETE | PROMISE_NO_SAVE | PROMISE_OFF | PROMISE_NO_CREATE, CAUSE_MODE,
	  600 * SECONDS_USEC, 0, 1, 1, make_observed },
	{ "paused", "no delete, and the copies come",
	  PROMISE_NO_DELETE | PROMISE_NO_SAVE | PROMISE_OFF | PROMISE_COPIES, CAUSE_PAUSED,
	  600 * SECONDS_USEC, 0, 1, 1, make_paused },
	{ "still for long", "healed, and no copy lost", PROMISE_HEALS, 0, 45 * SECONDS_USEC,
	  12 * SECONDS_USEC, 1, 1, make_still },
	{ "operator recovers alone", "healed, no good process deleted", PROMISE_HEALS, 0,
	  45 * SECONDS_USEC, 0, 1, 1, make_alone },
	{ "forbidden for a while", "healed after it", PROMISE_HEALS, 0, 90 * SECONDS_USEC, 0, 1, 1,
	  make_forbidden },
	{ "conflicts", "healed after them", PROMISE_HEALS, 0, 45 * SECONDS_USEC, 0, 1, 1,
	  make_conflicts },
	{ "withheld outcome", "named overdue, healed after the restart",
	  PROMISE_HEALS | PROMISE_OVERDUE, 0, 45 * SECONDS_USEC, 0, 1, 1, make_withheld },
	{ "two replicas, one node", "healed, the second Pending for ever", PROMISE_HEALS, 0,
	  45 * SECONDS_USEC, 6 * SECONDS_USEC, 1, 2, make_two_replicas },
	{ "two nodes", "healed, each agent its own node first", PROMISE_HEALS, 0, 75 * SECONDS_USEC,
	  0, 2, 2, make_two_nodes },
	{ "other node boots again", "healed, no good process deleted", PROMISE_HEALS, 0,
	  45 * SECONDS_USEC, 0, 2, 2, make_other_boots },
	{ "held back", "healed, no back-off waited for", PROMISE_HEALS, 0, 75 * SECONDS_USEC, 0, 1,
	  1, make_held_back },
	{ "held back, API away", "healed, no good process deleted", PROMISE_HEALS, 0,
	  75 * SECONDS_USEC, 0, 1, 1, make_held_back_api },
	{ "held back, two nodes", "healed, each agent its own node", PROMISE_HEALS, 0,
	  75 * SECONDS_USEC, 0, 2, 2, make_held_back_pair },
	{ "hopeless", "slower and slower, up to an hour", PROMISE_LADDER, 0, 0, 0, 1, 1,
	  make_hopeless },
};
const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);
