/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/referee.h"

#include <stdarg.h>
#include <stdio.h>

#define ASKS_PER_SECOND  60 /* of one agent; more is a loop */
#define CORDON_SEEN_USEC (4 * SECONDS_USEC)
#define OWN_NODE_USEC    (20 * SECONDS_USEC)
#define QUIET_AFTER_USEC (60 * SECONDS_USEC)
#define PATIENCE_USEC    (5 * SECONDS_USEC)
#define SHOWN_USEC       (2 * SECONDS_USEC) /* a watch has shown it by then */
#define DELETED_USEC     (300 * MSEC_USEC)
#define COPIED_USEC      (20 * SECONDS_USEC) /* from when nothing stands in the way of a create */
#define PROVEN_USEC      (10 * SECONDS_USEC)
#define TOO_YOUNG_USEC   (1200 * MSEC_USEC) /* for the API to show that it was started */
#define CREATES_A_MINUTE 30 /* of one copy; more is a storm */

static const char *const verdict_name[] = {
	"UNKNOWN",   "DISABLED",       "CRDS_MISSING", "CRASHING",
	"HELD_BACK", "CONTROLLER_OFF", "COPY_BLOCKED", "COPIES_NEGLECTED",
	"STARTING",  "NOT_SERVED",     "PROVEN",       "HEALTHY",
};
_Static_assert(sizeof(verdict_name) / sizeof(verdict_name[0]) == VERDICT_COUNT, "a name for each");

__attribute__((format(printf, 3, 4))) static void broken(struct world *world, const char *invariant,
                                                         const char *format, ...)
{
	va_list args;

	if (world->broken)
		return;
	world->broken = invariant;
	va_start(args, format);
	(void)vsnprintf(world->detail, sizeof(world->detail), format, args);
	va_end(args);
	world_say(world, "BROKEN: %s: %s", invariant, world->detail);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- the budget ------------------------------------------------------------------------------- */

static uint64_t ladder_usec(unsigned failed)
{
	uint64_t pause = 300 * SECONDS_USEC;

	if (failed < 3)
		return 0;
	for (; failed > 3 && pause < 3600 * SECONDS_USEC; failed--)
		pause *= 2;
	return pause < 3600 * SECONDS_USEC ? pause : 3600 * SECONDS_USEC;
}

/* A restart of the same boot as the one before shows that the one before was seen to fail. */
static void judge_budget(struct world *world, size_t node, uint32_t container)
{
	struct book *book = &world->book[node];
	uint32_t boot = world->model.node[node].boot;
	bool same = book->boot == boot;

	if (same && book->container == container) {
		world->tally.repeats++;
		return;
	}
	if (world->last_on_usec >= book->last_usec)
		book->failed = 0;
	else if (same)
		book->failed++;
	if (same && book->failed >= 3)
		world->tally.waits++;
	if (same && world->now_usec - book->last_usec < ladder_usec(book->failed) &&
	    !world->agent[node].counts.failed_saves)
		broken(world, "budget", "restart %u in a row after %.1f s", book->failed + 1,
		       (double)(world->now_usec - book->last_usec) / 1e6);
	*book = (struct book){ boot, container, book->failed, world->now_usec };
}

/* --- the window, and whose it is ---------------------------------------------------------------
 */

/* Since when nothing has kept the agent on that node from seeing and curing this process. */
static uint64_t curable_from(const struct world *world, const struct pod *pod)
{
	const struct model *model = &world->model;
	const struct agent *agent = &world->agent[pod->node];
	const struct node *node = &model->node[pod->node];
	uint64_t from = later(agent->started_usec, pod->process.log_usec);

	if (!agent->alive || world->book[pod->node].failed >= 2)
		return MODEL_NEVER;
	from = later(from, path_clear_from(&model->vip, world->now_usec));
	from = later(from, path_clear_from(&model->api, world->now_usec));
	from = later(from, path_clear_from(&model->log, world->now_usec));
	from = later(from, path_clear_from(&node->local, world->now_usec));
	from = later(from, later(node->kubelet_usec, node->cordoned_usec));
	from = later(from, world->status_usec[pod->node]);
	from = later(from,
	             later(agent->habits.deletes_until_usec, agent->habits.forbids_until_usec));
	return from;
}

/* --- a delete, when it is ordered ------------------------------------------------------------- */

static const struct pod *pod_of(const struct world *world, uint32_t container)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		const struct pod *pod = &world->model.pod[i];

		if (container && (pod->process.container == container || pod->ended == container))
			return pod;
	}
	return NULL;
}

/* A back-off is the kubelet's over there, and what it holds back can be seen only there. */
static void judge_back_off(struct world *world, size_t node, uint32_t container)
{
	const struct pod *pod = pod_of(world, container);

	world->tally.held_back++;
	if (pod && pod->node != (int)node)
		broken(world, "locality", "a back-off on node %d is cut short from afar",
		       pod->node);
}

/* The agent over there, if it lives and may act, has had its time. */
static void judge_locality(struct world *world, const struct pod *pod)
{
	uint64_t from = curable_from(world, pod);

	world->tally.elsewhere++;
	if (!(world->agent[pod->node].policy.may & POLICY_RESTART) ||
	    !world->agent[pod->node].alive)
		return;
	if (from > world->now_usec || world->now_usec - from < OWN_NODE_USEC)
		broken(world, "locality",
		       "delete on node %d, whose agent had its turn for %.1f s only", pod->node,
		       from > world->now_usec ? 0.0 : (double)(world->now_usec - from) / 1e6);
}

static void judge_place(struct world *world, size_t node, uint32_t container)
{
	const struct pod *pod = pod_of(world, container);
	int where = pod ? pod->node : -1;

	if (where < 0)
		return;
	if (where != (int)node)
		judge_locality(world, pod);
	if (model_cordoned(&world->model, (size_t)where, world->now_usec) &&
	    world->now_usec - world->cordoned_from_usec[where] > CORDON_SEEN_USEC)
		broken(world, "cordon", "delete of container %u on a node that takes no pod",
		       container);
}

/* The replacement asks through the virtual address once: it must just have been there. */
static void judge_address(struct world *world, const struct agent *agent)
{
	uint64_t grace = 700 * MSEC_USEC + agent->habits.most_usec;

	for (uint64_t back = 0; back <= grace; back += 50 * MSEC_USEC)
		if (back <= world->now_usec &&
		    model_vip(&world->model, world->now_usec - back) == FAULT_NONE)
			return;
	broken(world, "address", "delete although the virtual address has not answered for %.1f s",
	       (double)grace / 1e6);
}

/* --- a create, when it is ordered -------------------------------------------------------------- */

static bool says_on(const struct decision *decision)
{
	switch (decision->verdict) {
	case VERDICT_HEALTHY:
	case VERDICT_PROVEN:
	case VERDICT_NOT_SERVED:
	case VERDICT_COPY_BLOCKED:
	case VERDICT_COPIES_NEGLECTED:
		return true;
	case VERDICT_STARTING:
		return decision->cause == CAUSE_COPIES_COMING;
	case VERDICT_UNKNOWN:
	case VERDICT_DISABLED:
	case VERDICT_CRDS_MISSING:
	case VERDICT_CRASHING:
	case VERDICT_HELD_BACK:
	case VERDICT_CONTROLLER_OFF:
		break;
	}
	return false;
}

static void judge_patience(struct world *world, size_t node, size_t source)
{
	uint64_t on = world->known_on_usec[node];
	uint64_t since = later(on, world->missing_usec[source]);

	if (!on)
		return;
	world->tally.patient++;
	if (world->missing_usec[source] && world->now_usec - since < PATIENCE_USEC)
		broken(world, "patience", "create %zu, and a controller known to be on had %.1f s",
		       source, (double)(world->now_usec - since) / 1e6);
}

static void judge_storm(struct world *world, size_t node, size_t source)
{
	uint64_t minute = world->now_usec / (60 * SECONDS_USEC);

	if (world->minute[node][source] != minute)
		world->creates_then[node][source] = 0;
	world->minute[node][source] = minute;
	if (++world->creates_then[node][source] > CREATES_A_MINUTE)
		broken(world, "storm", "%u creates of copy %zu in a minute",
		       world->creates_then[node][source], source);
}

/* What this agent's own watches have shown for long enough. */
static void judge_need(struct world *world, size_t node, size_t source)
{
	const struct agent *agent = &world->agent[node];
	const struct evidence_copy *copy = &agent->certs.copy[source];
	const struct model *model = &world->model;
	uint64_t now = world->now_usec;
	uint64_t shown = later(path_clear_from(&model->node[node].local, now),
	                       path_clear_from(&model->api, now));

	if (model->copy[source] &&
	    now > later(shown, model->copied[source].changed_usec) + SHOWN_USEC)
		broken(world, "needless", "create %zu, which has been there for %.1f s", source,
		       (double)(now - model->copied[source].changed_usec) / 1e6);
	if (model->source[source].ungranted &&
	    now > model->source[source].granted_usec + SHOWN_USEC)
		broken(world, "grant", "create %zu, which nothing grants", source);
	if (copy->gone_usec && now - model->node[node].booted_usec - copy->gone_usec < DELETED_USEC)
		broken(world, "after a delete", "create %zu right after it was seen to be deleted",
		       source);
}

static void judge_create(struct world *world, size_t node, const struct decision *decision,
                         const struct order *order)
{
	const struct agent *agent = &world->agent[node];
	size_t source = order->about - CERTS_SOURCE;

	world_say(world, "node %zu: create copy %zu", node, source);
	if (decision->verdict == VERDICT_UNKNOWN || decision->verdict == VERDICT_DISABLED)
		broken(world, "verdict", "create while %s", verdict_name[decision->verdict]);
	if ((world->kind->promises & PROMISE_NO_CREATE) || !(agent->policy.may & POLICY_CREATE))
		broken(world, "no write", "create of copy %zu", source);
	if (!agent->certs.synced || agent->certs.epoch != agent->core.epoch)
		broken(world, "unsynced", "create %zu, and what is there is not known", source);
	if (agent_under_way(agent, ACT_CREATE_COPY, order->about) > 0)
		broken(world, "twice", "a second create of copy %zu while one is under way",
		       source);
	judge_need(world, node, source);
	judge_patience(world, node, source);
	judge_storm(world, node, source);
}

static void on_ordered(void *context, size_t node, const struct decision *decision,
                       const struct order *order)
{
	struct world *world = context;
	const struct agent *agent = &world->agent[node];

	if (order->kind == ACT_CREATE_COPY)
		judge_create(world, node, decision, order);
	if (order->kind != ACT_DELETE_POD)
		return;
	world_say(world, "node %zu: delete the pod of container %u, through %s", node, order->about,
	          order->via == ENDPOINT_VIP ? "vip" : "local");
	if (decision->verdict != VERDICT_CONTROLLER_OFF && decision->verdict != VERDICT_HELD_BACK)
		broken(world, "verdict", "delete while %s", verdict_name[decision->verdict]);
	if (decision->verdict == VERDICT_HELD_BACK)
		judge_back_off(world, node, order->about);
	if (world->kind->promises & PROMISE_NO_DELETE)
		broken(world, "no write", "delete of container %u", order->about);
	if (!(agent->policy.may & POLICY_RESTART))
		broken(world, "mode", "delete in mode observe");
	if (agent_under_way(agent, ACT_DELETE_POD, 0) > 0)
		broken(world, "one at a time", "a second delete while one is under way");
	if (agent->disk.about != order->about && !agent->counts.failed_saves)
		broken(world, "ledger", "delete of %u, and the disk knows of %u", order->about,
		       agent->disk.about);
	judge_place(world, node, order->about);
	judge_address(world, agent);
	judge_budget(world, node, order->about);
}

/* --- copies ------------------------------------------------------------------------------------- */

static bool can_be_asked(const struct world *world, size_t node)
{
	return model_local(&world->model, node, world->now_usec) == FAULT_NONE ||
	       model_vip(&world->model, world->now_usec) == FAULT_NONE;
}

/* Since when nothing has kept the agent on that node from creating this copy. */
static uint64_t creatable_from(const struct world *world, size_t node, size_t source)
{
	const struct model *model = &world->model;
	const struct agent *agent = &world->agent[node];
	const struct habits *habits = &agent->habits;
	uint64_t from = later(agent->started_usec, model->source[source].granted_usec);

	if (!agent->alive || !(agent->policy.may & POLICY_CREATE) || !can_be_asked(world, node) ||
	    !model_copy_needed(model, source) || habits->lost_percent > 0)
		return MODEL_NEVER;
	from = later(from, path_clear_from(&model->node[node].local, world->now_usec));
	from = later(from, path_clear_from(&model->api, world->now_usec));
	from = later(from, path_clear_from(&model->vip, world->now_usec) == MODEL_NEVER
	                           ? 0
	                           : path_clear_from(&model->vip, world->now_usec));
	from = later(from, world->status_usec[node]);
	from = later(from, habits->forbids_until_usec
	                           ? habits->forbids_until_usec + 10 * SECONDS_USEC
	                           : 0);
	from = later(from, habits->creates_until_usec
	                           ? habits->creates_until_usec + 75 * SECONDS_USEC
	                           : 0);
	return later(from, world->mended_usec[source]);
}

static void judge_missing(struct world *world, size_t source)
{
	uint64_t *since = &world->missing_usec[source];

	if (world->model.copy[source] || !model_copy_needed(&world->model, source)) {
		world->tally.returned += *since != 0 && world->model.copy[source];
		*since = 0;
		return;
	}
	if (!*since)
		*since = world->now_usec;
	for (size_t node = 0; node < world->kind->nodes; node++) {
		uint64_t from = creatable_from(world, node, source);

		if (from == MODEL_NEVER || world->agent[node].decision.overdue != ORDER_NONE ||
		    (world->kind->promises & PROMISE_OVERDUE))
			continue;
		from = later(from, *since);
		if (world->now_usec > from && world->now_usec - from > COPIED_USEC)
			broken(world, "copies",
			       "copy %zu could be created for %.1f s, and is missing", source,
			       (double)(world->now_usec - from) / 1e6);
	}
}

/* PROVEN may be behind a change by a look, not by more. */
static void judge_proven(struct world *world, size_t node)
{
	uint64_t since = world->proven_usec[node];

	for (size_t i = 0; since && i < MODEL_COPIES; i++) {
		uint64_t from = later(since, world->unserved_usec[i]);

		if (world->unserved_usec[i] && model_copy_needed(&world->model, i) &&
		    world->now_usec - from > PROVEN_USEC)
			broken(world, "proven",
			       "PROVEN, and listener %zu has not served it for %.1f s", i,
			       (double)(world->now_usec - world->unserved_usec[i]) / 1e6);
	}
}

static void follow_proven(struct world *world, size_t node)
{
	bool proven =
		world->agent[node].alive && world->agent[node].decision.verdict == VERDICT_PROVEN;

	world->tally.proven += proven && !world->proven_usec[node];
	if (!proven)
		world->proven_usec[node] = 0;
	else if (!world->proven_usec[node])
		world->proven_usec[node] = world->now_usec;
	judge_proven(world, node);
}

static void watch_copies(struct world *world)
{
	for (size_t i = 0; i < MODEL_COPIES; i++) {
		uint32_t serves = model_serves(&world->model, i, world->now_usec);
		/* That a source was renewed nobody is told; its copy is watched. */
		bool right = serves == world->model.source[i].version ||
		             (world->model.copy[i] && serves == world->model.copied[i].holds);

		judge_missing(world, i);
		if (right)
			world->unserved_usec[i] = 0;
		else if (!world->unserved_usec[i])
			world->unserved_usec[i] = world->now_usec;
	}
	if (world->kind->nodes ==
	    1) /* the model has one Envoy, and only its own node's agent sees it start */
		follow_proven(world, 0);
}

/* --- a delete, when it takes effect ----------------------------------------------------------- */

static void on_deleting(void *context, size_t node, uint32_t id, uint32_t version)
{
	struct world *world = context;
	const struct pod *pod = model_pod(&world->model, id);

	if (!pod || pod->version != version || pod->terminating) {
		world_say(world, "node %zu: the API refuses the precondition, or the pod is gone",
		          node);
		return;
	}
	world_say(world, "node %zu: pod %u with container %u goes away", node, id,
	          pod->process.container);
	/* One that was started this moment, after a back-off, is not in the API yet: it costs a second, and
	 * happens in one of 900 such worlds. */
	if (pod->ended && world->now_usec - pod->process.started_usec < TOO_YOUNG_USEC)
		return;
	if (pod->process.container && pod->process.mind != MIND_OFF)
		broken(world, "good process", "container %u took the delete, and it is %s",
		       pod->process.container, pod->process.mind == MIND_ON ? "on" : "not decided");
}

/* --- each round ------------------------------------------------------------------------------- */

static void judge_overdue(struct world *world, const struct agent *agent)
{
	bool withheld = false;

	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		withheld |= agent->flight[i].used && agent->flight[i].withheld &&
		            !agent->flight[i].orphan;
	if (agent->decision.overdue == ORDER_NONE)
		return;
	world->tally.overdue++;
	if (!withheld)
		broken(world, "overdue", "order kind %d is overdue, and none was withheld",
		       agent->decision.overdue);
}

static void judge_pace(struct world *world, const struct agent *agent)
{
	uint64_t second = world->now_usec / SECONDS_USEC;
	unsigned *then = &world->asks_then[agent->node];

	if (second != world->second[agent->node]) {
		world->second[agent->node] = second;
		*then = agent->counts.asks;
	}
	if (agent->counts.asks - *then > ASKS_PER_SECOND)
		broken(world, "pace", "%u requests in one second", agent->counts.asks - *then);
	if (agent->spins >= 20)
		broken(world, "wake", "20 rounds without progress of time");
}

static void on_stepped(void *context, size_t node, bool changed)
{
	struct world *world = context;
	const struct agent *agent = &world->agent[node];
	const struct decision *decision = &agent->decision;

	if (!says_on(decision))
		world->known_on_usec[node] = 0;
	else if (!world->known_on_usec[node])
		world->known_on_usec[node] = world->now_usec;
	/* The model's operator mends what it can see: nothing is ever neglected in it. */
	if (decision->verdict == VERDICT_COPIES_NEGLECTED)
		broken(world, "neglect", "%u copies are said to be neglected",
		       decision->copies.needed - decision->copies.present + decision->copies.stale);
	if (changed && world->now_usec > world->calm_usec + QUIET_AFTER_USEC)
		world->changes++;
	if (changed)
		world_say(world, "node %zu: %s, cause %d, about %u", node,
		          verdict_name[decision->verdict], decision->cause, decision->about);
	judge_overdue(world, agent);
	judge_pace(world, agent);
	if (decision->save)
		world_say(world, "node %zu: save: failed %u, spent %u, about %u", node,
		          decision->ledger.failed, decision->ledger.spent, decision->ledger.about);
	if (decision->save && (world->kind->promises & PROMISE_NO_SAVE))
		broken(world, "no write", "the ledger is saved");
	if (decision->verdict == VERDICT_UNKNOWN && decision->cause == CAUSE_NONE)
		broken(world, "cause", "UNKNOWN without a cause");
}

static void on_note(void *context, size_t node, const char *text, uint32_t a, uint32_t b)
{
	const struct world *world = context;
	char line[120];

	if (!world->verbose)
		return;
	(void)snprintf(line, sizeof(line), "%s (%u, %u)", text, a, b);
	world_say(world, "node %zu: %s", node, line);
}

void referee_attach(struct world *world, size_t node)
{
	world->agent[node].sink = (struct agent_sink){
		.ordered = on_ordered,
		.deleting = on_deleting,
		.stepped = on_stepped,
		.note = on_note,
		.context = world,
	};
}

static void judge_losses(struct world *world)
{
	const struct pod *loser = world->model.loser;
	uint64_t from;

	if (world->losses_judged == world->model.losses)
		return;
	world->losses_judged = world->model.losses;
	world->tally.losses++;
	from = curable_from(world, loser);
	world_say(world, "container %u, off, leads and DELETES the copies",
	          loser->process.container);
	if (world->kind->window_usec && from < world->now_usec &&
	    world->now_usec - from > world->kind->window_usec)
		broken(world, "window", "copies lost though it could be cured for %.1f s",
		       (double)(world->now_usec - from) / 1e6);
}

static bool well(const struct world *world)
{
	for (size_t i = 0; i < world->kind->nodes; i++) {
		const struct agent *agent = &world->agent[i];
		bool blind =
			agent->habits.lost_percent && agent->decision.verdict == VERDICT_UNKNOWN;

		/* Where answers are lost, knowledge may grow too old for a while. */
		if (!agent->alive ||
		    (agent->decision.verdict != VERDICT_PROVEN && !(blind && world->healed_usec)))
			return false;
	}
	return model_controller_on(&world->model) && model_copies_whole(&world->model);
}

void referee_watch(struct world *world)
{
	watch_copies(world);
	if (!well(world))
		world->healed_usec = 0;
	else if (!world->healed_usec)
		world->healed_usec = world->now_usec;
	for (size_t i = 0; i < MODEL_PODS; i++) {
		const struct process *process = &world->model.pod[i].process;

		if (process->container && process->mind == MIND_ON)
			world->last_on_usec = world->now_usec;
	}
	judge_losses(world);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* By then, and still: the quiet time after it has passed. */
static void judge_healing(struct world *world)
{
	uint64_t limit = world->calm_usec + world->kind->heals_usec;

	if (!world->healed_usec)
		broken(world, "heals", "ends %s, cause %d; controller %s, copies %s",
		       verdict_name[world->agent[0].decision.verdict],
		       world->agent[0].decision.cause,
		       model_controller_on(&world->model) ? "on" : "off",
		       model_copies_whole(&world->model) ? "whole" : "missing");
	else if (world->healed_usec > limit)
		broken(world, "heals", "well only %.1f s after the last trouble",
		       (double)(world->healed_usec - world->calm_usec) / 1e6);
	if (world->healed_usec > world->calm_usec)
		world->tally.healing_usec = world->healed_usec - world->calm_usec;
}

static bool copies_there(const struct world *world)
{
	for (size_t i = 0; i < MODEL_COPIES; i++)
		if (model_copy_needed(&world->model, i) && !world->model.copy[i])
			return false;
	return true;
}

static void add_up(struct world *world)
{
	struct tally *tally = &world->tally;

	tally->virtual_usec = world->now_usec;
	tally->lost_races = world->model.lost_races;
	tally->gave_up = world->model.gave_up;
	tally->saved = world->model.lost_races && !world->model.losses;
	tally->touched = world->model.touch_losses;
	tally->mended = world->model.mends;
	tally->adopted = world->model.adopted;
	for (size_t i = 0; i < MODEL_NODES; i++) {
		const struct agent_counts *counts = &world->agent[i].counts;

		tally->deletes += counts->deletes;
		tally->conflicts += counts->conflicts;
		tally->lost += counts->lost;
		tally->refused += counts->refused;
		tally->saves += counts->saves;
		tally->failed_saves += counts->failed_saves;
		tally->creates += counts->creates;
		tally->created += counts->created;
		tally->exist += counts->exist;
		tally->creates_refused += counts->creates_refused;
		tally->creates_lost += counts->creates_lost;
		tally->proofs += counts->proofs;
		tally->lists += world->agent[i].certs.lists;
		tally->stale += world->agent[i].certs.stale;
	}
}

void referee_end(struct world *world)
{
	const struct decision *decision = &world->agent[0].decision;
	unsigned promises = world->kind->promises, restarts;

	add_up(world);
	if (promises & PROMISE_HEALS)
		judge_healing(world);
	if ((promises & PROMISE_OVERDUE) && !world->tally.overdue)
		broken(world, "overdue", "an outcome was withheld, and nothing was said");
	if ((promises & PROMISE_OFF) &&
	    (decision->verdict != VERDICT_CONTROLLER_OFF || decision->cause != world->kind->cause))
		broken(world, "cause", "ends %s, cause %d", verdict_name[decision->verdict],
		       decision->cause);
	if ((promises & PROMISE_OFF) && world->changes)
		broken(world, "quiet", "%u changes of what is told, and nothing has changed",
		       world->changes);
	if ((promises & PROMISE_COPIES) && !copies_there(world))
		broken(world, "copies", "one is missing at the end");
	restarts = world->tally.deletes - world->tally.repeats;
	if ((promises & PROMISE_LADDER) && (restarts < 6 || restarts > 12))
		broken(world, "budget", "%u restarts in 6 hours", restarts);
}
