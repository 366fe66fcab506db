/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/observe.h"

#include <stdio.h>
#include <string.h>

#include "base/identity.h"
#include "cilium/metrics.h"
#include "cilium/oplog.h"
#include "host/clock.h"
#include "kube/path.h"
#include "kube/probe.h"

#define LIST_LIMIT   (4 * 1024 * 1024)
#define READYZ_LIMIT (64 * 1024)
#define CRD_LIMIT    (3 * 1024 * 1024)
#define LIFE_USEC    (100 * MSEC_USEC)

/* --- which request an ask is --- */

static int path_readyz(const struct engine *engine, const struct errand *errand, char *path)
{
	(void)engine;
	(void)errand;
	memcpy(path, PATH_READYZ, sizeof(PATH_READYZ));
	return 0;
}

static int path_next_crd(const struct engine *engine, const struct errand *errand, char *path)
{
	(void)engine;
	return path_crd(path, PATH_SIZE, errand->release->crds[errand->step].name);
}

static int path_of_deployments(const struct engine *engine, const struct errand *errand, char *path)
{
	(void)engine;
	(void)errand;
	return path_deployments(path, PATH_SIZE);
}

static int path_of_nodes(const struct engine *engine, const struct errand *errand, char *path)
{
	(void)engine;
	(void)errand;
	return path_nodes(path, PATH_SIZE, NODES_MAX);
}

/* What belongs to the operator is in its Deployment's namespace. */
static int path_in_namespace(const struct engine *engine, const struct errand *errand, char *path)
{
	const char *namespace = engine->deployments.first.namespace;

	if (errand->order.kind == ASK_REPLICASETS)
		return path_replicasets(path, PATH_SIZE, namespace);
	if (errand->order.kind == ASK_CONFIG)
		return path_config(path, PATH_SIZE, namespace);
	return path_pods(path, PATH_SIZE, namespace);
}

static int path_of_log(const struct engine *engine, const struct errand *errand, char *path)
{
	const struct object_pod *pod = engine_pod_of(engine, errand->order.about);

	if (!pod)
		return -ENOENT;
	return path_log(path, PATH_SIZE, engine->deployments.first.namespace, pod->name,
	                OPLOG_MAX_BYTES);
}

/* --- what an end says --- */

static void see_probe(struct engine *engine, const struct errand *errand,
                      const struct http_end *end, uint64_t now_usec)
{
	enum endpoint endpoint = errand->order.via;
	struct evidence_endpoint *seen = &engine->evidence.endpoint[endpoint];
	char *detail = engine->target[endpoint].detail;

	seen->layer = probe_layer(end, now_usec - errand->sent_usec, detail, ENGINE_DETAIL_MAX);
	seen->at = engine_stamp(errand, now_usec);
	seen->reused = end->reused;
	seen->error = end->failure.error;
	seen->http_status = end->status;
	seen->detail = detail;
	if (end->peer[0])
		(void)address_parse(end->peer, &engine->target[endpoint].answered);
}

static void see_deployments(struct engine *engine)
{
	struct evidence_deployments *seen = &engine->evidence.deployments;
	const struct object_deployment *first = &engine->deployments.first;

	seen->count = engine->deployments.count;
	seen->first = (struct evidence_deployment){
		.id = identity_of(first->uid),
		.release = release_of_image(span_of(first->image)),
		.replicas = first->replicas,
		.observed = first->observed,
		.paused = first->paused,
	};
}

static void see_replicasets(struct engine *engine)
{
	for (size_t i = 0; i < engine->replicasets.count; i++) {
		const struct object_replicaset *set = &engine->replicasets.item[i];

		engine->replicaset_items[i] = (struct evidence_replicaset){
			.id = identity_of(set->uid),
			.deployment = identity_of(set->owner),
			.replicas = set->replicas,
			.terminating = set->terminating,
		};
	}
	engine->evidence.replicasets.item = engine->replicaset_items;
	engine->evidence.replicasets.count = engine->replicasets.count;
	engine->evidence.replicasets.truncated = engine->replicasets.truncated;
}

static const struct object_node *node_of(const struct engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->nodes.count; i++)
		if (strcmp(engine->nodes.item[i].name, name) == 0)
			return &engine->nodes.item[i];
	return NULL;
}

static enum place place_of(const struct engine *engine, const struct object_node *node)
{
	const struct object_node *ours = engine_our_node(engine);

	if (!node || !ours)
		return PLACE_UNKNOWN;
	return node == ours ? PLACE_HERE : PLACE_ELSEWHERE;
}

/* A date of this host on the boot clock, by what the wall clock says now; 0: before this boot, or still to come.
 * Only a clock that is known to be right is asked: to one that is behind, yesterday's end looks like today's. */
static uint64_t since_boot(int64_t date_sec)
{
	uint64_t now_usec = clock_boottime_usec();
	int64_t ago_sec = clock_wall_sec() - date_sec;

	if (date_sec == 0 || ago_sec < 0 || (uint64_t)ago_sec * SECONDS_USEC >= now_usec)
		return 0;
	return now_usec - (uint64_t)ago_sec * SECONDS_USEC;
}

static void see_pod(const struct engine *engine, const struct object_pod *pod,
                    struct evidence_pod *ret)
{
	const struct object_node *node = node_of(engine, pod->node);
	uint32_t container = identity_of(pod->container);
	bool same = ret->container == container;

	*ret = (struct evidence_pod){
		.id = identity_of(pod->uid),
		.container = container,
		.replicaset = identity_of(pod->owner),
		.place = place_of(engine, node),
		.life = same ? ret->life : LIFE_UNKNOWN,
		.life_usec = same ? ret->life_usec : 0,
		.obstacle = node ? objects_obstacle(pod, node) : OBSTACLE_UNKNOWN,
		.running = pod->running,
		.ready = pod->ready,
		.terminating = pod->terminating,
		.held_back = pod->held_back,
		.crash = pod->crash,
		.ended_usec = engine->evidence.clock.right ? since_boot(pod->ended_sec) : 0,
		.always_pulls = pod->always_pulls,
	};
	if (ret->ended_usec && pod->back_off_sec)
		ret->due_usec = ret->ended_usec + pod->back_off_sec * SECONDS_USEC;
}

/* Pods and nodes explain each other: whichever comes, both are put together anew. */
static void see_pods(struct engine *engine)
{
	for (size_t i = 0; i < engine->pods.count; i++)
		see_pod(engine, &engine->pods.item[i], &engine->pod_items[i]);
	engine->evidence.pods.item = engine->pod_items;
	engine->evidence.pods.count = engine->pods.count;
	engine->evidence.pods.truncated = engine->pods.truncated;
	engine->evidence.nodes.ours_known = engine_our_node(engine) != NULL;
}

/* The place of that container's last read, else the oldest. */
static struct evidence_log *log_place(struct engine *engine, uint32_t container)
{
	struct evidence *evidence = &engine->evidence;

	for (size_t i = 0; i < evidence->log_count; i++)
		if (engine->log_items[i].container == container)
			return &engine->log_items[i];
	if (evidence->log_count < OPERATORS_MAX)
		return &engine->log_items[evidence->log_count++];
	return &engine->log_items[engine->log_next++ % OPERATORS_MAX];
}

static void see_log(struct engine *engine, const struct errand *errand, const struct http_end *end,
                    uint64_t now_usec)
{
	bool whole = probe_result_of_ask(end) == RESULT_OK;

	engine->evidence.log = engine->log_items;
	*log_place(engine, errand->order.about) = (struct evidence_log){
		.at = engine_stamp(errand, now_usec),
		.container = errand->order.about,
		.says = whole ? oplog_judge(end->body) : LOG_UNREADABLE,
		.http_status = end->status,
	};
}

static struct evidence_metrics *metrics_place(struct engine *engine, uint32_t container)
{
	struct evidence *evidence = &engine->evidence;

	for (size_t i = 0; i < evidence->metrics_count; i++)
		if (engine->metrics_items[i].container == container)
			return &engine->metrics_items[i];
	if (evidence->metrics_count < OPERATORS_MAX)
		return &engine->metrics_items[evidence->metrics_count++];
	return &engine->metrics_items[engine->log_next++ % OPERATORS_MAX];
}

static void see_metrics(struct engine *engine, const struct errand *errand,
                        const struct http_end *end, uint64_t now_usec)
{
	bool whole = probe_result_of_ask(end) == RESULT_OK;

	engine->evidence.metrics = engine->metrics_items;
	*metrics_place(engine, errand->order.about) = (struct evidence_metrics){
		.at = engine_stamp(errand, now_usec),
		.container = errand->order.about,
		.says = whole ? metrics_judge(end->body) : METRICS_NOTHING,
	};
}

/* A definite answer on one CRD: served, or missing by a Status 404 or an unserved version. */
static enum crds_state judge_crd(const struct http_end *end, const char *version,
                                 struct failure *failure)
{
	char message[160];
	bool served;

	if (end->failure.class != FAILURE_NONE)
		return CRDS_UNANSWERED;
	if (end->status == 200 && objects_read_crd(end->body, version, &served, failure) == 0)
		return served ? CRDS_SERVED : CRDS_MISSING;
	if (end->status == 404 && objects_read_status(end->body, message, sizeof(message)))
		return CRDS_MISSING;
	return CRDS_UNANSWERED;
}

/* True where the round goes on with the next CRD. */
static bool see_crd(struct engine *engine, struct errand *errand, const struct http_end *end,
                    uint64_t now_usec)
{
	const struct release_crd *crd = &errand->release->crds[errand->step];
	struct failure failure;
	enum crds_state state = judge_crd(end, crd->version, &failure);

	if (state == CRDS_SERVED && errand->step + 1 < errand->release->crd_count)
		return true;
	(void)snprintf(engine->crd, sizeof(engine->crd), "%s %s", crd->name, crd->version);
	engine->evidence.crds = (struct evidence_crds){
		.at = engine_stamp(errand, now_usec),
		.state = state,
		.http_status = end->status,
		.name = engine->crd,
	};
	return false;
}

/* Each reads an answer into the engine; the evidence follows. */
static int read_deployments(struct engine *engine, struct span body, struct stamp at,
                            struct failure *failure)
{
	int r = objects_read_deployments(body, &engine->deployments, failure);

	if (r < 0)
		return r;
	see_deployments(engine);
	engine->evidence.deployments.at = at;
	return 0;
}

static int read_replicasets(struct engine *engine, struct span body, struct stamp at,
                            struct failure *failure)
{
	int r = objects_read_replicasets(body, &engine->replicasets, failure);

	if (r < 0)
		return r;
	see_replicasets(engine);
	engine->evidence.replicasets.at = at;
	return 0;
}

static int read_pods(struct engine *engine, struct span body, struct stamp at,
                     struct failure *failure)
{
	int r = objects_read_pods(body, &engine->pods, failure);

	if (r < 0)
		return r;
	see_pods(engine);
	engine->evidence.pods.at = at;
	return 0;
}

static int read_nodes(struct engine *engine, struct span body, struct stamp at,
                      struct failure *failure)
{
	int r = objects_read_nodes(body, &engine->nodes, failure);

	if (r < 0)
		return r;
	see_pods(engine);
	engine->evidence.nodes.at = at;
	return 0;
}

static int read_config(struct engine *engine, struct span body, struct stamp at,
                       struct failure *failure)
{
	int r = objects_read_config(body, &engine->cilium, failure);

	if (r < 0)
		return r;
	engine->evidence.config = (struct evidence_config){
		.at = at,
		.gateway_off = engine->cilium.gateway_off,
		.sync_off = engine->cilium.sync_off,
		.proxy_off = engine->cilium.proxy_off,
	};
	return 0;
}

/* --- each kind of ask: its request, and what is done with its end --- */

static void end_probe(struct engine *engine, struct errand *errand, const struct http_end *end,
                      uint64_t now_usec)
{
	see_probe(engine, errand, end, now_usec);
	engine_finish(engine, errand, probe_result_of_ask(end), now_usec);
}

static void end_log(struct engine *engine, struct errand *errand, const struct http_end *end,
                    uint64_t now_usec)
{
	see_log(engine, errand, end, now_usec);
	engine_finish(engine, errand, probe_result_of_ask(end), now_usec);
}

static void end_metrics(struct engine *engine, struct errand *errand, const struct http_end *end,
                        uint64_t now_usec)
{
	see_metrics(engine, errand, end, now_usec);
	engine_finish(engine, errand, probe_result_of_ask(end), now_usec);
}

static void send_ask(struct engine *engine, struct errand *errand, uint64_t now_usec);

static void end_crds(struct engine *engine, struct errand *errand, const struct http_end *end,
                     uint64_t now_usec)
{
	if (see_crd(engine, errand, end, now_usec)) {
		errand->step++;
		send_ask(engine, errand, now_usec);
		return;
	}
	/* A definite "missing" is an answer. */
	engine_finish(engine, errand,
	              engine->evidence.crds.state == CRDS_UNANSWERED ? RESULT_REFUSED : RESULT_OK,
	              now_usec);
}

static void end_object(struct engine *engine, struct errand *errand, const struct http_end *end,
                       uint64_t now_usec);

static const struct way {
	int (*path)(const struct engine *engine, const struct errand *errand, char *path);
	size_t limit;
	void (*end)(struct engine *engine, struct errand *errand, const struct http_end *end,
	            uint64_t now_usec);
	int (*read)(struct engine *engine, struct span body, struct stamp at,
	            struct failure *failure); /* for end_object */
} ways[ORDER_KIND_COUNT] = {
	[ASK_PROBE] = { path_readyz, READYZ_LIMIT, end_probe, NULL },
	[ASK_CRDS] = { path_next_crd, CRD_LIMIT, end_crds, NULL },
	[ASK_DEPLOYMENTS] = { path_of_deployments, LIST_LIMIT, end_object, read_deployments },
	[ASK_REPLICASETS] = { path_in_namespace, LIST_LIMIT, end_object, read_replicasets },
	[ASK_PODS] = { path_in_namespace, LIST_LIMIT, end_object, read_pods },
	[ASK_CONFIG] = { path_in_namespace, LIST_LIMIT, end_object, read_config },
	[ASK_NODES] = { path_of_nodes, LIST_LIMIT, end_object, read_nodes },
	[ASK_LOG] = { path_of_log, OPLOG_MAX_BYTES + 1024, end_log, NULL },
	[ASK_METRICS] = { NULL, METRICS_MAX_BYTES, end_metrics, NULL },
};

static void end_object(struct engine *engine, struct errand *errand, const struct http_end *end,
                       uint64_t now_usec)
{
	enum result result = probe_result_of_ask(end);
	struct failure failure;
	char text[240];

	if (result == RESULT_OK &&
	    ways[errand->order.kind].read(engine, end->body, engine_stamp(errand, now_usec), &failure) <
	            0) {
		engine_trouble(engine, errand->order.kind, failure.text);
		result = RESULT_REFUSED;
	} else if (result != RESULT_OK) {
		probe_explain(end, text, sizeof(text));
		engine_trouble(engine, errand->order.kind, text);
	} else {
		engine_trouble(engine, errand->order.kind, NULL);
	}
	engine_finish(engine, errand, result, now_usec);
}

static void send_ask(struct engine *engine, struct errand *errand, uint64_t now_usec)
{
	const struct way *way = &ways[errand->order.kind];
	char path[PATH_SIZE];
	int r = 0;

	if (errand->order.kind == ASK_METRICS)
		r = engine_send_metrics(engine, errand, way->limit, now_usec);
	else
		r = way->path ? way->path(engine, errand, path) : -EINVAL;
	if (r == 0 && way->path)
		r = engine_send(engine, errand, HTTP_GET, path, (struct span){ "", 0 }, way->limit,
		                now_usec);
	if (r < 0)
		engine_finish(engine, errand, RESULT_UNREACHABLE, now_usec);
}

void observe_start(struct engine *engine, struct errand *errand, uint64_t now_usec)
{
	errand->release = release_find(engine->evidence.deployments.first.release);
	send_ask(engine, errand, now_usec);
}

void observe_end(struct engine *engine, struct errand *errand, const struct http_end *end,
                 uint64_t now_usec)
{
	if (ways[errand->order.kind].end)
		ways[errand->order.kind].end(engine, errand, end, now_usec);
}

void observe_life(struct engine *engine, uint64_t now_usec)
{
	for (size_t i = 0; i < engine->pods.count; i++) {
		struct evidence_pod *pod = &engine->pod_items[i];

		if (pod->place != PLACE_HERE || !pod->container ||
		    (pod->life_usec && now_usec - pod->life_usec < LIFE_USEC))
			continue;
		pod->life = containers_look(&engine->containers, engine->pods.item[i].container);
		pod->life_usec = now_usec;
	}
}
