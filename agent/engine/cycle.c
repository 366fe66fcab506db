/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cycle.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/identity.h"
#include "engine/act.h"
#include "engine/certs.h"
#include "engine/hardware.h"
#include "engine/ledger.h"
#include "engine/observe.h"
#include "engine/secrets.h"
#include "engine/targets.h"
#include "engine/vip.h"
#include "engine/watches.h"
#include "host/clock.h"
#include "host/state.h"
#include "kube/sync.h"

_Static_assert(HTTP_SLOTS >= ORDERS_MAX + PATH_RESOURCE_COUNT, "no order lacks a slot");

#define TURNS_MAX 20 /* then signals and the watchdog have their turn */

/* --- errands --- */

const char *engine_kind_name(enum order_kind kind)
{
	static const char *const names[] = {
		[ORDER_NONE] = "nothing",
		[ASK_PROBE] = "a probe",
		[ASK_CRDS] = "the required CRDs",
		[ASK_DEPLOYMENTS] = "the operator's Deployment",
		[ASK_REPLICASETS] = "its ReplicaSets",
		[ASK_PODS] = "its pods",
		[ASK_NODES] = "the Nodes",
		[ASK_LOG] = "its log",
		[ASK_CONFIG] = "its ConfigMap cilium-config",
		[ASK_METRICS] = "its metrics",
		[ASK_SOURCE] = "a source Secret",
		[ASK_PROOF] = "a proof",
		[ACT_DELETE_POD] = "the restart",
		[ACT_CREATE_COPY] = "the creation of a copy",
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == ORDER_KIND_COUNT,
	               "a name for each kind");

	return names[kind];
}

static bool is_ours(const struct engine *engine, const struct object_node *node)
{
	if (!node->boot_id[0])
		return engine->config->node[0] && strcmp(node->name, engine->config->node) == 0;
	return strcmp(node->boot_id, engine->boot_id) == 0;
}

const struct object_node *engine_our_node(const struct engine *engine)
{
	for (size_t i = 0; i < engine->nodes.count; i++)
		if (is_ours(engine, &engine->nodes.item[i]))
			return &engine->nodes.item[i];
	return NULL;
}

const struct object_pod *engine_pod_of(const struct engine *engine, uint32_t container)
{
	for (size_t i = 0; container && i < engine->pods.count; i++)
		if (identity_of(engine->pods.item[i].container) == container)
			return &engine->pods.item[i];
	return NULL;
}

struct stamp engine_stamp(const struct errand *errand, uint64_t now_usec)
{
	return (struct stamp){ errand->order.begun_usec, now_usec, errand->order.epoch };
}

static bool is_power_of_two(unsigned number)
{
	return (number & (number - 1)) == 0;
}

void engine_trouble(struct engine *engine, enum order_kind kind, const char *text)
{
	struct repeated *trouble = &engine->trouble[kind];

	if (!text) {
		if (trouble->count)
			journal_write(&engine->journal, LOG_NOTICE, NULL, NULL,
			              "%s: readable again, after %u failures",
			              engine_kind_name(kind), trouble->count);
		*trouble = (struct repeated){ 0 };
		return;
	}
	(void)snprintf(trouble->text, sizeof(trouble->text), "%s", text);
	if (is_power_of_two(++trouble->count))
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s: %s (%u times); asked again", engine_kind_name(kind), text,
		              trouble->count);
}

/* Frees the place, and wipes what a copy's errand holds. */
static void drop(struct errand *errand)
{
	if (errand->sync)
		sync_clear(errand->sync);
	free(errand->sync);
	*errand = (struct errand){ .order = { .kind = ORDER_NONE } };
}

void engine_finish(struct engine *engine, struct errand *errand, enum result result,
                   uint64_t now_usec)
{
	struct outcome outcome = { errand->order.ticket, result, now_usec };

	drop(errand);
	engine->ends++;
	core_note(&engine->core, &outcome);
}

/* False: there is nothing to reach it with. */
static bool endpoint_of(const struct engine *engine, enum endpoint via, struct http_endpoint *ret)
{
	const struct kubeconfig *kubeconfig = engine->kubeconfig;

	if (!kubeconfig || !engine->target[via].server[0])
		return false;
	*ret = (struct http_endpoint){
		.server = engine->target[via].server,
		/* It belongs to that server, whichever endpoint it is asked as. */
		.tls_server_name = strcmp(engine->target[via].server, kubeconfig->server) == 0
		                           ? kubeconfig->tls_server_name
		                           : NULL,
		.ca_pem = kubeconfig->ca_pem,
		.client_cert_pem = kubeconfig->client_cert_pem,
		.client_key_pem = kubeconfig->client_key_pem,
		.token = kubeconfig->token,
	};
	return true;
}

int engine_send(struct engine *engine, struct errand *errand, enum http_method method,
                const char *path, struct span body, size_t limit, uint64_t now_usec)
{
	const struct order *order = &errand->order;
	struct http_endpoint endpoint;
	struct http_request request = {
		.method = method,
		.path = path,
		.body = body,
		.limit = limit,
		.bound_usec = order->deadline_usec > now_usec ? order->deadline_usec - now_usec : 1,
		/* What did not answer is not asked over the connection on which it did not. */
		.fresh = order->kind == ASK_PROBE &&
		         engine->evidence.endpoint[order->via].layer != LAYER_USABLE,
	};

	if (!endpoint_of(engine, order->via, &endpoint))
		return -ENOENT;
	errand->sent_usec = now_usec;
	return http_start(engine->http, &endpoint, &request, &errand->request);
}

int engine_watch(struct engine *engine, enum endpoint via, const struct watch_request *watch,
                 uint32_t *ret_id)
{
	struct http_endpoint endpoint;
	struct http_request request = {
		.path = watch->path,
		.accept = watch->accept,
		.body = { "", 0 },
		.limit = watch->limit,
		.bound_usec = watch->bound_usec,
		.fresh = watch->fresh,
		.stream = watch->stream,
	};

	if (!endpoint_of(engine, via, &endpoint))
		return -ENOENT;
	return http_start(engine->http, &endpoint, &request, ret_id);
}

int engine_send_metrics(struct engine *engine, struct errand *errand, size_t limit,
                        uint64_t now_usec)
{
	char server[64];
	struct http_endpoint endpoint = { .server = server };
	struct http_request request = {
		.path = "/metrics",
		.body = { "", 0 },
		.limit = limit,
		.bound_usec = errand->order.deadline_usec - now_usec,
	};

	(void)snprintf(server, sizeof(server), "http://127.0.0.1:%u", engine->cilium.metrics_port);
	errand->sent_usec = now_usec;
	return http_start(engine->http, &endpoint, &request, &errand->request);
}

static struct errand *errand_of(struct engine *engine, uint32_t request)
{
	for (size_t i = 0; i < ORDERS_MAX; i++)
		if (engine->errands[i].order.kind != ORDER_NONE &&
		    engine->errands[i].request == request)
			return &engine->errands[i];
	return NULL;
}

static struct errand *free_errand(struct engine *engine)
{
	for (size_t i = 0; i < ORDERS_MAX; i++)
		if (engine->errands[i].order.kind == ORDER_NONE)
			return &engine->errands[i];
	return NULL;
}

static bool is_about_secrets(enum order_kind kind)
{
	return kind == ASK_SOURCE || kind == ASK_PROOF || kind == ACT_CREATE_COPY;
}

static void start(struct engine *engine, const struct order *order, uint64_t now_usec)
{
	struct errand *errand = free_errand(engine);
	struct errand none = { .order = *order };

	if (!errand) { /* as many places as the core has orders: a defect if it ever happens */
		engine_finish(engine, &none, RESULT_UNREACHABLE, now_usec);
		return;
	}
	*errand = (struct errand){ .order = *order };
	if (order->kind == ACT_DELETE_POD)
		act_start(engine, errand, now_usec);
	else if (is_about_secrets(order->kind))
		secrets_start(engine, errand, now_usec);
	else
		observe_start(engine, errand, now_usec);
}

static void withdraw(struct engine *engine, uint32_t ticket)
{
	for (size_t i = 0; i < ORDERS_MAX; i++) {
		struct errand *errand = &engine->errands[i];

		if (errand->order.kind == ORDER_NONE || errand->order.ticket != ticket)
			continue;
		http_cancel(engine->http, errand->request);
		drop(errand);
	}
}

static uint32_t dice(void)
{
	uint32_t luck = 0;

	/* At boot the pool may not be filled yet: no luck is fine, blocking is not. */
	return getrandom(&luck, sizeof(luck), GRND_NONBLOCK) == sizeof(luck) ? luck : 0;
}

static void take_ends(struct engine *engine)
{
	struct http_end end;

	while (http_next(engine->http, &end)) {
		struct errand *errand = errand_of(engine, end.id);
		uint64_t now_usec = clock_boottime_usec();

		if (!errand) {
			engine->ends += watches_end(engine, &end, now_usec, dice());
			continue;
		}
		if (errand->order.kind == ACT_DELETE_POD)
			act_end(engine, errand, &end, now_usec);
		else if (is_about_secrets(errand->order.kind))
			secrets_end(engine, errand, &end, now_usec);
		else
			observe_end(engine, errand, &end, now_usec);
	}
}

/* --- the turn --- */

static void note_times(struct engine *engine, uint64_t now_usec)
{
	double seconds = (double)now_usec / 1e6;

	if (engine->api_usable_s < 0 &&
	    engine->decision.endpoint[ENDPOINT_VIP].layer == LAYER_USABLE)
		engine->api_usable_s = seconds;
	if (engine->controller_on_s < 0 && (engine->decision.verdict == VERDICT_HEALTHY ||
	                                    engine->decision.verdict == VERDICT_PROVEN))
		engine->controller_on_s = seconds;
	if (engine->tls_proven_s < 0 && engine->decision.verdict == VERDICT_PROVEN)
		engine->tls_proven_s = seconds;
}

static void think_and_do(struct engine *engine, uint64_t now_usec)
{
	struct decision *decision = &engine->decision;
	uint64_t wake_usec = UINT64_MAX;

	targets_find(engine, now_usec);
	vip_turn(engine, now_usec);
	watches_turn(engine, now_usec, dice(), &wake_usec);
	certs_assemble(engine, now_usec);
	observe_life(engine, now_usec);
	core_step(&engine->core, &engine->policy, &engine->evidence, now_usec, dice(), decision);
	if (decision->save && (engine->policy.may & POLICY_RESTART))
		ledger_save(engine, &decision->ledger);
	for (size_t i = 0; i < decision->withdrawn_count; i++)
		withdraw(engine, decision->withdrawn[i]);
	for (size_t i = 0; i < decision->count; i++)
		start(engine, &decision->orders[i], now_usec);
	if (wake_usec < decision->wake_usec)
		decision->wake_usec = wake_usec;
	note_times(engine, now_usec);
}

void cycle_turn(struct engine *engine, uint64_t now_usec)
{
	unsigned turns = 0, ends;
	uint64_t streamed;

	hardware_look(engine, now_usec);
	take_ends(engine);
	do {
		ends = engine->ends;
		streamed = http_streamed(engine->http);
		think_and_do(engine, now_usec);
		take_ends(engine);
		now_usec = clock_boottime_usec();
	} while ((engine->ends != ends || http_streamed(engine->http) != streamed) &&
	         ++turns < TURNS_MAX);
}

int cycle_wait(struct engine *engine, int fd, uint64_t most_usec)
{
	struct pollfd fds[VIP_FDS_MAX + 1];
	uint64_t now_usec = clock_boottime_usec(), wake_usec = engine->decision.wake_usec;
	uint64_t pause_usec = wake_usec > now_usec ? wake_usec - now_usec : 0;
	size_t count = vip_fds(engine->vip, fds);

	if (fd >= 0)
		fds[count++] = (struct pollfd){ fd, POLLIN, 0 };
	return http_wait(engine->http, fds, count, pause_usec < most_usec ? pause_usec : most_usec);
}

/* --- life --- */

void cycle_reload(struct engine *engine)
{
	uint64_t now_usec = clock_boottime_usec();

	for (size_t i = 0; i < ORDERS_MAX; i++) {
		struct errand *errand = &engine->errands[i];

		if (errand->order.kind == ORDER_NONE)
			continue;
		http_cancel(engine->http, errand->request);
		engine_finish(engine, errand,
		              errand->order.kind == ACT_DELETE_POD ||
		                              errand->order.kind == ACT_CREATE_COPY
		                      ? RESULT_LOST
		                      : RESULT_UNREACHABLE,
		              now_usec);
	}
	watches_again(engine, now_usec);
	engine->kubeconfig = kubeconfig_free(engine->kubeconfig);
	(void)kubeconfig_read(engine->config->kubeconfig, clock_wall_sec(), &engine->kubeconfig,
	                      &engine->no_credentials);
}

unsigned cycle_policy(enum config_mode mode)
{
	switch (mode) {
	case CONFIG_MODE_RECOVER:
		return POLICY_RESTART | POLICY_CREATE;
	case CONFIG_MODE_SYNC:
		return POLICY_CREATE;
	case CONFIG_MODE_OBSERVE:
		break;
	}
	return 0;
}

static void read_boot_id(struct engine *engine)
{
	char folder[PATH_MAX + 32];

	(void)snprintf(folder, sizeof(folder), "%s/proc/sys/kernel/random",
	               engine->config->host_root);
	state_read_line(folder, "boot_id", engine->boot_id, sizeof(engine->boot_id));
	engine->evidence.boot = identity_of(engine->boot_id);
}

int cycle_new(const struct config *config, const struct policy *policy, bool silent,
              struct engine **ret)
{
	CLEANUP(cycle_free_p) struct engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine)
		return -ENOMEM;
	engine->config = config;
	engine->ledger_fd = -1;
	engine->api_usable_s = engine->controller_on_s = engine->tls_proven_s = -1;
	engine->cilium.metrics_port = METRICS_PORT_DEFAULT;
	engine->policy = *policy;
	engine->runfile.folder = config->runtime_dir;
	engine->metricsfile.folder = config->metrics_dir;
	engine->containers.root = config->host_root;
	journal_open(&engine->journal);
	engine->journal.silent = silent;
	engine->remembers = !silent;
	remember_read(config->state_dir, engine->remembered);
	objects_init();
	engine->certs = calloc(1, sizeof(*engine->certs));
	r = engine->certs ? http_new(&engine->http) : -ENOMEM;
	if (r == 0)
		r = watches_new(&engine->watches);
	if (r == 0)
		r = vip_new(config, &engine->vip);
	if (r < 0)
		return r;
	read_boot_id(engine);
	ledger_load(engine);
	cycle_reload(engine);
	*ret = TAKE_PTR(engine);
	return 0;
}

struct engine *cycle_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	for (size_t i = 0; i < ORDERS_MAX; i++)
		drop(&engine->errands[i]);
	engine->watches = watches_free(engine, engine->watches);
	engine->vip = vip_free(engine->vip);
	free(engine->certs);
	engine->http = http_free(engine->http);
	engine->kubeconfig = kubeconfig_free(engine->kubeconfig);
	if (engine->ledger_fd >= 0)
		(void)close(engine->ledger_fd);
	free(engine);
	return NULL;
}
