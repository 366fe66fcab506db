/* SPDX-License-Identifier: Apache-2.0 */
/* address - one IPv4 or IPv6 address, without port, prefix or scope. Zeroed: none. */
#pragma once
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN

struct address {
	uint8_t family;    /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16]; /* in network order; of IPv4 the first four */
};

/* 4 or 16; 0 of none. */
size_t address_size(const struct address *self);

/* From that many bytes in network order. */
struct address address_make(uint8_t family, const void *bytes);

/* Of a literal; false, and none, where text is a name or nothing at all. */
bool address_parse(const char *text, struct address *ret);

bool address_equal(const struct address *a, const struct address *b);
bool address_is_loopback(const struct address *self);

/* "" of none. text must hold ADDRESS_TEXT_MAX bytes; it is returned. */
const char *address_text(const struct address *self, char *text);

/* For connect() and the like. */
socklen_t address_socket(const struct address *self, uint16_t port, struct sockaddr_storage *ret);
struct address address_of_socket(const struct sockaddr_storage *from);
