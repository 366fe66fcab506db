/* SPDX-License-Identifier: Apache-2.0 */
/* path - the URL paths of the API that gatewake uses, all in one place: this list is also what its
 * Roles must allow. A name that is no DNS name never gets into a path. Each returns 0, -EINVAL for such
 * a name, or -E2BIG. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define PATH_SIZE 1024

#define PATH_READYZ    "/readyz"
#define CONFIGMAP_NAME "cilium-config"

int path_deployments(char *path, size_t size);
int path_replicasets(char *path, size_t size, const char *namespace);
int path_pods(char *path, size_t size, const char *namespace);
int path_pod(char *path, size_t size, const char *namespace, const char *pod);
int path_log(char *path, size_t size, const char *namespace, const char *pod, size_t limit);
int path_config(char *path, size_t size, const char *namespace);
int path_nodes(char *path, size_t size, size_t limit);
int path_crd(char *path, size_t size, const char *name);

/* What is listed and watched (kube/watch). Of copies only the metadata is asked for: what a Secret holds
 * never gets here. Of pods, too: that something changed is all that is wanted. */
enum path_resource {
	PATH_CLASSES,
	PATH_GATEWAYS,
	PATH_LISTENERSETS,
	PATH_GRANTS,      /* v1: Gateway API 1.5 and later */
	PATH_GRANTS_BETA, /* v1beta1: all that came before, and still served */
	PATH_ENVOYCONFIGS,
	PATH_COPIES,    /* Secrets of one namespace; up to here: what copies rest on */
	PATH_OPERATORS, /* the operator's pods */
};
#define PATH_RESOURCE_COUNT 8

#define PATH_TOKEN_SIZE   1024 /* of a continue token, which names the last object: about 500 at most */
#define PATH_VERSION_SIZE 32   /* of a resourceVersion */
#define PATH_QUERY_SIZE   4096 /* holds any path with any token, escaped */

struct path_page { /* zeroed: everything, as of now, in one answer */
	size_t limit;        /* 0: none */
	const char *token;   /* of the page before, "" or NULL: the first */
	const char *version; /* not older than that; "" or NULL: as of now. Not together with limit or token: with
	                      * a limit an API server may answer with the state at exactly that version (seen) */
};

/* namespace NULL: the whole cluster. -EINVAL: also where a resource has no or must have a namespace, for a
 * version that is not opaque-safe, and for a page that asks for too much. */
int path_list(char *path, size_t size, enum path_resource resource, const char *namespace,
	      const struct path_page *page);
int path_watch(char *path, size_t size, enum path_resource resource, const char *namespace, const char *version,
	       unsigned timeout_seconds);

const char *path_kind(enum path_resource resource); /* "Secret" */

/* The Accept header that goes with it, and the kind that each object of the answer has (a list's: with
 * "List" behind it), which is another one where only the metadata is asked for. Copies: a server that can't cut the
 * metadata out says 406; no whole Secret as a fallback. */
const char *path_accept_list(enum path_resource resource);
const char *path_accept_watch(enum path_resource resource);
const char *path_answer_kind(enum path_resource resource);

/* Digits as a rule, but the API says opaque: 1 to 31 letters, digits, '-', '.', '_', which stand for themselves in
 * a URL. Not "0", which asks for anything however old, and a watch for synthetic events in any order. */
bool path_version_is_safe(const char *version);
