/* SPDX-License-Identifier: Apache-2.0 */
#include "report/status.h"

#include "report/hardware.h"
#include "report/writer.h"

static void member(struct writer *writer, const char *before, const char *name, const char *text)
{
	writer_print(writer, "%s\"%s\":", before, name);
	writer_string(writer, text);
}

static void put_endpoint(struct writer *writer, bool dates, const char *before,
                         const struct status_endpoint *endpoint)
{
	member(writer, before, "layer", endpoint->layer);
	member(writer, ",", "address", endpoint->address);
	member(writer, ",", "detail", endpoint->detail);
	member(writer, ",", "since", dates ? endpoint->since : "");
}

static void put_holder(struct writer *writer, const struct status_holder *holder)
{
	member(writer, ",\"holder\":{", "state", holder->state);
	member(writer, ",", "source", holder->source);
	member(writer, ",", "detail", holder->detail);
	writer_put(writer, "}", 1);
}

static void put_seconds(struct writer *writer, const char *before, const char *name, double seconds)
{
	if (seconds < 0)
		writer_print(writer, "%s\"%s\":null", before, name);
	else
		writer_print(writer, "%s\"%s\":%.1f", before, name, seconds);
}

static void put_controller(struct writer *writer, bool dates, const struct status *status)
{
	writer_print(writer, "}},\"controller\":{\"on\":%s",
	             status->controller.on ? "true" : "false");
	member(writer, ",", "verdict", status->controller.verdict);
	member(writer, ",", "cause", status->controller.cause);
	member(writer, ",", "sentence", status->controller.sentence);
	member(writer, ",", "command", status->controller.command);
	member(writer, ",", "pod", status->controller.pod);
	member(writer, ",", "cilium_version", status->controller.cilium_version);
	member(writer, ",", "since", dates ? status->controller.since : "");
}

static void put_listeners(struct writer *writer, const struct status *status)
{
	writer_print(writer, ",\"listeners\":[");
	for (size_t i = 0; i < status->listener_count; i++) {
		const struct status_listener *listener = &status->listener[i];

		member(writer, i ? ",{" : "{", "gateway", listener->gateway);
		member(writer, ",", "listener", listener->listener);
		member(writer, ",", "hostname", listener->hostname);
		member(writer, ",", "address", listener->address);
		member(writer, ",", "verdict", listener->verdict);
		member(writer, ",", "detail", listener->detail);
		member(writer, ",", "not_after", listener->not_after);
		writer_put(writer, "}", 1);
	}
	writer_put(writer, "]", 1);
}

size_t status_to_json(const struct status *status, bool dates, char *json, size_t size)
{
	struct writer writer = { .bytes = json, .size = size };

	member(&writer, "{", "version", status->version);
	member(&writer, ",", "node", status->node);
	member(&writer, ",", "mode", status->mode);
	put_endpoint(&writer, dates, ",\"readiness\":{\"local\":{", &status->local);
	put_endpoint(&writer, dates, "},\"vip\":{", &status->vip);
	put_holder(&writer, &status->holder);
	put_controller(&writer, dates, status);
	writer_print(&writer,
	      "},\"copies\":{\"needed\":%u,\"present\":%u,\"created\":%u,\"blocked\":%u,\"stale\":%"
	      "u}",
	      status->copies.needed, status->copies.present, status->copies.created,
	      status->copies.blocked, status->copies.stale);
	writer_print(&writer, ",\"proofs\":{\"provable\":%u,\"served\":%u,\"bad\":%u}",
	             status->proofs.provable, status->proofs.served, status->proofs.bad);
	put_listeners(&writer, status);
	writer_print(&writer, ",\"restarts\":{\"count\":%u,\"failed\":%u}", status->restarts.count,
	      status->restarts.failed);
	put_seconds(&writer, ",\"boot\":{", "api_usable_s", status->boot.api_usable_s);
	put_seconds(&writer, ",", "controller_on_s", status->boot.controller_on_s);
	put_seconds(&writer, ",", "tls_proven_s", status->boot.tls_proven_s);
	writer_print(&writer, "},");
	hardware_json(&status->board, dates, &writer);
	writer_print(&writer, "}\n");
	return writer.full ? 0 : writer.len;
}
