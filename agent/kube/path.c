/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/path.h"

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
