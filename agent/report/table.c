/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/writer.h"

static void row(struct writer *writer, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void row(struct writer *writer, const char *name, const char *format, ...)
{
	char value[900];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	writer_print(writer, "%-11s %s\n", name, value);
}

static void endpoint_row(struct writer *writer, const char *name,
                         const struct status_endpoint *endpoint)
{
	row(writer, name, "%s  %s%s%s%s", endpoint->layer,
	    endpoint->address[0] ? endpoint->address : "(address not known yet)",
	    endpoint->detail[0] ? " (" : "", endpoint->detail, endpoint->detail[0] ? ")" : "");
}

size_t table_of_status(const struct status *status, enum table_style style, char *table, size_t size)
{
	struct writer writer = { .bytes = table, .size = size };

	(void)style;
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
