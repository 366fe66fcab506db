/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/answer.h"

#include <errno.h>

#include "kube/scan.h"

#define SECONDS UINT64_C(1000000)

int answer_compare_versions(const char *a, const char *b)
{
	static const char digits[] = "0123456789";
	size_t a_len = strlen(a), b_len = strlen(b);

	if (!a_len || !b_len || *a == '0' || *b == '0' || strspn(a, digits) != a_len || strspn(b, digits) != b_len)
		return 0;
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return strcmp(a, b);
}

static bool take_version(struct span value, char version[PATH_VERSION_SIZE])
{
	struct span text = scan_string(value);

	if (text.len == 0 || text.len >= PATH_VERSION_SIZE)
		return false;
	memcpy(version, text.ptr, text.len);
	version[text.len] = '\0';
	return path_version_is_safe(version);
}

static enum answer_event_type type_of(struct span text)
{
	static const char *const names[] = { [ANSWER_ADDED] = "ADDED",       [ANSWER_MODIFIED] = "MODIFIED",
					     [ANSWER_DELETED] = "DELETED",   [ANSWER_BOOKMARK] = "BOOKMARK",
					     [ANSWER_ERROR] = "ERROR" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equals(text, names[i]))
			return (enum answer_event_type)i;
	return ANSWER_UNKNOWN;
}

int answer_read_event(struct span line, struct answer_event *ret)
{
	struct scan scan;
	struct span key, value, type = { 0 };
	int r = scan_object(&scan, line);

	*ret = (struct answer_event){ 0 };
	while (r >= 0 && (r = scan_member(&scan, &key, &value)) == 1) {
		if (span_equals(key, "type"))
			type = scan_string(value);
		else if (span_equals(key, "object"))
			ret->object = value;
	}
	if (r < 0 || !type.len || !ret->object.len || ret->object.ptr[0] != '{')
		return -EBADMSG;
	ret->type = type_of(type);
	if (!take_version(SCAN_AT(ret->object, "metadata", "resourceVersion"), ret->version)) {
		ret->version[0] = '\0';
		return ret->type == ANSWER_ERROR || ret->type == ANSWER_UNKNOWN ? 0 : -EBADMSG;
	}
	return 0;
}

/* A server that was asked for metadata only and does not understand that answers with whole Secrets: their
 * kind gives them away. */
static bool is_list_of(struct span kind, const char *item)
{
	size_t len = strlen(item);

	return kind.len == len + 4 && memcmp(kind.ptr, item, len) == 0 && memcmp(kind.ptr + len, "List", 4) == 0;
}

/* To its last byte, before anything is done with it: metadata comes before or after the items. */
int answer_read_page(struct span body, const char *kind, struct answer_page *ret)
{
	struct scan scan;
	struct span key, value, metadata = { 0 }, is = { 0 };
	int r = scan_object(&scan, body);

	*ret = (struct answer_page){ 0 };
	while (r >= 0 && (r = scan_member(&scan, &key, &value)) == 1) {
		if (span_equals(key, "items"))
			ret->items = value;
		else if (span_equals(key, "metadata"))
			metadata = value;
		else if (span_equals(key, "kind"))
			is = scan_string(value);
	}
	if (r < 0 || !is_list_of(is, kind) || !ret->items.len ||
	    !take_version(SCAN_AT(metadata, "resourceVersion"), ret->version))
		return -EBADMSG;
	ret->token = scan_string(SCAN_AT(metadata, "continue"));
	return ret->items.ptr[0] == '[' || span_equals(ret->items, "null") ? 0 : -EBADMSG;
}

/* 504, and a cause that says so; servers before 1.17 say it in the message only. */
static bool is_ahead(struct span status)
{
	static const char words[] = "Too large resource version";
	struct span message = SCAN_AT(status, "message"), cause;
	struct scan scan;

	if (scan_array(&scan, SCAN_AT(status, "details", "causes")) == 0)
		while (scan_item(&scan, &cause) == 1)
			if (span_equals(scan_string(SCAN_AT(cause, "reason")), "ResourceVersionTooLarge"))
				return true;
	return message.len && memmem(message.ptr, message.len, words, sizeof(words) - 1);
}

enum answer_refusal answer_judge(uint16_t code, struct span status)
{
	if (code == 410)
		return ANSWER_IS_EXPIRED;
	if (code == 504 && is_ahead(status))
		return ANSWER_IS_AHEAD;
	if (code == 429 || code == 503)
		return ANSWER_IS_WAIT;
	if (code / 100 == 5)
		return ANSWER_IS_SERVER;
	return code == 401 || code == 403 || code == 404 ? ANSWER_IS_STAY : ANSWER_IS_BAD;
}

uint64_t answer_told_usec(struct span status)
{
	uint32_t seconds = scan_number(SCAN_AT(status, "details", "retryAfterSeconds"), 0);

	return seconds < 3600 ? seconds * SECONDS : 0;
}
