/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/manifest_kind.h"

#include <stdio.h>
#include <string.h>

#define RBAC      "rbac.authorization.k8s.io"
#define ADMISSION "admissionregistration.k8s.io"

static const struct kind {
	const char *version, *plural, *name;
} kinds[MANIFEST_KIND_COUNT] = {
	[MANIFEST_POLICY] = { ADMISSION "/v1", "validatingadmissionpolicies",
	                      "ValidatingAdmissionPolicy" },
	[MANIFEST_POLICY_BINDING] = { ADMISSION "/v1", "validatingadmissionpolicybindings",
	                              "ValidatingAdmissionPolicyBinding" },
	[MANIFEST_SERVICE_ACCOUNT] = { "v1", "serviceaccounts", "ServiceAccount" },
	[MANIFEST_SECRET] = { "v1", "secrets", "Secret" },
	[MANIFEST_CLUSTER_ROLE] = { RBAC "/v1", "clusterroles", "ClusterRole" },
	[MANIFEST_CLUSTER_ROLE_BINDING] = { RBAC "/v1", "clusterrolebindings",
	                                    "ClusterRoleBinding" },
	[MANIFEST_ROLE] = { RBAC "/v1", "roles", "Role" },
	[MANIFEST_ROLE_BINDING] = { RBAC "/v1", "rolebindings", "RoleBinding" },
};

const char *manifest_kind_name(enum manifest_kind kind)
{
	return kinds[kind].name;
}

const char *manifest_kind_version(enum manifest_kind kind)
{
	return kinds[kind].version;
}

bool manifest_kind_is_policy(enum manifest_kind kind)
{
	return kind == MANIFEST_POLICY || kind == MANIFEST_POLICY_BINDING;
}

bool manifest_knows(enum manifest_kind kind, const char *name)
{
	switch (kind) {
	case MANIFEST_POLICY:
	case MANIFEST_POLICY_BINDING:
		return strcmp(name, MANIFEST_PODS_POLICY) == 0 ||
		       strcmp(name, MANIFEST_COPIES_POLICY) == 0;
	case MANIFEST_SECRET:
		return strcmp(name, MANIFEST_TOKEN) == 0;
	case MANIFEST_SERVICE_ACCOUNT:
	case MANIFEST_CLUSTER_ROLE:
	case MANIFEST_CLUSTER_ROLE_BINDING:
		return strcmp(name, MANIFEST_ACCOUNT) == 0;
	case MANIFEST_ROLE:
	case MANIFEST_ROLE_BINDING:
		return strcmp(name, MANIFEST_ACCOUNT) == 0 ||
		       strcmp(name, MANIFEST_COPIES_ROLE) == 0 ||
		       strcmp(name, MANIFEST_SOURCES_ROLE) == 0;
	}
	return false;
}

static const char *root_of(const struct kind *kind)
{
	return strchr(kind->version, '/') ? "/apis" : "/api";
}

void manifest_path(const struct manifest_object *object, char path[MANIFEST_PATH])
{
	const struct kind *kind = &kinds[object->kind];
	bool placed = object->namespace[0] != '\0';

	(void)snprintf(path, MANIFEST_PATH, "%s/%s%s%.63s/%s/%.253s", root_of(kind), kind->version,
	               placed ? "/namespaces/" : "", object->namespace, kind->plural, object->name);
}

void manifest_path_ours(enum manifest_kind kind, char path[MANIFEST_PATH])
{
	(void)snprintf(path, MANIFEST_PATH, "%s/%s/%s?labelSelector=%s", root_of(&kinds[kind]),
	               kinds[kind].version, kinds[kind].plural, MANIFEST_SELECTOR);
}
