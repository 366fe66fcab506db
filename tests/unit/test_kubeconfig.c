/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/yaml.h"
#include "certs.h"
#include "tempdir.h"

#define FROM  1000000000
#define TO    1767323045 /* 2026-01-02T03:04:05Z */
#define TOKEN "s3cr3t-t0ken"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct tempdir dir;

/* What $NAME stands for in the rows below. */
static struct word {
	const char *name;
	char *value;
} words[] = {
	{ "$CERT_FILE", NULL }, /* longest first: $CERT is the start of it */
	{ "$FOREIGN_KEY", NULL }, { "$LOCKED_KEY", NULL }, { "$CERT", NULL }, { "$KEY", NULL }, { "$CA", NULL },
};
enum { CERT_FILE, FOREIGN_KEY, LOCKED_KEY, CERT, KEY, CA };

static char *cert_pem, *key_pem, *ca_pem;

static int make_all(void **state)
{
	EVP_PKEY *ca = certs_new_key(CERTS_EC);
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	char *foreign = certs_key_pem(ca, NULL);
	char *locked = certs_key_pem(key, "open sesame");

	(void)state;
	tempdir_make(&dir);
	ca_pem = certs_sign(ca, CERTS_EC, FROM, TO);
	cert_pem = certs_sign(key, CERTS_EC, FROM, TO);
	key_pem = certs_key_pem_traditional(key, NULL);
	words[CA].value = certs_base64(ca_pem);
	words[CERT].value = certs_base64(cert_pem);
	words[KEY].value = certs_base64(key_pem);
	words[FOREIGN_KEY].value = certs_base64(foreign);
	words[LOCKED_KEY].value = certs_base64(locked);
	words[CERT_FILE].value = strdup(tempdir_write_text(&dir, "client.crt", cert_pem));
	(void)tempdir_write_text(&dir, "ca.crt", ca_pem);
	(void)tempdir_write_text(&dir, "client.key", key_pem);
	(void)tempdir_write_text(&dir, "token", "  " TOKEN "-file\r\n\n");
	(void)tempdir_write_text(&dir, "blank", " \n");
	(void)tempdir_write(&dir, "nul", "a\0b", 3);
	EVP_PKEY_free(ca);
	EVP_PKEY_free(key);
	free(foreign);
	free(locked);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		free(words[i].value);
	free(cert_pem);
	free(key_pem);
	free(ca_pem);
	return 0;
}

/* Fills in the $NAMEs. The caller frees. */
static char *expand(const char *text)
{
	char *out = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&out, &len);

	while (*text) {
		const struct word *word = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(words) && !word; i++)
			if (strncmp(text, words[i].name, strlen(words[i].name)) == 0)
				word = &words[i];
		fprintf(stream, "%.*s", word ? INT_MAX : 1, word ? word->value : text);
		text += word ? strlen(word->name) : 1;
	}
	fclose(stream);
	return out;
}

static int read_bytes(const void *bytes, size_t len, int64_t now_sec, struct kubeconfig **ret,
		      struct failure *failure)
{
	*failure = (struct failure){ 0 };
	return kubeconfig_read(tempdir_write(&dir, "config", bytes, len), now_sec, ret, failure);
}

static int read_text(const char *text, int64_t now_sec, struct kubeconfig **ret, struct failure *failure)
{
	char *expanded = expand(text);
	int rc = read_bytes(expanded, strlen(expanded), now_sec, ret, failure);

	free(expanded);
	return rc;
}

/* The base64 of a PEM header and of a key's first bytes, tokens and passwords: never in a message. */
static void assert_no_secret(const char *text)
{
	static const char *const never[] = { "s3cr3t", "LS0t", "PRIVATE", "BEGIN", "MHc", "hunter2" };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (strstr(text, never[i]))
			fail_msg("\"%s\" in: %s", never[i], text);
}

static void assert_one_line(const struct failure *failure)
{
	assert_null(strchr(failure->text, '\n'));
	assert_ptr_equal(strstr(failure->text, "kubeconfig "), failure->text);
}

static void refuses(const char *why, const char *text, int error, const char *said)
{
	struct kubeconfig *config = (struct kubeconfig *)(uintptr_t)1;
	struct failure failure;
	int rc = read_text(text, 0, &config, &failure);

	if (rc != error || !strstr(failure.text, said))
		fail_msg("%s: %d (%s) \"%s\"", why, rc, rc < 0 ? strerror(-rc) : "accepted", failure.text);
	assert_int_equal(failure.error, -error);
	assert_ptr_equal(config, (struct kubeconfig *)(uintptr_t)1);
	assert_one_line(&failure);
	assert_no_secret(failure.text);
}

static struct kubeconfig *accepts(const char *why, const char *text)
{
	struct kubeconfig *config = NULL;
	struct failure failure;
	int rc = read_text(text, 0, &config, &failure);

	if (rc != 0)
		fail_msg("%s: %d \"%s\"", why, rc, failure.text);
	assert_int_equal(failure.class, FAILURE_NONE);
	return config;
}

/* One context, with the fields of its cluster and user as flow maps. */
static char *document(const char *cluster, const char *user)
{
	char *text;

	assert_true(asprintf(&text,
			     "apiVersion: v1\nkind: Config\nclusters:\n- name: home\n  cluster: %s\n"
			     "users:\n- name: pi\n  user: %s\n"
			     "contexts:\n- name: pi@home\n  context: {cluster: home, user: pi}\n"
			     "current-context: pi@home\n", cluster, user) >= 0);
	return text;
}

#define GOOD_CLUSTER "{server: 'https://10.0.0.1:6443', certificate-authority-data: $CA}"
#define GOOD_USER    "{token: " TOKEN "}"
#define CERT_USER    "{client-certificate-data: $CERT, client-key-data: $KEY}"

static const char k3s[] = "apiVersion: v1\n"
			  "clusters:\n"
			  "- cluster:\n"
			  "    certificate-authority-data: $CA\n"
			  "    server: https://127.0.0.1:6443\n"
			  "  name: default\n"
			  "contexts:\n"
			  "- context:\n"
			  "    cluster: default\n"
			  "    user: default\n"
			  "  name: default\n"
			  "current-context: default\n"
			  "kind: Config\n"
			  "preferences: {}\n"
			  "users:\n"
			  "- name: default\n"
			  "  user:\n"
			  "    client-certificate-data: $CERT\n"
			  "    client-key-data: $KEY\n";

static void k3s_own_file_is_read(void **state)
{
	struct kubeconfig *config = accepts("k3s.yaml", k3s);

	(void)state;
	assert_string_equal(config->server, "https://127.0.0.1:6443");
	assert_null(config->tls_server_name);
	assert_string_equal(config->ca_pem, ca_pem);
	assert_string_equal(config->client_cert_pem, cert_pem);
	assert_string_equal(config->client_key_pem, key_pem);
	assert_null(config->token);
	assert_null(config->token_file);
	assert_int_equal(config->client_not_after_sec, TO);
	assert_null(kubeconfig_free(config));
	assert_null(kubeconfig_free(NULL));
}

static void json_is_read_as_well(void **state)
{
	static const char spread[] =
		"{\n\t\"kind\": \"Config\",\n\t\"clusters\": [\n\t\t{\"name\": \"a\", \"cluster\": {"
		"\"server\": \"https:\\/\\/h\", \"certificate-authority-data\": \"$CA\"}}\n\t],\n"
		"\t\"users\": [{\"name\": \"b\", \"user\": {\"token\": \"" TOKEN "\"}}],\n"
		"\t\"contexts\": [{\"name\": \"c\", \"context\": {\"cluster\": \"a\", \"user\": \"b\"}}],\n"
		"\t\"current-context\": \"c\"\n}\n";
	static const char dense[] =
		"{\"clusters\":[{\"name\":\"a\",\"cluster\":{\"server\":\"https://h\","
		"\"certificate-authority-data\":\"$CA\",\"insecure-skip-tls-verify\":false}}],\"users\":[{"
		"\"name\":\"b\",\"user\":{\"token\":\"" TOKEN "\",\"exec\":null}}],\"contexts\":[{\"name\":\"c\","
		"\"context\":{\"cluster\":\"a\",\"user\":\"b\"}}],\"current-context\":\"c\",\"extra\":[1,{}]}";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct kubeconfig *config = accepts("JSON", i ? dense : spread);

		assert_string_equal(config->server, "https://h");
		assert_string_equal(config->token, TOKEN);
		kubeconfig_free(config);
	}
}

/* ---- the file as a whole ---- */

static const struct row {
	const char *why;
	const char *text;
	int rc;
	const char *said;
} file_rows[] = {
	{ "no byte", "", -ENODATA, "no credentials yet: sudo gatewake setup" },
	{ "systemd's SetCredential: one newline", "\n", -ENODATA,
	  "no credentials yet: sudo gatewake setup" },
	{ "white space alone", " \n\t\n", -ENODATA, "no credentials yet" },
	{ "comments alone", "# later\n", -EBADMSG, "holds no keys" },
	{ "an empty document", "---\n...\n", -EBADMSG, "holds no keys" },
	{ "a word", "hello\n", -EBADMSG, "holds no keys" },
	{ "a list", "- a\n- b\n", -EBADMSG, "holds no keys" },
	{ "another file of YAML", "a: b\n", -EBADMSG,
	  "contexts is missing or empty; is this a kubeconfig?" },
	{ "a brace that is not closed", "clusters: [\na: b\n", -EBADMSG,
	  "config:3: malformed: did not find expected ',' or ']' in what begins on line 1; check" },
	{ "a tab for indentation", "a: b\nc:\n\td: e\n", -EBADMSG, "config:3: malformed: " },
	{ "a quote that is not closed", "a: b\nc: 'd\ne: f\n", -EBADMSG,
	  "in what begins on line 2; check" },
	{ "a control byte", "a: b\nc: d\ne: \x01\n", -EBADMSG,
	  "config:3: malformed: not UTF-8, or a control" },
	{ "no UTF-8", "a: b\nc: \xff\n", -EBADMSG, "config:2: malformed: not UTF-8" },
	{ "a repeated key", "a: b\nc: d\nusers: []\na: c\n", -EBADMSG,
	  "config:4: repeats the key of line 1" },
	{ "a repeated key further in", "a:\n- b: c\n  d: e\n  b: f\n", -EBADMSG,
	  "config:4: repeats the key of line 2" },
	{ "two documents", "a: b\n---\nc: d\n", -EBADMSG, "config:2: a second document" },
	{ "a list for a key", "a: b\n? [c]\n: d\n", -EBADMSG, "config:2: a key must be one word" },
	{ "an alias", "a: &x b\nc: *x\n", -EBADMSG, "config:2: aliases" },
	{ "a merge key", "a: &x {b: c}\nd:\n  <<: *x\n", -EBADMSG, "config:3: merge keys" },
	{ "a tag", "a: b\ntoken: !!binary aGVsbG8=\n", -EBADMSG, "config:2: tags" },
	{ "a tag on a list", "a: !x [b]\n", -EBADMSG, "config:1: tags" },
	{ "a tag on a map", "a: !x {b: c}\n", -EBADMSG, "config:1: tags" },
	{ "a NUL byte in a value", "a: b\nc: \"d\\0e\"\n", -EBADMSG, "config:2: a NUL byte" },
	{ "an alias bomb", "a: &a [x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a]\n", -EBADMSG,
	  "config:2: aliases" },
	{ "a list that holds itself", "&a [*a]\n", -EBADMSG, "config:1: aliases" },
};

static void a_file_of_another_shape_is_refused_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(file_rows); i++)
		refuses(file_rows[i].why, file_rows[i].text, file_rows[i].rc, file_rows[i].said);
}

static void classes_tell_what_to_do_about_it(void **state)
{
	struct kubeconfig *config = NULL;
	struct failure failure;

	(void)state;
	assert_int_equal(read_text("\n", 0, &config, &failure), -ENODATA);
	assert_int_equal(failure.class, FAILURE_LOCAL);
	assert_int_equal(read_text("[", 0, &config, &failure), -EBADMSG);
	assert_int_equal(failure.class, FAILURE_BAD_DATA);
}

static void what_can_not_be_opened_is_named(void **state)
{
	struct kubeconfig *config = NULL;
	struct failure failure;

	(void)state;
	assert_int_equal(kubeconfig_read("/nonexistent/k", 0, &config, &failure), -ENOENT);
	assert_string_equal(failure.text,
	                    "kubeconfig /nonexistent/k: No such file or directory: no credentials "
	                    "yet: sudo gatewake setup");
	assert_int_equal(kubeconfig_read(dir.path, 0, &config, &failure), -EISDIR);
	assert_non_null(strstr(failure.text, "Is a directory; name the file in it"));
	assert_int_equal(mkfifo(tempdir_path(&dir, "fifo"), 0600), 0);
	assert_int_equal(kubeconfig_read(tempdir_path(&dir, "fifo"), 0, &config, &failure), -ENODEV);
	assert_non_null(strstr(failure.text, "fifo: not a regular file"));
	assert_null(config);
}

static void what_may_not_be_read_is_named(void **state)
{
	const char *path = tempdir_write_text(&dir, "closed", "a: b\n");
	struct kubeconfig *config = NULL;
	struct failure failure;
	int rc;

	(void)state;
	assert_int_equal(chmod(path, 0), 0);
	if (geteuid() == 0) {
		assert_int_equal(seteuid(65534), 0);
		rc = kubeconfig_read(path, 0, &config, &failure);
		assert_int_equal(seteuid(0), 0);
	} else {
		rc = kubeconfig_read(path, 0, &config, &failure);
	}
	assert_int_equal(rc, -EACCES);
	assert_non_null(strstr(failure.text, "closed: Permission denied; run as root"));
}

static void a_long_path_keeps_its_end_and_leaves_room(void **state)
{
	char path[600];
	struct kubeconfig *config = NULL;
	struct failure failure;

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[20] = '\n';
	memcpy(path + sizeof(path) - 16, "/\"own\n/k3s.yaml", 16);
	assert_int_equal(kubeconfig_read(path, 0, &config, &failure), -ENAMETOOLONG);
	assert_ptr_equal(strstr(failure.text, "kubeconfig ...xx"), failure.text);
	assert_non_null(strstr(failure.text, "/?own?/k3s.yaml: File name too long"));
}

/* Anything that is read leaves nothing out: cut anywhere, it fails or says the same. */
static void a_truncated_file_is_never_read_as_something_else(void **state)
{
	char *whole = expand(k3s);
	size_t whole_len = strlen(whole);

	(void)state;
	for (size_t len = 0; len <= whole_len; len++) {
		struct kubeconfig *config = NULL;
		struct failure failure;
		int rc = read_bytes(whole, len, 0, &config, &failure);

		if (rc == 0) {
			assert_true(len + 5 > whole_len);
			assert_memory_equal(config->client_key_pem, key_pem, strlen(key_pem) - 1);
		} else {
			assert_true(rc == -EBADMSG || (rc == -ENODATA && len == 0));
			assert_one_line(&failure);
			assert_no_secret(failure.text);
		}
		kubeconfig_free(config);
	}
	free(whole);
}

static void a_file_beyond_1_mib_is_refused(void **state)
{
	char *text = expand(k3s);
	char *big = malloc(KUBECONFIG_MAX_BYTES + 1);
	struct kubeconfig *config = NULL;
	struct failure failure;

	(void)state;
	memset(big, '\n', KUBECONFIG_MAX_BYTES + 1);
	memcpy(big, text, strlen(text));
	assert_int_equal(read_bytes(big, KUBECONFIG_MAX_BYTES, 0, &config, &failure), 0);
	kubeconfig_free(config);
	assert_int_equal(read_bytes(big, KUBECONFIG_MAX_BYTES + 1, 0, &config, &failure), -E2BIG);
	assert_int_equal(failure.class, FAILURE_TOO_BIG);
	assert_non_null(strstr(failure.text, "config: longer than 1048576 bytes"));
	free(big);
	free(text);
}

/* depth lists within each other, count words in the innermost. */
static int read_nested(unsigned depth, unsigned count, struct failure *failure)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&bytes, &len);
	struct kubeconfig *config = NULL;
	int rc;

	fprintf(stream, "x: ");
	for (unsigned i = 0; i < depth; i++)
		fputc('[', stream);
	for (unsigned i = 0; i < count; i++)
		fputs("y,", stream);
	for (unsigned i = 0; i < depth; i++)
		fputc(']', stream);
	fclose(stream);
	rc = read_bytes(bytes, len, 0, &config, failure);
	free(bytes);
	return rc;
}

static void depth_and_number_are_bounded(void **state)
{
	struct failure failure;

	(void)state;
	/* the map counts as one level, and with x and the lists as values */
	assert_int_equal(read_nested(YAML_MAX_DEPTH - 1, 1, &failure), -EBADMSG);
	assert_non_null(strstr(failure.text, "contexts is missing"));
	assert_int_equal(read_nested(YAML_MAX_DEPTH, 1, &failure), -EBADMSG);
	assert_non_null(strstr(failure.text, "config:1: nested too deeply"));
	assert_int_equal(read_nested(1, YAML_MAX_VALUES - 2, &failure), -EBADMSG);
	assert_non_null(strstr(failure.text, "contexts is missing"));
	assert_int_equal(read_nested(1, YAML_MAX_VALUES - 1, &failure), -EBADMSG);
	assert_non_null(strstr(failure.text, "config:1: too many values"));
	assert_int_equal(read_nested(500000, 0, &failure), -EBADMSG);
	assert_int_equal(read_nested(1, 500000, &failure), -EBADMSG);
}

/* ---- the context ---- */

#define CLUSTERS "clusters: [{name: a, cluster: " GOOD_CLUSTER "}]\n"
#define USERS	 "users: [{name: b, user: " GOOD_USER "}]\n"
#define ONE	 "contexts: [{name: c, context: {cluster: a, user: b}}]\n"
#define TWO	 "contexts: [{name: c, context: {cluster: a, user: b}}, {name: d, context: {cluster: a, user: e}}]\n"

static const struct row context_rows[] = {
	{ "it names nothing", CLUSTERS USERS ONE "current-context: x\n", -EBADMSG,
	  "current-context names \"x\", which is not in contexts" },
	{ "two and none chosen", CLUSTERS USERS TWO, -EBADMSG,
	  "current-context is not set, and there are several contexts" },
	{ "two and an empty choice", CLUSTERS USERS TWO "current-context: \"\"\n", -EBADMSG,
	  "current-context is not set" },
	{ "a list chosen", CLUSTERS USERS TWO "current-context: [c]\n", -EBADMSG, "current-context is a list" },
	{ "no contexts", CLUSTERS USERS "contexts: []\ncurrent-context: c\n", -EBADMSG, "contexts is missing" },
	{ "null contexts, as kubectl writes them", CLUSTERS USERS "contexts: null\n", -EBADMSG,
	  "contexts is missing" },
	{ "a map of contexts", CLUSTERS USERS "contexts: {c: d}\n", -EBADMSG, "contexts is a map" },
	{ "a context without a body", CLUSTERS USERS "contexts: [{name: c}]\n", -EBADMSG,
	  "contexts[c].context: is missing" },
	{ "a context that is a word", CLUSTERS USERS "contexts: [{name: c, context: d}]\n", -EBADMSG,
	  "contexts[c].context: is missing or no map" },
	{ "a context without a user", CLUSTERS USERS "contexts: [{name: c, context: {cluster: a}}]\n", -EBADMSG,
	  "contexts[c].context.user: is not set; name one of users" },
	{ "a context with an empty cluster", CLUSTERS USERS "contexts: [{name: c, context: {cluster: '', user: b}}]\n",
	  -EBADMSG, "contexts[c].context.cluster: is not set" },
	{ "the user is missing", CLUSTERS USERS TWO "current-context: d\n", -EBADMSG,
	  "contexts[d].context.user names \"e\", which is not in users" },
	{ "the cluster is missing", "clusters: [{name: z}]\n" USERS ONE, -EBADMSG,
	  "contexts[c].context.cluster names \"a\", which is not in clusters" },
	{ "no users at all", CLUSTERS ONE, -EBADMSG, "users is missing or empty" },
	{ "two users of that name", CLUSTERS ONE "users: [{name: b, user: {token: x}}, {name: b, user: {token: y}}]\n",
	  -EBADMSG, "users has two entries named \"b\"; keep one" },
	{ "items that are words are not found", CLUSTERS "users: [b]\n" ONE, -EBADMSG, "which is not in users" },
	{ "a user without a body", CLUSTERS "users: [{name: b}]\n" ONE, -EBADMSG, "users[b].user: is missing" },
	{ "a name that would break the line",
	  CLUSTERS USERS ONE "current-context: \"x\\n\\e[31m\\\"0123456789012345678901234567890\"\n", -EBADMSG,
	  "current-context names \"x??[31m?01234567890123456789...\", which" },
};

static void a_context_that_leads_nowhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(context_rows); i++)
		refuses(context_rows[i].why, context_rows[i].text, context_rows[i].rc, context_rows[i].said);
}

static void the_chosen_context_is_taken(void **state)
{
	static const char text[] = CLUSTERS TWO "users: [{name: b, user: {token: one}}, {name: e, user: {token: two}}]\n";
	char *chosen;
	struct kubeconfig *config;

	(void)state;
	assert_true(asprintf(&chosen, "%scurrent-context: d\n", text) >= 0);
	config = accepts("the second context", chosen);
	assert_string_equal(config->token, "two");
	kubeconfig_free(config);
	free(chosen);
	config = accepts("a single context needs no choice", CLUSTERS USERS ONE);
	assert_string_equal(config->token, TOKEN);
	kubeconfig_free(config);
}

/* ---- the cluster ---- */

static const struct {
	const char *why;
	const char *server;
	const char *read; /* NULL: refused so: */
	int rc;
	const char *said;
} server_rows[] = {
	{ "an address", "https://10.0.0.1:6443", "https://10.0.0.1:6443", 0, NULL },
	{ "a name and no port", "https://api.example.org", "https://api.example.org", 0, NULL },
	{ "a slash at the end", "https://h:6443/", "https://h:6443", 0, NULL },
	{ "a prefix and slashes at the end", "https://h/k8s/clusters/c-1//", "https://h/k8s/clusters/c-1", 0, NULL },
	{ "IPv6", "https://[fd00::1]:6443", "https://[fd00::1]:6443", 0, NULL },
	{ "IPv6 without a port", "https://[fd00::1]/x/", "https://[fd00::1]/x", 0, NULL },
	{ "the highest port", "https://h:65535", "https://h:65535", 0, NULL },
	{ "no TLS", "http://h:6443", NULL, -EOPNOTSUPP, "refused: it must start with https://" },
	{ "no scheme", "h:6443", NULL, -EOPNOTSUPP, "must start with https://" },
	{ "a socket", "unix:///run/k", NULL, -EOPNOTSUPP, "must start with https://" },
	{ "nothing", "", NULL, -EBADMSG, "is not set; give https://HOST:PORT" },
	{ "no host", "https://", NULL, -EBADMSG, "no URL of an API server" },
	{ "no host but a prefix", "https:///x", NULL, -EBADMSG, "no URL of an API server" },
	{ "no host but a port", "https://:6443", NULL, -EBADMSG, "no URL of an API server" },
	{ "port 0", "https://h:0", NULL, -EBADMSG, "no URL of an API server" },
	{ "a port too high", "https://h:65536", NULL, -EBADMSG, "no URL of an API server" },
	{ "no port behind the colon", "https://h:/x", NULL, -EBADMSG, "no URL of an API server" },
	{ "IPv6 without brackets", "https://fd00::1", NULL, -EBADMSG, "IPv6 in brackets" },
	{ "half a bracket", "https://[fd00::1", NULL, -EBADMSG, "no URL of an API server" },
	{ "a password in it", "https://u:hunter2@h", NULL, -EBADMSG, "no URL of an API server" },
	{ "a query", "https://h/x?y=z", NULL, -EBADMSG, "no URL of an API server" },
	{ "a fragment", "https://h/x#y", NULL, -EBADMSG, "no URL of an API server" },
	{ "a blank", "https://h/x y", NULL, -EBADMSG, "no URL of an API server" },
	{ "an octet too high", "https://10.0.0.256", NULL, -EBADMSG, "no URL of an API server" },
};

static char *with_server(const char *server)
{
	char *cluster, *text;

	assert_true(asprintf(&cluster, "{server: '%s', certificate-authority-data: $CA}", server) >= 0);
	text = document(cluster, GOOD_USER);
	free(cluster);
	return text;
}

static void a_server_is_https_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(server_rows); i++) {
		char *text = with_server(server_rows[i].server);

		if (server_rows[i].read) {
			struct kubeconfig *config = accepts(server_rows[i].why, text);

			assert_string_equal(config->server, server_rows[i].read);
			kubeconfig_free(config);
		} else {
			refuses(server_rows[i].why, text, server_rows[i].rc, server_rows[i].said);
			refuses(server_rows[i].why, text, server_rows[i].rc, "clusters[home].cluster.server: ");
		}
		free(text);
	}
}

static void a_server_has_a_longest_length(void **state)
{
	char server[KUBECONFIG_SERVER_MAX + 2];
	char *text;

	(void)state;
	memset(server, 'x', sizeof(server));
	memcpy(server, "https://h/", 10);
	strcpy(server + KUBECONFIG_SERVER_MAX - 1, "/");
	text = with_server(server);
	kubeconfig_free(accepts("as long as may be, and a slash", text));
	free(text);
	strcpy(server + KUBECONFIG_SERVER_MAX - 1, "x");
	text = with_server(server);
	refuses("one more", text, -E2BIG, "server: longer than 511 bytes");
	free(text);
}

#define CLUSTER(more) "{server: 'https://h', certificate-authority-data: $CA, " more "}"

static const struct row cluster_rows[] = {
	{ "insecure, said so", CLUSTER("insecure-skip-tls-verify: true"), -EOPNOTSUPP,
	  "clusters[home].cluster.insecure-skip-tls-verify: refused: gatewake must know whom it talks to; give "
	  "certificate-authority-data" },
	{ "True", CLUSTER("insecure-skip-tls-verify: True"), -EOPNOTSUPP, "verify: refused" },
	{ "in quotes", CLUSTER("insecure-skip-tls-verify: \"true\""), -EOPNOTSUPP, "verify: refused" },
	{ "yes", CLUSTER("insecure-skip-tls-verify: yes"), -EOPNOTSUPP, "verify: refused" },
	{ "y", CLUSTER("insecure-skip-tls-verify: y"), -EOPNOTSUPP, "verify: refused" },
	{ "on", CLUSTER("insecure-skip-tls-verify: on"), -EOPNOTSUPP, "verify: refused" },
	{ "a word that is no truth", CLUSTER("insecure-skip-tls-verify: perhaps"), -EOPNOTSUPP, "verify: refused" },
	{ "a list", CLUSTER("insecure-skip-tls-verify: [false]"), -EBADMSG, "verify: is a list" },
	{ "insecure and no CA", "{server: 'https://h', insecure-skip-tls-verify: true}", -EOPNOTSUPP, "verify: refused" },
	{ "false is fine", CLUSTER("insecure-skip-tls-verify: false"), 0, NULL },
	{ "False in quotes is fine", CLUSTER("insecure-skip-tls-verify: \"False\""), 0, NULL },
	{ "no is fine", CLUSTER("insecure-skip-tls-verify: no"), 0, NULL },
	{ "null is fine", CLUSTER("insecure-skip-tls-verify: null"), 0, NULL },
	{ "unknown fields are ignored", CLUSTER("disable-compression: true, extensions: [{name: x, extension: {}}]"), 0,
	  NULL },
	{ "a proxy", CLUSTER("proxy-url: 'http://p:3128'"), -EOPNOTSUPP, "cluster.proxy-url: refused" },
	{ "an empty proxy is none", CLUSTER("proxy-url: ''"), 0, NULL },
	{ "a name for TLS", CLUSTER("tls-server-name: kubernetes.default"), 0, NULL },
	{ "a name with a blank", CLUSTER("tls-server-name: 'a b'"), -EBADMSG, "tls-server-name: no host" },
	{ "a name with a port", CLUSTER("tls-server-name: 'a:1'"), -EBADMSG, "tls-server-name: no host" },
	{ "no CA", "{server: 'https://h'}", -EBADMSG, "cluster.certificate-authority-data: is not set: gatewake must" },
	{ "an empty CA", "{server: 'https://h', certificate-authority-data: ''}", -EBADMSG, "is not set" },
	{ "a CA that is no base64", "{server: 'https://h', certificate-authority-data: '-----BEGIN CERT'}", -EBADMSG,
	  "cluster.certificate-authority-data: not base64; copy the file again from the server" },
	{ "a CA that is no PEM", "{server: 'https://h', certificate-authority-data: aGVsbG8=}", -EBADMSG,
	  "certificate-authority-data: no PEM certificate" },
	{ "a CA with a NUL byte", "{server: 'https://h', certificate-authority-data: YQBi}", -EBADMSG,
	  "certificate-authority-data: not PEM" },
	{ "a key for a CA", "{server: 'https://h', certificate-authority-data: $KEY}", -EBADMSG,
	  "certificate-authority-data: no PEM certificate" },
	{ "a CA file", "{server: 'https://h', certificate-authority: ca.crt}", 0, NULL },
	{ "a CA file that is not there", "{server: 'https://h', certificate-authority: /nonexistent/ca.crt}", -ENOENT,
	  "cluster.certificate-authority: /nonexistent/ca.crt: No such file or directory" },
	{ "a key pasted where a path belongs", "{server: 'https://h', certificate-authority: $KEY}", -ENAMETOOLONG,
	  "cluster.certificate-authority: the file it names, from the kubeconfig's folder: File name too long" },
	{ "a CA file with a NUL byte", "{server: 'https://h', certificate-authority: nul}", -EBADMSG, "a NUL byte" },
	{ "data beats the file", CLUSTER("certificate-authority: /nonexistent/ca.crt"), 0, NULL },
};

static void a_cluster_is_known_by_its_ca(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cluster_rows); i++) {
		const struct row *row = &cluster_rows[i];
		char *text = document(row->text, GOOD_USER);

		if (row->rc < 0) {
			refuses(row->why, text, row->rc, row->said);
		} else {
			struct kubeconfig *config = accepts(row->why, text);

			assert_string_equal(config->ca_pem, ca_pem);
			if (strstr(row->text, "tls-server-name"))
				assert_string_equal(config->tls_server_name, "kubernetes.default");
			kubeconfig_free(config);
		}
		free(text);
	}
}

/* ---- the user ---- */

static const struct row user_rows[] = {
	{ "nothing", "{}", -EBADMSG, "users[pi].user: neither a token nor a client certificate" },
	{ "null", "null", -EBADMSG, "users[pi].user: is missing or no map" },
	{ "an empty token", "{token: ''}", -EBADMSG, "neither a token" },
	{ "a token of blanks", "{token: ' '}", -EBADMSG, "user.token: holds no token" },
	{ "a token with a line in it", "{token: \"s3cr3t\\nX-Evil: 1\"}", -EBADMSG, "user.token: a token is one word" },
	{ "a token with an accent", "{token: \"s3cr3t\\u00e9\"}", -EBADMSG, "user.token: a token is one word" },
	{ "a token with DEL", "{token: \"s3cr3t\\x7fx\"}", -EBADMSG, "user.token: a token is one word" },
	{ "a list of tokens", "{token: [s3cr3t]}", -EBADMSG, "user.token: is a list; it must be a single value" },
	{ "a token file that is not there", "{token: " TOKEN ", tokenFile: /nonexistent/t}", -ENOENT,
	  "user.tokenFile: /nonexistent/t: No such file" },
	{ "a blank token file", "{tokenFile: blank}", -EBADMSG, "user.tokenFile: holds no token" },
	{ "a token for a path", "{tokenFile: " TOKEN "}", -ENOENT, "user.tokenFile: the file it names" },
	{ "a folder for a token file", "{tokenFile: /tmp}", -EISDIR, "user.tokenFile: /tmp: Is a directory" },
	{ "a certificate alone", "{client-certificate-data: $CERT}", -EBADMSG,
	  "user.client-key-data: is not set, but client-certificate-data is; give both or neither" },
	{ "a key alone", "{client-key: client.key, token: " TOKEN "}", -EBADMSG,
	  "user.client-certificate-data: is not set, but client-key is; give both or neither" },
	{ "a foreign key", "{client-certificate-data: $CERT, client-key-data: $FOREIGN_KEY}", -EKEYREJECTED,
	  "user.client-key-data: not the key of client-certificate-data" },
	{ "a foreign key to a file", "{client-certificate: $CERT_FILE, client-key-data: $FOREIGN_KEY}", -EKEYREJECTED,
	  "user.client-key-data: not the key of client-certificate;" },
	{ "an encrypted key", "{client-certificate-data: $CERT, client-key-data: $LOCKED_KEY}", -ENOKEY,
	  "user.client-key-data: the key is encrypted" },
	{ "a certificate that is no base64", "{client-certificate-data: '%', client-key-data: $KEY}", -EBADMSG,
	  "user.client-certificate-data: not base64; copy the file again from the server" },
	{ "a key that is no base64", "{client-certificate-data: $CERT, client-key-data: $KEY=}", -EBADMSG,
	  "user.client-key-data: not base64" },
	{ "a certificate for a key", "{client-certificate-data: $CERT, client-key-data: $CERT}", -EBADMSG,
	  "user.client-key-data: no PEM private key" },
	{ "a key for a certificate", "{client-certificate-data: $KEY, client-key-data: $KEY}", -EBADMSG,
	  "user.client-certificate-data: no PEM certificate" },
	{ "a bad pair beside a good token", "{token: " TOKEN ", client-certificate-data: $CERT, client-key-data: YQ==}",
	  -EBADMSG, "user.client-key-data: no PEM private key" },
	{ "a helper", "{token: x, exec: {command: /bin/sh}}", -EOPNOTSUPP, "user.exec: refused: gatewake runs no helper" },
	{ "an old helper", "{auth-provider: {name: gcp}}", -EOPNOTSUPP, "user.auth-provider: refused" },
	{ "a user name", "{token: x, username: admin}", -EOPNOTSUPP, "user.username: refused: passwords are not sent" },
	{ "a password", "{token: x, password: hunter2}", -EOPNOTSUPP, "user.password: refused" },
	{ "another's name", "{token: x, as: root}", -EOPNOTSUPP, "user.as: refused" },
	{ "another's id", "{token: x, as-uid: '0'}", -EOPNOTSUPP, "user.as-uid: refused" },
	{ "another's groups", "{token: x, as-groups: ['system:masters']}", -EOPNOTSUPP, "user.as-groups: refused" },
	{ "another's extras", "{token: x, as-user-extra: {a: [b]}}", -EOPNOTSUPP, "user.as-user-extra: refused" },
};

static void a_user_that_can_not_be_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(user_rows); i++) {
		char *text = document(GOOD_CLUSTER, user_rows[i].text);

		refuses(user_rows[i].why, text, user_rows[i].rc, user_rows[i].said);
		free(text);
	}
}

static const struct {
	const char *why;
	const char *user;
	const char *token;
	bool pair;
	bool token_file;
} good_users[] = {
	{ "a token", GOOD_USER, TOKEN, false, false },
	{ "null in quotes is a word", "{token: \"null\"}", "null", false, false },
	{ "a token with a newline", "{token: \"" TOKEN "\\n\"}", TOKEN, false, false },
	{ "a token in a file, with newlines", "{tokenFile: token}", TOKEN "-file", false, true },
	{ "the file beats the token", "{token: x, tokenFile: token}", TOKEN "-file", false, true },
	{ "a pair as data", CERT_USER, NULL, true, false },
	{ "a pair as files", "{client-certificate: client.crt, client-key: client.key}", NULL, true, false },
	{ "an absolute path", "{client-certificate: $CERT_FILE, client-key: ./client.key}", NULL, true, false },
	{ "data beats files", "{client-certificate-data: $CERT, client-certificate: /nonexistent/c, client-key-data: $KEY, "
			      "client-key: /nonexistent/k}", NULL, true, false },
	{ "a pair and a token", "{client-certificate: client.crt, client-key-data: $KEY, token: " TOKEN "}", TOKEN, true,
	  false },
	{ "fields that are not set are not refused", "{token: " TOKEN ", username: '', exec: null, as-groups: []}", TOKEN,
	  false, false },
};

static void a_user_is_a_token_or_a_pair_or_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_users); i++) {
		char *text = document(GOOD_CLUSTER, good_users[i].user);
		struct kubeconfig *config = accepts(good_users[i].why, text);

		if (good_users[i].token)
			assert_string_equal(config->token, good_users[i].token);
		else
			assert_null(config->token);
		if (good_users[i].token_file)
			assert_string_equal(config->token_file, tempdir_path(&dir, "token"));
		else
			assert_null(config->token_file);
		assert_int_equal(config->client_not_after_sec, good_users[i].pair ? TO : 0);
		assert_true(!config->client_key_pem == !good_users[i].pair);
		if (good_users[i].pair) {
			assert_string_equal(config->client_cert_pem, cert_pem);
			assert_string_equal(config->client_key_pem, key_pem);
		}
		kubeconfig_free(config);
		free(text);
	}
}

/* A person may fold base64, and a literal block ends in a newline. */
static void folded_base64_is_read(void **state)
{
	char *text;
	size_t half = strlen(words[KEY].value) / 2;

	(void)state;
	assert_true(asprintf(&text, CLUSTERS ONE "users:\n- name: b\n  user:\n    client-certificate-data: >\n"
					 "      $CERT\n    client-key-data: |\n      %.*s\n      %s\n",
			     (int)half, words[KEY].value, words[KEY].value + half) >= 0);
	struct kubeconfig *config = accepts("folded", text);
	assert_string_equal(config->client_key_pem, key_pem);
	kubeconfig_free(config);
	free(text);
}

static void a_token_has_a_longest_length(void **state)
{
	char token[KUBECONFIG_TOKEN_MAX + 2];
	char *text;
	char *user;

	(void)state;
	for (int more = 0; more < 2; more++) {
		memset(token, 'x', sizeof(token));
		token[KUBECONFIG_TOKEN_MAX + more] = '\0';
		assert_true(asprintf(&user, "{token: %s}", token) >= 0);
		text = document(GOOD_CLUSTER, user);
		if (more)
			refuses("one more", text, -E2BIG, "user.token: longer than 16384 bytes");
		else
			kubeconfig_free(accepts("as long as may be", text));
		free(text);
		free(user);
		(void)tempdir_write_text(&dir, "long-token", token);
		text = document(GOOD_CLUSTER, "{tokenFile: long-token}");
		if (more)
			refuses("one more in a file", text, -E2BIG, "user.tokenFile: the file it names");
		else
			kubeconfig_free(accepts("as long as may be in a file", text));
		free(text);
	}
}

static void a_certificate_that_ended_is_refused_once_the_time_is_known(void **state)
{
	char *text = document(GOOD_CLUSTER, CERT_USER);
	struct kubeconfig *config = NULL;
	struct failure failure;

	(void)state;
	assert_int_equal(read_text(text, TO, &config, &failure), 0);
	kubeconfig_free(config);
	config = NULL;
	assert_int_equal(read_text(text, TO + 1, &config, &failure), -EKEYEXPIRED);
	assert_null(config);
	assert_int_equal(failure.class, FAILURE_TLS);
	assert_non_null(strstr(failure.text, "config: users[pi].user: client certificate expired "
					     "2026-01-02T03:04:05Z; renew it (k3s: restart k3s, then sudo "
					     "gatewake setup)"));
	/* Before its start it may be the clock that is wrong: the server decides. */
	assert_int_equal(read_text(text, FROM - 1, &config, &failure), 0);
	kubeconfig_free(config);
	assert_int_equal(read_text(text, 0, &config, &failure), 0);
	kubeconfig_free(config);
	free(text);
}

static void relative_files_belong_to_the_kubeconfig_not_to_the_process(void **state)
{
	char *text = document(GOOD_CLUSTER, "{tokenFile: token}");
	char *expanded = expand(text);
	char *before = getcwd(NULL, 0);
	struct kubeconfig *config = NULL;
	struct failure failure;

	(void)state;
	(void)tempdir_write_text(&dir, "config", expanded);
	assert_int_equal(chdir(dir.path), 0);
	assert_int_equal(kubeconfig_read("config", 0, &config, &failure), 0);
	assert_string_equal(config->token_file, "token");
	assert_int_equal(chdir(before), 0);
	kubeconfig_free(config);
	free(before);
	free(expanded);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k3s_own_file_is_read),
		cmocka_unit_test(json_is_read_as_well),
		cmocka_unit_test(a_file_of_another_shape_is_refused_by_line),
		cmocka_unit_test(classes_tell_what_to_do_about_it),
		cmocka_unit_test(what_can_not_be_opened_is_named),
		cmocka_unit_test(what_may_not_be_read_is_named),
		cmocka_unit_test(a_long_path_keeps_its_end_and_leaves_room),
		cmocka_unit_test(a_truncated_file_is_never_read_as_something_else),
		cmocka_unit_test(a_file_beyond_1_mib_is_refused),
		cmocka_unit_test(depth_and_number_are_bounded),
		cmocka_unit_test(a_context_that_leads_nowhere_is_refused),
		cmocka_unit_test(the_chosen_context_is_taken),
		cmocka_unit_test(a_server_is_https_or_nothing),
		cmocka_unit_test(a_server_has_a_longest_length),
		cmocka_unit_test(a_cluster_is_known_by_its_ca),
		cmocka_unit_test(a_user_that_can_not_be_is_refused),
		cmocka_unit_test(a_user_is_a_token_or_a_pair_or_both),
		cmocka_unit_test(folded_base64_is_read),
		cmocka_unit_test(a_token_has_a_longest_length),
		cmocka_unit_test(a_certificate_that_ended_is_refused_once_the_time_is_known),
		cmocka_unit_test(relative_files_belong_to_the_kubeconfig_not_to_the_process),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
