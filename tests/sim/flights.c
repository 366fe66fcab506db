/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/flights.h"

static uint64_t absolute(const struct agent *agent, uint64_t usec)
{
	return usec + agent->model->node[agent->node].booted_usec;
}

static struct flight *free_flight(struct agent *agent)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (!agent->flight[i].used)
			return &agent->flight[i];
	return &agent->flight[0]; /* cannot be: the core has at most ORDERS_MAX under way */
}

static void aim(const struct agent *agent, struct flight *flight)
{
	for (size_t i = 0; i < agent->pods.count; i++) {
		const struct shown_pod *pod = &agent->pods.pod[i];

		if (!flight->order.about || pod->container != flight->order.about)
			continue;
		flight->pod = pod->pod;
		flight->version = pod->version;
	}
}

static void withhold(struct agent *agent, struct flight *flight, uint64_t now_usec)
{
	if (!agent->habits.withhold_usec || now_usec < agent->habits.withhold_usec ||
	    flight->order.kind == ACT_DELETE_POD || flight->order.kind == ACT_CREATE_COPY)
		return;
	flight->withheld = flight->reached = true;
	flight->effect_usec = flight->end_usec = MODEL_NEVER;
	agent->habits.withhold_usec = 0;
}

void flight_send(struct agent *agent, const struct order *order, uint64_t now_usec)
{
	struct flight *flight = free_flight(agent);
	struct luck *luck = &agent->luck;
	uint64_t travel = luck_between(luck, agent->habits.least_usec, agent->habits.most_usec);

	*flight = (struct flight){ .used = true, .order = *order };
	aim(agent, flight);
	flight->effect_usec = now_usec + travel / 2;
	flight->end_usec = now_usec + travel;
	if (luck_percent(luck, agent->habits.lost_percent) && order->kind != ASK_PROOF) {
		flight->lost = true;
		flight->reached = luck_percent(luck, 50);
		/* The connection breaks, or nothing is heard until the bound. */
		if (luck_percent(luck, 50))
			flight->end_usec = absolute(agent, order->deadline_usec);
	}
	withhold(agent, flight, now_usec);
}

static enum fault fault_of(const struct agent *agent, const struct flight *flight,
                           uint64_t now_usec)
{
	const struct habits *habits = &agent->habits;
	enum fault fault = flight->order.via == ENDPOINT_VIP
	                           ? model_vip(agent->model, now_usec)
	                           : model_local(agent->model, agent->node, now_usec);

	if (flight->order.kind == ASK_PROOF) /* no way of the API's */
		return FAULT_NONE;
	if (fault != FAULT_NONE)
		return fault;
	if (flight->order.kind == ACT_DELETE_POD && now_usec < habits->deletes_until_usec)
		return habits->deletes;
	if (flight->order.kind == habits->forbids && now_usec < habits->forbids_until_usec)
		return FAULT_403;
	return FAULT_NONE;
}

static void show_pods(const struct model *model, struct answer *answer)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		const struct pod *pod = &model->pod[i];

		if (!pod->id)
			continue;
		answer->pod[answer->count++] = (struct shown_pod){
			.pod = pod->id,
			.version = pod->version,
			.container = pod->shown.container,
			.node = pod->node,
			.running = pod->shown.running,
			.ready = pod->shown.ready,
			.terminating = pod->terminating,
			.held_back = pod->shown.held_back,
			.ended_usec = pod->shown.ended_usec,
			.due_usec = pod->shown.due_usec,
		};
	}
}

static void show_nodes(const struct model *model, struct answer *answer, uint64_t now_usec)
{
	for (size_t i = 0; i < MODEL_NODES; i++) {
		if (!model->node[i].exists)
			continue;
		answer->boot[i] = model->node[i].shown_boot;
		answer->cordoned[i] =
			model_cordoned(model, i, now_usec) && !model->node[i].pressure;
		answer->pressure[i] = model_cordoned(model, i, now_usec) && model->node[i].pressure;
	}
}

static void delete_pod(struct agent *agent, struct flight *flight, uint64_t now_usec)
{
	if (agent->sink.deleting)
		agent->sink.deleting(agent->sink.context, agent->node, flight->pod,
		                     flight->version);
	flight->answer.conflict = model_delete_pod(agent->model, flight->pod, flight->version,
	                                           now_usec) != DELETE_DONE;
}

static void look_at_source(const struct agent *agent, struct flight *flight)
{
	size_t i = flight->order.about - CERTS_SOURCE;

	flight->answer.source = agent->model->source[i];
	flight->answer.uid = agent->model->copy[i];
	flight->answer.holds = agent->model->copied[i].holds;
}

static void create_copy(struct agent *agent, struct flight *flight, uint64_t now_usec)
{
	size_t i = flight->order.about - CERTS_SOURCE;

	look_at_source(agent, flight);
	if (agent->sink.creating)
		agent->sink.creating(agent->sink.context, agent->node, i);
	if (now_usec < agent->habits.creates_until_usec) {
		flight->answer.refused = true;
		return;
	}
	switch (model_create_copy(agent->model, i, now_usec)) {
	case CREATE_DONE:
		break;
	case CREATE_EXISTS:
	case CREATE_NO_SOURCE:
		flight->answer.conflict = true;
		break;
	case CREATE_BAD_SOURCE:
		flight->answer.refused = true;
		break;
	}
}

enum source_state flight_source(const struct flight *flight)
{
	enum result result = flight_result(flight);

	if (flight->answer.fault == FAULT_401 || flight->answer.fault == FAULT_403)
		return SOURCE_UNREADABLE;
	if (result == RESULT_UNREACHABLE || result == RESULT_LOST ||
	    flight->answer.fault != FAULT_NONE)
		return SOURCE_UNKNOWN;
	if (flight->answer.source.missing)
		return SOURCE_MISSING;
	return flight->answer.source.invalid ? SOURCE_INVALID : SOURCE_VALID;
}

void flight_reach(struct agent *agent, struct flight *flight, uint64_t now_usec)
{
	struct answer *answer = &flight->answer;

	flight->reached = true;
	answer->fault = fault_of(agent, flight, now_usec);
	if (answer->fault == FAULT_STALL && !flight->lost)
		flight->end_usec = absolute(agent, flight->order.deadline_usec);
	if (answer->fault != FAULT_NONE)
		return;
	switch (flight->order.kind) {
	case ASK_PODS:
		show_pods(agent->model, answer);
		break;
	case ASK_NODES:
		show_nodes(agent->model, answer, now_usec);
		break;
	case ASK_DEPLOYMENTS:
		answer->paused = agent->model->paused;
		break;
	case ASK_LOG:
		answer->log = model_log(agent->model, flight->pod, now_usec);
		break;
	case ACT_DELETE_POD:
		delete_pod(agent, flight, now_usec);
		break;
	case ASK_SOURCE:
		look_at_source(agent, flight);
		break;
	case ASK_PROOF:
		answer->serves =
			model_serves(agent->model, flight->order.about - CERTS_LISTENER, now_usec);
		break;
	case ACT_CREATE_COPY:
		create_copy(agent, flight, now_usec);
		break;
	case ORDER_NONE:
	case ASK_PROBE:
	case ASK_CRDS:
	case ASK_REPLICASETS:
	case ASK_CONFIG:
	case ASK_METRICS:
		break;
	}
}

/* A log that cannot be read and CRDs that give no answer are facts: they stand in the evidence. */
enum result flight_result(const struct flight *flight)
{
	bool act = flight->order.kind == ACT_DELETE_POD || flight->order.kind == ACT_CREATE_COPY;

	if (flight->lost)
		return act ? RESULT_LOST : RESULT_UNREACHABLE;
	switch (flight->answer.fault) {
	case FAULT_NONE:
		if (flight->answer.refused)
			return RESULT_REFUSED;
		return flight->answer.conflict ? RESULT_CONFLICT : RESULT_OK;
	case FAULT_REFUSED:
		return RESULT_UNREACHABLE;
	case FAULT_STALL: /* no handshake: the request was never sent */
		return RESULT_UNREACHABLE;
	case FAULT_EOF:
		return act ? RESULT_LOST : RESULT_UNREACHABLE;
	case FAULT_500:
		return act ? RESULT_LOST : RESULT_REFUSED;
	case FAULT_401:
	case FAULT_403:
		return RESULT_REFUSED;
	}
	return RESULT_LOST;
}
