/* SPDX-License-Identifier: Apache-2.0 */
/* scan - walks JSON text without building a tree of it: the members of an object, the items of an
 * array, each value as the span that it fills. So a page of a hundred objects costs no memory, and each
 * object can be handed on by itself. It sees to structure only (strings, nesting, commas); what stands
 * inside a value is for the value's own reader to refuse. Owns nothing, allocates nothing. */
#pragma once
#include <stdint.h>

#include "base/span.h"

struct scan { /* where a walk is */
	const char *at, *end;
	char close;
	bool begun, over;
};

/* Begins at the first member or item. -EBADMSG where the value is no object ('{') or array ('['). */
int scan_object(struct scan *ret, struct span value);
int scan_array(struct scan *ret, struct span value);

/* The next one: 1; 0 after the last (and nothing but blanks follows); -EBADMSG. A key is what stands between
 * its quotes, escapes as they are. */
int scan_member(struct scan *self, struct span *ret_key, struct span *ret_value);
int scan_item(struct scan *self, struct span *ret_value);

/* The value of a member, down a path of names that ends with NULL; an empty span where there is none. */
struct span scan_at(struct span object, const char *const *names);
#define SCAN_AT(object, ...) scan_at(object, (const char *const[]){ __VA_ARGS__, NULL })

/* What stands between the quotes of a string; an empty span where the value is none. Escapes as they are. */
struct span scan_string(struct span value);

/* A whole number from 0 to 999999999; otherwise the one given. */
uint32_t scan_number(struct span value, uint32_t otherwise);
