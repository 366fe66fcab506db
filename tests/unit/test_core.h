/* SPDX-License-Identifier: Apache-2.0 */
/* test_core - a bench for the core: a cluster as plain facts, each order answered 10 ms later
 * unless it is muted. Zeroed by bench_new(): all is well but for the operator's log, which says
 * off. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/core.h"

#define TRAVEL_USEC (10 * MSEC_USEC)
#define BOOT        77u
#define CONTAINER   11u

struct bench {
	struct core core;
	struct policy policy;
	struct evidence evidence;
	struct evidence_pod pod[3];
	struct evidence_replicaset replicaset[2];
	struct evidence_log log[OPERATORS_MAX];
	struct decision decision;
	uint64_t now;
	struct order out[ORDERS_MAX]; /* orders without an outcome yet */
	size_t out_count;
	/* the world */
	bool mute[ORDER_KIND_COUNT];
	enum result result[ORDER_KIND_COUNT];
	enum layer layer[ENDPOINT_COUNT];
	bool reconnects;
	enum crds_state crds;
	enum log_says says[3]; /* of the pod in that place */
	uint32_t dice;
	bool life_frozen; /* the cgroups are not looked at any more */
	struct evidence_copy copy[SOURCES_MAX];
	enum source_state source[SOURCES_MAX]; /* what a look at it would say */
	struct evidence_listener listener[LISTENERS_MAX];
	enum proof serves[LISTENERS_MAX];
	struct evidence_metrics metrics;
	enum metrics_say metrics_say;
	bool unsynced;   /* the watches are not complete */
	bool old_epoch;  /* they are, and are those of before the loss */
	bool shows_late; /* what was created is not shown yet */
	/* what came of it */
	unsigned acts, asks[ORDER_KIND_COUNT], saves, withdrawn;
	struct order act, created; /* the last of each */
	struct ledger saved;
};

static inline void bench_new(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->now = 20 * SECONDS_USEC;
	bench->policy.may = POLICY_RESTART;
	bench->layer[ENDPOINT_LOCAL] = bench->layer[ENDPOINT_VIP] = LAYER_USABLE;
	bench->crds = CRDS_SERVED;
	bench->says[0] = bench->says[1] = bench->says[2] = LOG_OFF;
	bench->evidence.boot = BOOT;
	for (size_t i = 0; i < ENDPOINT_COUNT; i++)
		bench->evidence.endpoint[i] =
			(struct evidence_endpoint){ .configured = true, .detail = "" };
	bench->evidence.deployments.count = 1;
	bench->evidence.deployments.first = (struct evidence_deployment){
		.id = 5, .release = 118, .replicas = 1, .observed = true
	};
	bench->replicaset[0] =
		(struct evidence_replicaset){ .id = 6, .deployment = 5, .replicas = 1 };
	bench->replicaset[1] =
		(struct evidence_replicaset){ .id = 7, .deployment = 5, .replicas = 1 };
	bench->evidence.replicasets.item = bench->replicaset;
	bench->evidence.replicasets.count = 1;
	for (size_t i = 0; i < 3; i++)
		bench->pod[i] = (struct evidence_pod){ .id = 100 + (uint32_t)i,
			                               .container = CONTAINER + (uint32_t)i,
			                               .replicaset = 6,
			                               .place = PLACE_HERE,
			                               .life = LIFE_ALIVE,
			                               .running = true,
			                               .ready = true };
	bench->evidence.pods.item = bench->pod;
	bench->evidence.pods.count = 1;
	bench->evidence.nodes.ours_known = true;
	bench->evidence.log = bench->log;
	bench->evidence.metrics = &bench->metrics;
	bench->evidence.copies.item = bench->copy;
	bench->evidence.listeners.item = bench->listener;
	bench->evidence.listeners.synced = true;
}

/* Sources that are valid, whose copies are there, each with a listener that serves it. */
static inline void bench_sources(struct bench *bench, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bench->copy[i] = (struct evidence_copy){ .source = 1000 + (uint32_t)i,
			                                 .granted = true,
			                                 .nameable = true,
			                                 .present = true };
		bench->source[i] = SOURCE_VALID;
		bench->listener[i] = (struct evidence_listener){ .id = 5000 + (uint32_t)i,
			                                         .source = 1000 + (uint32_t)i,
			                                         .provable = true };
		bench->serves[i] = PROOF_SERVED;
	}
	bench->evidence.copies.count = bench->evidence.listeners.count = count;
}

static inline struct evidence_copy *bench_copy(struct bench *bench, uint32_t source)
{
	for (size_t i = 0; i < bench->evidence.copies.count; i++)
		if (bench->copy[i].source == source)
			return &bench->copy[i];
	return NULL;
}

static inline struct stamp bench_stamp(const struct bench *bench, const struct order *order)
{
	return (struct stamp){ order->begun_usec, bench->now, order->epoch };
}

static inline void bench_fill_log(struct bench *bench, const struct order *order)
{
	size_t place = 0;

	while (place < bench->evidence.log_count && bench->log[place].container != order->about)
		place++;
	if (place == OPERATORS_MAX)
		place = order->ticket % OPERATORS_MAX;
	else if (place == bench->evidence.log_count)
		bench->evidence.log_count++;
	bench->log[place] = (struct evidence_log){ .at = bench_stamp(bench, order),
		                                   .container = order->about,
		                                   .says = LOG_NOTHING };
	for (size_t i = 0; i < 3; i++)
		if (bench->pod[i].container == order->about)
			bench->log[place].says = bench->says[i];
}

/* A look at a source, or the create of its copy. */
static inline void bench_fill_source(struct bench *bench, const struct order *order,
                                     struct stamp at)
{
	struct evidence_copy *copy = bench_copy(bench, order->about);

	if (!copy)
		return;
	copy->state = bench->source[copy - bench->copy];
	copy->source_at = at;
	if (order->kind == ACT_CREATE_COPY && copy->state == SOURCE_VALID && !bench->shows_late)
		copy->present = true;
}

static inline void bench_fill_proof(struct bench *bench, const struct order *order, struct stamp at)
{
	for (size_t i = 0; i < bench->evidence.listeners.count; i++) {
		if (bench->listener[i].id != order->about)
			continue;
		bench->listener[i].proof = bench->serves[i];
		bench->listener[i].at = at;
	}
}

static inline void bench_fill(struct bench *bench, const struct order *order)
{
	struct evidence *evidence = &bench->evidence;
	struct stamp at = bench_stamp(bench, order);
	struct evidence_endpoint *endpoint;

	switch (order->kind) {
	case ASK_PROBE:
		endpoint = &evidence->endpoint[order->subject];
		endpoint->reused = endpoint->layer == LAYER_USABLE && !bench->reconnects;
		endpoint->layer = bench->layer[order->subject];
		endpoint->at = at;
		break;
	case ASK_CRDS:
		evidence->crds =
			(struct evidence_crds){ .at = at, .state = bench->crds, .name = "" };
		break;
	case ASK_DEPLOYMENTS:
		evidence->deployments.at = at;
		break;
	case ASK_REPLICASETS:
		evidence->replicasets.at = at;
		break;
	case ASK_PODS:
		evidence->pods.at = at;
		break;
	case ASK_NODES:
		evidence->nodes.at = at;
		break;
	case ASK_LOG:
		bench_fill_log(bench, order);
		break;
	case ASK_CONFIG:
		evidence->config.at = at;
		break;
	case ASK_METRICS:
		bench->metrics = (struct evidence_metrics){ at, order->about, bench->metrics_say };
		evidence->metrics_count = 1;
		break;
	case ASK_SOURCE:
	case ACT_CREATE_COPY:
		bench_fill_source(bench, order, at);
		break;
	case ASK_PROOF:
		bench_fill_proof(bench, order, at);
		break;
	case ORDER_NONE:
	case ACT_DELETE_POD:
		break;
	}
}

static inline void bench_take(struct bench *bench)
{
	const struct decision *decision = &bench->decision;

	for (size_t i = 0; i < decision->withdrawn_count; i++)
		for (size_t j = 0; j < bench->out_count; j++)
			if (bench->out[j].ticket == decision->withdrawn[i])
				bench->out[j] = bench->out[--bench->out_count];
	bench->withdrawn += (unsigned)decision->withdrawn_count;
	if (decision->save) {
		bench->saves++;
		bench->saved = decision->ledger;
	}
	for (size_t i = 0; i < decision->count; i++) {
		const struct order *order = &decision->orders[i];

		assert_true(bench->out_count < ORDERS_MAX);
		assert_int_not_equal(order->ticket, 0);
		for (size_t j = 0; j < bench->out_count;
		     j++) /* never two about one thing at once */
			assert_false(order->about && bench->out[j].kind == order->kind &&
			             bench->out[j].about == order->about);
		if (order->kind == ACT_CREATE_COPY)
			bench->created = *order;
		bench->out[bench->out_count++] = *order;
		bench->asks[order->kind]++;
		if (order->kind == ACT_DELETE_POD) {
			bench->acts++;
			bench->act = *order;
		}
	}
}

static inline void bench_step(struct bench *bench)
{
	for (size_t i = 0; i < 3 && !bench->life_frozen; i++)
		bench->pod[i].life_usec = bench->now;
	bench->evidence.copies.synced = !bench->unsynced;
	if (!bench->old_epoch)
		bench->evidence.copies.at =
			(struct stamp){ bench->now, bench->now, bench->core.epoch };
	core_step(&bench->core, &bench->policy, &bench->evidence, bench->now, bench->dice,
	          &bench->decision);
	bench_take(bench);
}

static inline void bench_end(struct bench *bench, const struct order *order, enum result result)
{
	struct outcome outcome = { order->ticket, result, bench->now };

	core_note(&bench->core, &outcome);
}

/* Answers what is not muted; true if that was anything. */
static inline bool bench_answer(struct bench *bench)
{
	bool any = false;

	for (size_t i = 0; i < bench->out_count;) {
		struct order order = bench->out[i];

		if (bench->mute[order.kind]) {
			i++;
			continue;
		}
		bench->out[i] = bench->out[--bench->out_count];
		if (bench->result[order.kind] == RESULT_OK)
			bench_fill(bench, &order);
		bench_end(bench, &order, bench->result[order.kind]);
		any = true;
	}
	return any;
}

/* One round: step, travel, answer, or sleep until the core wants to wake, or until then. */
static inline void bench_round(struct bench *bench, uint64_t until)
{
	bench_step(bench);
	bench->now += TRAVEL_USEC;
	if (!bench_answer(bench) && bench->decision.wake_usec > bench->now)
		bench->now = bench->decision.wake_usec < until ? bench->decision.wake_usec : until;
}

static inline void bench_run(struct bench *bench, uint64_t usec)
{
	uint64_t until = bench->now + usec;

	while (bench->now + TRAVEL_USEC <= until)
		bench_round(bench, until);
	bench->now = until;
	bench_step(bench);
}

/* How often that is asked for in so much time. */
static inline unsigned bench_asks(struct bench *bench, enum order_kind kind, uint64_t usec)
{
	unsigned before = bench->asks[kind];

	bench_run(bench, usec);
	return bench->asks[kind] - before;
}

/* Runs until the core orders a delete; its outcome is the test's to tell. */
static inline void bench_run_to_act(struct bench *bench)
{
	unsigned before = bench->acts;

	bench->mute[ACT_DELETE_POD] = true;
	for (unsigned i = 0; i < 20000 && bench->acts == before; i++)
		bench_round(bench, UINT64_MAX);
	assert_int_equal(bench->acts, before + 1);
	bench->now = bench->act.begun_usec;
}

static inline void bench_end_act(struct bench *bench, enum result result)
{
	bench->now += TRAVEL_USEC;
	for (size_t i = 0; i < bench->out_count; i++)
		if (bench->out[i].ticket == bench->act.ticket)
			bench->out[i--] = bench->out[--bench->out_count];
	bench_end(bench, &bench->act, result);
}

/* The pod in that place is a new one, with a new container. */
static inline void bench_replace(struct bench *bench, size_t place)
{
	bench->pod[place].id += 100;
	bench->pod[place].container += 100;
}
