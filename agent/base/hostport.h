/* SPDX-License-Identifier: Apache-2.0 */
/* hostport - what may stand for an endpoint: HOST, HOST:PORT, [V6], [V6]:PORT or a bare V6. Judged
 * by shape alone, nothing is resolved. Owns nothing: the result points into what was given. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define HOSTPORT_HOST_MAX 253 /* RFC 1035, less the root's dot */

struct hostport {
	struct span host; /* without brackets */
	uint16_t port;    /* 0: none was given */
	bool bare_v6;     /* an IPv6 address without brackets: fine for a person, not in a URL */
};

/* -EINVAL where the host is neither an IPv4 or IPv6 address nor a DNS name (something in figures
 * and dots alone must be an IPv4 address), or the port is not 1-65535. */
int hostport_split(struct span text, struct hostport *ret);

/* Whether text alone, no port, no brackets, is such a host. */
bool hostport_is_host(struct span text);
