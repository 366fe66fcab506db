/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_gateways - one object of the API as JSON, put into each store: what is taken is whole and in order,
 * what is not is explained in one printable line. The first byte says how it came. */
#include "kube/gateways.h"
#include "kube/objects.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t seen; /* so that nothing that is read is optimised away */

static void demand(bool so)
{
	if (!so)
		abort();
}

static void see(const char *text)
{
	size_t len = strlen(text);

	demand(len < GATEWAYS_TEXT_MAX);
	seen += len;
}

static void see_listeners(const struct gateways_listener *listener, size_t count)
{
	demand(count <= LISTENERS_MAX);
	for (; count--; listener++) {
		see(listener->name);
		see(listener->protocol);
		see(listener->hostname);
		demand(listener->name[0] && listener->protocol[0] && listener->port);
		for (size_t i = 0; i < listener->ref_count; i++) {
			see(listener->ref[i].group);
			see(listener->ref[i].kind);
			see(listener->ref[i].namespace);
			see(listener->ref[i].name);
			demand(listener->ref[i].name[0]);
		}
	}
}

static void see_gateway(const struct gateways *self, const struct gateways_gateway *gateway)
{
	see(gateway->class);
	see_listeners(gateway->listener, gateway->listener_count);
	for (size_t i = 0; i < gateway->address_count; i++) {
		see(gateway->address[i].type);
		see(gateway->address[i].value);
	}
	for (size_t i = 0; i < gateway->listener_count; i++)
		seen += gateways_asks_client(gateway, &gateway->listener[i]);
	seen += gateways_is_cilium(self, gateway->class);
}

static void see_envoyconfig(const struct gateways_envoyconfig *config)
{
	see(config->owner);
	see(config->owner_uid);
	demand(config->sds_count <= SDS_NAMES_MAX);
	for (size_t i = 0; i < config->sds_count; i++) {
		see(config->sds[i]);
		demand(strchr(config->sds[i], '/') != NULL);
		demand(i == 0 || strcmp(config->sds[i - 1], config->sds[i]) < 0);
	}
}

static void see_rest(const struct gateways *self)
{
	const struct gateways_class *class = gateways_class_at(self, 0);
	const struct gateways_listenerset *set = gateways_listenerset_at(self, 0);
	const struct gateways_copy *copy = gateways_copy_at(self, 0);

	if (class)
		see(class->controller);
	if (set) {
		see(set->parent.namespace);
		see(set->parent.name);
		see_listeners(set->listener, set->listener_count);
	}
	if (copy) {
		see(copy->source_namespace);
		see(copy->source_name);
	}
	seen += gateways_grant_allows(self, GATEWAYS_GATEWAY, "infra", "certs", "tls");
	seen += gateways_grant_allows(self, GATEWAYS_LISTENERSET, "infra", "certs", "tls");
}

static void check_line(const struct failure *failure)
{
	demand(failure->text[0] != '\0' && failure->class != FAILURE_NONE);
	for (const char *c = failure->text; *c; c++)
		demand(*c >= ' ' && *c <= '~');
}

static void put(struct gateways *self, enum gateways_kind kind, enum watch_change change, struct span json)
{
	struct watch_sink sink = gateways_sink(self, kind);
	struct failure failure = { 0 };
	const struct gateways_object *object;

	if (change == WATCH_LISTED)
		sink.begin(sink.store);
	if (sink.put(sink.store, change, json, &failure) < 0)
		check_line(&failure);
	if (change == WATCH_LISTED)
		sink.end(sink.store);
	object = gateways_at(self, kind, 0);
	if (!object)
		return;
	demand(change != WATCH_DELETED && object->name[0] && object->uid[0] && object->version[0]);
	demand((kind == GATEWAYS_CLASS) || object->namespace[0]);
	demand(gateways_find(self, kind, object->namespace, object->name) == object);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(gateways_free_p) struct gateways *self = NULL;
	struct span json;

	if (size < 1)
		return 0;
	objects_init();
	json = (struct span){ (const char *)bytes + 1, size - 1 };
	demand(gateways_new(&self) == 0);
	for (size_t kind = 0; kind < GATEWAYS_KIND_COUNT; kind++)
		put(self, (enum gateways_kind)kind, (enum watch_change)(bytes[0] % 3), json);
	if (gateways_gateway_at(self, 0))
		see_gateway(self, gateways_gateway_at(self, 0));
	if (gateways_envoyconfig_at(self, 0))
		see_envoyconfig(gateways_envoyconfig_at(self, 0));
	see_rest(self);
	for (size_t kind = 0; kind < GATEWAYS_KIND_COUNT; kind++)
		put(self, (enum gateways_kind)kind, WATCH_DELETED, json);
	return 0;
}
