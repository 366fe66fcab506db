/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/manifest.h"

#include <stdarg.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cilium/copy.h"
#include "cilium/release.h"
#include "kube/path.h"
#include "kube/yaml_print.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define RBAC           "rbac.authorization.k8s.io"
#define OPERATOR_LABEL "io.cilium/app"
#define OPERATOR_VALUE "operator"

/* --- what it may do --- */

enum where { IN_CLUSTER, IN_OPERATOR, IN_COPIES, IN_SOURCES };
enum names { ANY_NAME, CRD_NAMES, CONFIG_NAME, SOURCE_NAMES };

/* Each row is demanded by a path (tests/unit/test_manifest.c) and stands in README.md (tests/docs/readme). /readyz needs
 * none: kube-apiserver lets everybody ask who has an account (--authorization-always-allow-paths; seen). */
static const struct grant {
	enum where where;
	const char *group, *resource, *subresource;
	enum names names;
	const char *verbs;
} grants[] = {
	{ IN_CLUSTER, "gateway.networking.k8s.io", "gatewayclasses", "", ANY_NAME, "list watch" },
	{ IN_CLUSTER, "gateway.networking.k8s.io", "gateways", "", ANY_NAME, "list watch" },
	{ IN_CLUSTER, "gateway.networking.k8s.io", "listenersets", "", ANY_NAME, "list watch" },
	{ IN_CLUSTER, "gateway.networking.k8s.io", "referencegrants", "", ANY_NAME, "list watch" },
	{ IN_CLUSTER, "cilium.io", "ciliumenvoyconfigs", "", ANY_NAME, "list watch" },
	{ IN_CLUSTER, "apiextensions.k8s.io", "customresourcedefinitions", "", CRD_NAMES, "get" },
	{ IN_CLUSTER, "apps", "deployments", "", ANY_NAME, "list" },
	{ IN_CLUSTER, "", "nodes", "", ANY_NAME, "list" },
	{ IN_OPERATOR, "apps", "replicasets", "", ANY_NAME, "list" },
	{ IN_OPERATOR, "", "pods", "", ANY_NAME, "list watch delete" },
	{ IN_OPERATOR, "", "pods", "log", ANY_NAME, "get" },
	{ IN_OPERATOR, "", "configmaps", "", CONFIG_NAME, "get" },
	{ IN_COPIES, "", "secrets", "", ANY_NAME, "create get list watch" },
	{ IN_SOURCES, "", "secrets", "", SOURCE_NAMES, "get" },
};

struct made {
	struct manifest_object is;
	cJSON *json;
};

struct manifest {
	struct manifest_facts facts; /* its strings are the caller's: only while it is built */
	bool failed;                 /* out of memory */
	size_t object_count, object_room;
	struct made *object;
	size_t right_count, right_room;
	struct manifest_right *right;
};

/* --- JSON; what fails is told at the end --- */

static cJSON *put(struct manifest *self, cJSON *parent, const char *key, cJSON *item)
{
	bool done = parent && item &&
	            (key ? cJSON_AddItemToObject(parent, key, item)
	                 : cJSON_AddItemToArray(parent, item));

	if (done)
		return item;
	cJSON_Delete(item);
	self->failed = true;
	return NULL;
}

static cJSON *map(struct manifest *self, cJSON *parent, const char *key)
{
	return put(self, parent, key, cJSON_CreateObject());
}

static cJSON *list(struct manifest *self, cJSON *parent, const char *key)
{
	return put(self, parent, key, cJSON_CreateArray());
}

static void text(struct manifest *self, cJSON *parent, const char *key, const char *value)
{
	(void)put(self, parent, key, cJSON_CreateString(value));
}

static void list_of_one(struct manifest *self, cJSON *parent, const char *key, const char *value)
{
	text(self, list(self, parent, key), NULL, value);
}

/* --- growing --- */

static void *grow(struct manifest *self, void *items, size_t count, size_t *room, size_t size)
{
	void *bigger;

	if (count < *room)
		return items;
	bigger = reallocarray(items, *room ? *room * 2 : 16, size);
	if (!bigger) {
		self->failed = true;
		return items;
	}
	*room = *room ? *room * 2 : 16;
	return bigger;
}

static cJSON *begin(struct manifest *self, enum manifest_kind kind, const char *namespace,
                    const char *name)
{
	cJSON *json = cJSON_CreateObject(), *metadata;
	struct made *made;

	self->object = grow(self, self->object, self->object_count, &self->object_room,
	                    sizeof(*self->object));
	if (!json || self->object_count == self->object_room) {
		cJSON_Delete(json);
		self->failed = true;
		return NULL;
	}
	made = &self->object[self->object_count++];
	*made = (struct made){ .is.kind = kind, .json = json };
	(void)snprintf(made->is.namespace, sizeof(made->is.namespace), "%s", namespace);
	(void)snprintf(made->is.name, sizeof(made->is.name), "%s", name);
	text(self, json, "apiVersion", manifest_kind_version(kind));
	text(self, json, "kind", manifest_kind_name(kind));
	metadata = map(self, json, "metadata");
	text(self, metadata, "name", name);
	if (namespace[0])
		text(self, metadata, "namespace", namespace);
	text(self, map(self, metadata, "labels"), MANIFEST_LABEL, MANIFEST_LABEL_VALUE);
	return json;
}

static void add_right(struct manifest *self, const struct manifest_right *right)
{
	self->right =
		grow(self, self->right, self->right_count, &self->right_room, sizeof(*self->right));
	if (self->right_count < self->right_room)
		self->right[self->right_count++] = *right;
}

/* --- rules --- */

/* The next name that a grant is for, by a place that begins at 0; NULL: there is none more. */
static const char *next_name(const struct manifest *self, const struct grant *grant,
                             const char *namespace, size_t *place)
{
	switch (grant->names) {
	case CRD_NAMES:
		return release_next_crd(place);
	case CONFIG_NAME:
		return (*place)++ == 0 ? CONFIGMAP_NAME : NULL;
	case SOURCE_NAMES:
		for (; !self->facts.all_secrets && *place < self->facts.source_count; (*place)++)
			if (strcmp(self->facts.source[*place].namespace, namespace) == 0)
				return self->facts.source[(*place)++].name;
		return NULL;
	case ANY_NAME:
		break;
	}
	return NULL;
}

static void add_rights(struct manifest *self, const struct grant *grant, const char *verb,
                       const char *namespace)
{
	struct manifest_right right = { .group = grant->group,
		                        .resource = grant->resource,
		                        .subresource = grant->subresource };
	size_t place = 0;
	const char *name = next_name(self, grant, namespace, &place);

	(void)snprintf(right.verb, sizeof(right.verb), "%s", verb);
	(void)snprintf(right.namespace, sizeof(right.namespace), "%s", namespace);
	do {
		(void)snprintf(right.name, sizeof(right.name), "%s", name ? name : "");
		add_right(self, &right);
	} while (name && (name = next_name(self, grant, namespace, &place)));
}

static void add_verbs(struct manifest *self, cJSON *rule, const struct grant *grant,
                      const char *namespace)
{
	cJSON *verbs = list(self, rule, "verbs");
	const char *rest = grant->verbs;
	char verb[8];

	while (*rest) {
		(void)snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(rest, " "), rest);
		rest += strcspn(rest, " ");
		rest += strspn(rest, " ");
		text(self, verbs, NULL, verb);
		add_rights(self, grant, verb, namespace);
	}
}

static void add_rule(struct manifest *self, cJSON *rules, const struct grant *grant,
                     const char *namespace)
{
	cJSON *rule = map(self, rules, NULL), *names = NULL;
	const char *name;
	char resource[64];
	size_t place = 0;

	(void)snprintf(resource, sizeof(resource), "%s%s%s", grant->resource,
	               grant->subresource[0] ? "/" : "", grant->subresource);
	list_of_one(self, rule, "apiGroups", grant->group);
	list_of_one(self, rule, "resources", resource);
	while ((name = next_name(self, grant, namespace, &place))) {
		if (!names)
			names = list(self, rule, "resourceNames");
		text(self, names, NULL, name);
	}
	add_verbs(self, rule, grant, namespace);
}

static void add_rules(struct manifest *self, cJSON *rules, enum where where, const char *namespace)
{
	for (size_t i = 0; i < COUNT(grants); i++)
		if (grants[i].where == where)
			add_rule(self, rules, &grants[i], namespace);
}

/* --- objects --- */

static void add_binding(struct manifest *self, const char *namespace, const char *name)
{
	bool cluster = namespace[0] == '\0';
	cJSON *json = begin(self, cluster ? MANIFEST_CLUSTER_ROLE_BINDING : MANIFEST_ROLE_BINDING,
	                    namespace, name);
	cJSON *ref = map(self, json, "roleRef"),
	      *subject = map(self, list(self, json, "subjects"), NULL);

	text(self, ref, "apiGroup", RBAC);
	text(self, ref, "kind", cluster ? "ClusterRole" : "Role");
	text(self, ref, "name", name);
	text(self, subject, "kind", "ServiceAccount");
	text(self, subject, "name", MANIFEST_ACCOUNT);
	text(self, subject, "namespace", self->facts.operator_namespace);
}

static void add_role(struct manifest *self, const char *namespace, const char *name,
                     enum where where)
{
	cJSON *json = begin(self, MANIFEST_ROLE, namespace, name);

	add_rules(self, list(self, json, "rules"), where, namespace);
	add_binding(self, namespace, name);
}

static void add_cluster_role(struct manifest *self)
{
	cJSON *rules =
		list(self, begin(self, MANIFEST_CLUSTER_ROLE, "", MANIFEST_ACCOUNT), "rules");

	add_rules(self, rules, IN_CLUSTER, "");
	if (self->facts.all_secrets)
		add_rules(self, rules, IN_SOURCES, "");
	add_binding(self, "", MANIFEST_ACCOUNT);
}

static bool seen_before(const struct manifest_facts *facts, size_t source)
{
	for (size_t i = 0; i < source; i++)
		if (strcmp(facts->source[i].namespace, facts->source[source].namespace) == 0)
			return true;
	return false;
}

static void add_source_roles(struct manifest *self)
{
	const struct manifest_facts *facts = &self->facts;

	for (size_t i = 0; !facts->all_secrets && i < facts->source_count; i++)
		if (!seen_before(facts, i))
			add_role(self, facts->source[i].namespace, MANIFEST_SOURCES_ROLE,
			         IN_SOURCES);
}

static void add_account(struct manifest *self)
{
	const char *namespace = self->facts.operator_namespace;
	cJSON *json, *metadata;

	json = begin(self, MANIFEST_SERVICE_ACCOUNT, namespace, MANIFEST_ACCOUNT);
	/* Nothing in the cluster runs as it. */
	(void)put(self, json, "automountServiceAccountToken", cJSON_CreateFalse());
	/* Its token has no end: it must be good on a Pi that boots in 1970, or after a year in a drawer. */
	json = begin(self, MANIFEST_SECRET, namespace, MANIFEST_TOKEN);
	metadata = json ? cJSON_GetObjectItemCaseSensitive(json, "metadata") : NULL;
	text(self, map(self, metadata, "annotations"), "kubernetes.io/service-account.name",
	     MANIFEST_ACCOUNT);
	text(self, json, "type", "kubernetes.io/service-account-token");
}

/* --- what no Role can say --- */

static void add_condition(struct manifest *self, cJSON *spec)
{
	cJSON *condition = map(self, list(self, spec, "matchConditions"), NULL);
	char expression[OBJECT_NAME_MAX + 96];

	(void)snprintf(expression, sizeof(expression),
	               "request.userInfo.username == 'system:serviceaccount:%s:" MANIFEST_ACCOUNT
	               "'",
	               self->facts.operator_namespace);
	text(self, condition, "name", "is-gatewake");
	text(self, condition, "expression", expression);
}

static cJSON *add_policy(struct manifest *self, const char *name, const char *operation,
                         const char *resource)
{
	cJSON *spec = map(self, begin(self, MANIFEST_POLICY, "", name), "spec"), *rule;

	text(self, spec, "failurePolicy", "Fail");
	rule = map(self, list(self, map(self, spec, "matchConstraints"), "resourceRules"), NULL);
	list_of_one(self, rule, "apiGroups", "");
	list_of_one(self, rule, "apiVersions", "v1");
	list_of_one(self, rule, "operations", operation);
	list_of_one(self, rule, "resources", resource);
	add_condition(self, spec);
	return list(self, spec, "validations");
}

static void add_validation(struct manifest *self, cJSON *validations, const char *message,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add_validation(struct manifest *self, cJSON *validations, const char *message,
                           const char *format, ...)
{
	cJSON *validation = map(self, validations, NULL);
	char expression[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(expression, sizeof(expression), format, args);
	va_end(args);
	text(self, validation, "expression", expression);
	text(self, validation, "message", message);
}

static void add_policy_binding(struct manifest *self, const char *name)
{
	cJSON *spec = map(self, begin(self, MANIFEST_POLICY_BINDING, "", name), "spec");

	text(self, spec, "policyName", name);
	list_of_one(self, spec, "validationActions", "Deny");
}

/* A pod's name varies, and a name can't be told for a create: RBAC alone would let it delete every pod beside the
 * operator's, and put any Secret among the copies. */
static void add_policies(struct manifest *self)
{
	cJSON *pods = add_policy(self, MANIFEST_PODS_POLICY, "DELETE", "pods");
	cJSON *copies = add_policy(self, MANIFEST_COPIES_POLICY, "CREATE", "secrets");

	add_validation(self, pods, "gatewake may delete no pod but the Cilium operator's",
	               "request.namespace == '%s' && has(oldObject.metadata.labels) && "
	               "'" OPERATOR_LABEL "' in oldObject.metadata.labels && "
	               "oldObject.metadata.labels['" OPERATOR_LABEL "'] == '" OPERATOR_VALUE "'",
	               self->facts.operator_namespace);
	add_validation(self, copies, "gatewake may create no Secret but a copy for Cilium",
	               "request.namespace == '%s'", self->facts.secrets_namespace);
	add_validation(self, copies, "a copy is of type kubernetes.io/tls",
	               "object.type == 'kubernetes.io/tls'");
	add_validation(self, copies, "a copy carries the labels that name its source",
	               "has(object.metadata.labels) && "
	               "['" COPY_LABEL_NAMESPACE "', '" COPY_LABEL_NAME "'].all(label, "
	               "label in object.metadata.labels && object.metadata.labels[label] != '')");
	add_policy_binding(self, MANIFEST_PODS_POLICY);
	add_policy_binding(self, MANIFEST_COPIES_POLICY);
}

/* --- the door --- */

static bool is_sound(const struct manifest_facts *facts)
{
	bool sound = copy_is_name(span_of(facts->operator_namespace), COPY_NAMESPACE_MAX) &&
	             copy_is_name(span_of(facts->secrets_namespace), COPY_NAMESPACE_MAX);

	for (size_t i = 0; i < facts->source_count; i++)
		sound = sound &&
		        copy_is_name(span_of(facts->source[i].namespace), COPY_NAMESPACE_MAX) &&
		        copy_is_name(span_of(facts->source[i].name), COPY_NAME_MAX);
	return sound;
}

int manifest_new(const struct manifest_facts *facts, struct manifest **ret)
{
	CLEANUP(manifest_free_p) struct manifest *self = NULL;

	if (!is_sound(facts))
		return -EINVAL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return -ENOMEM;
	self->facts = *facts;
	add_policies(self);
	add_account(self);
	add_cluster_role(self);
	add_role(self, facts->operator_namespace, MANIFEST_ACCOUNT, IN_OPERATOR);
	add_role(self, facts->secrets_namespace, MANIFEST_COPIES_ROLE, IN_COPIES);
	add_source_roles(self);
	if (self->failed)
		return -ENOMEM;
	*ret = TAKE_PTR(self);
	return 0;
}

struct manifest *manifest_free(struct manifest *self)
{
	if (!self)
		return NULL;
	for (size_t i = 0; i < self->object_count; i++)
		cJSON_Delete(self->object[i].json);
	free(self->object);
	free(self->right);
	free(self);
	return NULL;
}

const struct manifest_object *manifest_object(const struct manifest *self, size_t place)
{
	return place < self->object_count ? &self->object[place].is : NULL;
}

const struct manifest_right *manifest_right(const struct manifest *self, size_t place)
{
	return place < self->right_count ? &self->right[place] : NULL;
}

int manifest_body(const struct manifest *self, size_t place, const char *version, char **ret_json)
{
	CLEANUP(cJSON_Delete_p) cJSON *json = cJSON_Duplicate(self->object[place].json, true);
	cJSON *metadata = json ? cJSON_GetObjectItemCaseSensitive(json, "metadata") : NULL;
	char *body;

	if (!metadata ||
	    (version[0] && !cJSON_AddStringToObject(metadata, "resourceVersion", version)))
		return -ENOMEM;
	body = cJSON_PrintUnformatted(json);
	if (!body)
		return -ENOMEM;
	*ret_json = body;
	return 0;
}

int manifest_forbidden(const struct manifest *self, char path[MANIFEST_PATH], char **ret_json)
{
	const char *namespace = "";
	char *json;

	for (size_t i = 0; i < self->object_count; i++)
		if (self->object[i].is.kind == MANIFEST_ROLE &&
		    strcmp(self->object[i].is.name, MANIFEST_COPIES_ROLE) == 0)
	namespace = self->object[i].is.namespace;
	(void)snprintf(path, MANIFEST_PATH, "/api/v1/namespaces/%.63s/secrets?dryRun=All",
	               namespace);
	json = strdup("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"generateName\":"
	              "\"gatewake-try-\"}}");
	if (!json)
		return -ENOMEM;
	*ret_json = json;
	return 0;
}

int manifest_print(const struct manifest *self, FILE *stream)
{
	int r = 0;

	for (size_t i = 0; i < self->object_count && r == 0; i++) {
		CLEANUP(free_p) char *json = NULL;

		r = manifest_body(self, i, "", &json);
		if (r == 0)
			r = fputs("---\n", stream) < 0 ? -EIO : yaml_print(json, stream);
	}
	return r;
}
