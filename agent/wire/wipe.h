/* SPDX-License-Identifier: Apache-2.0 */
/* wipe - nothing that came or went in a transfer stays behind in the memory of the libraries that moved it: OpenSSL and
 * libcurl wipe what they free, and a connection that is kept wipes what it has handed over. */
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

/* Before any other use of OpenSSL or libcurl; each call after the first changes nothing. Where OpenSSL was used
 * before, it does not take its part. False: out of memory. */
bool wipe_begin(void);

/* libcurl's SSL_CTX callback. */
CURLcode wipe_connection(CURL *easy, void *context, void *userdata);
