/* SPDX-License-Identifier: Apache-2.0 */
/* copy_body - reads Secrets as the API sends them, and writes the copy of one as Cilium's operator
 * would. The copy is built only from a source that Envoy could serve: of type kubernetes.io/tls, with a
 * certificate and the key that fits it. An expired pair is built too, as the operator would; its
 * validity is in the facts.
 *
 * Keys stay in here: what is decoded is wiped, what leaves is a body to post (secret_free) and digests;
 * no message holds a byte of the data or of an annotation (kubectl's last-applied-configuration is one
 * of those). objects_init() comes before any of it.
 *
 * A refusal is one line in ret_failure that begins "namespace/name ", says what is wrong and what to
 * do. Everything ret_ is written on success only.
 *   -EBADMSG  the answer is no such Secret, or the Secret is not fit to be served
 *   -E2BIG    its data is beyond SECRET_DATA_MAX
 *   -ENOENT   it is being deleted
 *   -ENOMEM */
#pragma once
#include "base/secret.h"
#include "cilium/copy.h"
#include "kube/objects.h"
#include "tls/digest.h"

#define SECRET_DATA_MAX (1024 * 1024) /* the API's own limit: all values of one Secret, decoded */
#define SECRET_TYPE_MAX 128

struct source_facts {
	char uid[OBJECT_UID_MAX], version[OBJECT_VERSION_MAX];
	struct tls_leaf leaf;
	struct digest data; /* of all keys and values: equal only for equal data, in any order */
};

struct copy_facts {
	char uid[OBJECT_UID_MAX], version[OBJECT_VERSION_MAX];
	char type[SECRET_TYPE_MAX]; /* printable, cut with "..." */
	char owner_namespace[OBJECT_NAME_MAX],
		owner_name[OBJECT_NAME_MAX]; /* its labels; "": none */
	struct digest data;
	bool has_leaf; /* tls.crt begins with a certificate */
	struct tls_leaf leaf;
	bool terminating;
};

struct copy_target { /* all owned by the caller */
	struct copy_source source;
	const char *namespace, *name; /* of the copy */
	const struct copy_shape *shape;
};

/* Whether a source may be copied, and what it holds. */
int copy_body_check(struct span json, const struct copy_source *source, struct source_facts *ret,
                    struct failure *ret_failure);

/* The same, and the copy's JSON: a secret, to be freed with secret_free(). */
int copy_body_build(struct span json, const struct copy_target *target, struct source_facts *ret,
                    char **ret_json, struct failure *ret_failure);

/* What is there under a copy's name, whoever made it. */
int copy_body_read(struct span json, const struct copy_source *copy, struct copy_facts *ret,
                   struct failure *ret_failure);
