/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cycle.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/identity.h"
#include "engine/act.h"
#include "engine/ledger.h"
#include "engine/observe.h"
#include "engine/targets.h"
#include "host/clock.h"
#include "host/state.h"

#define TURNS_MAX 20 /* then signals and the watchdog have their turn */

/* --- errands --- */

const char *engine_kind_name(enum order_kind kind)
{
	static const char *const names[] = {
		[ORDER_NONE] = "nothing",
		[ASK_PROBE] = "probe",
		[ASK_CRDS] = "the required CRDs",
		[ASK_DEPLOYMENTS] = "the operator's Deployment",
		[ASK_REPLICASETS] = "its ReplicaSets",
		[ASK_PODS] = "its pods",
		[ASK_NODES] = "the Nodes",
		[ASK_LOG] = "its log",
		[ACT_DELETE_POD] = "the restart",
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
	if (strcmp(trouble->text, text) != 0)
		*trouble = (struct repeated){ 0 };
	(void)snprintf(trouble->text, sizeof(trouble->text), "%s", text);
	if (is_power_of_two(++trouble->count))
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s: %s (%u times); asked again", engine_kind_name(kind), text,
		              trouble->count);
}

void engine_finish(struct engine *engine, struct errand *errand, enum result result,
                   uint64_t now_usec)
{
	struct outcome outcome = { errand->order.ticket, result, now_usec };

	*errand = (struct errand){ .order = { .kind = ORDER_NONE } };
	engine->ends++;
	core_note(&engine->core, &outcome);
}

int engine_send(struct engine *engine, struct errand *errand, enum http_method method,
                const char *path, struct span body, size_t limit, uint64_t now_usec)
{
	const struct kubeconfig *kubeconfig = engine->kubeconfig;
	const struct order *order = &errand->order;
	struct http_endpoint endpoint = { .server = engine->target[order->via].server };
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

	if (!kubeconfig || !endpoint.server[0])
		return -ENOENT;
	if (order->via == ENDPOINT_LOCAL)
		endpoint.tls_server_name = kubeconfig->tls_server_name;
	endpoint.ca_pem = kubeconfig->ca_pem;
	endpoint.client_cert_pem = kubeconfig->client_cert_pem;
	endpoint.client_key_pem = kubeconfig->client_key_pem;
	endpoint.token = kubeconfig->token;
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
		*errand = (struct errand){ .order = { .kind = ORDER_NONE } };
	}
}

static void take_ends(struct engine *engine)
{
	struct http_end end;

	while (http_next(engine->http, &end)) {
		struct errand *errand = errand_of(engine, end.id);
		uint64_t now_usec = clock_boottime_usec();

		if (!errand)
			continue;
		if (errand->order.kind == ACT_DELETE_POD)
			act_end(engine, errand, &end, now_usec);
		else
			observe_end(engine, errand, &end, now_usec);
	}
}

/* --- the turn --- */

static uint32_t dice(void)
{
	uint32_t luck = 0;

	/* At boot the pool may not be filled yet: no luck is fine, blocking is not. */
	return getrandom(&luck, sizeof(luck), GRND_NONBLOCK) == sizeof(luck) ? luck : 0;
}

static void note_times(struct engine *engine, uint64_t now_usec)
{
	double seconds = (double)now_usec / 1e6;

	if (engine->api_usable_s < 0 &&
	    engine->decision.endpoint[ENDPOINT_VIP].layer == LAYER_USABLE)
		engine->api_usable_s = seconds;
	if (engine->controller_on_s < 0 && engine->decision.verdict == VERDICT_HEALTHY)
		engine->controller_on_s = seconds;
}

static void think_and_do(struct engine *engine, uint64_t now_usec)
{
	struct decision *decision = &engine->decision;

	targets_find(engine);
	observe_life(engine, now_usec);
	core_step(&engine->core, &engine->policy, &engine->evidence, now_usec, dice(), decision);
	if (decision->save)
		ledger_save(engine, &decision->ledger);
	for (size_t i = 0; i < decision->withdrawn_count; i++)
		withdraw(engine, decision->withdrawn[i]);
	for (size_t i = 0; i < decision->count; i++)
		start(engine, &decision->orders[i], now_usec);
	note_times(engine, now_usec);
}

void cycle_turn(struct engine *engine, uint64_t now_usec)
{
	unsigned turns = 0, ends;

	do {
		ends = engine->ends;
		think_and_do(engine, now_usec);
		take_ends(engine);
		now_usec = clock_boottime_usec();
	} while (engine->ends != ends && ++turns < TURNS_MAX);
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
		              errand->order.kind == ACT_DELETE_POD ? RESULT_LOST
		                                                   : RESULT_UNREACHABLE,
		              now_usec);
	}
	engine->kubeconfig = kubeconfig_free(engine->kubeconfig);
	(void)kubeconfig_read(engine->config->kubeconfig, clock_wall_sec(), &engine->kubeconfig,
	                      &engine->no_credentials);
}

static unsigned policy_of(enum config_mode mode)
{
	return mode == CONFIG_MODE_RECOVER ? POLICY_RESTART : 0;
}

static void read_boot_id(struct engine *engine)
{
	char folder[PATH_MAX + 32];
	char text[OBJECT_UID_MAX];
	int len;

	(void)snprintf(folder, sizeof(folder), "%s/proc/sys/kernel/random",
	               engine->config->host_root);
	len = state_read(folder, "boot_id", text, sizeof(text) - 1);
	text[len < 0 ? 0 : len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	memcpy(engine->boot_id, text, sizeof(text));
	engine->evidence.boot = identity_of(engine->boot_id);
}

int cycle_new(const struct config *config, struct engine **ret)
{
	CLEANUP(cycle_free_p) struct engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine)
		return -ENOMEM;
	engine->config = config;
	engine->api_usable_s = engine->controller_on_s = -1;
	engine->policy.may = policy_of(config->mode);
	engine->runfile.folder = config->runtime_dir;
	engine->containers.root = config->host_root;
	journal_open(&engine->journal);
	objects_init();
	r = http_new(&engine->http);
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
	engine->http = http_free(engine->http);
	engine->kubeconfig = kubeconfig_free(engine->kubeconfig);
	free(engine);
	return NULL;
}
