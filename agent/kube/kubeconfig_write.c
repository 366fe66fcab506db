/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig_write.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tls/base64.h"

#define MARK                                                                                       \
	"# Written by gatewake setup, which may write it again; gatewake setup --undo removes "    \
	"it.\n"

int kubeconfig_text(const struct kubeconfig *like, const char *token, char **ret_text)
{
	CLEANUP(secret_free_p) char *ca = NULL;
	const char *name = like->tls_server_name;
	char *text;
	int r = tls_base64_encode(span_of(like->ca_pem), &ca);

	if (r < 0)
		return r;
	if (asprintf(&text,
	             MARK "apiVersion: v1\n"
	                  "kind: Config\n"
	                  "clusters:\n"
	                  "- name: gatewake\n"
	                  "  cluster:\n"
	                  "    server: %s\n"
	                  "%s%s%s"
	                  "    certificate-authority-data: %s\n"
	                  "users:\n"
	                  "- name: gatewake\n"
	                  "  user:\n"
	                  "    token: %s\n"
	                  "contexts:\n"
	                  "- name: gatewake\n"
	                  "  context:\n"
	                  "    cluster: gatewake\n"
	                  "    user: gatewake\n"
	                  "current-context: gatewake\n",
	             like->server, name ? "    tls-server-name: " : "", name ? name : "",
	             name ? "\n" : "", ca, token) < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

bool kubeconfig_is_ours(struct span text)
{
	size_t blank = 0;

	while (blank < text.len && strchr(" \t\r\n", text.ptr[blank]))
		blank++;
	return blank == text.len ||
	       (text.len >= sizeof(MARK) - 1 && memcmp(text.ptr, MARK, sizeof(MARK) - 1) == 0);
}
