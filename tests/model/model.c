/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/model.h"
#include "tests/model/operator.h"

#include <string.h>

#define MSEC UINT64_C(1000)
#define BACK_OFF_USEC     (10000 * MSEC)
#define BACK_OFF_MAX_USEC (300000 * MSEC)
#define SYNC_USEC         (10000 * MSEC) /* how often the kubelet tells again what it could not */
#define CONTROLLERS_USEC                                                                           \
	(500 * MSEC) /* how often a controller looks again at what it could not do */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static struct pod *create_pod(struct model *model)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		struct pod *pod = &model->pod[i];

		if (pod->id)
			continue;
		*pod = (struct pod){ .id = ++model->next_id,
			             .version = ++model->next_id,
			             .node = -1 };
		pod->starts_usec = pod->shows_usec = pod->ends_usec = MODEL_NEVER;
		return pod;
	}
	return NULL;
}

static struct pod *pod_on(struct model *model, int node)
{
	for (size_t i = 0; i < MODEL_PODS; i++)
		if (model->pod[i].id && model->pod[i].node == node)
			return &model->pod[i];
	return NULL;
}

static void show(struct model *model, struct pod *pod)
{
	pod->shows_usec = MODEL_NEVER;
	pod->version = ++model->next_id;
	pod->shown.running = pod->shown.ready = pod->process.container != 0;
	pod->shown.container = pod->shown.running ? pod->process.container : pod->ended;
	pod->shown.held_back = !pod->shown.running && pod->ended;
	pod->shown.ended_usec = pod->shown.held_back ? pod->ended_usec : 0;
	pod->shown.due_usec = pod->shown.held_back ? pod->starts_usec : 0;
}

void model_init(struct model *model, uint64_t seed, unsigned nodes, unsigned replicas)
{
	memset(model, 0, sizeof(*model));
	model->luck.state = seed;
	model->next_id = 100;
	model->replicas = replicas;
	model->controllers_usec = model->touched_usec = MODEL_NEVER;
	for (size_t i = 0; i < nodes && i < MODEL_NODES; i++) {
		struct node *node = &model->node[i];

		*node = (struct node){ .exists = true, .up = true, .shows_usec = MODEL_NEVER };
		node->boot = node->shown_boot = ++model->next_id;
	}
	for (size_t i = 0; i < MODEL_COPIES; i++)
		model->source[i].version = 1;
	for (size_t i = 0; i < replicas; i++) {
		struct pod *pod = create_pod(model);

		if (i >= nodes)
			continue; /* Pending for ever: anti-affinity and host ports */
		pod->node = (int)i;
		operator_start(model, &pod->process, 0);
		show(model, pod);
	}
}

static bool api_up(const struct model *model, uint64_t now_usec)
{
	return path_fault(&model->api, now_usec) == FAULT_NONE;
}

bool model_cordoned(const struct model *model, size_t node, uint64_t now_usec)
{
	return now_usec < model->node[node].cordoned_usec;
}

static bool schedule(struct model *model, struct pod *pod, uint64_t now_usec)
{
	for (int i = 0; i < MODEL_NODES; i++) {
		const struct node *node = &model->node[i];

		if (!node->up || now_usec < node->kubelet_usec ||
		    model_cordoned(model, (size_t)i, now_usec) || pod_on(model, i))
			continue;
		pod->node = i;
		pod->starts_usec = now_usec + luck_between(&model->luck, 300 * MSEC, 700 * MSEC);
		return true;
	}
	return false;
}

/* The ReplicaSet's controller and the scheduler. */
static void run_controllers(struct model *model, uint64_t now_usec)
{
	bool wanting = false;
	unsigned count = 0;

	for (size_t i = 0; i < MODEL_PODS; i++)
		count += model->pod[i].id && !model->pod[i].terminating;
	if (api_up(model, now_usec))
		for (; count < model->replicas; count++)
			(void)create_pod(model);
	for (size_t i = 0; i < MODEL_PODS; i++) {
		struct pod *pod = &model->pod[i];

		if (pod->id && pod->node < 0 && !pod->terminating)
			wanting |= !api_up(model, now_usec) || !schedule(model, pod, now_usec);
	}
	wanting |= count < model->replicas;
	model->controllers_usec = wanting ? now_usec + CONTROLLERS_USEC : MODEL_NEVER;
}

/* The kubelet starts it again after 10 s, then after twice as long each time, up to 300 s. */
void model_give_up(struct model *model, struct pod *pod, uint64_t now_usec)
{
	uint64_t pause = BACK_OFF_USEC << (pod->ends < 5 ? pod->ends : 5);

	pod->ended = pod->process.container;
	pod->ended_usec = now_usec;
	pod->ends++;
	operator_end(model, &pod->process, false, now_usec);
	pod->starts_usec = now_usec + sooner(pause, BACK_OFF_MAX_USEC);
	pod->shows_usec = now_usec + luck_between(&model->luck, 50 * MSEC, 1000 * MSEC);
	model->gave_up++;
}

static void run_pod(struct model *model, struct pod *pod, uint64_t now_usec)
{
	operator_run(model, pod, now_usec);
	if (pod->process.gives_up)
		model_give_up(model, pod, now_usec);
	if (pod->starts_usec <= now_usec) {
		operator_start(model, &pod->process, now_usec);
		pod->starts_usec = MODEL_NEVER;
		if (pod->shows_usec == MODEL_NEVER)
			pod->shows_usec =
				now_usec + luck_between(&model->luck, 50 * MSEC, 1000 * MSEC);
	}
	if (pod->shows_usec <= now_usec) {
		if (api_up(model, now_usec))
			show(model, pod);
		else
			pod->shows_usec =
				now_usec + luck_between(&model->luck, CONTROLLERS_USEC, SYNC_USEC);
	}
	if (pod->ends_usec <= now_usec) {
		operator_end(model, &pod->process, true, now_usec);
		*pod = (struct pod){ .id = 0 };
		model->controllers_usec = now_usec;
	}
}

static void run_node(struct model *model, struct node *node, uint64_t now_usec)
{
	if (!node->exists || now_usec < node->shows_usec)
		return;
	if (!api_up(model, now_usec)) {
		node->shows_usec = now_usec + CONTROLLERS_USEC;
		return;
	}
	node->shown_boot = node->boot;
	node->shows_usec = MODEL_NEVER;
}

static void touch_pods(struct model *model, uint64_t now_usec)
{
	for (size_t i = 0; i < MODEL_PODS; i++)
		if (model->pod[i].id)
			model->pod[i].version = ++model->next_id;
	model->touched_usec =
		now_usec + luck_between(&model->luck, model->touches_usec, 4 * model->touches_usec);
	if (model->touched_usec >= model->touched_until_usec)
		model->touched_usec = MODEL_NEVER;
}

void model_advance(struct model *model, uint64_t now_usec)
{
	while (model_next(model) <= now_usec) {
		for (size_t i = 0; i < MODEL_NODES; i++)
			run_node(model, &model->node[i], now_usec);
		for (size_t i = 0; i < MODEL_PODS; i++)
			if (model->pod[i].id)
				run_pod(model, &model->pod[i], now_usec);
		if (model->touched_usec <= now_usec)
			touch_pods(model, now_usec);
		if (model->controllers_usec <= now_usec)
			run_controllers(model, now_usec);
	}
}

uint64_t model_next(const struct model *model)
{
	uint64_t next = sooner(model->controllers_usec, model->touched_usec);

	for (size_t i = 0; i < MODEL_NODES; i++)
		if (model->node[i].exists)
			next = sooner(next, model->node[i].shows_usec);
	for (size_t i = 0; i < MODEL_PODS; i++) {
		const struct pod *pod = &model->pod[i];

		if (!pod->id)
			continue;
		next = sooner(next,
		              sooner(pod->starts_usec, sooner(pod->shows_usec, pod->ends_usec)));
		next = sooner(next, operator_next(&pod->process));
	}
	return next;
}

void model_power_cut(struct model *model, size_t node, bool with_api, uint64_t now_usec)
{
	struct pod *pod = pod_on(model, (int)node);

	model->node[node].up = false;
	model->node[node].shows_usec = MODEL_NEVER;
	path_add(&model->node[node].local, now_usec, MODEL_NEVER, FAULT_REFUSED);
	if (with_api)
		path_add(&model->api, now_usec, MODEL_NEVER, FAULT_REFUSED);
	if (!pod)
		return;
	operator_end(model, &pod->process, false, now_usec);
	pod->starts_usec = pod->shows_usec = MODEL_NEVER;
	if (pod->terminating) /* the kubelet finds it so, and lets it go, once it is back */
		pod->ends_usec = MODEL_NEVER;
}

static void end_last_spell(struct path *path, uint64_t until_usec)
{
	for (size_t i = 0; i < path->count; i++)
		if (path->spell[i].until_usec == MODEL_NEVER)
			path->spell[i].until_usec = until_usec;
}

void model_boot(struct model *model, size_t index, const struct boot_plan *plan, uint64_t now_usec)
{
	struct node *node = &model->node[index];
	struct pod *pod = pod_on(model, (int)index);

	node->up = true;
	node->boot = ++model->next_id;
	node->booted_usec = now_usec;
	node->kubelet_usec = now_usec + plan->kubelet_usec;
	node->shows_usec = now_usec + plan->node_usec;
	end_last_spell(&node->local, now_usec + plan->api_usec);
	end_last_spell(&model->api, now_usec + plan->api_usec);
	path_add(&model->vip, now_usec, now_usec + plan->vip_usec, FAULT_REFUSED);
	model->controllers_usec = now_usec;
	model_restart_envoy(model, now_usec + plan->envoy_usec);
	if (!pod)
		return;
	if (pod->terminating) {
		pod->ends_usec = node->kubelet_usec;
		return;
	}
	/* The same pod gets a new container; the API goes on showing yesterday's. Back-offs are in the
	 * kubelet's memory. */
	pod->ended = 0;
	pod->ends = 0;
	pod->starts_usec = now_usec + plan->container_usec;
	pod->shows_usec = now_usec + plan->status_usec;
}

void model_end_cleanly(struct model *model, size_t node)
{
	struct pod *pod = pod_on(model, (int)node);

	if (pod && pod->process.leads)
		model->lease = 0;
}

void model_crash(struct model *model, size_t node, uint64_t now_usec)
{
	struct pod *pod = pod_on(model, (int)node);

	if (!pod || !pod->process.container || pod->terminating)
		return;
	operator_end(model, &pod->process, false, now_usec);
	pod->starts_usec =
		now_usec + luck_between(&model->luck, MODEL_RESTART_USEC, 2 * MODEL_RESTART_USEC);
}

const struct pod *model_pod(const struct model *model, uint32_t id)
{
	for (size_t i = 0; i < MODEL_PODS; i++)
		if (id && model->pod[i].id == id)
			return &model->pod[i];
	return NULL;
}

const struct process *model_process(const struct model *model, uint32_t container)
{
	for (size_t i = 0; i < MODEL_PODS; i++)
		if (container && model->pod[i].id && model->pod[i].process.container == container)
			return &model->pod[i].process;
	return NULL;
}

enum model_log model_log(const struct model *model, uint32_t id, uint64_t now_usec)
{
	const struct pod *pod = model_pod(model, id);

	if (!pod)
		return MODEL_LOG_404;
	if (pod->node < 0 || !pod->process.container || !model->node[pod->node].up ||
	    now_usec < model->node[pod->node].kubelet_usec ||
	    path_fault(&model->log, now_usec) != FAULT_NONE)
		return MODEL_LOG_502;
	if (now_usec < pod->process.log_usec)
		return MODEL_LOG_EMPTY;
	return pod->process.mind == MIND_ON ? MODEL_LOG_ON : MODEL_LOG_OFF;
}

enum delete_end model_delete_pod(struct model *model, uint32_t id, uint32_t version,
                                 uint64_t now_usec)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		struct pod *pod = &model->pod[i];

		if (!id || pod->id != id)
			continue;
		if (pod->version != version)
			return DELETE_CONFLICT;
		pod->version = ++model->next_id;
		if (pod->terminating)
			return DELETE_DONE;
		pod->terminating = true;
		pod->starts_usec = pod->shows_usec = MODEL_NEVER;
		pod->ends_usec = now_usec + luck_between(&model->luck, 200 * MSEC, 800 * MSEC);
		model->controllers_usec = now_usec;
		return DELETE_DONE;
	}
	return DELETE_GONE;
}

bool model_controller_on(const struct model *model)
{
	const struct process *leader = model_process(model, model->lease);

	return leader && leader->mind == MIND_ON && leader->synced;
}
