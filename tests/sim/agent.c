/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/agent.h"
#include "tests/sim/flights.h"

#include <string.h>

#define LIFE_USEC (100 * MSEC_USEC) /* the engine looks into the cgroups that often at most */

static uint64_t booted(const struct agent *agent)
{
	return agent->model->node[agent->node].booted_usec;
}

static void say(const struct agent *agent, const char *text, uint32_t a, uint32_t b)
{
	if (agent->sink.note)
		agent->sink.note(agent->sink.context, agent->node, text, a, b);
}

void agent_start(struct agent *agent, uint64_t now_usec)
{
	memset(&agent->core, 0, sizeof(agent->core));
	memset(&agent->evidence, 0, sizeof(agent->evidence));
	memset(&agent->decision, 0, sizeof(agent->decision));
	memset(&agent->pods, 0, sizeof(agent->pods));
	memset(&agent->nodes, 0, sizeof(agent->nodes));
	agent->core.ledger = agent->disk;
	agent->evidence.boot = agent->model->node[agent->node].boot;
	agent->evidence.endpoint[ENDPOINT_LOCAL].configured = true;
	agent->evidence.endpoint[ENDPOINT_VIP].configured = true;
	agent->evidence.pods.item = agent->pod;
	agent->evidence.log = agent->log;
	agent->replicaset = (struct evidence_replicaset){ .id = MODEL_REPLICASET, .deployment = 1 };
	agent->evidence.replicasets.item = &agent->replicaset;
	agent->alive = true;
	agent->started_usec = agent->wakes_usec = now_usec;
	agent->probes = agent->spins = 0;
	certs_start(agent, now_usec);
	agent->looked_usec = 0;
	agent->counts.starts++;
	say(agent, "agent starts; restarts failed, spent", agent->disk.failed, agent->disk.spent);
}

void agent_kill(struct agent *agent)
{
	if (!agent->alive)
		return;
	say(agent, "agent is killed", 0, 0);
	agent->alive = false;
	agent->wakes_usec = MODEL_NEVER;
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		agent->flight[i].orphan = true;
}

void agent_lose_flights(struct agent *agent)
{
	memset(agent->flight, 0, sizeof(agent->flight));
}

static struct stamp stamp_of(const struct flight *flight, uint64_t ended_usec)
{
	return (struct stamp){ flight->order.begun_usec, ended_usec, flight->order.epoch };
}

static enum layer layer_of(const struct flight *flight)
{
	if (flight->lost)
		return LAYER_READYZ;
	switch (flight->answer.fault) {
	case FAULT_NONE:
		return LAYER_USABLE;
	case FAULT_REFUSED:
		return LAYER_TCP;
	case FAULT_STALL:
	case FAULT_EOF:
		return LAYER_TLS;
	case FAULT_500:
		return LAYER_READYZ;
	case FAULT_401:
	case FAULT_403:
		return LAYER_AUTH;
	}
	return LAYER_UNKNOWN;
}

static void fill_probe(struct agent *agent, const struct flight *flight, struct stamp at)
{
	struct evidence_endpoint *endpoint = &agent->evidence.endpoint[flight->order.subject];
	bool was_good = endpoint->layer == LAYER_USABLE;

	endpoint->at = at;
	endpoint->layer = layer_of(flight);
	endpoint->reused =
		was_good && !(agent->habits.breaks_connections && ++agent->probes % 3 == 0);
	endpoint->detail = "";
}

static void fill_crds(struct agent *agent, const struct flight *flight, struct stamp at)
{
	agent->evidence.crds.at = at;
	agent->evidence.crds.name = "";
	agent->evidence.crds.state =
		flight_result(flight) == RESULT_OK ? CRDS_SERVED : CRDS_UNANSWERED;
}

static enum log_says log_says(const struct flight *flight)
{
	if (flight_result(flight) != RESULT_OK)
		return LOG_UNREADABLE;
	switch (flight->answer.log) {
	case MODEL_LOG_502:
	case MODEL_LOG_404:
		return LOG_UNREADABLE;
	case MODEL_LOG_EMPTY:
		return LOG_NOTHING;
	case MODEL_LOG_OFF:
		return LOG_OFF;
	case MODEL_LOG_ON:
		return LOG_ON;
	}
	return LOG_UNREADABLE;
}

/* One place a container, the oldest read gives way. */
static void fill_log(struct agent *agent, const struct flight *flight, struct stamp at)
{
	struct evidence_log log = { .at = at,
		                    .container = flight->order.about,
		                    .says = log_says(flight) };
	size_t place = 0;

	for (size_t i = 0; i < agent->evidence.log_count; i++)
		if (agent->log[i].at.begun_usec < agent->log[place].at.begun_usec)
			place = i;
	if (agent->evidence.log_count < OPERATORS_MAX)
		place = agent->evidence.log_count++;
	for (size_t i = 0; i < agent->evidence.log_count; i++)
		if (agent->log[i].container == log.container)
			place = i;
	agent->log[place] = log;
}

static void fill(struct agent *agent, const struct flight *flight, struct stamp at)
{
	struct evidence *evidence = &agent->evidence;

	switch (flight->order.kind) {
	case ASK_DEPLOYMENTS:
		evidence->deployments.at = at;
		evidence->deployments.count = 1;
		evidence->deployments.first =
			(struct evidence_deployment){ .id = 1,
			                              .release = 118,
			                              .replicas = (int32_t)agent->model->replicas,
			                              .observed = true,
			                              .paused = flight->answer.paused };
		break;
	case ASK_REPLICASETS:
		evidence->replicasets.at = at;
		evidence->replicasets.count = 1;
		agent->replicaset.replicas = (int32_t)agent->model->replicas;
		break;
	case ASK_PODS:
		evidence->pods.at = at;
		agent->pods = flight->answer;
		agent->looked_usec = 0;
		break;
	case ASK_NODES:
		evidence->nodes.at = at;
		agent->nodes = flight->answer;
		break;
	case ASK_CONFIG:
		evidence->config.at = at;
		break;
	case ORDER_NONE:
	case ASK_PROBE:
	case ASK_CRDS:
	case ASK_LOG:
	case ASK_METRICS:
	case ASK_SOURCE: /* see certs */
	case ASK_PROOF:
	case ACT_CREATE_COPY:
	case ACT_DELETE_POD:
		break;
	}
}

static void count_act(struct agent *agent, enum result result)
{
	agent->counts.conflicts += result == RESULT_CONFLICT;
	agent->counts.lost += result == RESULT_LOST;
	agent->counts.refused += result == RESULT_REFUSED;
	say(agent, "delete ended with result", result, 0);
}

static void count_create(struct agent *agent, enum result result)
{
	agent->counts.created += result == RESULT_OK;
	agent->counts.exist += result == RESULT_CONFLICT;
	agent->counts.creates_refused += result == RESULT_REFUSED;
	agent->counts.creates_lost += result == RESULT_LOST;
	say(agent, "create ended with result", result, 0);
}

static bool is_about_secrets(enum order_kind kind)
{
	return kind == ASK_SOURCE || kind == ASK_PROOF || kind == ACT_CREATE_COPY;
}

/* An answer is written down before it is told: core_step sees both at once. */
static void end(struct agent *agent, struct flight *flight, uint64_t now_usec)
{
	uint64_t ended = now_usec - booted(agent);
	struct stamp at = stamp_of(flight, ended);
	struct outcome outcome = { flight->order.ticket, flight_result(flight), ended };

	if (flight->order.kind == ASK_PROBE)
		fill_probe(agent, flight, at);
	else if (flight->order.kind == ASK_CRDS)
		fill_crds(agent, flight, at);
	else if (flight->order.kind == ASK_LOG)
		fill_log(agent, flight, at);
	else if (is_about_secrets(flight->order.kind))
		certs_fill(agent, flight, at);
	else if (outcome.result == RESULT_OK)
		fill(agent, flight, at);
	if (flight->order.kind == ACT_DELETE_POD)
		count_act(agent, outcome.result);
	else if (flight->order.kind == ACT_CREATE_COPY)
		count_create(agent, outcome.result);
	core_note(&agent->core, &outcome);
	flight->used = false;
}

static enum place place_of(const struct agent *agent, int node)
{
	if (!agent->evidence.nodes.ours_known || node < 0)
		return PLACE_UNKNOWN;
	return node == (int)agent->node ? PLACE_HERE : PLACE_ELSEWHERE;
}

static enum obstacle obstacle_of(const struct agent *agent, int node)
{
	if (node < 0 || !stamp_known(agent->evidence.nodes.at))
		return OBSTACLE_UNKNOWN;
	if (agent->nodes.cordoned[node])
		return OBSTACLE_CORDON;
	return agent->nodes.pressure[node] ? OBSTACLE_PRESSURE : OBSTACLE_NONE;
}

static void look_at_cgroups(struct agent *agent, uint64_t now_usec)
{
	if (agent->looked_usec && now_usec - agent->looked_usec < LIFE_USEC)
		return;
	agent->looked_usec = now_usec;
	for (size_t i = 0; i < agent->pods.count; i++)
		agent->alive_here[i] =
			model_process(agent->model, agent->pods.pod[i].container) != NULL;
}

/* Joins the last pods with the last nodes and with this host's cgroups. */
static void join(struct agent *agent, uint64_t now_usec)
{
	struct evidence *evidence = &agent->evidence;

	look_at_cgroups(agent, now_usec);
	evidence->nodes.ours_known = agent->nodes.boot[agent->node] == evidence->boot;
	evidence->pods.count = agent->pods.count;
	for (size_t i = 0; i < agent->pods.count; i++) {
		const struct shown_pod *pod = &agent->pods.pod[i];

		agent->pod[i] = (struct evidence_pod){
			.id = pod->pod,
			.container = pod->container,
			.replicaset = MODEL_REPLICASET,
			.place = place_of(agent, pod->node),
			.obstacle = obstacle_of(agent, pod->node),
			.running = pod->running,
			.ready = pod->ready,
			.terminating = pod->terminating,
			.held_back = pod->held_back,
			.crash = pod->held_back ? CRASH_API_AWAY : CRASH_UNKNOWN,
			.life_usec = agent->looked_usec - booted(agent),
		};
		if (agent->pod[i].place != PLACE_HERE)
			continue;
		agent->pod[i].life = agent->alive_here[i] ? LIFE_ALIVE : LIFE_GONE;
		if (pod->ended_usec > booted(agent))
			agent->pod[i].ended_usec = pod->ended_usec - booted(agent);
		if (agent->pod[i].ended_usec && pod->due_usec)
			agent->pod[i].due_usec = pod->due_usec - booted(agent);
	}
}

/* The address is here while it answers; and now and then something stirs that was nothing: a link, a step of the clock. */
static void see_holder(struct agent *agent, uint64_t now_usec)
{
	struct evidence_holder *holder = &agent->evidence.holder;
	bool here = model_vip(agent->model, now_usec) == FAULT_NONE;

	if (!agent->habits.sees_address)
		return;
	holder->wanted = holder->known = true;
	if (here != holder->here)
		holder->here_usec = now_usec - booted(agent);
	if (here != holder->here || luck_percent(&agent->luck, 2))
		holder->stirs++;
	holder->here = here;
}

static void withdraw(struct agent *agent, uint32_t ticket)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (agent->flight[i].used && !agent->flight[i].orphan &&
		    agent->flight[i].order.ticket == ticket) {
			agent->flight[i].used = false;
			/* Of what was withdrawn no outcome is missed: the next one's is withheld instead. */
			if (agent->flight[i].withheld)
				agent->habits.withhold_usec = 1;
		}
}

static bool killed_here(struct agent *agent, bool acts, enum kill_point point)
{
	if (agent->kill_at_act != point || !acts)
		return false;
	agent->kill_at_act = KILL_NEVER;
	agent->died_at_act = true;
	agent_kill(agent);
	return true;
}

static void save(struct agent *agent)
{
	agent->counts.saves++;
	if (luck_percent(&agent->luck, agent->habits.save_fails_percent))
		agent->counts.failed_saves++;
	else
		agent->disk = agent->decision.ledger;
}

static void send(struct agent *agent, const struct order *order, uint64_t now_usec)
{
	if (order->kind == ACT_DELETE_POD)
		agent->counts.deletes++;
	else if (order->kind == ACT_CREATE_COPY)
		agent->counts.creates++;
	else
		agent->counts.asks++;
	agent->counts.proofs += order->kind == ASK_PROOF;
	if (agent->sink.ordered)
		agent->sink.ordered(agent->sink.context, agent->node, &agent->decision, order);
	flight_send(agent, order, now_usec);
}

static void carry_out(struct agent *agent, uint64_t now_usec)
{
	const struct decision *decision = &agent->decision;
	bool acts = false;

	for (size_t i = 0; i < decision->count; i++)
		acts |= decision->orders[i].kind == ACT_DELETE_POD;
	if (killed_here(agent, acts, KILL_BEFORE_SAVE))
		return;
	if (decision->save)
		save(agent);
	if (killed_here(agent, acts, KILL_BEFORE_ORDERS))
		return;
	for (size_t i = 0; i < decision->withdrawn_count; i++)
		withdraw(agent, decision->withdrawn[i]);
	for (size_t i = 0; i < decision->count; i++)
		send(agent, &decision->orders[i], now_usec);
	(void)killed_here(agent, acts, KILL_AFTER_ORDERS);
}

static void tell_step(struct agent *agent, enum verdict verdict, enum cause cause)
{
	if (agent->sink.stepped)
		agent->sink.stepped(agent->sink.context, agent->node,
		                    agent->decision.verdict != verdict ||
		                            agent->decision.cause != cause);
}

static void step(struct agent *agent, uint64_t now_usec)
{
	enum verdict verdict = agent->decision.verdict;
	enum cause cause = agent->decision.cause;
	uint64_t now = now_usec - booted(agent);

	join(agent, now_usec);
	see_holder(agent, now_usec);
	core_step(&agent->core, &agent->policy, &agent->evidence, now,
	          (uint32_t)luck_next(&agent->luck), &agent->decision);
	agent->counts.steps++;
	agent->spins = agent->decision.wake_usec > now ? 0 : agent->spins + 1;
	agent->wakes_usec = agent->decision.wake_usec + booted(agent);
	if (agent->decision.overdue == ORDER_NONE)
		agent->overdue_usec = now_usec;
	tell_step(agent, verdict, cause);
	carry_out(agent, now_usec);
}

static bool run_flights(struct agent *agent, uint64_t now_usec)
{
	bool ended = false;

	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		struct flight *flight = &agent->flight[i];

		if (flight->used && !flight->reached && flight->effect_usec <= now_usec)
			flight_reach(agent, flight, now_usec);
		if (!flight->used || flight->end_usec > now_usec)
			continue;
		if (flight->orphan) {
			flight->used = false;
			continue;
		}
		end(agent, flight, now_usec);
		ended = true;
	}
	return ended;
}

void agent_advance(struct agent *agent, uint64_t now_usec)
{
	bool ended = run_flights(agent, now_usec);

	if (agent->alive)
		ended |= certs_advance(agent, now_usec);

	while (agent->alive && (ended || agent->wakes_usec <= now_usec) && agent->spins < 20) {
		step(agent, now_usec);
		ended = false;
	}
}

uint64_t agent_next(const struct agent *agent)
{
	uint64_t next = agent->alive ? agent->wakes_usec : MODEL_NEVER;

	if (certs_next(agent) < next)
		next = certs_next(agent);
	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		const struct flight *flight = &agent->flight[i];

		if (flight->used && !flight->reached && flight->effect_usec < next)
			next = flight->effect_usec;
		if (flight->used && flight->end_usec < next)
			next = flight->end_usec;
	}
	return next;
}

size_t agent_under_way(const struct agent *agent, enum order_kind kind, uint32_t about)
{
	size_t count = 0;

	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		const struct flight *flight = &agent->flight[i];

		count += flight->used && !flight->orphan && flight->order.kind == kind &&
		         (!about || flight->order.about == about);
	}
	return count;
}
