/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/certs.h"

#include <stdio.h>
#include <string.h>

#include "base/identity.h"
#include "engine/watches.h"

/* --- sources --- */

static uint32_t source_id(const char *namespace, const char *name)
{
	char text[COPY_NAMESPACE_MAX + COPY_NAME_MAX + 2];

	(void)snprintf(text, sizeof(text), "%s/%s", namespace, name);
	return identity_of(text);
}

static size_t find_source(const struct certs *certs, uint32_t id)
{
	size_t place = 0;

	while (place < certs->source_count && certs->source[place].id != id)
		place++;
	return place;
}

struct cert_source *certs_source(const struct engine *engine, uint32_t id)
{
	size_t place = find_source(engine->certs, id);

	return place < engine->certs->source_count ? &engine->certs->source[place] : NULL;
}

static void name_source(struct cert_source *source)
{
	struct copy_source which = { source->namespace, source->name };
	char bytes[COPY_PREIMAGE_MAX];
	size_t len = copy_preimage(&which, bytes);
	struct digest digest;

	if (len == 0 || tls_digest((struct span){ bytes, len }, &digest) < 0)
		source->obstacle = COPY_BAD_NAME;
	else
		copy_name_both(&which, digest.bytes, &source->names);
}

/* Behind the last one; when all are taken, one that nothing refers to any more. */
static size_t free_place(const struct certs *certs)
{
	size_t place = certs->source_count;

	if (place < SOURCES_MAX)
		return place;
	for (place = 0; place < SOURCES_MAX; place++)
		if (certs->source[place].idle && !certs->source[place].referred)
			break;
	return place;
}

/* The place of a source, a new one where it has none; SOURCES_MAX where there is no room, or no such name. */
static size_t take_source(struct certs *certs, const struct gateways_ref *ref)
{
	size_t place = find_source(certs, source_id(ref->namespace, ref->name));
	struct cert_source *source;

	if (place < certs->source_count)
		return place;
	place = free_place(certs);
	if (place == SOURCES_MAX) {
		certs->truncated = true;
		return SOURCES_MAX;
	}
	source = &certs->source[place];
	if (strlen(ref->namespace) > COPY_NAMESPACE_MAX || strlen(ref->name) > COPY_NAME_MAX)
		return SOURCES_MAX;
	*source = (struct cert_source){ .id = source_id(ref->namespace, ref->name) };
	(void)snprintf(source->namespace, sizeof(source->namespace), "%s", ref->namespace);
	(void)snprintf(source->name, sizeof(source->name), "%s", ref->name);
	name_source(source);
	if (place == certs->source_count)
		certs->source_count++;
	return place;
}

/* Asked of the CiliumEnvoyConfigs first, so that it is right in every version. */
static enum copy_rule rule_of(const struct engine *engine, const struct cert_source *source)
{
	const struct gateways *store = engine->watches->store;
	const struct gateways_envoyconfig *config;
	unsigned asked = COPY_RULE_NONE;

	for (size_t i = 0; (config = gateways_envoyconfig_at(store, i)); i++)
		for (size_t j = 0; j < config->sds_count; j++)
			asked |= copy_asked(&source->names, engine->watches->namespace,
			                    span_of(config->sds[j]));
	return copy_choose(asked, engine->evidence.deployments.first.release);
}

static void see_copy(const struct engine *engine, struct cert_source *source, uint64_t now_usec)
{
	const char *name = copy_name(&source->names, source->rule);
	const struct gateways_copy *copy =
		name ? gateways_copy_find(engine->watches->store, engine->watches->namespace, name)
		     : NULL;
	bool present = copy && !copy->is.terminating;
	uint32_t version = present ? identity_of(copy->is.version) : 0;

	if (source->present && !present)
		source->gone_usec = now_usec;
	if (version != source->version)
		source->copied_usec = now_usec;
	/* The copy that we have just made holds what we put in: no need to look. */
	if (version != source->version &&
	    !(present && !source->version && strcmp(copy->is.uid, source->created_uid) == 0)) {
		source->copy_known = false;
		source->changed_usec = now_usec;
	}
	source->version = version;
	source->present = present;
	source->owned = present && strcmp(copy->source_namespace, source->namespace) == 0 &&
	                strcmp(copy->source_name, source->name) == 0;
}

static void see_source(const struct engine *engine, struct cert_source *source, uint64_t now_usec)
{
	struct copy_source which = { source->namespace, source->name };
	enum copy_rule rule = rule_of(engine, source);

	if (rule != source->rule)
		source->changed_usec = now_usec;
	source->rule = rule;
	if (source->obstacle != COPY_BAD_NAME)
		source->obstacle = copy_obstacle_of(&which, rule);
	see_copy(engine, source, now_usec);
}

/* --- listeners --- */

struct owner { /* whose listeners they are */
	enum gateways_kind kind;
	const struct gateways_object *is;
	const struct gateways_gateway *gateway;
};

struct cert_listener *certs_listener(struct engine *engine, uint32_t id)
{
	for (size_t i = 0; i < engine->certs->listener_count; i++)
		if (engine->certs->listener[i].id == id)
			return &engine->certs->listener[i];
	return NULL;
}

/* Sources of one listener; each is needed, whether the listener can be proven or not. */
static void see_refs(struct engine *engine, const struct owner *owner,
                     const struct gateways_listener *from, struct cert_listener *listener)
{
	struct certs *certs = engine->certs;

	listener->source_count = 0;
	for (size_t i = 0; i < from->ref_count; i++) {
		const struct gateways_ref *ref = &from->ref[i];
		size_t place;

		if (ref->group[0] || strcmp(ref->kind, "Secret") != 0)
			continue;
		place = take_source(certs, ref);
		if (place == SOURCES_MAX)
			continue;
		certs->source[place].referred = true;
		certs->source[place].granted |=
			gateways_grant_allows(engine->watches->store, owner->kind,
		                              owner->is->namespace, ref->namespace, ref->name);
		if (listener->source_count < CERTS_REFS_MAX)
			listener->source[listener->source_count++] = place;
	}
}

/* A name that a wildcard covers will do. */
static void set_hostname(struct cert_listener *listener, const char *hostname)
{
	if (hostname[0] == '*')
		(void)snprintf(listener->hostname, sizeof(listener->hostname), "gatewake%.240s",
		               hostname + 1);
	else
		(void)snprintf(listener->hostname, sizeof(listener->hostname), "%s", hostname);
}

static struct cert_listener *take_listener(struct certs *certs, const struct owner *owner,
                                           const struct gateways_listener *from,
                                           const char *address)
{
	char text[2 * COPY_NAME_MAX + 400];
	struct cert_listener *listener;
	uint32_t id;

	(void)snprintf(text, sizeof(text), "%s/%s/%s/%s", owner->is->namespace, owner->is->name,
	               from->name, address);
	id = identity_of(text);
	for (size_t i = 0; i < certs->listener_count; i++)
		if (certs->listener[i].id == id)
			return &certs->listener[i];
	if (certs->listener_count == LISTENERS_MAX) {
		certs->truncated = true;
		return NULL;
	}
	listener = &certs->listener[certs->listener_count++];
	*listener = (struct cert_listener){ .id = id };
	(void)snprintf(listener->gateway, sizeof(listener->gateway), "%.63s/%.253s",
	               owner->is->namespace, owner->is->name);
	(void)snprintf(listener->listener, sizeof(listener->listener), "%s", from->name);
	(void)snprintf(listener->address, sizeof(listener->address), "%s", address);
	return listener;
}

static void skip(struct cert_listener *listener)
{
	if (!listener->address[0])
		proof_skip("its Gateway has no address", &listener->seen);
	else if (!listener->hostname[0])
		proof_skip("it has no hostname to ask for", &listener->seen);
	else
		proof_skip("no certificate is referred to that is granted", &listener->seen);
}

static bool is_granted(const struct certs *certs, const struct cert_listener *listener)
{
	for (size_t i = 0; i < listener->source_count; i++)
		if (certs->source[listener->source[i]].granted)
			return true;
	return false;
}

static void see_listener_at(struct engine *engine, const struct owner *owner,
                            const struct gateways_listener *from, const char *address,
                            uint64_t now_usec)
{
	struct cert_listener *listener = take_listener(engine->certs, owner, from, address);
	uint32_t version = identity_of(owner->is->version);

	if (!listener)
		return;
	listener->referred = true;
	listener->port = from->port;
	listener->wants_client = gateways_asks_client(owner->gateway, from);
	set_hostname(listener, from->hostname);
	see_refs(engine, owner, from, listener);
	if (version != listener->version)
		listener->changed_usec = now_usec;
	listener->version = version;
	listener->provable =
		address[0] && listener->hostname[0] && is_granted(engine->certs, listener);
	if (!listener->provable)
		skip(listener);
}

/* Where this listener answers: the Gateway's addresses, or with host networking this node's. */
static void see_listener(struct engine *engine, const struct owner *owner,
                         const struct gateways_listener *from, uint64_t now_usec)
{
	const struct object_node *node = engine_our_node(engine);
	const struct gateways_gateway *gateway = owner->gateway;

	if (from->tls != GATEWAYS_TERMINATE)
		return;
	if (engine->cilium.host_network)
		see_listener_at(engine, owner, from, node ? node->internal_ip : "", now_usec);
	else if (!gateway->address_count)
		see_listener_at(engine, owner, from, "", now_usec);
	else
		for (size_t i = 0; i < gateway->address_count; i++)
			see_listener_at(engine, owner, from, gateway->address[i].value, now_usec);
}

/* --- all together --- */

static void see_gateways(struct engine *engine, uint64_t now_usec)
{
	const struct gateways *store = engine->watches->store;
	const struct gateways_gateway *gateway;

	for (size_t i = 0; (gateway = gateways_gateway_at(store, i)); i++) {
		struct owner owner = { GATEWAYS_GATEWAY, &gateway->is, gateway };

		if (gateway->is.terminating || !gateways_is_cilium(store, gateway->class))
			continue;
		for (size_t j = 0; j < gateway->listener_count; j++)
			see_listener(engine, &owner, &gateway->listener[j], now_usec);
	}
}

static void see_listenersets(struct engine *engine, uint64_t now_usec)
{
	const struct gateways *store = engine->watches->store;
	const struct gateways_listenerset *set;

	for (size_t i = 0; (set = gateways_listenerset_at(store, i)); i++) {
		const struct gateways_gateway *gateway =
			gateways_gateway_find(store, set->parent.namespace, set->parent.name);
		struct owner owner = { GATEWAYS_LISTENERSET, &set->is, gateway };

		if (!gateway || set->is.terminating || !gateways_is_cilium(store, gateway->class))
			continue;
		for (size_t j = 0; j < set->listener_count; j++)
			see_listener(engine, &owner, &set->listener[j], now_usec);
	}
}

static void forget_unreferred(struct certs *certs)
{
	for (size_t i = 0; i < certs->listener_count;)
		if (certs->listener[i].referred)
			i++;
		else
			certs->listener[i] = certs->listener[--certs->listener_count];
}

static void forget_marks(struct certs *certs)
{
	certs->truncated = false;
	for (size_t i = 0; i < certs->source_count; i++) {
		certs->source[i].idle = !certs->source[i].referred;
		certs->source[i].referred = certs->source[i].granted = false;
	}
	for (size_t i = 0; i < certs->listener_count; i++)
		certs->listener[i].referred = false;
}

static bool is_blocked(const struct engine *engine, const struct cert_source *source)
{
	/* Older releases overwrite a copy without labels; since 1.20 the operator refuses to. */
	return source->present && !source->owned &&
	       engine->evidence.deployments.first.release >= 120;
}

static void fill_copies(struct engine *engine)
{
	struct evidence_copies *evidence = &engine->evidence.copies;
	struct certs *certs = engine->certs;

	evidence->count = 0;
	for (size_t i = 0; i < certs->source_count; i++) {
		const struct cert_source *source = &certs->source[i];

		if (!source->referred)
			continue;
		certs->copy_items[evidence->count++] = (struct evidence_copy){
			.source = source->id,
			.granted = source->granted,
			.nameable =
				source->obstacle == COPY_POSSIBLE && source->rule != COPY_RULE_NONE,
			.present = source->present,
			.blocked = is_blocked(engine, source),
			.gone_usec = source->gone_usec,
			.changed_usec = source->changed_usec,
			.state = source->state,
			.source_at = source->source_at,
			.stale = source->copy_known && source->state == SOURCE_VALID &&
			         !digest_equals(&source->copy_data, &source->facts.data),
		};
	}
	evidence->item = certs->copy_items;
	evidence->truncated = certs->truncated;
}

static uint64_t last_change(const struct certs *certs, const struct cert_listener *listener)
{
	uint64_t last = listener->changed_usec;

	for (size_t i = 0; i < listener->source_count; i++) {
		const struct cert_source *source = &certs->source[listener->source[i]];

		last = source->changed_usec > last ? source->changed_usec : last;
		last = source->copied_usec > last ? source->copied_usec : last;
	}
	return last;
}

static void fill_listeners(struct engine *engine)
{
	struct evidence_listeners *evidence = &engine->evidence.listeners;
	struct certs *certs = engine->certs;

	for (size_t i = 0; i < certs->listener_count; i++) {
		const struct cert_listener *listener = &certs->listener[i];

		certs->listener_items[i] = (struct evidence_listener){
			.id = listener->id,
			.source =
				listener->source_count ? certs->source[listener->source[0]].id : 0,
			.provable = listener->provable,
			.proof = listener->seen.verdict,
			.at = listener->at,
			.changed_usec = last_change(certs, listener),
		};
	}
	evidence->item = certs->listener_items;
	evidence->count = certs->listener_count;
	evidence->truncated = certs->truncated;
}

/* What it all rests on is as it was. */
static bool is_current(const struct engine *engine)
{
	const struct certs *certs = engine->certs;

	return certs->revision == gateways_revision(engine->watches->store) &&
	       certs->config_usec == engine->evidence.config.at.begun_usec &&
	       certs->release == engine->evidence.deployments.first.release &&
	       (!engine->cilium.host_network ||
	        certs->nodes_usec == engine->evidence.nodes.at.begun_usec);
}

static void mark_current(struct engine *engine)
{
	struct certs *certs = engine->certs;

	certs->revision = gateways_revision(engine->watches->store);
	certs->config_usec = engine->evidence.config.at.begun_usec;
	certs->release = engine->evidence.deployments.first.release;
	certs->nodes_usec = engine->evidence.nodes.at.begun_usec;
}

static void put_together(struct engine *engine, uint64_t now_usec)
{
	struct certs *certs = engine->certs;

	forget_marks(certs);
	see_gateways(engine, now_usec);
	see_listenersets(engine, now_usec);
	forget_unreferred(certs);
	for (size_t i = 0; i < certs->source_count; i++)
		see_source(engine, &certs->source[i], now_usec);
	for (enum gateways_kind kind = GATEWAYS_CLASS; kind <= GATEWAYS_COPY; kind++)
		certs->truncated |= gateways_over(engine->watches->store, kind) != NULL;
}

void certs_assemble(struct engine *engine, uint64_t now_usec)
{
	if (!is_current(engine)) {
		put_together(engine, now_usec);
		mark_current(engine);
	}
	engine->evidence.copies.synced = watches_synced(engine, &engine->evidence.copies.at);
	engine->evidence.copies.refused = watches_refused(engine);
	engine->evidence.listeners.synced = engine->evidence.copies.synced;
	fill_copies(engine);
	fill_listeners(engine);
}

/* An older leaf is remembered, so that a listener which still serves it is told from one that serves a stranger's. */
static void remember(struct cert_source *source, const struct source_facts *facts, struct stamp at)
{
	bool another = !digest_equals(&source->facts.leaf.digest, &facts->leaf.digest);

	if (another)
		source->copied_usec = at.ended_usec;
	if (source->facts.uid[0] && another) {
		memmove(&source->before[1], &source->before[0],
		        sizeof(source->before) - sizeof(source->before[0]));
		source->before[0] = source->facts.leaf.digest;
		if (source->before_count < CERTS_BEFORE_MAX)
			source->before_count++;
	}
	source->facts = *facts;
}

void certs_take_sync(struct cert_source *source, enum sync_errand errand,
                     const struct sync_end *end, struct stamp at)
{
	(void)snprintf(source->text, sizeof(source->text), "%s", end->text);
	source->told = errand;
	if (errand == SYNC_LOOK_AT_COPY) {
		source->copy_known = end->state == SOURCE_VALID;
		source->copy_data = end->copy.data;
		return;
	}
	if (errand == SYNC_CREATE_COPY && end->result == RESULT_OK) {
		source->created = true;
		memcpy(source->created_uid, end->uid, sizeof(source->created_uid));
		source->copy_known = true;
		source->copy_data = end->source.data;
	}
	source->source_at = at;
	source->state = end->state;
	if (end->state == SOURCE_VALID)
		remember(source, &end->source, at);
}
