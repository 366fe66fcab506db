/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

size_t address_size(const struct address *self)
{
	if (self->family == AF_INET)
		return 4;
	return self->family == AF_INET6 ? 16 : 0;
}

struct address address_make(uint8_t family, const void *bytes)
{
	struct address made = { .family = family };

	memcpy(made.bytes, bytes, address_size(&made));
	return made;
}

bool address_parse(const char *text, struct address *ret)
{
	*ret = (struct address){ .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	if (inet_pton(ret->family, text, ret->bytes) == 1)
		return true;
	*ret = (struct address){ 0 };
	return false;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family && a->family == b->family &&
	       memcmp(a->bytes, b->bytes, address_size(a)) == 0;
}

bool address_is_loopback(const struct address *self)
{
	static const uint8_t v6[16] = { [15] = 1 };

	if (self->family == AF_INET)
		return self->bytes[0] == 127;
	return self->family == AF_INET6 && memcmp(self->bytes, v6, sizeof(v6)) == 0;
}

const char *address_text(const struct address *self, char *text)
{
	if (!self->family || !inet_ntop(self->family, self->bytes, text, ADDRESS_TEXT_MAX))
		text[0] = '\0';
	return text;
}

socklen_t address_socket(const struct address *self, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(ret, 0, sizeof(*ret));
	memcpy(&v4.sin_addr, self->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, self->bytes, sizeof(v6.sin6_addr));
	if (self->family == AF_INET)
		memcpy(ret, &v4, sizeof(v4));
	else
		memcpy(ret, &v6, sizeof(v6));
	return self->family == AF_INET ? sizeof(v4) : sizeof(v6);
}

struct address address_of_socket(const struct sockaddr_storage *from)
{
	if (from->ss_family == AF_INET)
		return address_make(AF_INET, &((const struct sockaddr_in *)from)->sin_addr);
	if (from->ss_family == AF_INET6)
		return address_make(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr);
	return (struct address){ 0 };
}
