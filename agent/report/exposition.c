/* SPDX-License-Identifier: Apache-2.0 */
#include "report/exposition.h"

#include <inttypes.h>
#include <string.h>

#include "report/holder.h"
#include "report/words.h"
#include "report/writer.h"

/* --- one label --- */

/* What a lead byte of UTF-8 promises: how many bytes follow, and the bounds of the first one of them, which rule out
 * what is too long, a surrogate, or beyond Unicode. */
static const struct lead {
	unsigned char from, to, low, high;
	size_t more;
} leads[] = {
	{ 0x01, 0x7f, 0, 0, 0 },       { 0xc2, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 },
	{ 0xe1, 0xec, 0x80, 0xbf, 2 }, { 0xed, 0xed, 0x80, 0x9f, 2 }, { 0xee, 0xef, 0x80, 0xbf, 2 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 3 }, { 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
};

/* The length of the character that stands there; 0: none does. A NUL ends it like any byte that does not belong. */
static size_t character(const unsigned char *bytes)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		const struct lead *lead = &leads[i];

		if (bytes[0] < lead->from || bytes[0] > lead->to)
			continue;
		for (size_t j = 1; j <= lead->more; j++)
			if (bytes[j] < (j == 1 ? lead->low : 0x80) ||
			    bytes[j] > (j == 1 ? lead->high : 0xbf))
				return 0;
		return 1 + lead->more;
	}
	return 0;
}

/* One byte that is no UTF-8 would cost the whole file: node-exporter takes all of it, or nothing. */
static void put_label(struct writer *writer, const char *before, const char *name,
                      const char *value)
{
	size_t len;

	writer_print(writer, "%s%s=\"", before, name);
	for (; *value; value += len ? len : 1) {
		len = character((const unsigned char *)value);
		if (*value == '\n')
			writer_put(writer, "\\n", 2);
		else if (*value == '"' || *value == '\\')
			writer_print(writer, "\\%c", *value);
		else if (len)
			writer_put(writer, value, len);
		else
			writer_put(writer, "?", 1);
	}
	writer_put(writer, "\"", 1);
}

/* --- one metric --- */

static void begin(struct writer *writer, const char *name, const char *help)
{
	writer_print(writer, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void put_count(struct writer *writer, const char *name, unsigned count, const char *help)
{
	begin(writer, name, help);
	writer_print(writer, "%s %u\n", name, count);
}

static void put_seconds(struct writer *writer, const char *name, double seconds, const char *help)
{
	if (seconds < 0)
		return;
	begin(writer, name, help);
	writer_print(writer, "%s %.1f\n", name, seconds);
}

/* A state that is one of a few: a series each, of which one is 1. */
struct states {
	const char *label;
	size_t count;
	const char *(*name_of)(size_t state);
};

static const char *verdict_name(size_t state)
{
	return words_of_verdict((enum verdict)state);
}

static const char *holder_name(size_t state)
{
	return holder_words((enum holder_state)state)->name;
}

static const char *layer_name(size_t state)
{
	return words_of_layer((enum layer)state);
}

static const struct states verdicts = { "verdict", VERDICT_COUNT, verdict_name };
static const struct states holders = { "holder", HOLDER_STATE_COUNT, holder_name };
static const struct states layers = { "layer", LAYER_COUNT, layer_name };

/* labels: those before the state's own, with a comma, or "". */
static void put_states(struct writer *writer, const char *name, const char *labels,
                       const struct states *states, const char *now)
{
	for (size_t i = 0; i < states->count; i++)
		writer_print(writer, "%s{%s%s=\"%s\"} %d\n", name, labels, states->label,
		             states->name_of(i), strcmp(states->name_of(i), now) == 0);
}

/* --- the families --- */

static void put_build(struct writer *writer, const struct status *status)
{
	begin(writer, "gatewake_build_info", "The version of the agent that runs.");
	writer_print(writer, "gatewake_build_info");
	put_label(writer, "{", "version", status->version);
	writer_print(writer, "} 1\n");
}

static void put_verdict(struct writer *writer, const struct status *status)
{
	begin(writer, "gatewake_verdict", "How the cluster's Gateway controller stands.");
	put_states(writer, "gatewake_verdict", "", &verdicts, status->controller.verdict);
}

static void put_last_proof(struct writer *writer, const struct status *status)
{
	if (!status->proofs.last_sec)
		return;
	begin(writer, "gatewake_last_proof_timestamp_seconds",
	      "When each listener had been proven once more.");
	writer_print(writer, "gatewake_last_proof_timestamp_seconds %" PRId64 "\n",
	             status->proofs.last_sec);
}

static void put_endpoints(struct writer *writer, const struct status *status)
{
	const char *usable = words_of_layer(LAYER_USABLE);

	begin(writer, "gatewake_endpoint_usable", "Whether the API server is usable that way.");
	writer_print(writer,
	             "gatewake_endpoint_usable{endpoint=\"local\"} %d\n"
	             "gatewake_endpoint_usable{endpoint=\"vip\"} %d\n",
	             strcmp(status->local.layer, usable) == 0,
	             strcmp(status->vip.layer, usable) == 0);
	begin(writer, "gatewake_endpoint_layer", "The first layer that is not passed, or usable.");
	put_states(writer, "gatewake_endpoint_layer", "endpoint=\"local\",", &layers,
	           status->local.layer);
	put_states(writer, "gatewake_endpoint_layer", "endpoint=\"vip\",", &layers,
	           status->vip.layer);
}

static void put_holder(struct writer *writer, const struct status *status)
{
	begin(writer, "gatewake_address_holder", "Who holds the virtual address.");
	put_states(writer, "gatewake_address_holder", "", &holders, status->holder.state);
}

static void put_copies(struct writer *writer, const struct status *status)
{
	put_count(writer, "gatewake_copies_needed", status->copies.needed,
	          "Copies of certificates that listeners need.");
	put_count(writer, "gatewake_copies_present", status->copies.present,
	          "Needed copies that are there.");
	put_count(writer, "gatewake_copies_created", status->copies.created,
	          "Needed copies that gatewake created.");
	put_count(writer, "gatewake_copies_blocked", status->copies.blocked,
	          "Needed copies that something keeps from being there.");
	put_count(writer, "gatewake_copies_stale", status->copies.stale,
	          "Needed copies that differ from their source.");
}

static void put_restarts(struct writer *writer, const struct status *status)
{
	put_count(writer, "gatewake_restarts", status->restarts.count,
	          "Restarts of the operator since its controller was last on.");
	put_count(writer, "gatewake_restarts_failed", status->restarts.failed,
	          "Restarts since then whose replacement was off as well.");
}

static void put_boot(struct writer *writer, const struct status *status)
{
	put_seconds(writer, "gatewake_boot_api_usable_seconds", status->boot.api_usable_s,
	            "From the host's boot until the virtual address was seen usable.");
	put_seconds(writer, "gatewake_boot_controller_on_seconds", status->boot.controller_on_s,
	            "From the host's boot until the Gateway controller was seen on.");
	put_seconds(writer, "gatewake_boot_tls_proven_seconds", status->boot.tls_proven_s,
	            "From the host's boot until every listener was proven.");
}

/* --- the listeners --- */

/* A name that was cut, or a ListenerSet that is named like a Gateway: the same series twice is no file at all. */
static bool stands_before(const struct status *status, size_t place)
{
	const struct status_listener *listener = &status->listener[place];

	for (size_t i = 0; i < place; i++) {
		const struct status_listener *other = &status->listener[i];

		if (strcmp(other->listener, listener->listener) == 0 &&
		    strcmp(other->hostname, listener->hostname) == 0 &&
		    strcmp(other->gateway, listener->gateway) == 0 &&
		    strcmp(other->address, listener->address) == 0)
			return true;
	}
	return false;
}

static void put_listener_labels(struct writer *writer, const struct status_listener *listener)
{
	put_label(writer, "{", "gateway", listener->gateway);
	put_label(writer, ",", "listener", listener->listener);
	put_label(writer, ",", "hostname", listener->hostname);
	put_label(writer, ",", "address", listener->address);
}

/* Only the verdict that it has: one series each, not seven. */
static void put_listener_verdicts(struct writer *writer, const struct status *status)
{
	begin(writer, "gatewake_listener_verdict", "What the listener was seen to serve.");
	for (size_t i = 0; i < status->listener_count; i++) {
		if (stands_before(status, i))
			continue;
		writer_print(writer, "gatewake_listener_verdict");
		put_listener_labels(writer, &status->listener[i]);
		put_label(writer, ",", "verdict", status->listener[i].verdict);
		writer_print(writer, "} 1\n");
	}
}

static void put_listener_ends(struct writer *writer, const struct status *status)
{
	begin(writer, "gatewake_listener_not_after_timestamp_seconds",
	      "Until when the certificate is valid that was served.");
	for (size_t i = 0; i < status->listener_count; i++) {
		if (!status->listener[i].not_after_sec || stands_before(status, i))
			continue;
		writer_print(writer, "gatewake_listener_not_after_timestamp_seconds");
		put_listener_labels(writer, &status->listener[i]);
		writer_print(writer, "} %" PRId64 "\n", status->listener[i].not_after_sec);
	}
}

size_t status_to_exposition(const struct status *status, char *text, size_t size)
{
	struct writer writer = { .bytes = text, .size = size };

	put_build(&writer, status);
	put_verdict(&writer, status);
	put_last_proof(&writer, status);
	put_endpoints(&writer, status);
	put_holder(&writer, status);
	put_copies(&writer, status);
	put_restarts(&writer, status);
	put_boot(&writer, status);
	put_listener_verdicts(&writer, status);
	put_listener_ends(&writer, status);
	return writer.full ? 0 : writer.len;
}
