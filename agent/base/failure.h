/* SPDX-License-Identifier: Apache-2.0 */
/* failure - how something that can fail tells a person why: a class that a program can act on and
 * one line of text. Functions return -errno beside it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum failure_class {
	FAILURE_NONE,
	FAILURE_UNREACHABLE, /* no TCP connection, or it broke before an answer */
	FAILURE_TIMEOUT,     /* the total bound ran out */
	FAILURE_TLS,         /* the handshake failed: wrong CA, wrong name, expired */
	FAILURE_CLOCK,       /* a certificate is not valid yet: a Pi without an RTC, most likely */
	FAILURE_AUTH,        /* 401, 403 */
	FAILURE_NOT_FOUND,   /* 404 */
	FAILURE_CONFLICT,    /* 409 */
	FAILURE_THROTTLED,   /* 429 */
	FAILURE_SERVER,      /* 5xx */
	FAILURE_REFUSED,     /* any other 4xx: the API says no and means it */
	FAILURE_BAD_DATA,    /* not what it should be: malformed, truncated, of the wrong kind */
	FAILURE_TOO_BIG,     /* beyond the bound that its reader names */
	FAILURE_LOCAL,       /* this host: a file, memory, a limit */
};

struct failure {
	enum failure_class class;
	int error; /* errno of the cause, 0 where there is none */
	uint16_t http_status;
	uint64_t retry_after_usec; /* what the server asked for, 0 otherwise */
	char text[240];            /* one line; foreign text in it is quoted, cut and printable */
};

/* Sets class and text, clears the rest. Returns error, so that a caller can return it on. */
int failure_set(struct failure *failure, enum failure_class class, int error, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* Copies foreign text into a buffer of size bytes: control bytes, quotes and all beyond ASCII become '?', what is
 * too long is cut with "...". Always terminates; size must be at least 4. */
void failure_quote(char *buffer, size_t size, const char *text, size_t len);
