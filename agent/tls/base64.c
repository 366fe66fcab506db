/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/base64.h"

#include <errno.h>
#include <limits.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/secret.h"

/* EVP_DecodeBlock() alone is too kind: it takes '=' anywhere for a zero. */
static bool in_alphabet(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/';
}

/* Copies text without its white space. Fails where it isn't base64 by shape. */
static int compact(struct span text, char *to, size_t *ret_len, size_t *ret_padding)
{
	size_t len = 0;
	size_t padding = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
			continue;
		if (c == '=')
			padding++;
		else if (padding > 0 || !in_alphabet(c))
			return -EBADMSG;
		to[len++] = c;
	}
	if (len % 4 != 0 || padding > 2)
		return -EBADMSG;
	*ret_len = len;
	*ret_padding = padding;
	return 0;
}

int tls_base64_decode(struct span text, char **ret_bytes, size_t *ret_len)
{
	size_t len, padding;
	int rc, decoded;

	if (text.len > INT_MAX / 2)
		return -E2BIG;
	CLEANUP(secret_free_p) char *digits = calloc(1, text.len + 1);
	CLEANUP(secret_free_p) char *bytes = malloc(text.len + 1);
	if (!digits || !bytes)
		return -ENOMEM;
	rc = compact(text, digits, &len, &padding);
	if (rc < 0)
		return rc;
	decoded = EVP_DecodeBlock((unsigned char *)bytes, (unsigned char *)digits, (int)len);
	if (decoded < 0 || (size_t)decoded < padding)
		return -EBADMSG;
	*ret_len = (size_t)decoded - padding;
	bytes[*ret_len] = '\0';
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}

int tls_base64_encode(struct span bytes, char **ret_text)
{
	char *text;

	if (bytes.len > INT_MAX / 2)
		return -E2BIG;
	text = malloc(bytes.len / 3 * 4 + 5);
	if (!text)
		return -ENOMEM;
	(void)EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.ptr,
	                      (int)bytes.len);
	*ret_text = text;
	return 0;
}
