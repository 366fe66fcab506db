/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/hostport.h"
#include "base/secret.h"
#include "kube/kubefile.h"
#include "kube/material.h"
#include "tls/pair.h"

#define SCHEME "https://"

/* A field that would weaken us, or change who we are. */
struct refused {
	const char *field;
	const char *advice;
};

static const char no_helper[] = "gatewake runs no helper; use a token: sudo gatewake setup";
static const char no_password[] = "passwords are not sent; use a token: sudo gatewake setup";
static const char no_mask[] = "gatewake acts as itself only; remove it";
static const char no_proxy[] = "gatewake talks to the API server itself; remove it";

static const struct refused refused_of_cluster[] = { { "proxy-url", no_proxy }, { NULL, NULL } };
static const struct refused refused_of_user[] = {
	{ "exec", no_helper },
	{ "auth-provider", no_helper },
	{ "username", no_password },
	{ "password", no_password },
	{ "as", no_mask },
	{ "as-uid", no_mask },
	{ "as-groups", no_mask },
	{ "as-user-extra", no_mask },
	{ NULL, NULL },
};

/* kubefile_reject() for what is wrong with the data, the most frequent case. */
#define BAD_DATA(file, entry, field, ...)                                                          \
	kubefile_reject(file, entry, field, FAILURE_BAD_DATA, -EBADMSG, __VA_ARGS__)

static int refuse(const struct kubefile *file, const struct kubefile_entry *entry,
                  const char *field, const char *advice)
{
	return kubefile_reject(file, entry, field, FAILURE_BAD_DATA, -EOPNOTSUPP, "refused: %s",
	                       advice);
}

static int refuse_any(const struct kubefile *file, const struct kubefile_entry *entry,
                      const struct refused *refused)
{
	for (; refused->field; refused++)
		if (yaml_is_set(yaml_get(entry->fields, refused->field)))
			return refuse(file, entry, refused->field, refused->advice);
	return 0;
}

static int copy_text(const struct kubefile *file, const char *text, size_t len, char **ret)
{
	char *copy = strndup(text, len);

	if (!copy)
		return kubefile_out_of_memory(file);
	*ret = copy;
	return 0;
}

static int check_certificates(const struct kubefile *file, const struct kubefile_entry *entry,
                              const char *field, const char *pem)
{
	struct failure cause;
	int rc = tls_bundle_check(span_of(pem), &cause);

	if (rc < 0)
		return kubefile_reject(file, entry, field, cause.class, rc,
		                       "%s; copy it again from the server", cause.text);
	return 0;
}

/* Whatever is not a plain no counts as yes. */
static bool is_no(const char *text)
{
	static const char *const words[] = { "false", "no", "off", "n" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

static int refuse_insecure(const struct kubefile *file, const struct kubefile_entry *cluster)
{
	const char *field = "insecure-skip-tls-verify";
	const char *text;
	int rc = kubefile_get_text(file, cluster, field, &text);

	if (rc < 0 || !text || is_no(text))
		return rc;
	return refuse(file, cluster, field,
	              "gatewake must know whom it talks to; give certificate-authority-data");
}

/* HOST[:PORT][/PREFIX]: no user, query or fragment, nothing to escape in a header or log line. */
static bool is_server(const char *text, size_t len)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-._~%:/[]";
	const char *slash = memchr(text, '/', len);
	struct span authority = { text, slash ? (size_t)(slash - text) : len };
	struct hostport endpoint;

	return strspn(text, allowed) >= len && hostport_split(authority, &endpoint) == 0 &&
	       !endpoint.bare_v6;
}

static int read_server(const struct kubefile *file, const struct kubefile_entry *cluster,
                       char **ret)
{
	const char *field = "server";
	const char *text;
	size_t len;
	int rc = kubefile_get_text(file, cluster, field, &text);

	if (rc < 0)
		return rc;
	if (!text)
		return BAD_DATA(file, cluster, field, "is not set; give https://HOST:PORT");
	if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
		return refuse(file, cluster, field,
		              "it must start with https://, for a token is sent there");
	len = strlen(text);
	while (len > strlen(SCHEME) && text[len - 1] == '/')
		len--;
	if (len >= KUBECONFIG_SERVER_MAX)
		return kubefile_reject(file, cluster, field, FAILURE_TOO_BIG, -E2BIG,
		                       "longer than %d bytes", KUBECONFIG_SERVER_MAX - 1);
	if (!is_server(text + strlen(SCHEME), len - strlen(SCHEME)))
		return BAD_DATA(
		    file, cluster, field,
		    "no URL of an API server; give https://HOST:PORT, IPv6 in brackets");
	return copy_text(file, text, len, ret);
}

static int read_ca(const struct kubefile *file, const struct kubefile_entry *cluster, char **ret)
{
	static const struct material_fields fields = { "certificate-authority-data",
		                                       "certificate-authority" };
	CLEANUP(secret_free_p) char *pem = NULL;
	const char *field;
	int rc = material_read(file, cluster, &fields, &field, &pem);

	if (rc < 0)
		return rc;
	if (!pem)
		return BAD_DATA(
		    file, cluster, field,
		    "is not set: gatewake must know whom it talks to; copy it from the server");
	rc = check_certificates(file, cluster, field, pem);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(pem);
	return 0;
}

static int read_server_name(const struct kubefile *file, const struct kubefile_entry *cluster,
                            char **ret)
{
	const char *field = "tls-server-name";
	const char *name;
	int rc = kubefile_get_text(file, cluster, field, &name);

	if (rc < 0 || !name)
		return rc;
	if (!hostport_is_host(span_of(name)))
		return BAD_DATA(file, cluster, field,
		                "no host; give a name of the server's certificate");
	return copy_text(file, name, strlen(name), ret);
}

static int read_cluster(const struct kubefile *file, const struct kubefile_entry *cluster,
                        struct kubeconfig *out)
{
	int rc = refuse_insecure(file, cluster);

	if (rc == 0)
		rc = refuse_any(file, cluster, refused_of_cluster);
	if (rc == 0)
		rc = read_server(file, cluster, &out->server);
	if (rc == 0)
		rc = read_server_name(file, cluster, &out->tls_server_name);
	if (rc == 0)
		rc = read_ca(file, cluster, &out->ca_pem);
	return rc;
}

/* The certificate is looked at first and alone, so what the pair then lacks is the key's fault. */
static int check_pair(const struct kubefile *file, const struct kubefile_entry *user,
                      const char *cert_field, const char *key_field, struct kubeconfig *out)
{
	struct tls_validity validity;
	struct failure cause;
	int rc = check_certificates(file, user, cert_field, out->client_cert_pem);

	if (rc < 0)
		return rc;
	rc = tls_pair_check(span_of(out->client_cert_pem), span_of(out->client_key_pem), &validity,
	                    &cause);
	if (rc == -EKEYREJECTED)
		return kubefile_reject(file, user, key_field, cause.class, rc,
		                       "not the key of %s; copy both again from the server",
		                       cert_field);
	if (rc < 0)
		return kubefile_reject(file, user, key_field, cause.class, rc, "%s", cause.text);
	out->client_not_after_sec = validity.not_after_sec;
	return 0;
}

static int read_pair(const struct kubefile *file, const struct kubefile_entry *user,
                     struct kubeconfig *out)
{
	static const struct material_fields cert = { "client-certificate-data",
		                                     "client-certificate" };
	static const struct material_fields key = { "client-key-data", "client-key" };
	const char *cert_field, *key_field = NULL;
	int rc = material_read(file, user, &cert, &cert_field, &out->client_cert_pem);

	if (rc == 0)
		rc = material_read(file, user, &key, &key_field, &out->client_key_pem);
	if (rc < 0)
		return rc;
	if (!out->client_cert_pem && !out->client_key_pem)
		return 0;
	if (!out->client_key_pem)
		return BAD_DATA(file, user, key_field,
		                "is not set, but %s is; give both or neither", cert_field);
	if (!out->client_cert_pem)
		return BAD_DATA(file, user, cert_field,
		                "is not set, but %s is; give both or neither", key_field);
	return check_pair(file, user, cert_field, key_field, out);
}

static int check_not_expired(const struct kubefile *file, const struct kubefile_entry *user,
                             int64_t not_after_sec, int64_t now_sec)
{
	time_t end = (time_t)not_after_sec;
	struct tm tm;
	char when[32] = "?";

	if (now_sec == 0 || now_sec <= not_after_sec)
		return 0;
	if (gmtime_r(&end, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return kubefile_reject(
	    file, user, "", FAILURE_TLS, -EKEYEXPIRED,
	    "client certificate expired %s; renew it (k3s: restart k3s, then sudo "
	    "gatewake setup)",
	    when);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A token becomes a header line: the white space around it is cut, and none may be inside. */
static int read_token_text(const struct kubefile *file, const struct kubefile_entry *user,
                           const char *field, const char *text, char **ret)
{
	size_t len;

	while (is_space(*text))
		text++;
	len = strlen(text);
	while (len > 0 && is_space(text[len - 1]))
		len--;
	if (len == 0)
		return BAD_DATA(file, user, field,
		                "holds no token; make it anew: sudo gatewake setup");
	if (len > KUBECONFIG_TOKEN_MAX)
		return kubefile_reject(file, user, field, FAILURE_TOO_BIG, -E2BIG,
		                       "longer than %d bytes", KUBECONFIG_TOKEN_MAX);
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return BAD_DATA(
			    file, user, field,
			    "a token is one word of plain ASCII; copy it again from the server");
	return copy_text(file, text, len, ret);
}

static int read_token_file(const struct kubefile *file, const struct kubefile_entry *user,
                           const char *named, struct kubeconfig *out)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	int rc = material_read_file(file, user, "tokenFile", named, KUBECONFIG_TOKEN_MAX,
	                            &out->token_file, &bytes);

	return rc < 0 ? rc : read_token_text(file, user, "tokenFile", bytes, &out->token);
}

static int read_token(const struct kubefile *file, const struct kubefile_entry *user,
                      struct kubeconfig *out)
{
	const char *text, *named = NULL;
	int rc = kubefile_get_text(file, user, "token", &text);

	if (rc == 0)
		rc = kubefile_get_text(file, user, "tokenFile", &named);
	if (rc < 0)
		return rc;
	if (named)
		return read_token_file(file, user, named, out);
	return text ? read_token_text(file, user, "token", text, &out->token) : 0;
}

static int read_user(const struct kubefile *file, const struct kubefile_entry *user,
                     int64_t now_sec, struct kubeconfig *out)
{
	int rc = refuse_any(file, user, refused_of_user);

	if (rc == 0)
		rc = read_pair(file, user, out);
	if (rc == 0 && out->client_cert_pem)
		rc = check_not_expired(file, user, out->client_not_after_sec, now_sec);
	if (rc == 0)
		rc = read_token(file, user, out);
	if (rc == 0 && !out->token && !out->client_cert_pem)
		return BAD_DATA(file, user, "",
		                "neither a token nor a client certificate; sudo gatewake setup "
		                "writes a good one");
	return rc;
}

static const char *advice_on(int error)
{
	switch (error) {
	case -ENOENT:
		return ": no credentials yet: sudo gatewake setup";
	case -EACCES:
		return "; run as root, or as a user who may read it";
	case -EISDIR:
		return "; name the file in it";
	default:
		return "";
	}
}

static int read_tree(const struct kubefile *file, struct yaml_value **ret)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	struct failure cause;
	size_t len = 0;
	int rc =
	    file_read_bounded(file->path, KUBECONFIG_MAX_BYTES, file->label, &bytes, &len, &cause);

	if (rc < 0)
		return failure_set(file->failure, cause.class, rc, "%s%s", cause.text,
		                   advice_on(rc));
	if (strspn(bytes, " \t\r\n") == len)
		return failure_set(file->failure, FAILURE_LOCAL, -ENODATA,
		                   "%s: empty, so no credentials yet: sudo gatewake setup",
		                   file->label);
	return yaml_read((struct span){ bytes, len }, file->label, ret, file->failure);
}

static int fill(const struct kubefile *file, int64_t now_sec, struct kubeconfig *out)
{
	struct kubefile_entry cluster, user;
	int rc = kubefile_follow(file, &cluster, &user);

	if (rc == 0)
		rc = read_cluster(file, &cluster, out);
	if (rc == 0)
		rc = read_user(file, &user, now_sec, out);
	return rc;
}

int kubeconfig_read(const char *path, int64_t now_sec, struct kubeconfig **ret,
                    struct failure *ret_failure)
{
	struct kubefile file = { .path = path, .failure = ret_failure };
	CLEANUP(yaml_free_tree_p) struct yaml_value *tree = NULL;
	CLEANUP(kubeconfig_free_p) struct kubeconfig *out = NULL;
	char shown[KUBEFILE_LABEL_SIZE - sizeof("kubeconfig")];
	int rc;

	file_label(shown, sizeof(shown), path);
	(void)snprintf(file.label, sizeof(file.label), "kubeconfig %s", shown);
	rc = read_tree(&file, &tree);
	if (rc < 0)
		return rc;
	out = calloc(1, sizeof(*out));
	if (!out)
		return kubefile_out_of_memory(&file);
	file.root = tree;
	rc = fill(&file, now_sec, out);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(out);
	return 0;
}

struct kubeconfig *kubeconfig_free(struct kubeconfig *kubeconfig)
{
	if (!kubeconfig)
		return NULL;
	free(kubeconfig->server);
	free(kubeconfig->tls_server_name);
	free(kubeconfig->ca_pem);
	free(kubeconfig->client_cert_pem);
	secret_free(kubeconfig->client_key_pem);
	secret_free(kubeconfig->token);
	free(kubeconfig->token_file);
	free(kubeconfig);
	return NULL;
}
