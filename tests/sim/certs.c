/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/certs.h"
#include "tests/sim/agent.h"

#include <string.h>

#define AGAIN_USEC (250 * MSEC_USEC)

static uint64_t on_its_clock(const struct agent *agent, uint64_t usec)
{
	return usec - agent->model->node[agent->node].booted_usec;
}

void certs_start(struct agent *agent, uint64_t now_usec)
{
	struct certs *certs = &agent->certs;

	*certs = (struct certs){ .lists_usec = MODEL_NEVER,
		                 .shows_usec = MODEL_NEVER,
		                 .tells_usec = MODEL_NEVER,
		                 .watches_pods = luck_percent(&agent->luck, 75) };
	(void)now_usec;
	for (size_t i = 0; i < MODEL_COPIES; i++) {
		certs->copy[i] = (struct evidence_copy){ .source = CERTS_SOURCE + (uint32_t)i,
			                                 .granted = true, /* listed first */
			                                 .nameable = true };
		certs->listener[i] =
			(struct evidence_listener){ .id = CERTS_LISTENER + (uint32_t)i,
			                            .source = CERTS_SOURCE + (uint32_t)i,
			                            .provable = true };
	}
	agent->evidence.copies =
		(struct evidence_copies){ .count = MODEL_COPIES, .item = certs->copy };
	agent->evidence.listeners =
		(struct evidence_listeners){ .count = MODEL_COPIES, .item = certs->listener };
}

static void show_one(struct agent *agent, size_t i, uint64_t now)
{
	struct certs *certs = &agent->certs;
	struct evidence_copy *copy = &certs->copy[i];
	bool present = agent->model->copy[i] != 0;
	uint32_t holds = agent->model->copied[i].holds;

	if (copy->present && !present)
		copy->gone_usec = now;
	if (certs->seen[i].uid != agent->model->copy[i] || certs->seen[i].rotation != holds) {
		certs->seen[i].copy = 0;
		copy->stale = false;
		copy->changed_usec = certs->listener[i].changed_usec = now;
	}
	certs->seen[i].uid = agent->model->copy[i];
	certs->seen[i].rotation = holds;
	copy->present = present;
	copy->granted = !agent->model->source[i].ungranted;
	certs->listener[i].provable = copy->granted;
}

static void show(struct agent *agent, uint64_t now_usec)
{
	agent->certs.revision = agent->model->revision;
	agent->certs.shows_usec = MODEL_NEVER;
	agent->certs.shows++;
	for (size_t i = 0; i < MODEL_COPIES; i++)
		show_one(agent, i, on_its_clock(agent, now_usec));
}

static bool reaches(const struct agent *agent, uint64_t now_usec)
{
	return model_local(agent->model, agent->node, now_usec) == FAULT_NONE ||
	       model_vip(agent->model, now_usec) == FAULT_NONE;
}

static void list(struct agent *agent, uint64_t now_usec)
{
	struct certs *certs = &agent->certs;

	certs->synced = true;
	certs->lists_usec = MODEL_NEVER;
	certs->lists++;
	agent->evidence.copies.at =
		(struct stamp){ certs->begun_usec, on_its_clock(agent, now_usec), certs->epoch };
	show(agent, now_usec);
}

/* The engine begins its lists anew with each epoch, once it knows of a way. */
static void follow_epoch(struct agent *agent, uint64_t now_usec)
{
	struct certs *certs = &agent->certs;
	bool usable = agent->decision.endpoint[ENDPOINT_LOCAL].layer == LAYER_USABLE ||
	              agent->decision.endpoint[ENDPOINT_VIP].layer == LAYER_USABLE;

	if ((certs->begun && certs->epoch == agent->core.epoch) || !usable)
		return;
	certs->begun = true;
	certs->synced = false;
	certs->epoch = agent->core.epoch;
	certs->begun_usec = on_its_clock(agent, now_usec);
	certs->shows_usec = MODEL_NEVER;
	certs->lists_usec = now_usec + luck_between(&agent->luck, 20 * MSEC_USEC, 1500 * MSEC_USEC);
}

/* Of all pods together: each version is given once. */
static uint64_t pods_version(const struct model *model)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < MODEL_PODS; i++)
		sum += model->pod[i].id ? model->pod[i].version : 0;
	return sum;
}

/* That there was a change; what they are now is another question. */
static bool watch_pods(struct agent *agent, uint64_t now_usec)
{
	struct certs *certs = &agent->certs;
	uint64_t pods = pods_version(agent->model);

	agent->evidence.pods.watched = certs->synced && certs->watches_pods;
	if (agent->evidence.pods.watched && pods != certs->pods && certs->tells_usec == MODEL_NEVER)
		certs->tells_usec = now_usec + luck_between(&agent->luck, 0, 500 * MSEC_USEC);
	if (now_usec < certs->tells_usec)
		return false;
	if (!reaches(agent, now_usec)) {
		certs->tells_usec = now_usec + AGAIN_USEC;
		return false;
	}
	certs->tells_usec = MODEL_NEVER;
	certs->pods = pods;
	agent->evidence.pods.changed_usec = on_its_clock(agent, now_usec);
	return true;
}

bool certs_advance(struct agent *agent, uint64_t now_usec)
{
	struct certs *certs = &agent->certs;
	bool new = watch_pods(agent, now_usec);

	follow_epoch(agent, now_usec);
	if (certs->synced && certs->revision != agent->model->revision &&
	    certs->shows_usec == MODEL_NEVER)
		certs->shows_usec = now_usec + luck_between(&agent->luck, 0, 500 * MSEC_USEC);
	if (certs->lists_usec <= now_usec && !reaches(agent, now_usec)) {
		certs->lists_usec = now_usec + AGAIN_USEC;
	} else if (certs->lists_usec <= now_usec) {
		list(agent, now_usec);
		new = true;
	}
	if (certs->shows_usec <= now_usec && !reaches(agent, now_usec)) {
		certs->shows_usec = now_usec + AGAIN_USEC;
	} else if (certs->shows_usec <= now_usec) {
		show(agent, now_usec);
		new = true;
	}
	agent->evidence.copies.synced = agent->evidence.listeners.synced = certs->synced;
	return new;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t certs_next(const struct agent *agent)
{
	const struct certs *certs = &agent->certs;

	if (!agent->alive)
		return MODEL_NEVER;
	return sooner(certs->tells_usec, sooner(certs->lists_usec, certs->shows_usec));
}

static void fill_source(struct agent *agent, const struct flight *flight, size_t i, struct stamp at)
{
	struct certs *certs = &agent->certs;
	struct evidence_copy *copy = &certs->copy[i];

	copy->source_at = at;
	copy->state = flight_source(flight);
	if (copy->state != SOURCE_VALID)
		return;
	certs->seen[i].source = flight->answer.source.version;
	/* The copy is read as well, and counts if it is still the one that is shown. */
	if (flight->order.kind == ASK_SOURCE && flight->answer.uid == certs->seen[i].uid)
		certs->seen[i].copy = flight->answer.uid ? flight->answer.holds : 0;
}

static enum proof judge(const struct certs *certs, const struct flight *flight, size_t i)
{
	if (!flight->answer.serves)
		return PROOF_NO_CERT;
	if (flight->answer.serves == certs->seen[i].source)
		return PROOF_SERVED;
	return flight->answer.serves < certs->seen[i].source ? PROOF_STALE : PROOF_WRONG_CERT;
}

void certs_fill(struct agent *agent, const struct flight *flight, struct stamp at)
{
	struct certs *certs = &agent->certs;

	if (flight->order.kind == ASK_PROOF) {
		size_t i = flight->order.about - CERTS_LISTENER;

		certs->listener[i].proof = judge(certs, flight, i);
		certs->listener[i].at = at;
		return;
	}
	fill_source(agent, flight, flight->order.about - CERTS_SOURCE, at);
	for (size_t i = 0; i < MODEL_COPIES; i++) {
		bool stale = certs->copy[i].present && certs->seen[i].copy &&
		             certs->copy[i].state == SOURCE_VALID &&
		             certs->seen[i].copy != certs->seen[i].source;

		certs->stale += stale && !certs->copy[i].stale;
		certs->copy[i].stale = stale;
	}
}
