/* SPDX-License-Identifier: Apache-2.0 */
#include "cilium/copy.h"

#include <string.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define HASHED_SINCE  120 /* and the annotations with it */
#define HASHED_PREFIX "cilium-sync-secret-"

bool copy_is_name(struct span text, size_t max)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

	if (text.len == 0 || text.len > max || text.ptr[0] == '-' || text.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!memchr(allowed, text.ptr[i], sizeof(allowed) - 1))
			return false;
	return true;
}

static bool is_named(const struct copy_source *source)
{
	return copy_is_name(span_of(source->namespace), COPY_NAMESPACE_MAX) &&
	       copy_is_name(span_of(source->name), COPY_NAME_MAX);
}

static size_t legacy_len(const struct copy_source *source)
{
	return strlen(source->namespace) + 1 + strlen(source->name);
}

enum copy_obstacle copy_obstacle_of(const struct copy_source *source, enum copy_rule rule)
{
	if (!is_named(source))
		return COPY_BAD_NAME;
	if (rule == COPY_RULE_LEGACY && legacy_len(source) > COPY_NAME_MAX)
		return COPY_LONG_NAME;
	return strlen(source->name) > COPY_LABEL_MAX ? COPY_LONG_LABEL : COPY_POSSIBLE;
}

const char *copy_obstacle_words(enum copy_obstacle obstacle)
{
	switch (obstacle) {
	case COPY_POSSIBLE:
		return "";
	case COPY_BAD_NAME:
		return "is no name of a Secret; correct the certificateRef";
	case COPY_LONG_LABEL:
		return "can never be copied, its name is longer than 63 characters; "
		       "use a Secret with a shorter name";
	case COPY_LONG_NAME:
		return "can never be copied, the copy's name would be longer than 253 characters; "
		       "use a Secret with a shorter name";
	}
	return "";
}

/* Appends without a terminator; the caller has seen to the room. */
static char *append(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

size_t copy_preimage(const struct copy_source *source, char ret_bytes[COPY_PREIMAGE_MAX])
{
	char *to = ret_bytes;

	if (!is_named(source))
		return 0;
	to = append(to, "secret", sizeof("secret"));
	to = append(to, source->namespace, strlen(source->namespace) + 1);
	to = append(to, source->name, strlen(source->name));
	return (size_t)(to - ret_bytes);
}

static void set_hashed(const unsigned char digest[COPY_DIGEST_BYTES], char *to)
{
	static const char digits[] = "0123456789abcdef";

	to = append(to, HASHED_PREFIX, sizeof(HASHED_PREFIX) - 1);
	for (size_t i = 0; i < COPY_DIGEST_BYTES; i++) {
		*to++ = digits[digest[i] >> 4];
		*to++ = digits[digest[i] & 15];
	}
	*to = '\0';
}

static void set_legacy(const struct copy_source *source, char *to)
{
	if (legacy_len(source) <= COPY_NAME_MAX) {
		to = append(to, source->namespace, strlen(source->namespace));
		*to++ = '-';
		to = append(to, source->name, strlen(source->name));
	}
	*to = '\0';
}

void copy_name_both(const struct copy_source *source, const unsigned char digest[COPY_DIGEST_BYTES],
                    struct copy_names *ret)
{
	set_legacy(source, ret->legacy);
	set_hashed(digest, ret->hashed);
}

const char *copy_name(const struct copy_names *names, enum copy_rule rule)
{
	switch (rule) {
	case COPY_RULE_LEGACY:
		return names->legacy[0] ? names->legacy : NULL;
	case COPY_RULE_HASHED:
		return names->hashed;
	case COPY_RULE_NONE:
		break;
	}
	return NULL;
}

bool copy_split_sds(struct span sds, struct span *ret_namespace, struct span *ret_name)
{
	const char *slash = sds.len ? memchr(sds.ptr, '/', sds.len) : NULL;
	struct span namespace, name;

	if (!slash)
		return false;
	namespace = (struct span){ sds.ptr, (size_t)(slash - sds.ptr) };
	name = (struct span){ slash + 1, sds.len - namespace.len - 1 };
	if (!copy_is_name(namespace, COPY_NAMESPACE_MAX) || !copy_is_name(name, COPY_NAME_MAX))
		return false;
	*ret_namespace = namespace;
	*ret_name = name;
	return true;
}

enum copy_rule copy_asked(const struct copy_names *names, const char *secrets_namespace,
                          struct span sds)
{
	struct span namespace, name;

	if (!copy_split_sds(sds, &namespace, &name) || !span_equals(namespace, secrets_namespace))
		return COPY_RULE_NONE;
	if (span_equals(name, names->hashed))
		return COPY_RULE_HASHED;
	return span_equals(name, names->legacy) ? COPY_RULE_LEGACY : COPY_RULE_NONE;
}

enum copy_rule copy_choose(unsigned asked, uint32_t minor)
{
	if (asked == COPY_RULE_LEGACY || asked == COPY_RULE_HASHED)
		return (enum copy_rule)asked;
	if (minor == 0)
		return COPY_RULE_NONE;
	return minor < HASHED_SINCE ? COPY_RULE_LEGACY : COPY_RULE_HASHED;
}

static const struct copy_mark owner_labels[] = {
	{ COPY_LABEL_NAMESPACE, COPY_VALUE_NAMESPACE },
	{ COPY_LABEL_NAME, COPY_VALUE_NAME },
};
static const struct copy_mark source_annotations[] = {
	{ "secretsync.cilium.io/source-kind", COPY_VALUE_KIND },
	{ "secretsync.cilium.io/source-namespace", COPY_VALUE_NAMESPACE },
	{ "secretsync.cilium.io/source-name", COPY_VALUE_NAME },
};
static const struct copy_shape labelled = { COUNT(owner_labels), 0, owner_labels, NULL };
static const struct copy_shape annotated = { COUNT(owner_labels), COUNT(source_annotations),
	                                     owner_labels, source_annotations };

const struct copy_shape *copy_shape_of(uint32_t minor, enum copy_rule rule)
{
	if (minor == 0)
		return rule == COPY_RULE_HASHED ? &annotated : &labelled;
	return minor < HASHED_SINCE ? &labelled : &annotated;
}

const char *copy_mark_value(const struct copy_mark *mark, const struct copy_source *source)
{
	switch (mark->value) {
	case COPY_VALUE_KIND:
		return "Secret";
	case COPY_VALUE_NAMESPACE:
		return source->namespace;
	case COPY_VALUE_NAME:
		return source->name;
	}
	return "";
}
