/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"
#include "tests/sim/referee.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WATCHDOG_USEC (10 * SECONDS_USEC) /* of silence: systemd starts the agent anew */

void world_say(const struct world *world, const char *format, ...)
{
	va_list args;

	if (!world->verbose)
		return;
	printf("# %10.3f  ", (double)world->now_usec / 1e6);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void world_event(struct world *world, uint64_t usec, enum event_kind kind, size_t node)
{
	if (world->event_count < EVENTS_MAX)
		world->event[world->event_count++] =
			(struct event){ .usec = usec, .kind = kind, .node = node };
}

static void cut(struct world *world, size_t node, bool cleanly)
{
	world_say(world, "node %zu: %s", node, cleanly ? "shut down" : "power cut");
	if (cleanly)
		model_end_cleanly(&world->model, node);
	agent_kill(&world->agent[node]);
	agent_lose_flights(&world->agent[node]);
	model_power_cut(&world->model, node, world->with_api[node], world->now_usec);
	world->tally.cuts++;
}

static void boot(struct world *world, const struct event *event)
{
	const struct boot_plan *plan = &event->plan;

	world_say(world,
	          "node %zu boots: API %.1f s, vip %.1f s, container %.1f s, node %.1f s, status "
	          "%.1f s",
	          event->node, (double)plan->api_usec / 1e6, (double)plan->vip_usec / 1e6,
	          (double)plan->container_usec / 1e6, (double)plan->node_usec / 1e6,
	          (double)plan->status_usec / 1e6);
	model_boot(&world->model, event->node, plan, world->now_usec);
	world->status_usec[event->node] = world->now_usec + plan->status_usec;
}

static void happen_to_source(struct world *world, const struct event *event)
{
	struct source *source = &world->model.source[event->node];

	if (event->kind == EVENT_ROTATE) {
		world_say(world, "source %zu is renewed", event->node);
		model_rotate(&world->model, event->node, world->now_usec);
	} else if (event->kind == EVENT_LOSE_COPY) {
		world_say(world, "someone deletes copy %zu", event->node);
		model_lose_copy(&world->model, event->node, world->now_usec);
	} else if (event->kind == EVENT_GRANT) {
		world_say(world, "source %zu is granted", event->node);
		model_grant(&world->model, event->node, true, world->now_usec);
	} else {
		world_say(world, "source %zu is %s", event->node,
		          event->kind == EVENT_TOUCH ? "touched" : "mended");
		if (event->kind == EVENT_MEND_SOURCE)
			source->missing = source->invalid = false;
		if (event->kind == EVENT_MEND_SOURCE)
			world->mended_usec[event->node] = world->now_usec + 40 * SECONDS_USEC;
		model_touch(&world->model, event->node, world->now_usec);
	}
}

static void happen(struct world *world, const struct event *event)
{
	switch (event->kind) {
	case EVENT_CUT:
	case EVENT_CLEAN_CUT:
		cut(world, event->node, event->kind == EVENT_CLEAN_CUT);
		return;
	case EVENT_BOOT:
		boot(world, event);
		return;
	case EVENT_START:
		if (!world->agent[event->node].alive && world->model.node[event->node].up)
			agent_start(&world->agent[event->node], world->now_usec);
		return;
	case EVENT_KILL:
		world->tally.kills += world->agent[event->node].alive;
		agent_kill(&world->agent[event->node]);
		return;
	case EVENT_CRASH:
		world_say(world, "node %zu: the operator ends by itself", event->node);
		model_crash(&world->model, event->node, world->now_usec);
		world->tally.crashes++;
		return;
	case EVENT_ROTATE:
	case EVENT_TOUCH:
	case EVENT_LOSE_COPY:
	case EVENT_GRANT:
	case EVENT_MEND_SOURCE:
		happen_to_source(world, event);
		return;
	}
}

static void run_events(struct world *world)
{
	for (size_t i = 0; i < world->event_count; i++) {
		struct event event = world->event[i];

		if (event.usec > world->now_usec)
			continue;
		world->event[i].usec = MODEL_NEVER;
		happen(world, &event);
	}
}

/* systemd: restarts an agent that was killed, or that went silent because something is overdue. */
static void run_systemd(struct world *world, size_t node)
{
	struct agent *agent = &world->agent[node];

	if (agent->alive && agent->decision.overdue != ORDER_NONE &&
	    agent->overdue_usec + WATCHDOG_USEC < world->now_usec) {
		agent_kill(agent);
		world_event(world, world->now_usec + SECONDS_USEC, EVENT_START, node);
	}
	if (agent->died_at_act) {
		agent->died_at_act = false;
		world->tally.kills++;
		world_event(world,
		            world->now_usec +
		                    luck_between(&world->luck, MSEC_USEC, 5 * SECONDS_USEC),
		            EVENT_START, node);
	}
}

static uint64_t next(const struct world *world)
{
	uint64_t usec = model_next(&world->model);

	for (size_t i = 0; i < world->event_count; i++)
		if (world->event[i].usec < usec)
			usec = world->event[i].usec;
	for (size_t i = 0; i < world->kind->nodes; i++)
		if (agent_next(&world->agent[i]) < usec)
			usec = agent_next(&world->agent[i]);
	return usec;
}

static void moment(struct world *world)
{
	model_advance(&world->model, world->now_usec);
	run_events(world);
	model_advance(&world->model, world->now_usec);
	for (size_t i = 0; i < world->kind->nodes; i++) {
		agent_advance(&world->agent[i], world->now_usec);
		run_systemd(world, i);
	}
	referee_watch(world);
}

static void prepare(struct world *world, uint64_t seed, bool verbose)
{
	memset(world, 0, sizeof(*world));
	world->kind = &kinds[seed % kind_count];
	world->seed = seed;
	world->verbose = verbose;
	world->luck.state = seed;
	model_init(&world->model, luck_next(&world->luck), world->kind->nodes,
	           world->kind->replicas);
	for (size_t i = 0; i < world->kind->nodes; i++) {
		struct agent *agent = &world->agent[i];

		agent->node = i;
		agent->model = &world->model;
		agent->luck.state = luck_next(&world->luck);
		agent->wakes_usec = MODEL_NEVER;
		agent->policy.may = POLICY_RESTART | POLICY_CREATE;
		agent->habits =
			(struct habits){ .least_usec = 2 * MSEC_USEC,
			                 .most_usec = 30 * MSEC_USEC,
			                 .sees_address = luck_percent(&world->luck, 50) };
		referee_attach(world, i);
	}
	world->with_api[0] = true;
	world->kind->make(world);
}

void world_run(struct world *world, uint64_t seed, bool verbose)
{
	prepare(world, seed, verbose);
	world_say(world, "seed %llu: %s", (unsigned long long)seed, world->kind->name);
	while (!world->broken) {
		uint64_t usec = next(world);

		if (usec > world->end_usec)
			break;
		world->now_usec = usec;
		moment(world);
	}
	if (!world->broken)
		world->now_usec = world->end_usec;
	referee_end(world);
}
