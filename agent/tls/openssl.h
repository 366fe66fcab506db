/* SPDX-License-Identifier: Apache-2.0 */
/* openssl - what every use of OpenSSL in tls/ needs: it must never ask on the terminal, and its error queue is
 * left empty. */
#pragma once
#include "base/failure.h"

/* A pem_password_cb that refuses. asked: NULL, or a bool that becomes true. */
int tls_no_passphrase(char *buffer, int size, int writing, void *asked);

/* Says why in *failure and returns error; -ENOMEM instead where OpenSSL ran out of memory. */
int tls_reject(struct failure *failure, int error, const char *why);
