/* SPDX-License-Identifier: Apache-2.0 */
/* path - the URL paths of the API that gatewake uses, all in one place: this list is also what its
 * Roles must allow. A name that is no DNS name never gets into a path. Each returns 0, -EINVAL for such
 * a name, or -E2BIG. */
#pragma once
#include <stddef.h>

#define PATH_SIZE 1024

#define PATH_READYZ "/readyz"

int path_deployments(char *path, size_t size);
int path_replicasets(char *path, size_t size, const char *namespace);
int path_pods(char *path, size_t size, const char *namespace);
int path_pod(char *path, size_t size, const char *namespace, const char *pod);
int path_log(char *path, size_t size, const char *namespace, const char *pod, size_t limit);
int path_nodes(char *path, size_t size, size_t limit);
int path_crd(char *path, size_t size, const char *name);
