/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wipe.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "base/secret.h"

static void *take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return secret_resize(memory, size);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	secret_release(memory);
}

bool wipe_begin(void)
{
	(void)CRYPTO_set_mem_functions(take, resize, release);
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, secret_release, secret_resize,
	                            strdup, calloc) == CURLE_OK;
}

/* A connection keeps the last record that it deciphered, until the next one comes. */
CURLcode wipe_connection(CURL *easy, void *context, void *userdata)
{
	(void)easy;
	(void)userdata;
	(void)SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
	return CURLE_OK;
}
