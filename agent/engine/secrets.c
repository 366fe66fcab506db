/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/secrets.h"

#include <string.h>

#include "engine/certs.h"
#include "host/clock.h"
#include "report/words.h"

static const char *copy_name_of(const struct cert_source *source)
{
	const char *name = copy_name(&source->names, source->rule);

	return name ? name : "";
}

static struct sync_task task_of(const struct engine *engine, const struct cert_source *source,
                                enum sync_errand errand)
{
	return (struct sync_task){
		.errand = errand,
		.source = { source->namespace, source->name },
		.secrets_namespace = engine->cilium.secrets_namespace,
		.copy = copy_name_of(source),
		.shape = copy_shape_of(engine->evidence.deployments.first.release, source->rule),
		.now_sec = clock_wall_sec(),
	};
}

static void tell(const struct engine *engine, const struct cert_source *source,
                 const struct sync_end *end)
{
	const struct journal_field fields[] = { { "SECRET_NAMESPACE", source->namespace },
		                                { "SECRET_NAME", source->name },
		                                { "COPY_NAMESPACE",
		                                  engine->cilium.secrets_namespace },
		                                { "COPY_NAME", copy_name_of(source) },
		                                { NULL, NULL } };
	int level = end->result == RESULT_OK ? LOG_INFO : LOG_WARNING;

	journal_write(&engine->journal, level, words_of_cause(CAUSE_COPIES_COMING)->message_id,
	              fields, "%s", end->text);
}

/* What the sync machine was about until its end. */
static enum sync_errand errand_now(const struct errand *errand)
{
	if (errand->order.kind == ACT_CREATE_COPY)
		return SYNC_CREATE_COPY;
	return errand->step == 0 ? SYNC_LOOK_AT_SOURCE : SYNC_LOOK_AT_COPY;
}

/* A look that finds what the last one found is nothing to tell. */
static void take(struct engine *engine, const struct errand *errand, const struct sync_end *end,
                 uint64_t now_usec)
{
	bool create = errand->order.kind == ACT_CREATE_COPY;
	struct cert_source *source = certs_source(engine, errand->order.about);

	if (!source)
		return;
	if (create ||
	    (errand->step == 0 && end->state != source->state && end->state != SOURCE_VALID))
		tell(engine, source, end);
	certs_take_sync(source, errand_now(errand), end, engine_stamp(errand, now_usec));
}

/* After its source the copy is looked at, where there is one: so a stale one is known. */
static bool begin_copy(struct engine *engine, struct errand *errand, const struct sync_end *end,
                       struct sync_next *next)
{
	const struct cert_source *source = certs_source(engine, errand->order.about);
	struct sync_task task;

	if (errand->order.kind != ASK_SOURCE || errand->step++ > 0 || end->state != SOURCE_VALID ||
	    !source || !source->present)
		return false;
	task = task_of(engine, source, SYNC_LOOK_AT_COPY);
	sync_start(errand->sync, &task, next);
	return true;
}

static void go_on(struct engine *engine, struct errand *errand, struct sync_next *next,
                  uint64_t now_usec)
{
	enum result result;

	while (next->ended) {
		take(engine, errand, &next->end, now_usec);
		result = next->end.result;
		if (!begin_copy(engine, errand, &next->end, next)) {
			engine_finish(engine, errand, result, now_usec);
			return;
		}
	}
	if (engine_send(engine, errand, next->request.method, next->request.path,
	                next->request.body, next->request.limit, now_usec) < 0)
		engine_finish(engine, errand, RESULT_UNREACHABLE, now_usec);
}

static void start_sync(struct engine *engine, struct errand *errand, uint64_t now_usec)
{
	const struct cert_source *source = certs_source(engine, errand->order.about);
	bool create = errand->order.kind == ACT_CREATE_COPY;
	struct sync_next next = { 0 };
	struct sync_task task;

	errand->sync = calloc(1, sizeof(*errand->sync));
	if (!source || !errand->sync || (create && !copy_name_of(source)[0])) {
		engine_finish(engine, errand, RESULT_CONFLICT, now_usec);
		return;
	}
	task = task_of(engine, source, create ? SYNC_CREATE_COPY : SYNC_LOOK_AT_SOURCE);
	sync_start(errand->sync, &task, &next);
	go_on(engine, errand, &next, now_usec);
}

static void start_proof(struct engine *engine, struct errand *errand, uint64_t now_usec)
{
	const struct cert_listener *listener = certs_listener(engine, errand->order.about);
	struct http_handshake handshake;

	if (!listener) {
		engine_finish(engine, errand, RESULT_CONFLICT, now_usec);
		return;
	}
	handshake = (struct http_handshake){
		.address = listener->address,
		.port = listener->port,
		.server_name = listener->hostname,
		.proxy_header = engine->cilium.proxy_protocol,
		.bound_usec = errand->order.deadline_usec - now_usec,
	};
	errand->sent_usec = now_usec;
	if (http_start_handshake(engine->http, &handshake, &errand->request) < 0)
		engine_finish(engine, errand, RESULT_UNREACHABLE, now_usec);
}

static void tell_proof(const struct engine *engine, const struct cert_listener *listener,
                       const struct proof_seen *seen)
{
	const struct journal_field fields[] = { { "GATEWAY", listener->gateway },
		                                { "LISTENER", listener->listener },
		                                { "HOSTNAME", listener->hostname },
		                                { "ADDRESS", listener->address },
		                                { NULL, NULL } };
	int level = seen->verdict == PROOF_SERVED ? LOG_NOTICE : LOG_WARNING;

	if (seen->verdict != listener->seen.verdict)
		journal_write(&engine->journal, level, words_of_cause(CAUSE_PROVEN)->message_id,
		              fields, "%s/%s (%s at %s:%u): %s", listener->gateway,
		              listener->listener, listener->hostname, listener->address,
		              listener->port, seen->text);
}

/* What the listener's sources hold: with several certificates, any of them may be served. */
static void expect(const struct engine *engine, const struct cert_listener *listener,
                   struct digest *now, struct proof_expected *ret)
{
	*ret = (struct proof_expected){ .now = now, .wants_client = listener->wants_client };
	for (size_t i = 0; i < listener->source_count; i++) {
		const struct cert_source *source = &engine->certs->source[listener->source[i]];

		if (source->state == SOURCE_VALID)
			now[ret->now_count++] = source->facts.leaf.digest;
		if (source->before_count) {
			ret->before = source->before;
			ret->before_count = source->before_count;
		}
	}
}

static void end_proof(struct engine *engine, struct errand *errand, const struct http_end *end,
                      uint64_t now_usec)
{
	struct cert_listener *listener = certs_listener(engine, errand->order.about);
	struct digest now[CERTS_REFS_MAX];
	struct proof_expected expected;
	struct proof_seen seen;

	if (listener) {
		expect(engine, listener, now, &expected);
		proof_judge(&expected, end, &seen);
		tell_proof(engine, listener, &seen);
		listener->seen = seen;
		listener->at = engine_stamp(errand, now_usec);
	}
	engine_finish(engine, errand, RESULT_OK, now_usec);
}

void secrets_start(struct engine *engine, struct errand *errand, uint64_t now_usec)
{
	if (errand->order.kind == ASK_PROOF)
		start_proof(engine, errand, now_usec);
	else
		start_sync(engine, errand, now_usec);
}

void secrets_end(struct engine *engine, struct errand *errand, const struct http_end *end,
                 uint64_t now_usec)
{
	struct sync_next next = { 0 };

	if (errand->order.kind == ASK_PROOF) {
		end_proof(engine, errand, end, now_usec);
		return;
	}
	sync_step(errand->sync, end, &next);
	go_on(engine, errand, &next, now_usec);
}
