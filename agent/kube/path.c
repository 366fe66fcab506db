/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/path.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kube/objects.h"

static int print(char *path, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int print(char *path, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, size, format, args);
	va_end(args);
	return len < 0 || (size_t)len >= size ? -E2BIG : 0;
}

/* RFC 1123: so that it needs no escaping, and cannot leave its place in the path. */
static int check_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.");

	return len == 0 || name[len] || name[0] == '.' || name[0] == '-' ? -EINVAL : 0;
}

int path_deployments(char *path, size_t size)
{
	return print(path, size, "/apis/apps/v1/deployments?labelSelector=%s&limit=4",
	             OPERATOR_SELECTOR);
}

static int of_operator(char *path, size_t size, const char *group, const char *namespace,
                       const char *kind, size_t limit)
{
	int r = check_name(namespace);

	return r < 0 ? r
	             : print(path, size, "%s/namespaces/%s/%s?labelSelector=%s&limit=%zu", group,
	                     namespace, kind, OPERATOR_SELECTOR, limit);
}

int path_replicasets(char *path, size_t size, const char *namespace)
{
	return of_operator(path, size, "/apis/apps/v1", namespace, "replicasets", REPLICASETS_MAX);
}

int path_pods(char *path, size_t size, const char *namespace)
{
	return of_operator(path, size, "/api/v1", namespace, "pods", OPERATORS_MAX);
}

int path_pod(char *path, size_t size, const char *namespace, const char *pod)
{
	if (check_name(namespace) < 0 || check_name(pod) < 0)
		return -EINVAL;
	return print(path, size, "/api/v1/namespaces/%s/pods/%s", namespace, pod);
}

int path_log(char *path, size_t size, const char *namespace, const char *pod, size_t limit)
{
	if (check_name(namespace) < 0 || check_name(pod) < 0)
		return -EINVAL;
	return print(path, size,
	             "/api/v1/namespaces/%s/pods/%s/log?container=" OPERATOR_CONTAINER
	             "&limitBytes=%zu",
	             namespace, pod, limit);
}

int path_config(char *path, size_t size, const char *namespace)
{
	int r = check_name(namespace);

	return r < 0 ? r
	             : print(path, size, "/api/v1/namespaces/%s/configmaps/" CONFIGMAP_NAME,
	                     namespace);
}

int path_nodes(char *path, size_t size, size_t limit)
{
	return print(path, size, "/api/v1/nodes?limit=%zu", limit);
}

int path_crd(char *path, size_t size, const char *name)
{
	int r = check_name(name);

	return r < 0 ? r
	             : print(path, size,
	                     "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/%s", name);
}

#define METADATA      "PartialObjectMetadata"
#define PARTIAL(kind) "application/json;as=" kind ";g=meta.k8s.io;v=v1"

static const struct resource {
	const char *group, *plural, *kind;
	bool clusterwide, metadata_only;
	const char *query; /* what begins it, NULL: nothing */
} resources[] = {
	[PATH_CLASSES] = { "/apis/gateway.networking.k8s.io/v1", "gatewayclasses", "GatewayClass",
	                   .clusterwide = true },
	[PATH_GATEWAYS] = { "/apis/gateway.networking.k8s.io/v1", "gateways", "Gateway" },
	[PATH_LISTENERSETS] = { "/apis/gateway.networking.k8s.io/v1", "listenersets",
	                        "ListenerSet" },
	[PATH_GRANTS] = { "/apis/gateway.networking.k8s.io/v1", "referencegrants",
	                  "ReferenceGrant" },
	[PATH_GRANTS_BETA] = { "/apis/gateway.networking.k8s.io/v1beta1", "referencegrants",
	                       "ReferenceGrant" },
	[PATH_ENVOYCONFIGS] = { "/apis/cilium.io/v2", "ciliumenvoyconfigs", "CiliumEnvoyConfig" },
	[PATH_COPIES] = { "/api/v1", "secrets", "Secret", .metadata_only = true },
	[PATH_OPERATORS] = { "/api/v1", "pods", "Pod", .metadata_only = true,
	                     .query = "labelSelector=" OPERATOR_SELECTOR "&" },
};
static_assert(sizeof(resources) / sizeof(resources[0]) == PATH_RESOURCE_COUNT, "a row for each resource");

bool path_version_is_safe(const char *version)
{
	size_t len = strspn(version, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._");

	return len > 0 && len < PATH_VERSION_SIZE && !version[len] && strcmp(version, "0") != 0;
}

/* The path with the beginning of its query, which ends with '?' or '&'. */
static int of_resource(char *path, size_t size, enum path_resource resource, const char *namespace)
{
	const struct resource *row = &resources[resource];
	const char *query = row->query ? row->query : "";

	if (row->clusterwide && namespace)
		return -EINVAL;
	if (!namespace)
		return row->metadata_only
		               ? -EINVAL
		               : print(path, size, "%s/%s?%s", row->group, row->plural, query);
	if (check_name(namespace) < 0)
		return -EINVAL;
	return print(path, size, "%s/namespaces/%s/%s?%s", row->group, namespace, row->plural,
	             query);
}

/* RFC 3986: all but the unreserved characters as %XX. */
static int escape(char *buffer, size_t size, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t len = 0;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (len + 4 > size)
			return -E2BIG;
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~", byte)) {
			buffer[len++] = (char)byte;
			continue;
		}
		buffer[len++] = '%';
		buffer[len++] = hex[byte >> 4];
		buffer[len++] = hex[byte & 15];
	}
	buffer[len] = '\0';
	return 0;
}

int path_list(char *path, size_t size, enum path_resource resource, const char *namespace,
	      const struct path_page *page)
{
	const char *token = page->token ? page->token : "", *version = page->version ? page->version : "";
	char base[PATH_SIZE], escaped[3 * PATH_TOKEN_SIZE + 1];
	int r = of_resource(base, sizeof(base), resource, namespace);

	if (r == 0)
		r = escape(escaped, sizeof(escaped), token);
	if (r < 0)
		return r;
	if (version[0] && (page->limit || token[0] || !path_version_is_safe(version)))
		return -EINVAL;
	if (token[0] && !page->limit)
		return -EINVAL;
	if (version[0])
		return print(path, size, "%sresourceVersion=%s&resourceVersionMatch=NotOlderThan",
		             base, version);
	if (!page->limit)
		return print(path, size, "%.*s", (int)strlen(base) - 1, base);
	return print(path, size, "%slimit=%zu%s%s", base, page->limit, token[0] ? "&continue=" : "",
	             escaped);
}

int path_watch(char *path, size_t size, enum path_resource resource, const char *namespace, const char *version,
	       unsigned timeout_seconds)
{
	char base[PATH_SIZE];
	int r = of_resource(base, sizeof(base), resource, namespace);

	if (r < 0)
		return r;
	if (!path_version_is_safe(version))
		return -EINVAL;
	return print(path, size,
	             "%swatch=1&resourceVersion=%s&allowWatchBookmarks=true&timeoutSeconds=%u",
	             base, version, timeout_seconds);
}

const char *path_accept_list(enum path_resource resource)
{
	return resources[resource].metadata_only ? PARTIAL(METADATA "List") : "application/json";
}

const char *path_accept_watch(enum path_resource resource)
{
	return resources[resource].metadata_only ? PARTIAL(METADATA) : "application/json";
}

const char *path_kind(enum path_resource resource)
{
	return resources[resource].kind;
}

const char *path_answer_kind(enum path_resource resource)
{
	return resources[resource].metadata_only ? METADATA : resources[resource].kind;
}
