/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/watches.h"

#include <stdio.h>
#include <string.h>

#define RELEASE_1_20 120 /* ListenerSets, and ReferenceGrant v1 */
#define REFUSALS     3   /* in a row */

static const enum gateways_kind kinds[PATH_COPIES + 1] = {
	[PATH_CLASSES] = GATEWAYS_CLASS,
	[PATH_GATEWAYS] = GATEWAYS_GATEWAY,
	[PATH_LISTENERSETS] = GATEWAYS_LISTENERSET,
	[PATH_GRANTS] = GATEWAYS_GRANT,
	[PATH_GRANTS_BETA] = GATEWAYS_GRANT,
	[PATH_ENVOYCONFIGS] = GATEWAYS_ENVOYCONFIG,
	[PATH_COPIES] = GATEWAYS_COPY,
};

/* What this operator's release looks at itself. */
static bool is_used(const struct engine *engine, enum path_resource resource)
{
	bool since_1_20 = engine->evidence.deployments.first.release >= RELEASE_1_20;

	if (resource == PATH_LISTENERSETS || resource == PATH_GRANTS)
		return since_1_20;
	return resource != PATH_GRANTS_BETA || !since_1_20;
}

int watches_new(struct watches **ret)
{
	struct watches *watches = calloc(1, sizeof(*watches));
	int r;

	if (!watches)
		return -ENOMEM;
	r = gateways_new(&watches->store);
	if (r < 0) {
		free(watches);
		return r;
	}
	*ret = watches;
	return 0;
}

static void stop(struct engine *engine, struct watched *watched)
{
	if (watched->request)
		http_cancel(engine->http, watched->request);
	watched->request = 0;
}

struct watches *watches_free(struct engine *engine, struct watches *watches)
{
	if (!watches)
		return NULL;
	for (size_t i = 0; i < PATH_RESOURCE_COUNT; i++) {
		stop(engine, &watches->item[i]);
		if (watches->begun)
			watch_clear(&watches->item[i].watch);
	}
	watches->store = gateways_free(watches->store);
	free(watches);
	return NULL;
}

/* Of the operator's pods nothing is kept: what they are now is asked for. */
static void pods_begin(void *store)
{
	(void)store;
}

static int pods_put(void *store, enum watch_change change, struct span object,
                    struct failure *ret_failure)
{
	struct watches *self = store;

	(void)change;
	(void)object;
	(void)ret_failure;
	self->pods_changed = true;
	return 0;
}

static void pods_end(void *store)
{
	struct watches *self = store;

	self->pods_changed = true; /* the last of them may have gone */
}

static bool begin_pods(struct engine *engine)
{
	struct watches *self = engine->watches;
	struct watch_sink sink = { self, pods_begin, pods_put, pods_end };

	memcpy(self->operators, engine->deployments.first.namespace, sizeof(self->operators));
	return watch_init(&self->item[PATH_OPERATORS].watch, PATH_OPERATORS, self->operators,
	                  &sink) == 0;
}

/* Begun once it is known what to watch: the namespaces are the ConfigMap's and the Deployment's, the kinds are the
 * release's. */
static bool begin(struct engine *engine)
{
	struct watches *self = engine->watches;

	if (self->begun)
		return true;
	if (!stamp_known(engine->evidence.config.at) || engine->deployments.count != 1 ||
	    !begin_pods(engine))
		return false;
	memcpy(self->namespace, engine->cilium.secrets_namespace, sizeof(self->namespace));
	for (enum path_resource resource = PATH_CLASSES; resource <= PATH_COPIES; resource++) {
		struct watch_sink sink = gateways_sink(self->store, kinds[resource]);

		if (watch_init(&self->item[resource].watch, resource,
		               resource == PATH_COPIES ? self->namespace : NULL, &sink) < 0)
			return false;
	}
	self->begun = true;
	return true;
}

static bool usable(const struct engine *engine, enum endpoint endpoint)
{
	enum layer layer = engine->decision.endpoint[endpoint].layer;

	return layer == LAYER_USABLE || layer == LAYER_CRDS;
}

static void send_due(struct engine *engine, struct watched *watched, enum endpoint via,
                     uint64_t now_usec, uint32_t dice, uint64_t *wake_usec)
{
	static struct watch_request due; /* large; the loop is the only one */
	struct http_end failed = { .failure = { .class = FAILURE_LOCAL } };
	uint64_t wake = UINT64_MAX;

	if (!watch_due(&watched->watch, now_usec, dice, &due, &wake)) {
		*wake_usec = wake < *wake_usec ? wake : *wake_usec;
		return;
	}
	watched->via = via;
	if (engine_watch(engine, via, &due, &watched->request) < 0)
		watch_ended(&watched->watch, &failed, now_usec, dice);
}

static void feed(struct engine *engine, struct watched *watched, uint64_t now_usec, uint32_t dice)
{
	struct span bytes;
	uint16_t status;
	size_t taken = 0;

	/* A stream without an event yet is live all the same once its header is in. */
	if (!watched->request || !http_peek(engine->http, watched->request, &status, &bytes) ||
	    !status)
		return;
	if (watch_feed(&watched->watch, status, bytes, now_usec, dice, &taken))
		http_take(engine->http, watched->request, taken);
	else
		stop(engine, watched);
}

static void tell_pods(struct engine *engine, uint64_t now_usec)
{
	struct watches *self = engine->watches;

	engine->evidence.pods.watched = self->item[PATH_OPERATORS].watch.live;
	if (self->pods_changed)
		engine->evidence.pods.changed_usec = now_usec;
	self->pods_changed = false;
}

/* A loss of readiness makes every snapshot one of another epoch: what is missing in it proves nothing. */
static void follow_epoch(struct engine *engine, uint64_t now_usec)
{
	struct watches *self = engine->watches;

	if (self->epoch == engine->core.epoch)
		return;
	self->epoch = engine->core.epoch;
	self->relisted_usec = now_usec;
	for (size_t i = 0; i < PATH_RESOURCE_COUNT; i++) {
		stop(engine, &self->item[i]);
		watch_relist(&self->item[i].watch, now_usec);
	}
}

static const char *over_of(const struct watches *self, enum path_resource resource)
{
	return resource <= PATH_COPIES ? gateways_over(self->store, kinds[resource]) : NULL;
}

static void tell_trouble(struct engine *engine)
{
	struct watches *self = engine->watches;
	char text[240] = "";

	for (enum path_resource resource = PATH_CLASSES; resource < PATH_RESOURCE_COUNT;
	     resource++) {
		const struct watch *watch = &self->item[resource].watch;
		const char *over = over_of(self, resource);

		if (!is_used(engine, resource))
			continue;
		if (over)
			(void)snprintf(text, sizeof(text),
			               "there are more than %s: no copy is created", over);
		else if (!watch->live && watch->misses > 2 && watch->failure.class != FAILURE_NONE)
			(void)snprintf(text, sizeof(text), "watch of %ss: %.180s",
			               path_kind(resource), watch->failure.text);
	}
	if (strcmp(text, self->trouble) == 0)
		return;
	memcpy(self->trouble, text, sizeof(text));
	journal_write(&engine->journal, text[0] ? LOG_WARNING : LOG_NOTICE, NULL, NULL, "%s",
	              text[0] ? text : "all watches run again");
}

void watches_turn(struct engine *engine, uint64_t now_usec, uint32_t dice, uint64_t *wake_usec)
{
	enum endpoint via = usable(engine, ENDPOINT_LOCAL) ? ENDPOINT_LOCAL : ENDPOINT_VIP;

	if (!begin(engine))
		return;
	follow_epoch(engine, now_usec);
	for (enum path_resource resource = PATH_CLASSES; resource < PATH_RESOURCE_COUNT;
	     resource++) {
		struct watched *watched = &engine->watches->item[resource];

		if (!is_used(engine, resource)) {
			/* An upgrade of the operator: another kind has taken its place. */
			if (watched->request)
				watch_again(&watched->watch, now_usec);
			stop(engine, watched);
			continue;
		}
		feed(engine, watched, now_usec, dice);
		if (usable(engine, via))
			send_due(engine, watched, via, now_usec, dice, wake_usec);
	}
	tell_pods(engine, now_usec);
	tell_trouble(engine);
}

bool watches_end(struct engine *engine, const struct http_end *end, uint64_t now_usec,
                 uint32_t dice)
{
	for (size_t i = 0; i < PATH_RESOURCE_COUNT; i++) {
		struct watched *watched = &engine->watches->item[i];

		if (!watched->request || watched->request != end->id)
			continue;
		watched->request = 0;
		watch_ended(&watched->watch, end, now_usec, dice);
		return true;
	}
	return false;
}

void watches_again(struct engine *engine, uint64_t now_usec)
{
	struct watches *self = engine->watches;

	for (size_t i = 0; self->begun && i < PATH_RESOURCE_COUNT; i++) {
		stop(engine, &self->item[i]);
		watch_relist(&self->item[i].watch, now_usec);
	}
	self->relisted_usec = now_usec;
}

const struct failure *watches_failure(const struct engine *engine, enum path_resource resource,
                                      const char **ret_kind)
{
	const struct watch *watch = &engine->watches->item[resource].watch;

	if (!engine->watches->begun || !is_used(engine, resource) || watch->live ||
	    watch->failure.class == FAILURE_NONE)
		return NULL;
	*ret_kind = path_kind(resource);
	return &watch->failure;
}

bool watches_refused(const struct engine *engine)
{
	const struct failure *failure;
	const char *kind;

	for (enum path_resource resource = PATH_CLASSES; resource <= PATH_COPIES; resource++) {
		failure = watches_failure(engine, resource, &kind);
		if (failure && failure->http_status / 100 == 4 &&
		    engine->watches->item[resource].watch.misses >= REFUSALS)
			return true;
	}
	return false;
}

bool watches_synced(const struct engine *engine, struct stamp *ret_at)
{
	const struct watches *self = engine->watches;
	struct stamp at = { .begun_usec = UINT64_MAX, .epoch = self->epoch };

	if (!self->begun)
		return false;
	for (enum path_resource resource = PATH_CLASSES; resource <= PATH_COPIES; resource++) {
		const struct watch *watch = &self->item[resource].watch;

		if (!is_used(engine, resource))
			continue;
		if (!watch->synced || !watch->live ||
		    watch->snapshot_begun_usec < self->relisted_usec)
			return false;
		if (watch->snapshot_begun_usec < at.begun_usec) {
			at.begun_usec = watch->snapshot_begun_usec;
			at.ended_usec = watch->snapshot_ended_usec;
		}
	}
	*ret_at = at;
	return true;
}
