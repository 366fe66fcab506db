/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/world.h"
#include "tests/fakeapi/host.h"
#include "tests/fakeapi/objects.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS UINT64_C(1000000)

#define SETTLED_USEC (60 * SECONDS) /* by then the model's first operator leads and is synced */
#define GIVES_UP_USEC                                                                              \
	(30 * SECONDS + 100000) /* 1.20: it asks again for so long, then its process exits */
#define HANDSHAKE_USEC (10 * SECONDS)
#define EXIT_GIVES_UP  255
#define EXIT_KILLED    137

void world_event(const struct world *world, const char *format, ...)
{
	va_list args;

	(void)fprintf(world->options.events, "event %.3f ", (double)world->now_usec / 1e6);
	va_start(args, format);
	(void)vfprintf(world->options.events, format, args);
	va_end(args);
	(void)fputc('\n', world->options.events);
	(void)fflush(world->options.events);
}

static uint64_t model_now(const struct world *world)
{
	return world->origin_usec + world->now_usec;
}

/* --- what an operator makes of a gate's fault, by release: facts/cluster.md, section 4 --- */

/* 1.18 gives up at any answer but a cut connection or silence, which it asks again; from 1.19 on what may pass is
 * asked again as well. Both have it that nothing is learnt from a handshake that stalls. */
static bool asks_again(const struct world *world, struct gate_fault fault)
{
	bool patient = world->options.release >= 119;

	switch (fault.way) {
	case GATE_HANGS_UP:
	case GATE_RESETS:
	case GATE_SILENT:
		return true;
	case GATE_REFUSED:
		return patient;
	case GATE_ANSWERS:
		return patient && (fault.status == 503 || fault.status == 429);
	case GATE_OPEN:
	case GATE_STALLS:
		break;
	}
	return false;
}

static void add_fault(struct world *world, struct gate_fault fault, uint64_t until_usec)
{
	struct path *vip = &world->model.vip;
	uint64_t now = model_now(world);
	bool leaves_split = fault.way == GATE_STALLS && world->options.release < 119;

	if (asks_again(world, fault)) {
		path_add(vip, now, until_usec, FAULT_EOF);
	} else if (leaves_split) {
		path_add(vip, now, until_usec, FAULT_STALL);
	} else if (fault.way == GATE_STALLS) { /* the handshake times out, and that is that */
		uint64_t times_out =
			now + HANDSHAKE_USEC < until_usec ? now + HANDSHAKE_USEC : until_usec;

		path_add(vip, now, times_out, FAULT_EOF);
		if (times_out < until_usec)
			path_add(vip, times_out, until_usec, FAULT_500);
	} else {
		path_add(vip, now, until_usec,
		         fault.way == GATE_REFUSED ? FAULT_REFUSED : FAULT_500);
	}
}

static void end_faults(struct path *path, uint64_t now_usec)
{
	for (size_t i = 0; i < path->count; i++) {
		if (path->spell[i].from_usec > now_usec)
			path->spell[i].from_usec = now_usec;
		if (path->spell[i].until_usec > now_usec)
			path->spell[i].until_usec = now_usec;
	}
}

void world_gate(struct world *world, enum gate gate, struct gate_fault fault, uint64_t usec)
{
	uint64_t until = usec == MODEL_NEVER ? MODEL_NEVER : model_now(world) + usec;

	world->gate[gate].fault = fault;
	world->gate[gate].until_usec = fault.way == GATE_OPEN ? 0 : until;
	if (gate == GATE_LOCAL)
		return; /* the model has no agent that would go that way */
	end_faults(&world->model.vip, model_now(world));
	if (fault.way != GATE_OPEN)
		add_fault(world, fault, until);
}

struct gate_fault world_fault(const struct world *world, enum gate gate)
{
	static const struct gate_fault open = { .way = GATE_OPEN },
				       refused = { .way = GATE_REFUSED };
	uint64_t now = model_now(world);

	if (now < world->gate[gate].until_usec)
		return world->gate[gate].fault;
	if (gate == GATE_LOCAL)
		return model_local(&world->model, 0, now) == FAULT_NONE ? open : refused;
	return model_vip(&world->model, now) == FAULT_NONE ? open : refused;
}

/* --- the model, as the API shows it --- */

static struct world_pod *pod_place(struct world *world, uint32_t id)
{
	for (size_t i = 0; i < MODEL_PODS; i++)
		if (world->pod[i].id == id)
			return &world->pod[i];
	return NULL;
}

static void show_pod(struct world *world, const struct pod *pod)
{
	struct world_pod *shown = pod_place(world, pod->id);

	if (!shown) {
		shown = pod_place(world, 0);
		*shown = (struct world_pod){ .id = pod->id };
	}
	if (shown->version == pod->version && shown->container == pod->shown.container &&
	    shown->terminating == pod->terminating)
		return;
	if (shown->container && pod->shown.container && shown->container != pod->shown.container) {
		shown->last = shown->container;
		shown->restarts++;
	}
	if (pod->shown.held_back) {
		shown->last = pod->shown.container;
		shown->exit_code = EXIT_GIVES_UP;
	}
	shown->version = pod->version;
	shown->container = pod->shown.container;
	shown->terminating = pod->terminating;
	objects_put_pod(world, pod, shown);
}

static void show_pods(struct world *world)
{
	for (size_t i = 0; i < MODEL_PODS; i++)
		if (world->model.pod[i].id)
			show_pod(world, &world->model.pod[i]);
	for (size_t i = 0; i < MODEL_PODS; i++) {
		char name[64];

		if (!world->pod[i].id || model_pod(&world->model, world->pod[i].id))
			continue;
		objects_pod_name(world->pod[i].id, name);
		(void)store_delete(&world->store, "pods", "kube-system", name);
		world_event(world, "pod gone %s", name);
		world->pod[i] = (struct world_pod){ 0 };
	}
}

static void tell_process(struct world *world, size_t place)
{
	const struct process *process = &world->model.pod[place].process;
	char id[OBJECTS_CONTAINER_SIZE];

	objects_container_id(process->container, id);
	if (process->mind != world->process[place].mind && process->mind != MIND_ASKING)
		world_event(world, "operator %s %.12s", process->mind == MIND_ON ? "on" : "off",
		            id);
	if (process->leads && !world->process[place].leads)
		world_event(world, "operator leads %.12s", id);
	if (process->synced && !world->process[place].synced)
		world_event(world, "operator synced %.12s", id);
	world->process[place].mind = process->mind;
	world->process[place].leads = process->leads;
	world->process[place].synced = process->synced;
}

static void show_processes(struct world *world)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		uint32_t is = world->model.pod[i].process.container,
			 was = world->process[i].container;
		char id[OBJECTS_CONTAINER_SIZE];

		if (is != was) {
			if (was)
				host_show_container(world, was, false);
			memset(&world->process[i], 0, sizeof(world->process[i]));
			world->process[i].container = is;
			world->process[i].since_usec = model_now(world);
			objects_container_id(is ? is : was, id);
			world_event(world, "operator %s %.12s", is ? "started" : "ended", id);
			if (is)
				host_show_container(world, is, true);
		}
		if (is)
			tell_process(world, i);
	}
}

/* One that is written anew keeps its UID. */
static void show_copies(struct world *world)
{
	for (size_t i = 0; i < MODEL_COPIES; i++) {
		struct world_source *source = &world->source[i];
		uint32_t is = world->model.copy[i], holds = world->model.copied[i].holds;

		if (is == source->shown && (!is || holds == source->holds))
			continue;
		if (is != source->shown && source->shown &&
		    store_delete(&world->store, "secrets", "cilium-secrets", source->copy))
			world_event(world, "copy deleted %s", source->copy);
		if (is) {
			objects_put_copy(world, source, is);
			world_event(world, "copy %s %s operator",
			            is == source->shown ? "renewed" : "created", source->copy);
		}
		source->shown = is;
		source->holds = holds;
	}
}

static void show_node(struct world *world)
{
	const struct node *node = &world->model.node[0];

	if (world->boot != node->boot) {
		world->boot = node->boot;
		host_show_boot(world, node->boot);
	}
	if (world->shown_boot != node->shown_boot) {
		world->shown_boot = node->shown_boot;
		objects_put_node(world, node->shown_boot);
	}
}

/* From 1.19 on it asks again for 30 s, and then its process exits. */
static void end_the_patient(struct world *world)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		struct pod *pod = &world->model.pod[i];

		if (world->options.release < 119 || !pod->id || pod->process.container == 0 ||
		    pod->process.container != world->process[i].container ||
		    pod->process.mind != MIND_ASKING ||
		    model_now(world) - world->process[i].since_usec < GIVES_UP_USEC)
			continue;
		world_event(world, "operator exits");
		model_give_up(&world->model, pod, model_now(world));
	}
}

static void step_to(struct world *world, uint64_t now_usec)
{
	if (now_usec > world->now_usec)
		world->now_usec = now_usec;
	model_advance(&world->model, model_now(world));
	show_node(world);
	show_processes(world);
	end_the_patient(world);
	show_processes(world);
	show_copies(world);
	show_pods(world);
}

uint64_t world_next(const struct world *world)
{
	uint64_t next = model_next(&world->model);

	return next == MODEL_NEVER         ? MODEL_NEVER
	       : next > world->origin_usec ? next - world->origin_usec
	                                   : 0;
}

void world_step(struct world *world, uint64_t now_usec)
{
	uint64_t next;

	while ((next = world_next(world)) <= now_usec)
		step_to(world, next);
	step_to(world, now_usec);
}

/* --- what is done to it --- */

void world_reboot(struct world *world, uint64_t vip_usec)
{
	/* The Node is as new as the API: how often the agent looks for that is not shrunk with the world. */
	const struct boot_plan plan = { .api_usec = 2 * SECONDS,
		                        .vip_usec = vip_usec,
		                        .kubelet_usec = 2 * SECONDS,
		                        .container_usec = 2 * SECONDS + 500000,
		                        .node_usec = 2 * SECONDS,
		                        .status_usec = 4 * SECONDS };

	model_power_cut(&world->model, 0, true, model_now(world));
	show_processes(world);
	model_boot(&world->model, 0, &plan, model_now(world));
	world_event(world, "rebooted");
	world_step(world, world->now_usec);
}

void world_kill_operator(struct world *world)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		struct world_pod *shown = pod_place(world, world->model.pod[i].id);

		if (world->model.pod[i].id && world->model.pod[i].node == 0 && shown)
			shown->exit_code = EXIT_KILLED;
	}
	model_crash(&world->model, 0, model_now(world));
	world_step(world, world->now_usec);
}

void world_grant(struct world *world, bool granted)
{
	if (granted)
		objects_put_grant(world);
	else
		(void)store_delete(&world->store, "referencegrants", "elsewhere", "gateways");
	model_grant(&world->model, MODEL_COPIES - 1, granted, model_now(world));
}

void world_renew(struct world *world, size_t source, bool rsa)
{
	struct world_source *renewed = &world->source[source];

	tls_identity_clear(&renewed->identity);
	if (rsa)
		tls_make_rsa(&renewed->identity, renewed->hostname);
	else
		tls_make(&renewed->identity, renewed->hostname, NULL, NULL);
	objects_put_source(world, renewed);
	model_rotate(&world->model, source, model_now(world));
}

void world_delete_copies(struct world *world)
{
	for (size_t i = 0; i < MODEL_COPIES; i++)
		model_lose_copy(&world->model, i, model_now(world));
	world_step(world, world->now_usec);
}

enum delete_end world_delete_pod(struct world *world, const char *name)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		const struct pod *pod = &world->model.pod[i];
		char this[64];
		enum delete_end end;

		if (!pod->id)
			continue;
		objects_pod_name(pod->id, this);
		if (strcmp(this, name) != 0)
			continue;
		end = model_delete_pod(&world->model, pod->id, pod->version, model_now(world));
		world_step(world, world->now_usec);
		return end;
	}
	return DELETE_GONE;
}

void world_copy_created(struct world *world, const char *name, cJSON *json)
{
	uint32_t number = 0;

	for (size_t i = 0; i < MODEL_COPIES; i++) {
		struct world_source *source = &world->source[i];

		if (strcmp(source->copy, name) != 0)
			continue;
		(void)model_create_copy(&world->model, i, model_now(world));
		number = source->shown = world->model.copy[i];
		source->holds = world->model.copied[i].holds;
	}
	objects_put_created(world, name, json, number ? number : ++world->model.next_id);
	world_event(world, "copy created %s agent", name);
}

/* --- its log --- */

static const char *log_tape(const struct world *world, bool on)
{
	if (world->options.release >= 120)
		return on ? "operator-on-1.20.2.log" : "operator-off-1.20.2.log";
	return on ? "operator-on.log" : "operator-off.log";
}

char *world_log(struct world *world, const char *pod)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		char name[64], *text, *check;
		enum model_log log;

		if (!world->model.pod[i].id)
			continue;
		objects_pod_name(world->model.pod[i].id, name);
		if (strcmp(name, pod) != 0)
			continue;
		log = model_log(&world->model, world->model.pod[i].id, model_now(world));
		if (log != MODEL_LOG_EMPTY && log != MODEL_LOG_OFF && log != MODEL_LOG_ON)
			return NULL;
		text = world_tape(world, log_tape(world, log == MODEL_LOG_ON));
		check = strstr(text, "Checking for required");
		if (log == MODEL_LOG_EMPTY && check)
			while (check > text && check[-1] != '\n')
				check--;
		if (log == MODEL_LOG_EMPTY && check)
			*check = '\0';
		return text;
	}
	return NULL;
}

char *world_tape(const struct world *world, const char *name)
{
	char path[512], *text;
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", world->options.tapes, name);
	file = fopen(path, "re");
	if (!file) {
		(void)snprintf(path, sizeof(path), "tests/fakeapi/tapes/%s", name);
		file = fopen(path, "re");
	}
	text = malloc(256 * 1024);
	if (!file || !text) {
		(void)fprintf(stderr, "fakeapi: no tape %s\n", path);
		abort();
	}
	len = fread(text, 1, 256 * 1024 - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

size_t world_source_of(const struct world *world, const char *hostname)
{
	size_t i = 0;

	while (i < MODEL_COPIES && strcmp(world->source[i].hostname, hostname) != 0)
		i++;
	return i;
}

/* --- its beginning --- */

static void name_sources(struct world *world)
{
	static const char *const names[MODEL_COPIES] = { "alpha", "beta", "gamma" };

	for (size_t i = 0; i < MODEL_COPIES; i++) {
		struct world_source *source = &world->source[i];
		bool elsewhere = world->options.cross_namespace && i == MODEL_COPIES - 1;

		(void)snprintf(source->namespace, sizeof(source->namespace), "%s",
		               elsewhere ? "elsewhere" : "default");
		(void)snprintf(source->name, sizeof(source->name), "%s-tls", names[i]);
		(void)snprintf(source->hostname, sizeof(source->hostname), "%s.gatewake.test",
		               names[i]);
		objects_copy_name(world->options.release, source->namespace, source->name,
		                  source->copy);
		tls_make(&source->identity, source->hostname, NULL, NULL);
		tls_make(&source->wrong, source->hostname, NULL, NULL);
	}
}

void world_init(struct world *world, const struct world_options *options)
{
	FILE *quiet = fopen("/dev/null", "we");

	memset(world, 0, sizeof(*world));
	world->options = *options;
	world->store.version = 500;
	name_sources(world);
	model_init(&world->model, 1, 1, 1);
	world->options.events = quiet;
	objects_put_fixed(world);
	for (uint64_t next; (next = model_next(&world->model)) <= SETTLED_USEC;)
		model_advance(&world->model, next);
	world->origin_usec = SETTLED_USEC;
	world_step(world, 0);
	store_compact(&world->store);
	world->options.events = options->events;
	(void)fclose(quiet);
}
