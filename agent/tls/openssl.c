/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl.h"

#include <errno.h>
#include <stdbool.h>

#include <openssl/err.h>

/* OpenSSL would otherwise ask on the terminal, and block. Being asked at all is how an encrypted
 * key is told from a broken one. */
int tls_no_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	if (asked)
		*(bool *)asked = true;
	return -1;
}

/* Says why, and leaves OpenSSL's queue empty. Out of memory is found there and nowhere else. */
int tls_reject(struct failure *failure, int error, const char *why)
{
	unsigned long code;

	while ((code = ERR_get_error()) != 0)
		if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
			error = -ENOMEM;
	if (error == -ENOMEM)
		return failure_set(failure, FAILURE_LOCAL, error, "out of memory");
	return failure_set(failure, error == -E2BIG ? FAILURE_TOO_BIG : FAILURE_BAD_DATA, error,
	                   "%s", why);
}
