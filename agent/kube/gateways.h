/* SPDX-License-Identifier: Apache-2.0 */
/* gateways - what the API says about Gateways and their certificates: the stores that kube/watch feeds, one a
 * kind, ordered by namespace and name. Owns its objects: what it hands out is valid until the next event is
 * put in. Of a Secret only the metadata is ever read, and of that only names.
 *
 * Bounded by name: an object beyond a limit is not kept, and gateways_over() names the limit until a snapshot
 * fits. Where it says anything, nothing may be concluded from what is missing. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "kube/watch.h"

#define GATEWAYS_CONTROLLER "io.cilium/gateway-controller"

#define CLASSES_MAX      64
#define GATEWAYS_MAX     64
#define LISTENERSETS_MAX 64
#define LISTENERS_MAX    256 /* of Gateways and ListenerSets together */
#define GRANTS_MAX       128
#define ENVOYCONFIGS_MAX 128
#define SDS_NAMES_MAX    256 /* of all CiliumEnvoyConfigs together */
#define COPIES_MAX       512
#define GATEWAYS_TEXT_MAX 512 /* of any one string: no name of the API is longer than 317 */

enum gateways_kind {
	GATEWAYS_CLASS,
	GATEWAYS_GATEWAY,
	GATEWAYS_LISTENERSET,
	GATEWAYS_GRANT,
	GATEWAYS_ENVOYCONFIG,
	GATEWAYS_COPY,
};
#define GATEWAYS_KIND_COUNT 6

struct gateways_piece;

struct gateways_object { /* stands first in each of the below; no string is ever NULL */
	const char *namespace, *name, *uid, *version;
	int64_t generation; /* 0: none */
	bool terminating;
	struct gateways_piece *held; /* the store's */
};

struct gateways_class {
	struct gateways_object is;
	const char *controller;
};

struct gateways_ref {
	const char *group, *kind, *namespace, *name; /* with the API's defaults filled in */
};

enum gateways_tls {
	GATEWAYS_NO_TLS,
	GATEWAYS_TERMINATE,
	GATEWAYS_PASSTHROUGH,
	GATEWAYS_OTHER_TLS, /* a mode of a later API */
};

struct gateways_listener {
	const char *name, *protocol;
	const char *hostname; /* "": any */
	uint16_t port;
	enum gateways_tls tls;
	bool own_validation; /* frontendValidation, before Gateway API 1.4 */
	size_t ref_count;
	const struct gateways_ref *ref;
};

struct gateways_address {
	const char *type, *value;
};

struct gateways_port {
	uint16_t port;
	bool validates;
};

struct gateways_gateway {
	struct gateways_object is;
	const char *class;
	bool validates; /* spec.tls.frontend.default: clients are asked for a certificate */
	size_t port_count, listener_count, address_count;
	const struct gateways_port *port; /* spec.tls.frontend.perPort, which overrides the default */
	const struct gateways_listener *listener;
	const struct gateways_address *address; /* of the status */
};

struct gateways_listenerset {
	struct gateways_object is;
	struct gateways_ref parent;
	size_t listener_count;
	const struct gateways_listener *listener;
};

struct gateways_from {
	const char *group, *kind, *namespace;
};

struct gateways_to {
	const char *group, *kind;
	const char *name; /* "": all */
};

struct gateways_grant {
	struct gateways_object is;
	size_t from_count, to_count;
	const struct gateways_from *from;
	const struct gateways_to *to;
};

struct gateways_envoyconfig {
	struct gateways_object is;
	const char *owner, *owner_uid; /* the Gateway that controls it; "": none does */
	size_t sds_count;
	const char *const *sds; /* "<secrets namespace>/<copy>", each once, in order */
};

struct gateways_copy {
	struct gateways_object is;
	const char *source_namespace, *source_name; /* of its labels; "": without them */
};

struct gateways;

/* -ENOMEM. */
int gateways_new(struct gateways **ret);
struct gateways *gateways_free(struct gateways *self); /* NULL is fine; always returns NULL */
DEFINE_CLEANUP(struct gateways, gateways_free)

/* What a watch of that kind feeds. Its put answers
 *   -EBADMSG  the object is not what its API says: a field that is needed is missing or of the wrong type
 *   -EAGAIN   a limit was passed earlier, and may not be any more: only a new snapshot can tell
 *   -ENOMEM */
struct watch_sink gateways_sink(struct gateways *self, enum gateways_kind kind);

/* Another number after each change of any store. */
uint64_t gateways_revision(const struct gateways *self);

/* The limit that does not hold all there is ("64 Gateways"), NULL where all are kept. */
const char *gateways_over(const struct gateways *self, enum gateways_kind kind);

/* By place, in order; NULL beyond the last. By name; namespace "" for classes; NULL where there is none. */
const void *gateways_at(const struct gateways *self, enum gateways_kind kind, size_t index);
const void *gateways_find(const struct gateways *self, enum gateways_kind kind, const char *namespace,
			  const char *name);

#define GATEWAYS_TYPED(type, kind)                                                                              \
	static inline const struct gateways_##type *gateways_##type##_at(const struct gateways *self, size_t i) \
	{                                                                                                       \
		return gateways_at(self, kind, i);                                                              \
	}                                                                                                       \
	static inline const struct gateways_##type *gateways_##type##_find(                                     \
		const struct gateways *self, const char *namespace, const char *name)                           \
	{                                                                                                       \
		return gateways_find(self, kind, namespace, name);                                              \
	}
GATEWAYS_TYPED(class, GATEWAYS_CLASS)
GATEWAYS_TYPED(gateway, GATEWAYS_GATEWAY)
GATEWAYS_TYPED(listenerset, GATEWAYS_LISTENERSET)
GATEWAYS_TYPED(grant, GATEWAYS_GRANT)
GATEWAYS_TYPED(envoyconfig, GATEWAYS_ENVOYCONFIG)
GATEWAYS_TYPED(copy, GATEWAYS_COPY)
#undef GATEWAYS_TYPED

/* Whether a class is known, and Cilium's. */
bool gateways_is_cilium(const struct gateways *self, const char *class);

/* Whether a Gateway or ListenerSet (from_kind) of from_namespace may refer to that Secret: in its own namespace
 * always; elsewhere if a ReferenceGrant there says so. Without the grants in the store: no. */
bool gateways_grant_allows(const struct gateways *self, enum gateways_kind from_kind, const char *from_namespace,
			   const char *secret_namespace, const char *secret_name);

/* Whether a listener, its own or of a ListenerSet attached to it, asks clients for a certificate. */
bool gateways_asks_client(const struct gateways_gateway *gateway, const struct gateways_listener *listener);
