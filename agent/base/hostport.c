/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hostport.h"

#include <arpa/inet.h>
#include <errno.h>

#define LABEL_MAX 63

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_address(int family, struct span text)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];

	if (text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return inet_pton(family, copy, address) == 1;
}

/* One label of a DNS name: no hyphen first or last. The underscore is not DNS, but met in the wild.
 */
static bool is_label(struct span text)
{
	if (text.len == 0 || text.len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool inner = i > 0 && i < text.len - 1;

		if (!is_word(text.ptr[i]) && !(inner && text.ptr[i] == '-'))
			return false;
	}
	return true;
}

static bool is_name(struct span text)
{
	bool figures =
		true; /* in the label at hand: a name whose last one is a number is no name */

	if (text.len > HOSTPORT_HOST_MAX)
		return false;
	for (size_t start = 0, i = 0; i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != '.') {
			figures = figures && is_digit(text.ptr[i]);
			continue;
		}
		if (!is_label((struct span){ text.ptr + start, i - start }))
			return false;
		if (i == text.len)
			return !figures;
		start = i + 1;
		figures = true;
	}
	return false;
}

bool hostport_is_host(struct span text)
{
	return is_name(text) || is_address(AF_INET, text) || is_address(AF_INET6, text);
}

/* 0 where text is no port. */
static uint16_t port_of(struct span text)
{
	unsigned port = 0;

	if (text.len == 0 || text.len > 5)
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]))
			return 0;
		port = port * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* "[V6]" or "[V6]:PORT": returns the address, and what follows the bracket. */
static int take_bracketed(struct span text, struct span *ret_host, struct span *ret_rest)
{
	const char *close = memchr(text.ptr, ']', text.len);

	if (!close)
		return -EINVAL;
	struct span host = { text.ptr + 1, (size_t)(close - text.ptr) - 1 };
	if (!is_address(AF_INET6, host))
		return -EINVAL;
	*ret_host = host;
	*ret_rest = (struct span){ close + 1, text.len - host.len - 2 };
	return 0;
}

/* "HOST" or "HOST:PORT". */
static int take_plain(struct span text, struct span *ret_host, struct span *ret_rest)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	size_t len = colon ? (size_t)(colon - text.ptr) : text.len;
	struct span host = { text.ptr, len };

	if (!is_name(host) && !is_address(AF_INET, host))
		return -EINVAL;
	*ret_host = host;
	*ret_rest = (struct span){ text.ptr + len, text.len - len };
	return 0;
}

int hostport_split(struct span text, struct hostport *ret)
{
	struct span host, rest;
	uint16_t port = 0;
	int rc;

	if (text.len == 0)
		return -EINVAL;
	if (is_address(AF_INET6, text)) {
		*ret = (struct hostport){ .host = text, .bare_v6 = true };
		return 0;
	}
	rc = text.ptr[0] == '[' ? take_bracketed(text, &host, &rest)
	                        : take_plain(text, &host, &rest);
	if (rc < 0)
		return rc;
	if (rest.len > 0) {
		port = port_of((struct span){ rest.ptr + 1, rest.len - 1 });
		if (rest.ptr[0] != ':' || port == 0)
			return -EINVAL;
	}
	*ret = (struct hostport){ .host = host, .port = port };
	return 0;
}
