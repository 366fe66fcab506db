/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/scan.h"

#include <errno.h>

static void skip_blanks(struct scan *self)
{
	while (self->at < self->end && strchr(" \t\r\n", *self->at) && *self->at)
		self->at++;
}

static bool meets(struct scan *self, char byte)
{
	skip_blanks(self);
	if (self->at == self->end || *self->at != byte)
		return false;
	self->at++;
	return true;
}

/* From behind the opening quote to behind the closing one. */
static bool skip_string(struct scan *self)
{
	while (self->at < self->end) {
		char byte = *self->at++;

		if (byte == '"')
			return true;
		if (byte == '\\' && self->at < self->end)
			self->at++;
	}
	return false;
}

/* From behind the opening bracket to behind the one that closes it. */
static bool skip_nest(struct scan *self)
{
	size_t depth = 1;

	while (self->at < self->end) {
		char byte = *self->at++;

		if (byte == '"' && !skip_string(self))
			return false;
		if (byte == '{' || byte == '[')
			depth++;
		else if ((byte == '}' || byte == ']') && --depth == 0)
			return true;
	}
	return false;
}

static bool skip_word(struct scan *self)
{
	const char *start = self->at;

	while (self->at < self->end && *self->at &&
	       strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", *self->at))
		self->at++;
	return self->at > start;
}

static bool take_value(struct scan *self, struct span *ret)
{
	const char *start;
	bool whole;

	skip_blanks(self);
	start = self->at;
	if (start == self->end)
		return false;
	if (meets(self, '"'))
		whole = skip_string(self);
	else if (meets(self, '{') || meets(self, '['))
		whole = skip_nest(self);
	else
		whole = skip_word(self);
	*ret = (struct span){ start, (size_t)(self->at - start) };
	return whole;
}

static int begin(struct scan *ret, struct span value, char open, char close)
{
	*ret = (struct scan){ .at = value.ptr, .end = value.ptr ? value.ptr + value.len : NULL, .close = close };
	return meets(ret, open) ? 0 : -EBADMSG;
}

int scan_object(struct scan *ret, struct span value)
{
	return begin(ret, value, '{', '}');
}

int scan_array(struct scan *ret, struct span value)
{
	return begin(ret, value, '[', ']');
}

/* Stands before the next one: 1; behind the last: 0. */
static int advance(struct scan *self)
{
	bool first = !self->begun;

	if (self->over)
		return 0;
	self->begun = true;
	if (meets(self, self->close)) {
		skip_blanks(self);
		self->over = true;
		return self->at == self->end ? 0 : -EBADMSG;
	}
	return first || meets(self, ',') ? 1 : -EBADMSG;
}

int scan_member(struct scan *self, struct span *ret_key, struct span *ret_value)
{
	struct span key;
	int r = advance(self);

	if (r <= 0)
		return r;
	skip_blanks(self);
	if (self->at == self->end || *self->at != '"' || !take_value(self, &key) || !meets(self, ':') ||
	    !take_value(self, ret_value))
		return -EBADMSG;
	*ret_key = scan_string(key);
	return 1;
}

int scan_item(struct scan *self, struct span *ret_value)
{
	int r = advance(self);

	if (r <= 0)
		return r;
	return take_value(self, ret_value) ? 1 : -EBADMSG;
}

struct span scan_at(struct span object, const char *const *names)
{
	for (; *names; names++) {
		struct scan scan;
		struct span key, value = { 0 };
		int r = scan_object(&scan, object);

		while (r >= 0 && (r = scan_member(&scan, &key, &value)) == 1)
			if (span_equals(key, *names))
				break;
		if (r != 1)
			return (struct span){ 0 };
		object = value;
	}
	return object;
}

struct span scan_string(struct span value)
{
	if (value.len < 2 || value.ptr[0] != '"')
		return (struct span){ 0 };
	return (struct span){ value.ptr + 1, value.len - 2 };
}

uint32_t scan_number(struct span value, uint32_t otherwise)
{
	uint32_t number = 0;

	if (value.len == 0 || value.len > 9)
		return otherwise;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return otherwise;
		number = number * 10 + (uint32_t)(value.ptr[i] - '0');
	}
	return number;
}
