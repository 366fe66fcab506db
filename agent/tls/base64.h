/* SPDX-License-Identifier: Apache-2.0 */
/* base64 - decodes the *-data fields of a kubeconfig and the data of a Secret, and writes the former. */
#pragma once
#include <stddef.h>

#include "base/span.h"

/* Strict RFC 4648: the standard alphabet, padded, nothing after the padding; only line breaks and
 * blanks are skipped, since a person may have folded the text. *ret_bytes is the caller's to wipe
 * and free (secret_free); a NUL byte follows the last one and is not counted.
 *   -EBADMSG  not base64
 *   -E2BIG    longer than OpenSSL can count
 *   -ENOMEM */
int tls_base64_decode(struct span text, char **ret_bytes, size_t *ret_len);

/* The other way, in one line without a break. *ret_text is the caller's to wipe and free. -E2BIG, -ENOMEM. */
int tls_base64_encode(struct span bytes, char **ret_text);
