/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/certs.h"
#include "engine/expose.h"
#include "engine/hardware.h"
#include "engine/vip.h"
#include "host/clock.h"
#include "report/holder.h"
#include "report/status.h"

/* What a line may speak of beyond the table, with the memory it stands in. */
struct facts {
	struct words_facts words;
	char pod[512], object[384], cilium[16], peer[ADDRESS_TEXT_MAX];
};

static const char *refused_text(const struct engine *engine)
{
	for (enum order_kind kind = ASK_DEPLOYMENTS; kind <= ASK_NODES; kind++)
		if (engine->trouble[kind].count)
			return engine->trouble[kind].text;
	return "";
}

/* The first one that is in the way of its copy. */
static const char *blocked_text(const struct engine *engine)
{
	const struct certs *certs = engine->certs;

	for (size_t i = 0; i < certs->source_count; i++)
		if (certs->source[i].referred &&
		    (!certs->source[i].present || !certs->source[i].owned) &&
		    certs->source[i].text[0])
			return certs->source[i].text;
	return "";
}

/* The first copy that is missing or stale, and how many more there are. */
static void neglected_text(const struct engine *engine, char *text, size_t size)
{
	const struct evidence_copies *copies = &engine->evidence.copies;
	const struct evidence_copy *first = NULL;
	const struct cert_source *source;
	char more[32] = "";
	unsigned count = 0;

	for (size_t i = 0; i < copies->count; i++) {
		if (!copies->item[i].granted || (copies->item[i].present && !copies->item[i].stale))
			continue;
		if (count++ == 0)
			first = &copies->item[i];
	}
	source = first ? certs_source(engine, first->source) : NULL;
	if (!source)
		return;
	if (count > 1)
		(void)snprintf(more, sizeof(more), ", and %u more", count - 1);
	/* A namespace is a DNS label: so the longest names fit, and a compiler sees that they do. */
	(void)snprintf(text, size, "that of %.63s/%s is %s%s", source->namespace, source->name,
	               first->present ? "stale" : "missing", more);
}

static void fill_object(const struct engine *engine, const struct object_pod *pod,
                        struct facts *ret)
{
	const char *object = "";

	if (engine->decision.cause == CAUSE_CRD_MISSING)
		object = engine->crd;
	else if (engine->decision.cause == CAUSE_NOT_DELETED)
		object = engine->refusal;
	else if (engine->decision.cause == CAUSE_READ_REFUSED)
		object = refused_text(engine);
	else if (engine->decision.cause == CAUSE_COPY_REFUSED)
		object = blocked_text(engine);
	else if (pod && (engine->decision.cause == CAUSE_CRASH ||
	                 engine->decision.cause == CAUSE_CRASH_CRD))
		object = pod->last_words;
	else if (pod && (engine->decision.cause == CAUSE_CORDONED ||
	                 engine->decision.cause == CAUSE_PRESSURE ||
	                 engine->decision.cause == CAUSE_TAINTED ||
	                 engine->decision.cause == CAUSE_OTHER_NODE))
		object = pod->node;
	(void)snprintf(ret->object, sizeof(ret->object), "%s", object);
	if (engine->decision.verdict == VERDICT_COPIES_NEGLECTED && !object[0])
		neglected_text(engine, ret->object, sizeof(ret->object));
}

static void fill_holder(const struct engine *engine, const struct holder_finding *finding,
                        char peer[ADDRESS_TEXT_MAX], struct words_holder *ret)
{
	*ret = (struct words_holder){ .state = finding->state,
		                      .source = finding->source,
		                      .link = vip_link(engine->vip) };
	ret->peer = vip_peer(engine->vip, finding->peer, peer, &ret->priority);
}

static void fill(const struct engine *engine, struct facts *ret)
{
	const struct decision *decision = &engine->decision;
	const struct object_pod *pod = engine_pod_of(engine, engine->decision.about);
	uint32_t release = engine->evidence.deployments.first.release;

	*ret = (struct facts){ 0 };
	if (pod)
		(void)snprintf(ret->pod, sizeof(ret->pod), "%s/%s",
		               engine->deployments.first.namespace, pod->name);
	if (release)
		(void)snprintf(ret->cilium, sizeof(ret->cilium), "%u.%u", release / 100,
		               release % 100);
	fill_object(engine, pod, ret);
	ret->words = (struct words_facts){
		.verdict = decision->verdict,
		.cause = decision->cause,
		.since_usec = decision->since_usec,
		.until_usec = decision->until_usec,
		.pod = ret->pod,
		.object = ret->object,
		.cilium = ret->cilium,
		.needed = decision->copies.needed,
		.present = decision->copies.present,
		.provable = decision->listeners.provable,
		.served = decision->listeners.served,
		.tls_proven_s = engine->tls_proven_s,
		.under_voltage = engine->board.under_voltage_seen,
	};
	fill_holder(engine, &decision->holder, ret->peer, &ret->words.holder);
	for (enum endpoint endpoint = ENDPOINT_LOCAL; endpoint <= ENDPOINT_VIP; endpoint++) {
		enum layer layer = decision->endpoint[endpoint].layer;

		ret->words.endpoint[endpoint] = (struct words_endpoint){
			.address = engine->target[endpoint].address,
			.detail = layer == LAYER_USABLE ? "" : engine->target[endpoint].detail,
			.layer = layer,
			.since_usec = decision->endpoint[endpoint].since_usec,
		};
	}
}

/* systemd's credential is a snapshot, made when the service started; any other file is watched. */
static const char *way_in(const struct engine *engine)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (credentials && strncmp(engine->config->kubeconfig, credentials, strlen(credentials)) == 0)
		return "or put one into /etc/gatewake/kubeconfig, then: sudo systemctl restart "
		       "gatewake";
	return "read again when the file changes";
}

void tell_line(const struct engine *engine, uint64_t now_usec, char *line, size_t size)
{
	struct facts facts;

	if (!engine->kubeconfig) {
		(void)snprintf(line, size, "%s; %s", engine->no_credentials.text, way_in(engine));
		return;
	}
	fill(engine, &facts);
	words_line(&facts.words, now_usec, line, size);
}

static void tell_credentials(struct tell *self, const struct engine *engine)
{
	const char *text = engine->kubeconfig ? "" : engine->no_credentials.text;

	if (strcmp(self->credentials, text) == 0)
		return;
	if (*text)
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s; %s", text, way_in(engine));
	else
		journal_write(&engine->journal, LOG_NOTICE, NULL, NULL,
		              "kubeconfig %s: read, server %s", engine->config->kubeconfig,
		              engine->kubeconfig->server);
	(void)snprintf(self->credentials, sizeof(self->credentials), "%s", text);
}

/* Who holds the address is part of why it is waited for. What the new holder answers is told with it, not what
 * the last one did. */
static bool is_told(struct tell *self, const struct engine *engine, enum endpoint endpoint)
{
	const struct decision *decision = &engine->decision;
	enum layer layer = decision->endpoint[endpoint].layer;
	bool answered = engine->evidence.endpoint[endpoint].at.begun_usec >= decision->holder_since_usec;
	bool same = self->layer[endpoint] == layer;

	self->layer[endpoint] = layer;
	if (endpoint == ENDPOINT_LOCAL || layer == LAYER_USABLE || (same && !answered))
		return same;
	same = same && self->holder == decision->holder.state;
	self->holder = decision->holder.state;
	return same;
}

static void tell_endpoint(struct tell *self, const struct engine *engine, const struct facts *facts,
                          enum endpoint endpoint, uint64_t now_usec)
{
	const struct words_endpoint *words = &facts->words.endpoint[endpoint];
	const struct journal_field fields[] = { { "ENDPOINT", words_of_endpoint(endpoint) },
		                                { "ADDRESS", words->address },
		                                { "LAYER", words_of_layer(words->layer) },
		                                { "DETAIL", words->detail },
		                                { NULL, NULL } };
	const char *command = words_of_layer_command(words->layer);
	char line[STATUS_LINE_MAX];

	if (is_told(self, engine, endpoint))
		return;
	if (!command && words->layer != LAYER_USABLE && endpoint == ENDPOINT_VIP)
		command = holder_words(facts->words.holder.state)->command;
	if (words->layer == LAYER_USABLE)
		(void)snprintf(line, sizeof(line),
		               "%s: %s is usable, %.1f s after this host booted",
		               words_of_endpoint(endpoint), words->address, (double)now_usec / 1e6);
	else
		words_of_wait(&facts->words, endpoint, now_usec, line, sizeof(line));
	journal_write(&engine->journal, LOG_NOTICE, words_of_cause(CAUSE_NO_ENDPOINT)->message_id,
	              fields, "%s%s%s", line, command ? "; try: " : "", command ? command : "");
}

static void tell_move(struct tell *self, const struct engine *engine, const char *address)
{
	const struct holder_move *move = &engine->decision.move;
	const struct journal_field fields[] = { { "ADDRESS", address }, { NULL, NULL } };
	char peers[2][ADDRESS_TEXT_MAX], line[STATUS_LINE_MAX];
	struct words_holder from, to;

	if (self->moves == move->count)
		return;
	self->moves = move->count;
	fill_holder(engine, &move->from, peers[0], &from);
	fill_holder(engine, &move->to, peers[1], &to);
	holder_move_line(address, &from, &to, move->gap_usec, line, sizeof(line));
	journal_write(&engine->journal, LOG_NOTICE, words_of_news(NEWS_MOVED), fields, "%s", line);
}

static void tell_dual(struct tell *self, const struct engine *engine, const struct facts *facts,
                      const char *address)
{
	const struct journal_field fields[] = { { "ADDRESS", address }, { NULL, NULL } };
	bool dual = engine->decision.holder.state == HOLDER_DUAL;
	char line[STATUS_LINE_MAX];

	if (self->dual == dual)
		return;
	self->dual = dual;
	holder_dual_line(address, &facts->words.holder, line, sizeof(line));
	journal_write(&engine->journal, dual ? LOG_WARNING : LOG_NOTICE, words_of_news(NEWS_DUAL),
	              fields, "%s", line);
}

static void tell_holder(struct tell *self, const struct engine *engine, const struct facts *facts)
{
	char address[ADDRESS_TEXT_MAX];

	(void)address_text(vip_address(engine->vip), address);
	tell_move(self, engine, address);
	tell_dual(self, engine, facts, address);
	if (vip_is_deaf(engine->vip) && !self->deaf)
		journal_write(&engine->journal, LOG_INFO, NULL, NULL,
		              "vip: VRRP adverts are not heard (CAP_NET_RAW); who holds %s is told "
		              "from this host's own tables and from what answers",
		              address);
	self->deaf = self->deaf || vip_is_deaf(engine->vip);
}

static void tell_verdict(struct tell *self, const struct engine *engine, const struct facts *facts,
                         uint64_t now_usec)
{
	const struct decision *decision = &engine->decision;
	const struct words *words = words_of_cause(decision->cause);
	const struct journal_field fields[] = { { "VERDICT", words_of_verdict(decision->verdict) },
		                                { "CAUSE", words->name },
		                                { "POD", facts->pod },
		                                { "OBJECT", facts->object },
		                                { "CILIUM", facts->cilium },
		                                { "COMMAND", words->command ? words->command : "" },
		                                { NULL, NULL } };
	char state[sizeof(self->state)], line[STATUS_LINE_MAX];

	(void)snprintf(state, sizeof(state), "%d %d %s %s", decision->verdict, decision->cause,
	               facts->pod, facts->object);
	/* The endpoint's own line says it already. */
	if (strcmp(self->state, state) == 0)
		return;
	memcpy(self->state, state, sizeof(state));
	if (decision->cause == CAUSE_NO_ENDPOINT || decision->cause == CAUSE_LOOKING ||
	    decision->cause == CAUSE_STALE)
		return;
	words_line(&facts->words, now_usec, line, sizeof(line));
	journal_write(&engine->journal, LOG_NOTICE, words->message_id, fields, "%s%s%s", line,
	              words->command ? "; try: " : "", words->command ? words->command : "");
}

static void tell_overdue(struct tell *self, const struct engine *engine)
{
	enum order_kind overdue = engine->decision.overdue;

	if (self->overdue == overdue)
		return;
	self->overdue = overdue;
	if (overdue != ORDER_NONE)
		journal_write(
			&engine->journal, LOG_ERR, NULL, NULL,
			"overdue: no end of %s by its deadline; the watchdog is not fed any more",
			engine_kind_name(overdue));
}

void tell_journal(struct tell *self, const struct engine *engine, uint64_t now_usec)
{
	struct facts facts;

	hardware_tell(engine, &self->board);
	tell_credentials(self, engine);
	tell_overdue(self, engine);
	if (!engine->kubeconfig)
		return;
	fill(engine, &facts);
	for (enum endpoint endpoint = ENDPOINT_LOCAL; endpoint <= ENDPOINT_VIP; endpoint++)
		tell_endpoint(self, engine, &facts, endpoint, now_usec);
	tell_holder(self, engine, &facts);
	tell_verdict(self, engine, &facts, now_usec);
}

static void wall_date(time_t seconds, char *date, size_t size)
{
	struct tm broken;

	if (!gmtime_r(&seconds, &broken) || !strftime(date, size, "%Y-%m-%dT%H:%M:%SZ", &broken))
		date[0] = '\0';
}

/* A time on the boot clock as a date: by what the wall clock says now. */
static void date_of(uint64_t usec, uint64_t now_usec, char *date, size_t size)
{
	date[0] = '\0';
	if (usec && usec <= now_usec)
		wall_date((time_t)(clock_wall_sec() - (int64_t)((now_usec - usec) / SECONDS_USEC)),
		          date, size);
}

static void status_endpoint(const struct words_endpoint *words, struct status_endpoint *ret)
{
	(void)snprintf(ret->address, sizeof(ret->address), "%s", words->address);
	(void)snprintf(ret->layer, sizeof(ret->layer), "%s", words_of_layer(words->layer));
	(void)snprintf(ret->detail, sizeof(ret->detail), "%s", words->detail);
}

static void status_holder(const struct words_holder *holder, struct status_holder *ret)
{
	(void)snprintf(ret->state, sizeof(ret->state), "%s", holder_words(holder->state)->name);
	(void)snprintf(ret->source, sizeof(ret->source), "%s", holder_source_name(holder->source));
	holder_detail(holder, ret->detail);
}

static const char *our_node(const struct engine *engine)
{
	const struct object_node *ours = engine_our_node(engine);

	return ours ? ours->name : engine->config->node;
}

/* Of an API server that does not answer, the layer may say what helps. */
static const char *command_of(const struct engine *engine)
{
	const struct decision *decision = &engine->decision;

	if (engine->kubeconfig && decision->cause == CAUSE_NO_ENDPOINT)
		return words_of_layer_command(decision->endpoint[ENDPOINT_LOCAL].layer);
	return words_of_cause(decision->cause)->command;
}

static void status_of(const struct engine *engine, struct status *ret)
{
	static const char *const modes[] = { [CONFIG_MODE_RECOVER] = "recover",
		                             [CONFIG_MODE_SYNC] = "sync",
		                             [CONFIG_MODE_OBSERVE] = "observe" };
	const struct words *words = words_of_cause(engine->decision.cause);
	const char *command = command_of(engine);
	struct facts facts;

	fill(engine, &facts);
	memset(ret, 0, sizeof(*ret)); /* padding too: it is compared as a whole */
	(void)snprintf(ret->version, sizeof(ret->version), "%s", GATEWAKE_VERSION);
	(void)snprintf(ret->node, sizeof(ret->node), "%s", our_node(engine));
	(void)snprintf(ret->mode, sizeof(ret->mode), "%s", modes[engine->config->mode]);
	status_endpoint(&facts.words.endpoint[ENDPOINT_LOCAL], &ret->local);
	status_endpoint(&facts.words.endpoint[ENDPOINT_VIP], &ret->vip);
	status_holder(&facts.words.holder, &ret->holder);
	ret->controller.on = engine->decision.on;
	(void)snprintf(ret->controller.verdict, sizeof(ret->controller.verdict), "%s",
	               words_of_verdict(engine->decision.verdict));
	(void)snprintf(ret->controller.cause, sizeof(ret->controller.cause), "%s", words->name);
	/* A file that is written only on a change can't hold a running count of seconds: words without any. */
	(void)snprintf(ret->controller.sentence, sizeof(ret->controller.sentence), "%s%s%s",
	               engine->kubeconfig ? words->sentence : engine->no_credentials.text,
	               facts.object[0] && engine->kubeconfig ? ": " : "",
	               engine->kubeconfig ? facts.object : "");
	(void)snprintf(ret->controller.command, sizeof(ret->controller.command), "%s",
	               command ? command : "");
	memcpy(ret->controller.pod, facts.pod, sizeof(facts.pod));
	memcpy(ret->controller.cilium_version, facts.cilium, sizeof(facts.cilium));
	ret->restarts.count = engine->decision.ledger.spent;
	ret->restarts.failed = engine->decision.ledger.failed;
	ret->boot.api_usable_s = engine->api_usable_s;
	ret->boot.controller_on_s = engine->controller_on_s;
	ret->boot.tls_proven_s = engine->tls_proven_s;
	ret->board = engine->board;
	ret->copies.needed = engine->decision.copies.needed;
	ret->copies.present = engine->decision.copies.present;
	ret->copies.created = engine->decision.copies.created;
	ret->copies.blocked = engine->decision.copies.blocked;
	ret->copies.stale = engine->decision.copies.stale;
	ret->proofs.provable = engine->decision.listeners.provable;
	ret->proofs.served = engine->decision.listeners.served;
	ret->proofs.bad = engine->decision.listeners.bad;
}

/* The dates change with the wall clock's steps: only a change of the rest is worth a new file. */
static void status_dates(const struct engine *engine, uint64_t now_usec, struct status *ret)
{
	const struct decision *decision = &engine->decision;

	date_of(decision->since_usec, now_usec, ret->controller.since,
	        sizeof(ret->controller.since));
	date_of(decision->endpoint[ENDPOINT_LOCAL].since_usec, now_usec, ret->local.since,
	        sizeof(ret->local.since));
	date_of(decision->endpoint[ENDPOINT_VIP].since_usec, now_usec, ret->vip.since,
	        sizeof(ret->vip.since));
}

static void status_listeners(const struct engine *engine, struct status *ret)
{
	const struct certs *certs = engine->certs;

	ret->listener =
		calloc(certs->listener_count ? certs->listener_count : 1, sizeof(*ret->listener));
	for (size_t i = 0; ret->listener && i < certs->listener_count; i++) {
		const struct cert_listener *listener = &certs->listener[i];
		struct status_listener *to = &ret->listener[ret->listener_count++];

		(void)snprintf(to->gateway, sizeof(to->gateway), "%s", listener->gateway);
		(void)snprintf(to->listener, sizeof(to->listener), "%s", listener->listener);
		(void)snprintf(to->hostname, sizeof(to->hostname), "%s", listener->hostname);
		(void)snprintf(to->address, sizeof(to->address), "%s:%u", listener->address,
		               listener->port);
		(void)snprintf(to->verdict, sizeof(to->verdict), "%s",
		               words_of_proof(listener->seen.verdict)->name);
		(void)snprintf(to->detail, sizeof(to->detail), "%s", listener->seen.text);
		if (!listener->seen.has_leaf)
			continue;
		to->not_after_sec = listener->seen.leaf.validity.not_after_sec;
		wall_date((time_t)to->not_after_sec, to->not_after, sizeof(to->not_after));
	}
}

void tell_status(const struct engine *engine, uint64_t now_usec, struct status *ret)
{
	status_of(engine, ret);
	status_listeners(engine, ret);
	status_dates(engine, now_usec, ret);
}

void tell_runfile(struct engine *engine, uint64_t now_usec)
{
	struct status status;
	int r;

	tell_status(engine, now_usec, &status);
	r = runfile_write(&engine->runfile, &status);
	expose_status(engine, &status, now_usec);
	status_clear(&status);
	if (r < 0 && !engine->runfile_trouble)
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s/" RUNFILE_STATUS
		              " cannot be written (%s): `gatewake status` and `gatewake wait` know "
		              "nothing until it can",
		              engine->config->runtime_dir, strerror(-r));
	engine->runfile_trouble = r < 0;
}
