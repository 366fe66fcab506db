/* SPDX-License-Identifier: Apache-2.0 */
/* copy - the name and the shape of the copy that Cilium's operator makes of a TLS Secret. Pure: where
 * a name needs a digest, this module says over which bytes, and is handed the digest.
 * Source: operator/pkg/secretsync/{secretsync_reconcile,ownership}.go, pkg/secretsync/names/names.go. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define COPY_NAMESPACE_MAX 63  /* RFC 1123 label */
#define COPY_NAME_MAX      253 /* RFC 1123 subdomain */
#define COPY_LABEL_MAX     63  /* a label's value: the source's name becomes one */
#define COPY_DIGEST_BYTES  32
#define COPY_PREIMAGE_MAX  (sizeof("secret") + COPY_NAMESPACE_MAX + 1 + COPY_NAME_MAX)

#define COPY_LABEL_NAMESPACE "secretsync.cilium.io/owning-secret-namespace"
#define COPY_LABEL_NAME      "secretsync.cilium.io/owning-secret-name"

struct copy_source { /* both strings are the caller's */
	const char *namespace;
	const char *name;
};

/* Bits, so that several CiliumEnvoyConfigs can be asked together. */
enum copy_rule {
	COPY_RULE_NONE = 0,
	COPY_RULE_LEGACY = 1 << 0, /* up to 1.19: <namespace>-<name> */
	COPY_RULE_HASHED = 1 << 1, /* from 1.20: cilium-sync-secret-<SHA-256> */
};

struct copy_names {
	char legacy[COPY_NAME_MAX + 1]; /* "": it would be too long */
	char hashed[COPY_NAME_MAX + 1];
};

/* Why no operator and no agent can ever make the copy: the API would refuse it. */
enum copy_obstacle {
	COPY_POSSIBLE,
	COPY_BAD_NAME,   /* the source's name or namespace is none that the API has */
	COPY_LONG_LABEL, /* its name is beyond 63 characters, and must become a label's value */
	COPY_LONG_NAME,  /* <namespace>-<name> is beyond 253 characters */
};

/* What a copy carries beside what its source has. */
enum copy_value { COPY_VALUE_KIND, COPY_VALUE_NAMESPACE, COPY_VALUE_NAME };

struct copy_mark {
	const char *key;
	enum copy_value value;
};

struct copy_shape {
	size_t label_count, annotation_count;
	const struct copy_mark *labels, *annotations;
};

/* Whether a text is a name as the API has them, of at most max characters: so it needs no escaping
 * in a path, and cannot leave its place there. */
bool copy_is_name(struct span text, size_t max);

enum copy_obstacle copy_obstacle_of(const struct copy_source *source, enum copy_rule rule);

/* What to do about it, to follow "<namespace>/<name> "; "" for COPY_POSSIBLE. */
const char *copy_obstacle_words(enum copy_obstacle obstacle);

/* The bytes whose SHA-256 names the copy from 1.20 on. Their number; 0 where a name is none. */
size_t copy_preimage(const struct copy_source *source, char ret_bytes[COPY_PREIMAGE_MAX]);

/* Both names that the copy may have; digest is that of copy_preimage(). */
void copy_name_both(const struct copy_source *source, const unsigned char digest[COPY_DIGEST_BYTES],
                    struct copy_names *ret);

/* The name by that rule; NULL for none, or where it would be too long. */
const char *copy_name(const struct copy_names *names, enum copy_rule rule);

/* Splits an SDS name, "<namespace>/<name>". False: it is none. The spans point into it. */
bool copy_split_sds(struct span sds, struct span *ret_namespace, struct span *ret_name);

/* Which of the names one SDS name of a CiliumEnvoyConfig asks for; to be OR-ed over all of them. */
enum copy_rule copy_asked(const struct copy_names *names, const char *secrets_namespace,
                          struct span sds);

/* The rule to name the copy by: what is asked for; if nothing or both is, that of the operator's
 * release (1.18 is 118). COPY_RULE_NONE: nothing is asked for, and the release is not known (0). */
enum copy_rule copy_choose(unsigned asked, uint32_t minor);

/* What the operator of that release marks its copies with; if it is not known, the rule tells. */
const struct copy_shape *copy_shape_of(uint32_t minor, enum copy_rule rule);

const char *copy_mark_value(const struct copy_mark *mark, const struct copy_source *source);
