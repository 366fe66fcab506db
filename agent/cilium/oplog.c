/* SPDX-License-Identifier: Apache-2.0 */
#include "cilium/oplog.h"

/* Up to 1.16 the line says "Checking for required GatewayAPI resources", later "... required and
 * optional GatewayAPI ...": the words in common. */
#define LINE_CHECK    "Checking for required"
#define LINE_OFF      "Required GatewayAPI resources are not found"
#define LINE_REGISTER "Setting up Secret synchronization"
/* controller-runtime's, once this process leads; it stands in a log as JSON too, where the list can't be read. */
#define LINE_WORKERS  "Starting workers"
#define OF_GATEWAY    "controller=gateway "
#define OF_GATEWAY_J  "\"controller\":\"gateway\""
#define LIST_KEY      "registrations"
#define GATEWAY_ENTRY "*v1.Gateway ->"

static const char *find(struct span text, const char *words)
{
	return text.len ? memmem(text.ptr, text.len, words, strlen(words)) : NULL;
}

static bool has(struct span text, const char *words)
{
	return find(text, words) != NULL;
}

/* Skips what stands between the key and its value: =, :, quotes and spaces. */
static struct span value_after(struct span line, const char *key)
{
	const char *at = find(line, key);
	const char *end = line.ptr + line.len;

	if (!at)
		return (struct span){ line.ptr, 0 };
	at += strlen(key);
	while (at < end && (*at == '=' || *at == ':' || *at == '"' || *at == ' '))
		at++;
	return (struct span){ at, (size_t)(end - at) };
}

/* What the list of registrations says. It parses when it is bracketed on both ends; a log as JSON
 * prints an error in its place. */
static enum log_says judge_list(struct span line)
{
	struct span value = value_after(line, LIST_KEY);
	const char *close = value.len ? memchr(value.ptr, ']', value.len) : NULL;

	if (!close || value.ptr[0] != '[')
		return LOG_OPAQUE;
	value.len = (size_t)(close - value.ptr);
	return has(value, GATEWAY_ENTRY) ? LOG_ON : LOG_SPLIT;
}

/* Cuts the next whole line off *rest; false at the end. */
static bool next_line(struct span *rest, struct span *ret_line)
{
	const char *newline = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;

	if (!newline)
		return false;
	*ret_line = (struct span){ rest->ptr, (size_t)(newline - rest->ptr) };
	rest->len -= ret_line->len + 1;
	rest->ptr = newline + 1;
	return true;
}

static bool starts_gateway(struct span line)
{
	return has(line, LINE_WORKERS) && (has(line, OF_GATEWAY) || has(line, OF_GATEWAY_J));
}

enum log_says oplog_judge(struct span log)
{
	enum log_says says = LOG_NOTHING;
	bool checked = false;
	struct span line;

	while (next_line(&log, &line)) {
		/* Final, whatever else stands there: 1.18 checks twice, and the second
		 * check may well succeed while the controller stays off. */
		if (has(line, LINE_OFF))
			return LOG_OFF;
		if (has(line, LINE_CHECK))
			checked = true;
		/* The list counts only after the check: before it, the check is still to fail. */
		else if (has(line, LINE_REGISTER) && checked)
			says = judge_list(line);
		else if (says == LOG_OPAQUE && starts_gateway(line))
			says = LOG_ON;
	}
	return says;
}
