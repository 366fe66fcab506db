/* SPDX-License-Identifier: Apache-2.0 */
#include "report/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writer {
	char *bytes;
	size_t size, len;
	bool full;
};

static void put(struct writer *writer, const char *bytes, size_t len)
{
	if (writer->full || len >= writer->size - writer->len) {
		writer->full = true;
		return;
	}
	memcpy(writer->bytes + writer->len, bytes, len);
	writer->len += len;
	writer->bytes[writer->len] = '\0';
}

static void print(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void print(struct writer *writer, const char *format, ...)
{
	char piece[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(piece))
		writer->full = true;
	else
		put(writer, piece, (size_t)len);
}

/* RFC 8259: quote, backslash and control bytes are escaped; the rest is passed on as it is. */
static void put_string(struct writer *writer, const char *text)
{
	put(writer, "\"", 1);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			print(writer, "\\%c", byte);
		else if (byte < 0x20 || byte == 0x7f)
			print(writer, "\\u%04x", byte);
		else
			put(writer, text, 1);
	}
	put(writer, "\"", 1);
}

static void member(struct writer *writer, const char *before, const char *name, const char *text)
{
	print(writer, "%s\"%s\":", before, name);
	put_string(writer, text);
}

static void put_endpoint(struct writer *writer, bool dates, const char *before,
                         const struct status_endpoint *endpoint)
{
	member(writer, before, "layer", endpoint->layer);
	member(writer, ",", "address", endpoint->address);
	member(writer, ",", "detail", endpoint->detail);
	member(writer, ",", "since", dates ? endpoint->since : "");
}

static void put_seconds(struct writer *writer, const char *before, const char *name, double seconds)
{
	if (seconds < 0)
		print(writer, "%s\"%s\":null", before, name);
	else
		print(writer, "%s\"%s\":%.1f", before, name, seconds);
}

static void put_controller(struct writer *writer, bool dates, const struct status *status)
{
	member(writer, "}},\"controller\":{", "verdict", status->controller.verdict);
	member(writer, ",", "cause", status->controller.cause);
	member(writer, ",", "sentence", status->controller.sentence);
	member(writer, ",", "command", status->controller.command);
	member(writer, ",", "pod", status->controller.pod);
	member(writer, ",", "cilium_version", status->controller.cilium_version);
	member(writer, ",", "since", dates ? status->controller.since : "");
}

static void put_listeners(struct writer *writer, const struct status *status)
{
	print(writer, ",\"listeners\":[");
	for (size_t i = 0; i < status->listener_count; i++) {
		const struct status_listener *listener = &status->listener[i];

		member(writer, i ? ",{" : "{", "gateway", listener->gateway);
		member(writer, ",", "listener", listener->listener);
		member(writer, ",", "hostname", listener->hostname);
		member(writer, ",", "address", listener->address);
		member(writer, ",", "verdict", listener->verdict);
		member(writer, ",", "detail", listener->detail);
		member(writer, ",", "not_after", listener->not_after);
		put(writer, "}", 1);
	}
	put(writer, "]", 1);
}

size_t status_to_json(const struct status *status, bool dates, char *json, size_t size)
{
	struct writer writer = { .bytes = json, .size = size };

	member(&writer, "{", "version", status->version);
	member(&writer, ",", "node", status->node);
	member(&writer, ",", "mode", status->mode);
	put_endpoint(&writer, dates, ",\"readiness\":{\"local\":{", &status->local);
	put_endpoint(&writer, dates, "},\"vip\":{", &status->vip);
	put_controller(&writer, dates, status);
	print(&writer,
	      "},\"copies\":{\"needed\":%u,\"present\":%u,\"created\":%u,\"blocked\":%u,\"stale\":%"
	      "u}",
	      status->copies.needed, status->copies.present, status->copies.created,
	      status->copies.blocked, status->copies.stale);
	put_listeners(&writer, status);
	print(&writer, ",\"restarts\":{\"count\":%u,\"failed\":%u}", status->restarts.count,
	      status->restarts.failed);
	put_seconds(&writer, ",\"boot\":{", "api_usable_s", status->boot.api_usable_s);
	put_seconds(&writer, ",", "controller_on_s", status->boot.controller_on_s);
	put_seconds(&writer, ",", "tls_proven_s", status->boot.tls_proven_s);
	print(&writer, "}}\n");
	return writer.full ? 0 : writer.len;
}

static void row(struct writer *writer, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void row(struct writer *writer, const char *name, const char *format, ...)
{
	char value[900];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	print(writer, "%-11s %s\n", name, value);
}

static void endpoint_row(struct writer *writer, const char *name,
                         const struct status_endpoint *endpoint)
{
	row(writer, name, "%s  %s%s%s%s", endpoint->layer,
	    endpoint->address[0] ? endpoint->address : "(address not known yet)",
	    endpoint->detail[0] ? " (" : "", endpoint->detail, endpoint->detail[0] ? ")" : "");
}

size_t status_to_table(const struct status *status, char *table, size_t size)
{
	struct writer writer = { .bytes = table, .size = size };

	row(&writer, "controller", "%s  %s", status->controller.verdict,
	    status->controller.sentence);
	if (status->controller.command[0])
		row(&writer, "", "try: %s", status->controller.command);
	row(&writer, "since", "%s", status->controller.since);
	endpoint_row(&writer, "local", &status->local);
	endpoint_row(&writer, "vip", &status->vip);
	row(&writer, "copies", "%u needed, %u there, %u of them created by gatewake",
	    status->copies.needed, status->copies.present, status->copies.created);
	for (size_t i = 0; i < status->listener_count; i++)
		row(&writer, i ? "" : "listeners", "%-11s %s  %s %s  %s",
		    status->listener[i].verdict, status->listener[i].hostname,
		    status->listener[i].gateway, status->listener[i].address,
		    status->listener[i].detail);
	row(&writer, "restarts", "%u since the controller was last on, %u of them without success",
	    status->restarts.count, status->restarts.failed);
	if (status->boot.api_usable_s >= 0)
		row(&writer, "boot", "API seen usable %.1f s after the host booted", status->boot.api_usable_s);
	if (status->boot.controller_on_s >= 0)
		row(&writer, "", "controller seen on %.1f s after the host booted", status->boot.controller_on_s);
	if (status->boot.tls_proven_s >= 0)
		row(&writer, "", "TLS proven %.1f s after the host booted", status->boot.tls_proven_s);
	return writer.len;
}
