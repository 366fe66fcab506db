/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig - reads one kubeconfig file and yields what one context needs to talk to its API
 * server. Owns every byte of it: key and token are wiped on free. All fields not named here are
 * ignored, as kubectl ignores them (clientcmd/api/v1/types.go). Rules kept: *-data beats the file;
 * relative paths start at the kubeconfig's folder; tokenFile beats token. A JSON kubeconfig is
 * YAML. Refused by name, since they would weaken or change who we are: insecure-skip-tls-verify:
 * true, a server that is not https://, exec, auth-provider, username/password, proxy-url,
 * impersonation. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/failure.h"
#include "base/span.h"

#define KUBECONFIG_MAX_BYTES  (1024 * 1024) /* the file, and each file that it names */
#define KUBECONFIG_TOKEN_MAX  (16 * 1024)
#define KUBECONFIG_SERVER_MAX 512 /* its terminator included */

struct kubeconfig {
	char *server;          /* https://host[:port][/prefix], no slash at the end */
	char *tls_server_name; /* NULL: the server's host */
	char *ca_pem;          /* never NULL */
	char *client_cert_pem; /* both or neither; checked to be a pair */
	char *client_key_pem;
	char *token;      /* NULL where the client certificate is all; no newline at the end */
	char *token_file; /* NULL, or where token was read from: read it again after a 401 */
	int64_t client_not_after_sec; /* 0 without a client certificate */
};

/* Reads path and the context that current-context names (a single context needs no such name).
 * *ret is written only on success; free it with kubeconfig_free(). The failure's text is one line
 * that names the file, the place in it (line or field) and what to do; never a field's value.
 *   -ENOENT, -EACCES, -EISDIR, ...  the file, or one that it names, cannot be read
 *   -ENODATA       empty or white space: no credentials yet (systemd's SetCredential fallback)
 *   -EBADMSG       malformed YAML, a repeated key or name, a field missing or of the wrong shape,
 *                  bad base64, no PEM
 *   -EOPNOTSUPP    a field that is refused
 *   -EKEYREJECTED  the client certificate and key do not belong together
 *   -ENOKEY        the client key is encrypted
 *   -EKEYEXPIRED   the client certificate ended before now_sec (0: the clock is not known, so this
 *                  is not looked at; a certificate that has not begun is always let through)
 *   -E2BIG, -ENOMEM */
int kubeconfig_read(const char *path, int64_t now_sec, struct kubeconfig **ret,
                    struct failure *ret_failure);

/* Wipes and frees; NULL is fine. Always returns NULL. */
struct kubeconfig *kubeconfig_free(struct kubeconfig *kubeconfig);
DEFINE_CLEANUP(struct kubeconfig, kubeconfig_free)
