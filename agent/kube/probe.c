/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kube/objects.h"

static bool times_out(const struct http_end *end)
{
	return end->failure.class == FAILURE_TIMEOUT;
}

static enum layer layer_of_connect(const struct http_end *end)
{
	switch (end->failure.error) {
	case ECONNREFUSED:
		return LAYER_TCP;
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EACCES:
		return LAYER_LINK;
	default:
		return LAYER_VIP;
	}
}

static enum layer layer_of_status(uint16_t status)
{
	if (status == 200)
		return LAYER_USABLE;
	return status == 401 || status == 403 ? LAYER_AUTH : LAYER_READYZ;
}

static enum layer layer_of(const struct http_end *end)
{
	switch (end->stage) {
	case HTTP_CONNECTING:
		return layer_of_connect(end);
	case HTTP_IN_TLS:
		return end->failure.class == FAILURE_CLOCK ? LAYER_CLOCK : LAYER_TLS;
	case HTTP_SENT:
		return LAYER_READYZ;
	case HTTP_ANSWERED:
		break;
	}
	return end->failure.class == FAILURE_NONE ? layer_of_status(end->status) : LAYER_READYZ;
}

static void describe_silence(const struct http_end *end, double seconds, char *detail, size_t size)
{
	const char *name = end->failure.error ? strerrorname_np(end->failure.error) : NULL;

	if (times_out(end))
		(void)snprintf(detail, size, "no answer within %.2f s", seconds);
	else if (end->stage == HTTP_CONNECTING && name)
		(void)snprintf(detail, size, "%s after %.2f s", name, seconds);
	else
		(void)snprintf(detail, size, "%s", end->failure.text);
}

enum layer probe_layer(const struct http_end *end, uint64_t took_usec, char *detail, size_t size)
{
	double seconds = (double)took_usec / 1e6;
	enum layer layer = layer_of(end);

	if (layer == LAYER_USABLE)
		(void)snprintf(detail, size, "HTTP 200 after %.2f s", seconds);
	else if (end->status)
		(void)snprintf(detail, size, "HTTP %u", end->status);
	else
		describe_silence(end, seconds, detail, size);
	return layer;
}

enum result probe_result_of_ask(const struct http_end *end)
{
	if (end->failure.class == FAILURE_TOO_BIG)
		return RESULT_REFUSED;
	if (end->failure.class != FAILURE_NONE || end->stage != HTTP_ANSWERED)
		return RESULT_UNREACHABLE;
	return end->status / 100 == 2 ? RESULT_OK : RESULT_REFUSED;
}

enum result probe_result_of_write(const struct http_end *end)
{
	if (end->stage == HTTP_CONNECTING || end->stage == HTTP_IN_TLS)
		return RESULT_UNREACHABLE;
	if (end->stage == HTTP_SENT || end->status / 100 == 5)
		return RESULT_LOST;
	if (end->status / 100 == 2)
		return RESULT_OK;
	return end->status == 404 || end->status == 409 ? RESULT_CONFLICT : RESULT_REFUSED;
}

void probe_explain(const struct http_end *end, char *text, size_t size)
{
	char message[160];

	if (end->status && objects_read_status(end->body, message, sizeof(message)))
		(void)snprintf(text, size, "HTTP %u: %s", end->status, message);
	else if (end->status)
		(void)snprintf(text, size, "HTTP %u%s%s", end->status,
		               end->failure.class == FAILURE_NONE ? "" : ", ", end->failure.text);
	else
		(void)snprintf(text, size, "%s", end->failure.text);
}
