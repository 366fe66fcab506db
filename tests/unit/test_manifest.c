/* SPDX-License-Identifier: Apache-2.0 */
/* What the account may do is what the program asks for: each request goes through one right, and each right is asked
 * for by a request. And what is printed reads as what is applied. */
#include "kube/manifest.h"

#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "base/yaml.h"
#include "cilium/release.h"
#include "host/state.h"
#include "kube/held.h"
#include "kube/kubeconfig_write.h"
#include "kube/path.h"
#include "kube/sync.h"
#include "kube/yaml_print.h"
#include "tests/unit/certs.h"
#include "tests/unit/tempdir.h"

#define OPERATOR_NAMESPACE "kube-system"
#define COPIES_NAMESPACE   "cilium-secrets"
#define REQUESTS_MAX       64

static const struct manifest_source sources[] = { { "blog", "cert" },
	                                          { "shop", "admin" },
	                                          { "shop", "cert" } };
static const struct manifest_facts facts = {
	.operator_namespace = OPERATOR_NAMESPACE,
	.secrets_namespace = COPIES_NAMESPACE,
	.source = sources,
	.source_count = 3,
};

static struct manifest *build(const struct manifest_facts *from)
{
	struct manifest *manifest;

	objects_init();
	assert_int_equal(manifest_new(from, &manifest), 0);
	return manifest;
}

/* --- requests --- */

struct request {
	const char *method;
	char path[PATH_QUERY_SIZE];
};

static struct request requests[REQUESTS_MAX];
static size_t request_count;

static char *add(const char *method)
{
	assert_true(request_count < REQUESTS_MAX);
	requests[request_count].method = method;
	return requests[request_count++].path;
}
#define ADD(method, call, ...) assert_int_equal(call(add(method), PATH_SIZE, ##__VA_ARGS__), 0)

static void add_sync(const struct sync_next *next)
{
	static const char *const names[] = { [HTTP_GET] = "GET", [HTTP_POST] = "POST" };

	assert_false(next->ended);
	(void)snprintf(add(names[next->request.method]), PATH_SIZE, "%s", next->request.path);
}

static char *make_source(void)
{
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	char *cert = certs_sign(key, CERTS_EC, 0, time(NULL) + 3600),
	     *pem = certs_key_pem(key, NULL);
	char *cert64 = certs_base64(cert), *key64 = certs_base64(pem), *json;

	assert_true(
		asprintf(
			&json,
			"{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"type\":\"kubernetes.io/tls\","
			"\"metadata\":{\"name\":\"cert\",\"namespace\":\"shop\",\"uid\":\"u\","
			"\"resourceVersion\":\"1\"},"
			"\"data\":{\"tls.crt\":\"%s\",\"tls.key\":\"%s\"}}",
			cert64, key64) > 0);
	free(cert);
	free(pem);
	free(cert64);
	free(key64);
	EVP_PKEY_free(key);
	return json;
}

/* The machine of kube/sync has no other requests than these. */
static void add_syncs(void)
{
	struct sync_task task = { .errand = SYNC_CREATE_COPY,
		                  .source = { "shop", "cert" },
		                  .secrets_namespace = COPIES_NAMESPACE,
		                  .copy = "shop-cert",
		                  .shape = copy_shape_of(118, COPY_RULE_LEGACY) };
	struct http_end end = { .status = 200, .stage = HTTP_ANSWERED };
	char *json = make_source();
	struct sync_next next;
	struct sync sync = { 0 };

	sync_start(&sync, &task, &next);
	add_sync(&next);
	end.body = span_of(json);
	sync_step(&sync, &end, &next);
	add_sync(&next);
	task.errand = SYNC_LOOK_AT_SOURCE;
	for (size_t i = 0; i < facts.source_count; i++) {
		task.source = (struct copy_source){ sources[i].namespace, sources[i].name };
		sync_start(&sync, &task, &next);
		add_sync(&next);
	}
	task.errand = SYNC_LOOK_AT_COPY;
	sync_start(&sync, &task, &next);
	add_sync(&next);
	sync_clear(&sync);
	free(json);
}

static void add_crds(void)
{
	static const uint32_t minors[] = { 116, 117, 118, 119, 120 };

	for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++)
		for (size_t crd = 0; crd < release_find(minors[i])->crd_count; crd++)
			ADD("GET", path_crd, release_find(minors[i])->crds[crd].name);
}

static void add_watches(void)
{
	struct path_page page = { .limit = 100 };

	for (enum path_resource resource = PATH_CLASSES; resource < PATH_RESOURCE_COUNT;
	     resource++) {
		const char *namespace = resource == PATH_COPIES      ? COPIES_NAMESPACE
		                        : resource == PATH_OPERATORS ? OPERATOR_NAMESPACE
		                                                     : NULL;

		ADD("GET", path_list, resource, namespace, &page);
		ADD("GET", path_watch, resource, namespace, "7", 300);
	}
}

/* All that the program asks the API server for, but for PATH_READYZ, which everybody may. */
static void add_all(void)
{
	request_count = 0;
	ADD("GET", path_deployments);
	ADD("GET", path_replicasets, OPERATOR_NAMESPACE);
	ADD("GET", path_pods, OPERATOR_NAMESPACE);
	ADD("DELETE", path_pod, OPERATOR_NAMESPACE, "cilium-operator-1");
	ADD("GET", path_log, OPERATOR_NAMESPACE, "cilium-operator-1", 1000);
	ADD("GET", path_config, OPERATOR_NAMESPACE);
	ADD("GET", path_nodes, 100);
	add_crds();
	add_watches();
	add_syncs();
}

/* --- what the API server makes of them --- */

struct asked {
	char verb[32], group[64], namespace[64], resource[64], name[254], subresource[32];
};

static const char *take(const char *path, char *part, size_t size)
{
	size_t len;

	path += strspn(path, "/");
	len = strcspn(path, "/?");
	assert_true(len < size);
	memcpy(part, path, len);
	part[len] = '\0';
	return path + len;
}
#define TAKE(path, part) take(path, part, sizeof(part))

static const char *verb_of(const struct request *request, const struct asked *asked)
{
	if (strcmp(request->method, "POST") == 0)
		return "create";
	if (strcmp(request->method, "DELETE") == 0)
		return asked->name[0] ? "delete" : "deletecollection";
	if (asked->name[0])
		return "get";
	return strstr(request->path, "watch=1") ? "watch" : "list";
}

static void read_request(const struct request *request, struct asked *ret)
{
	char part[64];
	const char *path = TAKE(request->path, part);

	*ret = (struct asked){ 0 };
	if (strcmp(part, "apis") == 0)
		path = TAKE(path, ret->group);
	else
		assert_string_equal(part, "api");
	path = TAKE(path, part); /* the version */
	path = TAKE(path, ret->resource);
	if (strcmp(ret->resource, "namespaces") == 0) {
		path = TAKE(path, ret->namespace);
		path = TAKE(path, ret->resource);
	}
	path = TAKE(path, ret->name);
	(void)TAKE(path, ret->subresource);
	(void)snprintf(ret->verb, sizeof(ret->verb), "%s", verb_of(request, ret));
}

static bool allows(const struct manifest_right *right, const struct request *request)
{
	struct asked asked;

	read_request(request, &asked);
	return strcmp(right->verb, asked.verb) == 0 && strcmp(right->group, asked.group) == 0 &&
	       strcmp(right->resource, asked.resource) == 0 &&
	       strcmp(right->subresource, asked.subresource) == 0 &&
	       (!right->namespace[0] || strcmp(right->namespace, asked.namespace) == 0) &&
	       (!right->name[0] || strcmp(right->name, asked.name) == 0);
}

static void each_request_goes_through_one_right(void **state)
{
	struct manifest *manifest = build(&facts);
	const struct manifest_right *right;

	(void)state;
	add_all();
	for (size_t i = 0; i < request_count; i++) {
		unsigned ways = 0;

		for (size_t j = 0; (right = manifest_right(manifest, j)); j++)
			ways += allows(right, &requests[i]);
		if (ways != 1)
			fail_msg("%s %s goes through %u rights", requests[i].method,
			         requests[i].path, ways);
	}
	manifest_free(manifest);
}

static void each_right_is_asked_for(void **state)
{
	struct manifest *manifest = build(&facts);
	const struct manifest_right *right;
	char words[600];

	(void)state;
	add_all();
	for (size_t j = 0; (right = manifest_right(manifest, j)); j++) {
		unsigned asked = 0;

		for (size_t i = 0; i < request_count; i++)
			asked += allows(right, &requests[i]);
		held_right_words(right, words, sizeof(words));
		if (!asked)
			fail_msg("nobody asks to %s", words);
	}
	manifest_free(manifest);
}

static void what_it_never_asks_for_it_may_not(void **state)
{
	static const struct request rows[] = {
		{ "GET", "/api/v1/namespaces/kube-system/configmaps/other" },
		{ "GET", "/api/v1/namespaces/shop/secrets/other" },
		{ "GET", "/api/v1/namespaces/kube-system/secrets/cert" },
		{ "GET", "/api/v1/namespaces/shop/secrets" },
		{ "GET", "/api/v1/secrets?limit=100" },
		{ "POST", "/api/v1/namespaces/shop/secrets" },
		{ "DELETE", "/api/v1/namespaces/cilium-secrets/secrets/shop-cert" },
		{ "DELETE", "/api/v1/namespaces/shop/pods/web" },
		{ "DELETE", "/api/v1/namespaces/kube-system/pods" },
		{ "POST", "/api/v1/namespaces/kube-system/pods" },
		{ "GET", "/api/v1/namespaces/shop/pods/web/log" },
		{ "GET",
		  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/other.example.com" },
		{ "GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions" },
		{ "DELETE", "/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways/web" },
	};
	struct manifest *manifest = build(&facts);
	const struct manifest_right *right;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t j = 0; (right = manifest_right(manifest, j)); j++)
			if (allows(right, &rows[i]))
				fail_msg("%s %s is allowed", rows[i].method, rows[i].path);
	manifest_free(manifest);
}

/* --- objects --- */

static cJSON *json_of(const struct manifest *manifest, size_t place)
{
	char *body;
	cJSON *json;

	assert_int_equal(manifest_body(manifest, place, "", &body), 0);
	json = cJSON_Parse(body);
	assert_non_null(json);
	free(body);
	return json;
}

static const cJSON *get(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

	if (!item)
		fail_msg("no %s", name);
	return item;
}

/* The rights as the Roles' rules have them: every rule must be one of the table's, and nothing else. */
static size_t count_rules_rights(const cJSON *rules)
{
	const cJSON *rule;
	size_t count = 0;

	cJSON_ArrayForEach(rule, rules)
	{
		const cJSON *names = cJSON_GetObjectItemCaseSensitive(rule, "resourceNames");
		int verbs = cJSON_GetArraySize(get(rule, "verbs"));

		assert_true(!names ||
		            cJSON_GetArraySize(names) > 0); /* an empty list would mean any */
		count += (size_t)(verbs * (names ? cJSON_GetArraySize(names) : 1));
	}
	return count;
}

static void the_roles_hold_the_rights_and_no_more(void **state)
{
	struct manifest *manifest = build(&facts);
	const struct manifest_object *object;
	size_t ruled = 0, rights = 0;

	(void)state;
	while (manifest_right(manifest, rights))
		rights++;
	for (size_t i = 0; (object = manifest_object(manifest, i)); i++) {
		cJSON *json = json_of(manifest, i);

		if (object->kind == MANIFEST_ROLE || object->kind == MANIFEST_CLUSTER_ROLE)
			ruled += count_rules_rights(get(json, "rules"));
		assert_string_equal(cJSON_GetStringValue(get(get(get(json, "metadata"), "labels"),
		                                             MANIFEST_LABEL)),
		                    MANIFEST_LABEL_VALUE);
		assert_true(manifest_knows(object->kind, object->name));
		cJSON_Delete(json);
	}
	assert_int_equal(ruled, rights);
	manifest_free(manifest);
}

static unsigned count_objects(const struct manifest *manifest, const char *path)
{
	const struct manifest_object *object;
	char its[MANIFEST_PATH];
	unsigned found = 0;

	for (size_t i = 0; (object = manifest_object(manifest, i)); i++) {
		manifest_path(object, its);
		found += strcmp(its, path) == 0;
	}
	return found;
}

#define RBAC_PATH "/apis/rbac.authorization.k8s.io/v1"

static void each_namespace_with_a_source_has_one_role(void **state)
{
	struct manifest *manifest = build(&facts);

	(void)state;
	assert_int_equal(
		count_objects(manifest, RBAC_PATH "/namespaces/shop/roles/gatewake-sources"), 1);
	assert_int_equal(
		count_objects(manifest, RBAC_PATH "/namespaces/shop/rolebindings/gatewake-sources"),
		1);
	assert_int_equal(
		count_objects(manifest, RBAC_PATH "/namespaces/blog/roles/gatewake-sources"), 1);
	assert_int_equal(count_objects(manifest, RBAC_PATH "/clusterroles/gatewake"), 1);
	assert_int_equal(
		count_objects(manifest, "/api/v1/namespaces/kube-system/serviceaccounts/gatewake"),
		1);
	manifest_free(manifest);
}

static void all_secrets_takes_no_names(void **state)
{
	struct manifest_facts all = facts;
	struct manifest *manifest;
	const struct manifest_right *right;
	unsigned found = 0;

	(void)state;
	all.all_secrets = true;
	manifest = build(&all);
	assert_int_equal(
		count_objects(manifest, RBAC_PATH "/namespaces/shop/roles/gatewake-sources"), 0);
	for (size_t i = 0; (right = manifest_right(manifest, i)); i++)
		if (strcmp(right->resource, "secrets") == 0 && !right->namespace[0]) {
			assert_string_equal(right->verb, "get");
			assert_string_equal(right->name, "");
			found++;
		}
	assert_int_equal(found, 1);
	manifest_free(manifest);
}

static void a_cluster_without_sources_has_no_role_for_them(void **state)
{
	struct manifest_facts none = facts;
	const struct manifest_object *object;
	struct manifest *manifest;

	(void)state;
	none.source_count = 0;
	manifest = build(&none);
	for (size_t i = 0; (object = manifest_object(manifest, i)); i++)
		assert_string_not_equal(object->name, "gatewake-sources");
	manifest_free(manifest);
}

static void a_name_that_is_none_gets_into_no_object(void **state)
{
	static const struct manifest_source bad[] = { { "shop", "cert/../../x" } };
	struct manifest_facts wrong = facts;
	struct manifest *manifest;

	(void)state;
	wrong.operator_namespace = "kube'system";
	assert_int_equal(manifest_new(&wrong, &manifest), -EINVAL);
	wrong = facts;
	wrong.secrets_namespace = "";
	assert_int_equal(manifest_new(&wrong, &manifest), -EINVAL);
	wrong = facts;
	wrong.source = bad;
	wrong.source_count = 1;
	assert_int_equal(manifest_new(&wrong, &manifest), -EINVAL);
}

static void what_was_there_is_changed_only_as_it_was_seen(void **state)
{
	struct manifest *manifest = build(&facts);
	char *body;

	(void)state;
	assert_int_equal(manifest_body(manifest, 0, "42", &body), 0);
	assert_non_null(strstr(body, "\"resourceVersion\":\"42\""));
	free(body);
	assert_int_equal(manifest_body(manifest, 0, "", &body), 0);
	assert_null(strstr(body, "resourceVersion"));
	free(body);
	manifest_free(manifest);
}

/* --- the text --- */

static void same_tree(const struct yaml_value *yaml, const cJSON *json)
{
	const cJSON *item = json->child;

	if (cJSON_IsString(json)) {
		assert_int_equal(yaml->kind, YAML_KIND_TEXT);
		assert_string_equal(yaml->text, json->valuestring);
		return;
	}
	if (cJSON_IsBool(json)) {
		assert_string_equal(yaml->text, cJSON_IsTrue(json) ? "true" : "false");
		return;
	}
	assert_int_equal(yaml->kind, cJSON_IsArray(json) ? YAML_KIND_LIST : YAML_KIND_MAP);
	for (yaml = yaml->first; item && yaml; item = item->next, yaml = yaml->next) {
		if (item->string)
			assert_string_equal(yaml->key, item->string);
		same_tree(yaml, item);
	}
	assert_null(item);
	assert_null(yaml);
}

/* Reads the text back as one document. */
static void reads_as(const char *text, size_t len, const cJSON *json)
{
	struct yaml_value *tree = NULL;
	struct failure failure;

	if (yaml_read((struct span){ text, len }, "text", &tree, &failure) < 0)
		fail_msg("%s in\n%.*s", failure.text, (int)len, text);
	same_tree(tree, json);
	yaml_free_tree(tree);
}

static void what_is_printed_is_what_is_applied(void **state)
{
	struct manifest *manifest = build(&facts);
	char *text = NULL, *at;
	size_t len, place = 0;
	FILE *stream = open_memstream(&text, &len);

	(void)state;
	assert_non_null(stream);
	assert_int_equal(manifest_print(manifest, stream), 0);
	assert_int_equal(fclose(stream), 0);
	for (at = text; *at; place++) {
		char *next = strstr(at + 4, "---\n");
		cJSON *json = json_of(manifest, place);

		assert_memory_equal(at, "---\n", 4);
		reads_as(at + 4, next ? (size_t)(next - at - 4) : strlen(at + 4), json);
		at = next ? next : at + strlen(at);
		cJSON_Delete(json);
	}
	assert_null(manifest_object(manifest, place));
	free(text);
	manifest_free(manifest);
}

static void what_yaml_would_take_for_something_else_is_quoted(void **state)
{
	static const struct {
		const char *json, *yaml;
	} rows[] = {
		{ "{\"a\":\"yes\"}", "a: \"yes\"\n" },
		{ "{\"a\":\"Null\"}", "a: \"Null\"\n" },
		{ "{\"a\":\"\"}", "a: \"\"\n" },
		{ "{\"a\":\"7\"}", "a: \"7\"\n" },
		{ "{\"a\":\"x: y\"}", "a: \"x: y\"\n" },
		{ "{\"a\":\"x #y\"}", "a: \"x #y\"\n" },
		{ "{\"a\":\"x \"}", "a: \"x \"\n" },
		{ "{\"a\":\"a\\nb\"}", "a: \"a\\nb\"\n" },
		{ "{\"a\":\"two words\"}", "a: two words\n" },
		{ "{\"a\":true}", "a: true\n" },
		{ "{\"a\":[]}", "a: []\n" },
		{ "{\"no\":\"b\"}", "\"no\": b\n" },
		{ "{\"a\":[{\"b\":\"c\",\"d\":[\"e\"]},\"f\"]}", "a:\n- b: c\n  d:\n  - e\n- f\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = NULL;
		size_t len;
		FILE *stream = open_memstream(&text, &len);

		assert_int_equal(yaml_print(rows[i].json, stream), 0);
		(void)fclose(stream);
		assert_string_equal(text, rows[i].yaml);
		free(text);
	}
	assert_int_equal(yaml_print("no json", stdout), -EBADMSG);
}

/* --- what the cluster holds --- */

static int see(void *argument, const struct manifest_object *object, const struct held *held)
{
	char *seen = argument;

	assert_true(held->ours);
	(void)snprintf(seen + strlen(seen), 200 - strlen(seen), "%s/%s@%s ", object->namespace,
	               object->name, held->version);
	return 0;
}

#define ROLE(name, label)                                                                          \
	"{\"metadata\":{\"namespace\":\"shop\",\"name\":\"" name                                   \
	"\",\"uid\":\"u\",\"resourceVersion\":\"7\","                                              \
	"\"labels\":{\"app.kubernetes.io/managed-by\":\"" label "\"}}}"

static void only_what_has_our_label_and_our_name_is_ours(void **state)
{
	char seen[200] = "";
	struct held held;

	(void)state;
	objects_init();
	assert_int_equal(
		held_list(span_of("{\"items\":[" ROLE("gatewake-sources", "gatewake") "," ROLE(
				  "gatewake-sources", "helm") "," ROLE("web", "gatewake") "]}"),
	                  MANIFEST_ROLE, see, seen),
		0);
	assert_string_equal(seen, "shop/gatewake-sources@7 ");
	assert_int_equal(held_list(span_of("{}"), MANIFEST_ROLE, see, seen), -EBADMSG);
	assert_int_equal(held_list(span_of("[}"), MANIFEST_ROLE, see, seen), -EBADMSG);
	assert_int_equal(held_read(span_of(ROLE("gatewake", "gatewake")), &held), 0);
	assert_true(held.ours);
	assert_int_equal(held_read(span_of(ROLE("gatewake", "")), &held), 0);
	assert_false(held.ours);
	assert_int_equal(held_read(span_of("{\"metadata\":{\"uid\":\"u\"}}"), &held), -EBADMSG);
}

static void a_token_is_there_or_not_yet(void **state)
{
	char *token = NULL;

	(void)state;
	objects_init();
	assert_int_equal(held_token(span_of("{\"data\":{\"token\":\"dG9wIHNlY3JldA==\"}}"), &token),
	                 0);
	assert_string_equal(token, "top secret");
	secret_free(token);
	assert_int_equal(
		held_token(span_of("{\"type\":\"kubernetes.io/service-account-token\"}"), &token),
		0);
	assert_null(token);
	assert_int_equal(held_token(span_of("{\"data\":{\"token\":\"?\"}}"), &token), -EBADMSG);
	assert_int_equal(held_token(span_of("half"), &token), -EBADMSG);
}

static void a_review_says_yes_or_no(void **state)
{
	bool allowed = false;

	(void)state;
	assert_int_equal(held_allowed(span_of("{\"status\":{\"allowed\":true}}"), &allowed), 0);
	assert_true(allowed);
	assert_int_equal(held_allowed(span_of("{\"status\":{\"allowed\":false}}"), &allowed), 0);
	assert_false(allowed);
	assert_int_equal(held_allowed(span_of("{\"status\":{}}"), &allowed), -EBADMSG);
}

/* --- the kubeconfig --- */

static void the_kubeconfig_reads_as_the_account_on_the_same_server(void **state)
{
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	struct kubeconfig admin = { .server = (char[]){ "https://127.0.0.1:6443" },
		                    .tls_server_name = (char[]){ "k3s.example" } };
	struct kubeconfig *read = NULL;
	struct tempdir dir;
	struct failure failure;
	struct stat status;
	char *text;

	(void)state;
	admin.ca_pem = certs_sign(key, CERTS_EC, 0, time(NULL) + 3600);
	tempdir_make(&dir);
	assert_int_equal(kubeconfig_text(&admin, "to.ke-n_", &text), 0);
	assert_true(kubeconfig_is_ours(span_of(text)));
	assert_int_equal(state_write_private(dir.path, "kubeconfig", text, strlen(text)), 0);
	assert_int_equal(stat(tempdir_path(&dir, "kubeconfig"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	if (kubeconfig_read(tempdir_path(&dir, "kubeconfig"), 0, &read, &failure) < 0)
		fail_msg("%s", failure.text);
	assert_string_equal(read->server, admin.server);
	assert_string_equal(read->tls_server_name, admin.tls_server_name);
	assert_string_equal(read->ca_pem, admin.ca_pem);
	assert_string_equal(read->token, "to.ke-n_");
	assert_null(read->client_cert_pem);
	kubeconfig_free(read);
	secret_free(text);
	free(admin.ca_pem);
	EVP_PKEY_free(key);
	(void)unlink(tempdir_path(&dir, "kubeconfig"));
	(void)rmdir(dir.path);
}

static void a_file_that_a_person_wrote_is_not_ours(void **state)
{
	(void)state;
	assert_false(kubeconfig_is_ours(span_of("apiVersion: v1\n")));
	assert_false(kubeconfig_is_ours(span_of("# Written by gatewake")));
	assert_true(kubeconfig_is_ours(span_of("")));
	assert_true(kubeconfig_is_ours(span_of(" \n\t\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_goes_through_one_right),
		cmocka_unit_test(each_right_is_asked_for),
		cmocka_unit_test(what_it_never_asks_for_it_may_not),
		cmocka_unit_test(the_roles_hold_the_rights_and_no_more),
		cmocka_unit_test(each_namespace_with_a_source_has_one_role),
		cmocka_unit_test(all_secrets_takes_no_names),
		cmocka_unit_test(a_cluster_without_sources_has_no_role_for_them),
		cmocka_unit_test(a_name_that_is_none_gets_into_no_object),
		cmocka_unit_test(what_was_there_is_changed_only_as_it_was_seen),
		cmocka_unit_test(what_is_printed_is_what_is_applied),
		cmocka_unit_test(what_yaml_would_take_for_something_else_is_quoted),
		cmocka_unit_test(only_what_has_our_label_and_our_name_is_ours),
		cmocka_unit_test(a_token_is_there_or_not_yet),
		cmocka_unit_test(a_review_says_yes_or_no),
		cmocka_unit_test(the_kubeconfig_reads_as_the_account_on_the_same_server),
		cmocka_unit_test(a_file_that_a_person_wrote_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
