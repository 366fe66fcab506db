/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tape.h"

#include "kube/answer.h"
#include "kube/gateways.h"
#include "kube/objects.h"
#include "kube/scan.h"

#include <errno.h>
#include <string.h>

#define META(namespace, name, version) \
	"\"metadata\":{\"namespace\":\"" namespace "\",\"name\":\"" name "\",\"uid\":\"uid-" name \
	"\",\"resourceVersion\":\"" version "\"}"
#define CLASS(name, controller) \
	"{\"metadata\":{\"name\":\"" name "\",\"uid\":\"u\",\"resourceVersion\":\"1\"},\"spec\":{\"controllerName\":\"" \
	controller "\"}}"
#define COPY(name, version) "{" META("cilium-secrets", name, version) "}"
#define SECURE(rest) "{\"name\":\"a\",\"port\":443,\"protocol\":\"HTTPS\"" rest "}"
#define GATEWAY(rest) "{\"kind\":\"Gateway\"," META("default", "web", "7") ",\"spec\":{\"gatewayClassName\":\"cilium\"" rest "}}"
#define LISTENERS(list) GATEWAY(",\"listeners\":[" list "]")
#define GRANT(namespace, from, to) \
	"{" META(namespace, "g", "1") ",\"spec\":{\"from\":[" from "],\"to\":[" to "]}}"
#define ENVOYCONFIG(resources) "{" META("default", "cilium-gateway-web", "9") ",\"spec\":{\"resources\":" resources "}}"

static struct failure failure;

static struct gateways *begin(void)
{
	struct gateways *self;

	assert_int_equal(gateways_new(&self), 0);
	return self;
}

static int put(struct gateways *self, enum gateways_kind kind, enum watch_change change, const char *json)
{
	struct watch_sink sink = gateways_sink(self, kind);

	failure = (struct failure){ 0 };
	return sink.put(sink.store, change, span_of(json), &failure);
}

/* A list as kube/watch hands it on. */
static void list(struct gateways *self, enum gateways_kind kind, struct span body)
{
	struct watch_sink sink = gateways_sink(self, kind);
	struct span item;
	struct scan scan;

	sink.begin(sink.store);
	assert_int_equal(scan_array(&scan, SCAN_AT(body, "items")), 0);
	while (scan_item(&scan, &item) == 1)
		assert_int_equal(sink.put(sink.store, WATCH_LISTED, item, &failure), 0);
	sink.end(sink.store);
}

static size_t count(const struct gateways *self, enum gateways_kind kind)
{
	size_t i = 0;

	while (gateways_at(self, kind, i))
		i++;
	return i;
}

static void the_real_gateway_is_read(void **state)
{
	static const char *const names[] = { "alpha", "beta", "gamma" };
	struct gateways *self = begin();
	const struct gateways_gateway *web;
	char want[64];

	(void)state;
	list(self, GATEWAYS_CLASS, tape_load("gatewayclasses.json"));
	list(self, GATEWAYS_GATEWAY, tape_load("gateways.json"));
	assert_int_equal(count(self, GATEWAYS_GATEWAY), 1);
	web = gateways_gateway_find(self, "default", "web");
	assert_ptr_equal(web, gateways_gateway_at(self, 0));
	assert_null(gateways_gateway_find(self, "other", "web"));
	assert_int_equal(strlen(web->is.uid), 36);
	assert_string_equal(web->is.version, "414");
	assert_int_equal(web->is.generation, 1);
	assert_false(web->is.terminating);
	assert_true(gateways_is_cilium(self, web->class));
	assert_false(gateways_is_cilium(self, "another"));
	assert_int_equal(put(self, GATEWAYS_CLASS, WATCH_ADDED, CLASS("another", "example.com/gateway-controller")), 0);
	assert_false(gateways_is_cilium(self, "another"));
	assert_int_equal(web->address_count, 1);
	assert_string_equal(web->address[0].type, "IPAddress");
	assert_string_equal(web->address[0].value, "127.7.7.1");
	assert_int_equal(web->listener_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct gateways_listener *listener = &web->listener[i];

		assert_string_equal(listener->name, names[i]);
		(void)snprintf(want, sizeof(want), "%s.gatewake.test", names[i]);
		assert_string_equal(listener->hostname, want);
		assert_int_equal(listener->port, 443);
		assert_string_equal(listener->protocol, "HTTPS");
		assert_int_equal(listener->tls, GATEWAYS_TERMINATE);
		assert_false(gateways_asks_client(web, listener));
		assert_int_equal(listener->ref_count, 1);
		(void)snprintf(want, sizeof(want), "%s-tls", names[i]);
		assert_string_equal(listener->ref[0].group, "");
		assert_string_equal(listener->ref[0].kind, "Secret");
		assert_string_equal(listener->ref[0].namespace, "default");
		assert_string_equal(listener->ref[0].name, want);
	}
	(void)gateways_free(self);
}

static void the_real_envoyconfig_and_copies_agree(void **state)
{
	struct gateways *self = begin();
	const struct gateways_envoyconfig *config;
	const struct gateways_copy *copy;

	(void)state;
	list(self, GATEWAYS_GATEWAY, tape_load("gateways.json"));
	list(self, GATEWAYS_ENVOYCONFIG, tape_load("ciliumenvoyconfigs.json"));
	list(self, GATEWAYS_COPY, tape_load("copies.json"));
	config = gateways_envoyconfig_find(self, "default", "cilium-gateway-web");
	assert_non_null(config);
	assert_string_equal(config->owner, "web");
	assert_string_equal(config->owner_uid, gateways_gateway_at(self, 0)->is.uid);
	assert_int_equal(config->sds_count, 3);
	assert_int_equal(count(self, GATEWAYS_COPY), 3);
	for (size_t i = 0; i < 3; i++) {
		copy = gateways_copy_at(self, i);
		assert_string_equal(copy->is.namespace, "cilium-secrets");
		assert_string_equal(copy->source_namespace, "default");
		assert_string_equal(copy->is.name, config->sds[i] + strlen("cilium-secrets/"));
		assert_int_equal(strncmp(copy->is.name + strlen("default-"), copy->source_name,
					 strlen(copy->source_name)), 0);
		assert_false(copy->is.terminating);
	}
	(void)gateways_free(self);
}

/* From the bytes that the bed's API server sent to what is in the store. */
static void a_recorded_stream_ends_in_the_store(void **state)
{
	struct gateways *self = begin();
	struct watch_sink sink = gateways_sink(self, GATEWAYS_GATEWAY);
	struct watch_request request;
	struct http_end end = { .stage = HTTP_ANSWERED, .status = 200 };
	struct watch watch;
	uint64_t wake;
	size_t taken;

	(void)state;
	assert_int_equal(watch_init(&watch, PATH_GATEWAYS, NULL, &sink), 0);
	assert_true(watch_due(&watch, 1, 0, &request, &wake));
	end.body = span_of("{\"apiVersion\":\"gateway.networking.k8s.io/v1\",\"items\":[],\"kind\":\"GatewayList\","
			   "\"metadata\":{\"continue\":\"\",\"resourceVersion\":\"338\"}}\n");
	watch_ended(&watch, &end, 1, 0);
	assert_true(watch.synced);
	assert_true(watch_due(&watch, 1, 0, &request, &wake));
	assert_true(watch_feed(&watch, 200, tape_load("watch-gateways.stream"), 2, 0, &taken));
	assert_int_equal(count(self, GATEWAYS_GATEWAY), 1);
	assert_string_equal(gateways_gateway_at(self, 0)->is.version, "414");
	assert_int_equal(gateways_gateway_at(self, 0)->address_count, 1);
	watch_clear(&watch);
	(void)gateways_free(self);
}

static void what_is_not_written_has_the_apis_default(void **state)
{
	struct gateways *self = begin();
	const struct gateways_gateway *web;
	const struct gateways_listenerset *set;
	const struct gateways_listener *listener;

	(void)state;
	assert_int_equal(put(self, GATEWAYS_GATEWAY, WATCH_ADDED,
			     LISTENERS(SECURE(",\"tls\":{\"certificateRefs\":[{\"name\":\"one\"},{\"group\":\"x.io\",\"kind\":"
					      "\"Vault\",\"namespace\":\"far\",\"name\":\"two\"}]}")
				       "," SECURE(",\"tls\":{\"mode\":\"Passthrough\"}") "," SECURE(",\"tls\":{\"mode\":\"New\"}")
				       "," SECURE("") "," SECURE(",\"tls\":null"))), 0);
	web = gateways_gateway_at(self, 0);
	assert_int_equal(web->listener_count, 5);
	assert_int_equal(web->address_count, 0);
	assert_string_equal(web->listener[0].hostname, "");
	assert_int_equal(web->listener[0].tls, GATEWAYS_TERMINATE);
	assert_int_equal(web->listener[0].ref_count, 2);
	assert_string_equal(web->listener[0].ref[0].group, "");
	assert_string_equal(web->listener[0].ref[0].kind, "Secret");
	assert_string_equal(web->listener[0].ref[0].namespace, "default");
	assert_string_equal(web->listener[0].ref[1].group, "x.io");
	assert_string_equal(web->listener[0].ref[1].kind, "Vault");
	assert_string_equal(web->listener[0].ref[1].namespace, "far");
	assert_int_equal(web->listener[1].tls, GATEWAYS_PASSTHROUGH);
	assert_int_equal(web->listener[2].tls, GATEWAYS_OTHER_TLS);
	assert_int_equal(web->listener[3].tls, GATEWAYS_NO_TLS);
	assert_int_equal(web->listener[4].tls, GATEWAYS_NO_TLS);

	assert_int_equal(put(self, GATEWAYS_LISTENERSET, WATCH_ADDED,
			     "{" META("shop", "set", "7") ",\"spec\":{\"parentRef\":{\"name\":\"web\"},\"listeners\":["
			     SECURE(",\"tls\":{\"certificateRefs\":[{\"name\":\"one\"}]}") "]}}"), 0);
	set = gateways_listenerset_at(self, 0);
	assert_string_equal(set->parent.group, "gateway.networking.k8s.io");
	assert_string_equal(set->parent.kind, "Gateway");
	assert_string_equal(set->parent.namespace, "shop");
	assert_string_equal(set->parent.name, "web");
	listener = &set->listener[0];
	assert_string_equal(listener->ref[0].namespace, "shop"); /* the set's own, not the Gateway's */
	(void)gateways_free(self);
}

#define FRONTEND ",\"tls\":{\"frontend\":{\"default\":{\"validation\":{\"caCertificateRefs\":[]}}," \
		 "\"perPort\":[{\"port\":8443,\"tls\":{}},{\"port\":9443,\"tls\":{\"validation\":{}}}]}}"
#define PLAIN    ",\"tls\":{\"frontend\":{\"default\":{},\"perPort\":[{\"port\":9443,\"tls\":{\"validation\":{}}}]}}"

static void whether_clients_are_asked_for_a_certificate(void **state)
{
	static const struct {
		const char *why, *frontend;
		uint16_t port;
		const char *tls;
		bool asks;
	} rows[] = {
		{ "nothing said", "", 443, ",\"tls\":{}", false },
		{ "by default", FRONTEND, 443, ",\"tls\":{}", true },
		{ "a port that is told otherwise", FRONTEND, 8443, ",\"tls\":{}", false },
		{ "a port that is told the same", FRONTEND, 9443, ",\"tls\":{}", true },
		{ "a default without validation", PLAIN, 443, ",\"tls\":{}", false },
		{ "only on one port", PLAIN, 9443, ",\"tls\":{}", true },
		{ "TLS that is passed on is not ours", FRONTEND, 443, ",\"tls\":{\"mode\":\"Passthrough\"}", false },
		{ "without TLS nobody is asked", FRONTEND, 443, "", false },
		{ "the listener's own, in the older shape", "", 443, ",\"tls\":{\"frontendValidation\":{}}", true },
		{ "the same, null", "", 443, ",\"tls\":{\"frontendValidation\":null}", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gateways *self = begin();
		const struct gateways_gateway *web;
		char json[1024];

		print_message("row: %s\n", rows[i].why);
		(void)snprintf(json, sizeof(json),
			       GATEWAY("%s,\"listeners\":[{\"name\":\"a\",\"port\":%u,\"protocol\":\"HTTPS\"%s}]"),
			       rows[i].frontend, rows[i].port, rows[i].tls);
		assert_int_equal(put(self, GATEWAYS_GATEWAY, WATCH_ADDED, json), 0);
		web = gateways_gateway_at(self, 0);
		assert_int_equal(gateways_asks_client(web, &web->listener[0]), rows[i].asks);
		(void)gateways_free(self);
	}
}

static void what_is_no_such_object_is_refused_by_name(void **state)
{
	static const struct {
		enum gateways_kind kind;
		const char *json, *named;
	} rows[] = {
		{ GATEWAYS_COPY, "", "no whole PartialObjectMetadata" },
		{ GATEWAYS_COPY, "[]", "no whole PartialObjectMetadata" },
		{ GATEWAYS_COPY, "{\"metadata\":{}", "no whole PartialObjectMetadata" },
		{ GATEWAYS_COPY, "{\"metadata\":[]}", "metadata.namespace" },
		{ GATEWAYS_COPY, "{\"metadata\":{\"namespace\":\"a\"}}", "metadata.name" },
		{ GATEWAYS_COPY, "{\"metadata\":{\"namespace\":\"a\",\"name\":\"\"}}", "metadata.name" },
		{ GATEWAYS_COPY, "{\"metadata\":{\"namespace\":\"a\",\"name\":\"b\"}}", "metadata.uid" },
		{ GATEWAYS_COPY, "{\"metadata\":{\"namespace\":\"a\",\"name\":\"b\",\"uid\":\"c\"}}", "metadata.resourceVersion" },
		{ GATEWAYS_COPY, "{\"kind\":\"Secret\"," META("a", "b", "1") "}", "PartialObjectMetadata a/b has no usable kind" },
		{ GATEWAYS_CLASS, "{\"metadata\":{\"name\":\"b\",\"uid\":\"c\",\"resourceVersion\":\"1\"}}", "spec.controllerName" },
		{ GATEWAYS_GATEWAY, "{" META("a", "b", "1") "}", "spec.gatewayClassName" },
		{ GATEWAYS_GATEWAY, GATEWAY(",\"listeners\":{\"name\":\"x\"}"), "spec.listeners" },
		{ GATEWAYS_GATEWAY, LISTENERS("7"), "spec.listeners.name" },
		{ GATEWAYS_GATEWAY, LISTENERS("{\"name\":\"a\",\"protocol\":\"HTTPS\"}"), "spec.listeners.port" },
		{ GATEWAYS_GATEWAY, LISTENERS("{\"name\":\"a\",\"port\":0,\"protocol\":\"HTTPS\"}"), "spec.listeners.port" },
		{ GATEWAYS_GATEWAY, LISTENERS("{\"name\":\"a\",\"port\":65536,\"protocol\":\"HTTPS\"}"), "spec.listeners.port" },
		{ GATEWAYS_GATEWAY, LISTENERS("{\"name\":\"a\",\"port\":443}"), "spec.listeners.protocol" },
		{ GATEWAYS_GATEWAY, LISTENERS(SECURE(",\"hostname\":7")), "spec.listeners.hostname" },
		{ GATEWAYS_GATEWAY, LISTENERS(SECURE(",\"tls\":{\"certificateRefs\":[{}]}")), "certificateRefs.name" },
		{ GATEWAYS_GATEWAY, GATEWAY(",\"tls\":{\"frontend\":{\"perPort\":[{}]}}"), "spec.tls.frontend.perPort.port" },
		{ GATEWAYS_LISTENERSET, "{" META("a", "b", "1") "}", "spec.parentRef.name" },
		{ GATEWAYS_GRANT, GRANT("a", "{\"kind\":\"Gateway\"}", ""), "spec.from.namespace" },
		{ GATEWAYS_GRANT, GRANT("a", "", "{\"group\":\"\"}"), "spec.to.kind" },
	};
	struct gateways *self = begin();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t revision = gateways_revision(self);

		assert_int_equal(put(self, rows[i].kind, WATCH_ADDED, rows[i].json), -EBADMSG);
		if (!strstr(failure.text, rows[i].named))
			print_error("%s: %s\n", rows[i].json, failure.text);
		assert_non_null(strstr(failure.text, rows[i].named));
		assert_int_equal(failure.class, FAILURE_BAD_DATA);
		assert_int_equal(count(self, rows[i].kind), 0);
		assert_int_equal(gateways_revision(self), revision);
	}
	(void)gateways_free(self);
}

static void a_string_is_never_cut(void **state)
{
	struct gateways *self = begin();
	char name[GATEWAYS_TEXT_MAX + 1], json[2048];

	(void)state;
	for (size_t len = GATEWAYS_TEXT_MAX - 1; len <= GATEWAYS_TEXT_MAX; len++) {
		memset(name, 'a', len);
		name[len] = '\0';
		(void)snprintf(json, sizeof(json),
			       "{\"metadata\":{\"namespace\":\"b\",\"name\":\"%s\",\"uid\":\"u\",\"resourceVersion\":\"1\"}}", name);
		assert_int_equal(put(self, GATEWAYS_COPY, WATCH_ADDED, json), len < GATEWAYS_TEXT_MAX ? 0 : -EBADMSG);
	}
	assert_int_equal(count(self, GATEWAYS_COPY), 1);
	(void)gateways_free(self);
}

static void objects_stand_in_order_and_events_replace_them(void **state)
{
	static const char *const names[] = { "b", "a", "d", "c" };
	struct gateways *self = begin();
	const struct gateways_copy *copy;
	char json[256];
	uint64_t revision;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(json, sizeof(json), COPY("%s", "5"), names[i], names[i]);
		assert_int_equal(put(self, GATEWAYS_COPY, WATCH_ADDED, json), 0);
	}
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(gateways_copy_at(self, i)->is.name[0], 'a' + (int)i);
	assert_null(gateways_copy_at(self, 4));

	revision = gateways_revision(self);
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_MODIFIED,
			     "{\"metadata\":{\"namespace\":\"cilium-secrets\",\"name\":\"b\",\"uid\":\"u\",\"resourceVersion\":\"10\","
			     "\"deletionTimestamp\":\"2026-11-24T20:35:58Z\"}}"), 0);
	assert_int_not_equal(gateways_revision(self), revision);
	copy = gateways_copy_find(self, "cilium-secrets", "b");
	assert_string_equal(copy->is.version, "10");
	assert_true(copy->is.terminating);
	assert_string_equal(copy->source_name, "");

	/* A stream that begins in the past repeats it: 9 is older than 10. */
	revision = gateways_revision(self);
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_DELETED, COPY("b", "9")), 0);
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_MODIFIED, COPY("b", "9")), 0);
	assert_string_equal(gateways_copy_find(self, "cilium-secrets", "b")->is.version, "10");
	assert_int_equal(gateways_revision(self), revision);

	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_DELETED, COPY("b", "11")), 0);
	assert_null(gateways_copy_find(self, "cilium-secrets", "b"));
	assert_int_equal(count(self, GATEWAYS_COPY), 3);
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_DELETED, COPY("b", "12")), 0); /* not there: nothing */
	assert_int_equal(count(self, GATEWAYS_COPY), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(gateways_copy_at(self, i)->is.name[0], "acd"[i]);
	(void)gateways_free(self);
}

static void a_snapshot_replaces_the_store_when_it_is_complete_and_not_before(void **state)
{
	struct gateways *self = begin();
	struct watch_sink sink = gateways_sink(self, GATEWAYS_COPY);

	(void)state;
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_ADDED, COPY("a", "5")), 0);
	sink.begin(sink.store);
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_LISTED, COPY("b", "4")), 0);
	assert_int_equal(count(self, GATEWAYS_COPY), 1);
	assert_non_null(gateways_copy_find(self, "cilium-secrets", "a"));
	sink.begin(sink.store); /* the first one came to nothing */
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_LISTED, COPY("c", "4")), 0);
	assert_int_equal(put(self, GATEWAYS_COPY, WATCH_LISTED, COPY("c", "4")), 0); /* on two pages: still one */
	sink.end(sink.store);
	assert_int_equal(count(self, GATEWAYS_COPY), 1);
	assert_string_equal(gateways_copy_at(self, 0)->is.name, "c"); /* older than what was: so be it */
	sink.begin(sink.store);
	sink.end(sink.store);
	assert_int_equal(count(self, GATEWAYS_COPY), 0);
	(void)gateways_free(self);
}

/* Fills one kind to its limit with objects without weight, then one more. */
static void each_limit_is_named_and_holds(void **state)
{
	static const struct {
		enum gateways_kind kind;
		const char *spec, *named;
		size_t limit;
	} rows[] = {
		{ GATEWAYS_CLASS, "\"controllerName\":\"x\"", "64 GatewayClasses", CLASSES_MAX },
		{ GATEWAYS_GATEWAY, "\"gatewayClassName\":\"cilium\"", "64 Gateways", GATEWAYS_MAX },
		{ GATEWAYS_LISTENERSET, "\"parentRef\":{\"name\":\"web\"}", "64 ListenerSets", LISTENERSETS_MAX },
		{ GATEWAYS_GRANT, "", "128 ReferenceGrants", GRANTS_MAX },
		{ GATEWAYS_ENVOYCONFIG, "", "128 CiliumEnvoyConfigs", ENVOYCONFIGS_MAX },
		{ GATEWAYS_COPY, "", "512 copies", COPIES_MAX },
	};
	static const char format[] = "{\"metadata\":{\"namespace\":\"%s\",\"name\":\"n%04zu\",\"uid\":\"u\","
				     "\"resourceVersion\":\"7\"},\"spec\":{%s}}";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *namespace = rows[i].kind == GATEWAYS_CLASS ? "" : "default";
		struct gateways *self = begin();
		struct watch_sink sink = gateways_sink(self, rows[i].kind);
		char json[512];

		sink.begin(sink.store);
		for (size_t n = 0; n < rows[i].limit; n++) {
			(void)snprintf(json, sizeof(json), format, namespace, n, rows[i].spec);
			assert_int_equal(put(self, rows[i].kind, WATCH_LISTED, json), 0);
		}
		sink.end(sink.store);
		assert_null(gateways_over(self, rows[i].kind));
		assert_int_equal(count(self, rows[i].kind), rows[i].limit);
		(void)snprintf(json, sizeof(json), format, namespace, (size_t)7, rows[i].spec);
		assert_int_equal(put(self, rows[i].kind, WATCH_MODIFIED, json), 0); /* one that is there fits */
		assert_null(gateways_over(self, rows[i].kind));
		(void)snprintf(json, sizeof(json), format, namespace, rows[i].limit, rows[i].spec);
		assert_int_equal(put(self, rows[i].kind, WATCH_ADDED, json), 0);
		assert_string_equal(gateways_over(self, rows[i].kind), rows[i].named);
		assert_int_equal(count(self, rows[i].kind), rows[i].limit);

		/* What is kept may change without a word; only a deletion may make room for what was not. */
		(void)snprintf(json, sizeof(json), format, namespace, (size_t)7, rows[i].spec);
		assert_int_equal(put(self, rows[i].kind, WATCH_MODIFIED, json), 0);
		assert_int_equal(put(self, rows[i].kind, WATCH_DELETED, json), -EAGAIN);
		assert_string_equal(gateways_over(self, rows[i].kind), rows[i].named);
		sink.begin(sink.store);
		assert_string_equal(gateways_over(self, rows[i].kind), rows[i].named);
		sink.end(sink.store);
		assert_null(gateways_over(self, rows[i].kind));
		(void)gateways_free(self);
	}
}

static void put_listeners(struct gateways *self, enum gateways_kind kind, const char *name, size_t listeners)
{
	char json[16 * 1024];
	size_t len = (size_t)snprintf(json, sizeof(json),
				      "{\"metadata\":{\"namespace\":\"default\",\"name\":\"%s\",\"uid\":\"u\",\"resourceVersion\":\"7\"},"
				      "\"spec\":{\"gatewayClassName\":\"c\",\"parentRef\":{\"name\":\"p\"},\"listeners\":[", name);

	for (size_t i = 0; i < listeners; i++)
		len += (size_t)snprintf(json + len, sizeof(json) - len, "%s%s", i ? "," : "", SECURE(""));
	(void)snprintf(json + len, sizeof(json) - len, "]}}");
	assert_int_equal(put(self, kind, WATCH_ADDED, json), 0);
}

static void listeners_are_counted_wherever_they_stand(void **state)
{
	struct gateways *self = begin();

	(void)state;
	put_listeners(self, GATEWAYS_GATEWAY, "a", 200);
	put_listeners(self, GATEWAYS_LISTENERSET, "b", 56);
	assert_null(gateways_over(self, GATEWAYS_LISTENERSET));
	put_listeners(self, GATEWAYS_GATEWAY, "a", 200); /* in place of itself */
	assert_null(gateways_over(self, GATEWAYS_GATEWAY));
	put_listeners(self, GATEWAYS_LISTENERSET, "c", 1);
	assert_string_equal(gateways_over(self, GATEWAYS_LISTENERSET), "256 listeners");
	assert_null(gateways_listenerset_find(self, "default", "c"));
	put_listeners(self, GATEWAYS_GATEWAY, "a", 201); /* grew beyond it: what it was is no longer so */
	assert_string_equal(gateways_over(self, GATEWAYS_GATEWAY), "256 listeners");
	assert_int_equal(count(self, GATEWAYS_GATEWAY), 0);
	(void)gateways_free(self);
}

static void put_sds(struct gateways *self, const char *name, size_t first, size_t names)
{
	static char json[32 * 1024];
	size_t len = (size_t)snprintf(json, sizeof(json),
				      "{\"metadata\":{\"namespace\":\"default\",\"name\":\"%s\",\"uid\":\"u\",\"resourceVersion\":\"7\"},"
				      "\"spec\":{\"resources\":[{\"tlsCertificateSdsSecretConfigs\":[", name);

	for (size_t i = 0; i < names; i++)
		len += (size_t)snprintf(json + len, sizeof(json) - len, "%s{\"name\":\"s/%zu\"}", i ? "," : "", first + i);
	(void)snprintf(json + len, sizeof(json) - len, "]}]}}");
	assert_int_equal(put(self, GATEWAYS_ENVOYCONFIG, WATCH_ADDED, json), 0);
}

static void sds_names_are_counted_together(void **state)
{
	struct gateways *self = begin();

	(void)state;
	put_sds(self, "a", 100, 200);
	put_sds(self, "b", 100, 56);
	assert_null(gateways_over(self, GATEWAYS_ENVOYCONFIG));
	put_sds(self, "c", 100, 1);
	assert_string_equal(gateways_over(self, GATEWAYS_ENVOYCONFIG), "256 SDS names");
	(void)gateways_free(self);

	self = begin(); /* and one alone that has too many */
	put_sds(self, "a", 100, 256);
	assert_int_equal(gateways_envoyconfig_at(self, 0)->sds_count, 256);
	assert_null(gateways_over(self, GATEWAYS_ENVOYCONFIG));
	put_sds(self, "a", 100, 600);
	assert_string_equal(gateways_over(self, GATEWAYS_ENVOYCONFIG), "256 SDS names");
	assert_null(gateways_envoyconfig_at(self, 0));
	(void)gateways_free(self);
}

static void sds_names_are_found_wherever_they_stand(void **state)
{
	static const struct {
		const char *why, *resources;
		const char *names; /* with a blank between */
	} rows[] = {
		{ "nothing", "[]", "" },
		{ "null", "null", "" },
		{ "each once, in order",
		  "[{\"a\":[{\"tlsCertificateSdsSecretConfigs\":[{\"name\":\"s/b\"},{\"name\":\"s/a\"}]}]},"
		  "{\"tlsCertificateSdsSecretConfigs\":[{\"name\":\"s/b\"}]}]",
		  "s/a s/b" },
		{ "snake case", "[{\"x\":{\"tls_certificate_sds_secret_configs\":[{\"name\":\"s/a\"}]}}]", "s/a" },
		{ "a validation context by itself", "[{\"validationContextSdsSecretConfig\":{\"name\":\"s/ca\"}}]", "s/ca" },
		{ "a combined one",
		  "[{\"combinedValidationContext\":{\"defaultValidationContext\":{},"
		  "\"validationContextSdsSecretConfig\":{\"name\":\"s/ca\"}}}]",
		  "s/ca" },
		{ "the same in snake case",
		  "[{\"combined_validation_context\":{\"validation_context_sds_secret_config\":{\"name\":\"s/ca\"}}}]", "s/ca" },
		{ "no name of a Secret", "[{\"tlsCertificateSdsSecretConfigs\":[{\"name\":\"inline\"},{\"name\":\"/a\"},"
					 "{\"name\":\"a/\"},{\"name\":\"a/b/c\"},{\"name\":7},7,{}]}]", "" },
		{ "a name elsewhere is none", "[{\"name\":\"s/a\",\"sdsConfig\":{\"name\":\"s/b\"}}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gateways *self = begin();
		const struct gateways_envoyconfig *config;
		char json[1024], names[256] = "";

		print_message("row: %s\n", rows[i].why);
		(void)snprintf(json, sizeof(json), ENVOYCONFIG("%s"), rows[i].resources);
		assert_int_equal(put(self, GATEWAYS_ENVOYCONFIG, WATCH_ADDED, json), 0);
		config = gateways_envoyconfig_at(self, 0);
		assert_string_equal(config->owner, "");
		for (size_t n = 0; n < config->sds_count; n++) {
			(void)strcat(names, n ? " " : "");
			(void)strcat(names, config->sds[n]);
		}
		assert_string_equal(names, rows[i].names);
		(void)gateways_free(self);
	}
}

static void only_a_gateway_that_controls_it_owns_an_envoyconfig(void **state)
{
	static const struct {
		const char *why, *owner, *name;
	} rows[] = {
		{ "its controller", "{\"apiVersion\":\"gateway.networking.k8s.io/v1\",\"kind\":\"Gateway\",\"name\":\"web\",\"uid\":\"u\","
				    "\"controller\":true}", "web" },
		{ "not its controller", "{\"apiVersion\":\"gateway.networking.k8s.io/v1\",\"kind\":\"Gateway\",\"name\":\"web\"}", "" },
		{ "an Ingress", "{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"Ingress\",\"name\":\"web\",\"controller\":true}", "" },
		{ "another's Gateway", "{\"apiVersion\":\"networking.istio.io/v1\",\"kind\":\"Gateway\",\"name\":\"web\","
				       "\"controller\":true}", "" },
		{ "a group that only begins like it", "{\"apiVersion\":\"gateway.networking.k8s.io.evil/v1\",\"kind\":\"Gateway\","
						      "\"name\":\"web\",\"controller\":true}", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gateways *self = begin();
		char json[1024];

		print_message("row: %s\n", rows[i].why);
		(void)snprintf(json, sizeof(json),
			       "{\"metadata\":{\"namespace\":\"d\",\"name\":\"c\",\"uid\":\"u\",\"resourceVersion\":\"1\","
			       "\"ownerReferences\":[{\"kind\":\"X\"},%s]}}", rows[i].owner);
		assert_int_equal(put(self, GATEWAYS_ENVOYCONFIG, WATCH_ADDED, json), 0);
		assert_string_equal(gateways_envoyconfig_at(self, 0)->owner, rows[i].name);
		(void)gateways_free(self);
	}
}

#define GOOD_FROM "{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"Gateway\",\"namespace\":\"infra\"}"
#define GOOD_TO   "{\"group\":\"\",\"kind\":\"Secret\"}"

/* The Gateway infra/web refers to the Secret certs/tls. The middle seven are the conformance suite's
 * GatewaySecretInvalidReferenceGrant: each wrong in one thing. */
static void a_grant_allows_what_it_says_and_nothing_else(void **state)
{
	static const struct {
		const char *why, *json;
		bool gateway, listenerset;
	} rows[] = {
		{ "all Secrets of the namespace", GRANT("certs", GOOD_FROM, GOOD_TO), true, false },
		{ "this Secret", GRANT("certs", GOOD_FROM, "{\"group\":\"\",\"kind\":\"Secret\",\"name\":\"tls\"}"), true, false },
		{ "an empty name is all", GRANT("certs", GOOD_FROM, "{\"group\":\"\",\"kind\":\"Secret\",\"name\":\"\"}"), true, false },
		{ "in the wrong namespace: the referrer's", GRANT("infra", GOOD_FROM, GOOD_TO), false, false },
		{ "from another group", GRANT("certs", "{\"group\":\"not-the-group\",\"kind\":\"Gateway\",\"namespace\":\"infra\"}", GOOD_TO),
		  false, false },
		{ "from another kind",
		  GRANT("certs", "{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"NotTheKind\",\"namespace\":\"infra\"}", GOOD_TO),
		  false, false },
		{ "from another namespace",
		  GRANT("certs", "{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"Gateway\",\"namespace\":\"other\"}", GOOD_TO),
		  false, false },
		{ "to another group", GRANT("certs", GOOD_FROM, "{\"group\":\"not-the-group\",\"kind\":\"Secret\"}"), false, false },
		{ "to another kind", GRANT("certs", GOOD_FROM, "{\"group\":\"\",\"kind\":\"NotTheKind\"}"), false, false },
		{ "to another name", GRANT("certs", GOOD_FROM, "{\"group\":\"\",\"kind\":\"Secret\",\"name\":\"tls2\"}"), false, false },
		{ "from the core group", GRANT("certs", "{\"group\":\"\",\"kind\":\"Gateway\",\"namespace\":\"infra\"}", GOOD_TO), false,
		  false },
		{ "from nobody", GRANT("certs", "", GOOD_TO), false, false },
		{ "to nothing", GRANT("certs", GOOD_FROM, ""), false, false },
		{ "the second of each", GRANT("certs", "{\"group\":\"a\",\"kind\":\"B\",\"namespace\":\"c\"}," GOOD_FROM,
					      "{\"group\":\"\",\"kind\":\"ConfigMap\"}," GOOD_TO), true, false },
		{ "from ListenerSets",
		  GRANT("certs", "{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"ListenerSet\",\"namespace\":\"infra\"}", GOOD_TO),
		  false, true },
		{ "kinds are told apart by case",
		  GRANT("certs", "{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"gateway\",\"namespace\":\"infra\"}", GOOD_TO),
		  false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gateways *self = begin();

		print_message("row: %s\n", rows[i].why);
		assert_int_equal(put(self, GATEWAYS_GRANT, WATCH_ADDED, rows[i].json), 0);
		assert_int_equal(gateways_grant_allows(self, GATEWAYS_GATEWAY, "infra", "certs", "tls"), rows[i].gateway);
		assert_int_equal(gateways_grant_allows(self, GATEWAYS_LISTENERSET, "infra", "certs", "tls"),
				 rows[i].listenerset);
		assert_false(gateways_grant_allows(self, GATEWAYS_CLASS, "infra", "certs", "tls"));
		(void)gateways_free(self);
	}
}

static void a_permission_ends_with_its_grant(void **state)
{
	struct gateways *self = begin();

	(void)state;
	assert_true(gateways_grant_allows(self, GATEWAYS_GATEWAY, "certs", "certs", "tls")); /* its own: none needed */
	assert_false(gateways_grant_allows(self, GATEWAYS_COPY, "certs", "certs", "tls"));
	assert_false(gateways_grant_allows(self, GATEWAYS_GATEWAY, "infra", "certs", "tls"));
	assert_int_equal(put(self, GATEWAYS_GRANT, WATCH_ADDED, GRANT("certs", GOOD_FROM, GOOD_TO)), 0);
	assert_true(gateways_grant_allows(self, GATEWAYS_GATEWAY, "infra", "certs", "tls"));
	assert_int_equal(put(self, GATEWAYS_GRANT, WATCH_DELETED, GRANT("certs", GOOD_FROM, GOOD_TO)), 0);
	assert_false(gateways_grant_allows(self, GATEWAYS_GATEWAY, "infra", "certs", "tls"));
	(void)gateways_free(self);
}

static int init(void **state)
{
	(void)state;
	objects_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_real_gateway_is_read),
		cmocka_unit_test(the_real_envoyconfig_and_copies_agree),
		cmocka_unit_test(a_recorded_stream_ends_in_the_store),
		cmocka_unit_test(what_is_not_written_has_the_apis_default),
		cmocka_unit_test(whether_clients_are_asked_for_a_certificate),
		cmocka_unit_test(what_is_no_such_object_is_refused_by_name),
		cmocka_unit_test(a_string_is_never_cut),
		cmocka_unit_test(objects_stand_in_order_and_events_replace_them),
		cmocka_unit_test(a_snapshot_replaces_the_store_when_it_is_complete_and_not_before),
		cmocka_unit_test(each_limit_is_named_and_holds),
		cmocka_unit_test(listeners_are_counted_wherever_they_stand),
		cmocka_unit_test(sds_names_are_counted_together),
		cmocka_unit_test(sds_names_are_found_wherever_they_stand),
		cmocka_unit_test(only_a_gateway_that_controls_it_owns_an_envoyconfig),
		cmocka_unit_test(a_grant_allows_what_it_says_and_nothing_else),
		cmocka_unit_test(a_permission_ends_with_its_grant),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
