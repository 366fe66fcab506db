/* SPDX-License-Identifier: Apache-2.0 */
/* file - reads one small regular file whole, and never more than its caller can bear. */
#pragma once
#include <stddef.h>

#include "base/failure.h"

/* Reads path into memory that the caller wipes and frees (secret_free); a NUL byte follows the last
 * one and is not counted. FIFOs and devices are refused: they could block the only thread.
 * ret_failure's text is "label: what is wrong".
 *   -ENOENT, -EACCES, ...  open() or read() says so
 *   -EISDIR, -ENODEV       a directory; any other thing that is no regular file
 *   -E2BIG                 longer than max_bytes
 *   -ENOMEM */
int file_read_bounded(const char *path, size_t max_bytes, const char *label, char **ret_bytes,
                      size_t *ret_len, struct failure *ret_failure);

/* Shortens a path for a message: its end tells more than its start, so the start is cut with "...".
 * Foreign bytes as in failure_quote(). size must be at least 8. */
void file_label(char *buffer, size_t size, const char *path);
