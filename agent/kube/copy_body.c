/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/copy_body.h"

#include <stdarg.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tls/base64.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

#define TLS_TYPE "kubernetes.io/tls"
#define AGAIN    "; gatewake looks again"
#define ANEW     "; create it anew with kubectl create secret tls"

static int refuse(struct failure *failure, const struct copy_source *who, int error,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Names are cut where no copy could have them. */
static int refuse(struct failure *failure, const struct copy_source *who, int error,
                  const char *format, ...)
{
	char why[sizeof(failure->text)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return failure_set(failure, error == -E2BIG ? FAILURE_TOO_BIG : FAILURE_BAD_DATA, error,
	                   "%.63s/%.63s %s", who->namespace, who->name, why);
}

static int no_memory(struct failure *failure)
{
	return failure_set(failure, FAILURE_LOCAL, -ENOMEM, "out of memory");
}

static const cJSON *at(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_at(const cJSON *object, const char *name)
{
	const cJSON *item = at(object, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static bool is_terminating(const cJSON *secret)
{
	const cJSON *since = at(at(secret, "metadata"), "deletionTimestamp");

	return since && !cJSON_IsNull(since);
}

static bool fits(char *buffer, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= size)
		return false;
	memcpy(buffer, text, len + 1);
	return true;
}

/* cJSON ends a text at a NUL: what stands behind one would be lost from the copy without a word. */
static bool has_nul(struct span json)
{
	if (json.len && memchr(json.ptr, '\0', json.len))
		return true;
	for (size_t i = 0; i + 6 <= json.len; i++) {
		if (json.ptr[i] != '\\')
			continue;
		if (memcmp(json.ptr + i, "\\u0000", 6) == 0)
			return true;
		i++; /* what is escaped is no backslash to begin with */
	}
	return false;
}

/* Nothing of the answer is quoted: it may be a key. */
static int open_secret(struct span json, const struct copy_source *who, cJSON **ret,
                       struct failure *failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *secret = NULL;
	const cJSON *metadata;

	if (has_nul(json))
		return refuse(failure, who, -EBADMSG,
		              "holds a NUL character, which is not copied%s", ANEW);
	secret = cJSON_ParseWithLength(json.ptr, json.len);
	if (!cJSON_IsObject(secret))
		return refuse(failure, who, -EBADMSG, "came as no whole JSON object (%zu bytes)%s",
		              json.len, AGAIN);
	if (strcmp(text_at(secret, "kind"), "Secret") != 0)
		return refuse(failure, who, -EBADMSG, "was asked for, the answer is no Secret%s",
		              AGAIN);
	metadata = at(secret, "metadata");
	if (strcmp(text_at(metadata, "namespace"), who->namespace) != 0 ||
	    strcmp(text_at(metadata, "name"), who->name) != 0)
		return refuse(failure, who, -EBADMSG,
		              "was asked for, the answer is another Secret%s", AGAIN);
	*ret = TAKE_PTR(secret);
	return 0;
}

/* Values are texts; null is what Go writes for an empty one. */
static bool is_map(const cJSON *map)
{
	const cJSON *item;

	if (!map || cJSON_IsNull(map))
		return true;
	if (!cJSON_IsObject(map))
		return false;
	cJSON_ArrayForEach(item, map)
	{
		if (!cJSON_IsString(item) && !cJSON_IsNull(item))
			return false;
	}
	return true;
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* The members of a map in the order of their keys; NULL: out of memory. */
static const cJSON **sort(const cJSON *map, size_t *ret_count)
{
	size_t count = cJSON_IsObject(map) ? (size_t)cJSON_GetArraySize(map) : 0;
	const cJSON **sorted = calloc(count + 1, sizeof(*sorted));
	const cJSON *item;
	size_t at_item = 0;

	if (!sorted)
		return NULL;
	cJSON_ArrayForEach(item, map)
	{
		if (at_item < count)
			sorted[at_item++] = item;
	}
	qsort(sorted, count, sizeof(*sorted), by_key);
	*ret_count = count;
	return sorted;
}

static int decode(const cJSON *value, const struct copy_source *who, char **ret, size_t *ret_len,
                  struct failure *failure)
{
	char quoted[64];
	int r = tls_base64_decode(span_of(cJSON_IsString(value) ? value->valuestring : ""), ret,
	                          ret_len);

	if (r == -ENOMEM)
		return no_memory(failure);
	failure_quote(quoted, sizeof(quoted), value->string, strlen(value->string));
	return r == 0 ? 0
	              : refuse(failure, who, -EBADMSG, "has data under \"%s\" that is not base64%s",
	                       quoted, AGAIN);
}

/* Appends one value as key, NUL, SHA-256 of its bytes. */
static int append_value(const cJSON *value, const struct copy_source *who, char **to, size_t *total,
                        struct failure *failure)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	struct digest digest;
	size_t len, key_len = strlen(value->string) + 1;
	int r = decode(value, who, &bytes, &len, failure);

	if (r < 0)
		return r;
	*total += len;
	if (tls_digest((struct span){ bytes, len }, &digest) < 0)
		return no_memory(failure);
	memcpy(*to, value->string, key_len);
	memcpy(*to + key_len, digest.bytes, sizeof(digest.bytes));
	*to += key_len + sizeof(digest.bytes);
	return 0;
}

/* One digest for all of the data: over its keys in order, each with the digest of its value. Two values
 * under one key are refused: which of them counts is anybody's guess. */
static int digest_data(const cJSON *data, const struct copy_source *who, struct digest *ret,
                       struct failure *failure)
{
	size_t count, room = 1, total = 0;
	CLEANUP(free_p) const cJSON **sorted = sort(data, &count);

	if (!sorted)
		return no_memory(failure);
	for (size_t i = 0; i < count; i++)
		room += strlen(sorted[i]->string) + 1 + DIGEST_BYTES;
	CLEANUP(free_p) char *list = malloc(room);
	if (!list)
		return no_memory(failure);
	char *to = list;
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && by_key(&sorted[i - 1], &sorted[i]) == 0)
			return refuse(failure, who, -EBADMSG, "came with a key of its data twice%s",
			              AGAIN);
		int r = append_value(sorted[i], who, &to, &total, failure);
		if (r < 0)
			return r;
	}
	if (total > SECRET_DATA_MAX)
		return refuse(failure, who, -E2BIG,
		              "holds %zu bytes of data, the API allows 1 MiB; take out what is no "
		              "certificate",
		              total);
	return tls_digest((struct span){ list, (size_t)(to - list) }, ret) < 0 ? no_memory(failure)
	                                                                       : 0;
}

static const char *remedy_of(int error)
{
	switch (error) {
	case -EKEYREJECTED:
		return "; put the key that tls.crt was issued for into tls.key";
	case -ENOKEY: /* the words say it already */
		return "";
	default:
		return "; put both in as PEM, the leaf first";
	}
}

static int check_pair(struct span cert, struct span key, const struct copy_source *who,
                      struct tls_leaf *ret, struct failure *failure)
{
	struct tls_validity validity;
	struct tls_leaf leaf;
	struct failure why;
	int r = tls_pair_check(cert, key, &validity, &why);

	if (r == 0)
		r = tls_leaf_digest(cert, &leaf, &why);
	if (r == -ENOMEM)
		return no_memory(failure);
	if (r < 0)
		return refuse(failure, who, r == -E2BIG ? r : -EBADMSG,
		              "is not fit to be served: %s%s", why.text, remedy_of(r));
	*ret = leaf;
	return 0;
}

static int read_pair(const cJSON *data, const struct copy_source *who, struct tls_leaf *ret,
                     struct failure *failure)
{
	CLEANUP(secret_free_p) char *cert = NULL;
	CLEANUP(secret_free_p) char *key = NULL;
	size_t cert_len, key_len;
	int r;

	if (!text_at(data, "tls.crt")[0] || !text_at(data, "tls.key")[0])
		return refuse(failure, who, -EBADMSG, "has no %s%s",
		              text_at(data, "tls.crt")[0] ? "tls.key" : "tls.crt", ANEW);
	r = decode(at(data, "tls.crt"), who, &cert, &cert_len, failure);
	if (r == 0)
		r = decode(at(data, "tls.key"), who, &key, &key_len, failure);
	if (r < 0)
		return r;
	return check_pair((struct span){ cert, cert_len }, (struct span){ key, key_len }, who, ret,
	                  failure);
}

static int check_type(const cJSON *secret, const struct copy_source *who, struct failure *failure)
{
	const char *type = text_at(secret, "type");
	char quoted[64];

	if (strcmp(type, TLS_TYPE) == 0)
		return 0;
	failure_quote(quoted, sizeof(quoted), type, strlen(type));
	return refuse(failure, who, -EBADMSG,
	              "is of type \"%s\", gatewake copies " TLS_TYPE " only%s", quoted, ANEW);
}

static int check(const cJSON *secret, const struct copy_source *who, struct source_facts *ret,
                 struct failure *failure)
{
	const cJSON *metadata = at(secret, "metadata");
	int r;

	if (is_terminating(secret))
		return refuse(failure, who, -ENOENT,
		              "is being deleted and is not copied any more%s", ANEW);
	if (!fits(ret->uid, sizeof(ret->uid), text_at(metadata, "uid")) ||
	    !fits(ret->version, sizeof(ret->version), text_at(metadata, "resourceVersion")))
		return refuse(failure, who, -EBADMSG,
		              "came without a usable uid and resourceVersion%s", AGAIN);
	if (!is_map(at(metadata, "labels")) || !is_map(at(metadata, "annotations")) ||
	    !is_map(at(secret, "data")))
		return refuse(failure, who, -EBADMSG,
		              "came with labels, annotations or data that are no texts%s", AGAIN);
	r = check_type(secret, who, failure);
	if (r == 0)
		r = digest_data(at(secret, "data"), who, &ret->data, failure);
	if (r == 0)
		r = read_pair(at(secret, "data"), who, &ret->leaf, failure);
	return r;
}

static int open_source(struct span json, const struct copy_source *source, struct source_facts *ret,
                       cJSON **ret_secret, struct failure *failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *secret = NULL;
	struct source_facts facts = { 0 };
	int r = open_secret(json, source, &secret, failure);

	if (r == 0)
		r = check(secret, source, &facts, failure);
	if (r < 0)
		return r;
	*ret = facts;
	*ret_secret = TAKE_PTR(secret);
	return 0;
}

int copy_body_check(struct span json, const struct copy_source *source, struct source_facts *ret,
                    struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *secret = NULL;

	return open_source(json, source, ret, &secret, ret_failure);
}

/* Moves a member over as it is; nothing where there is none. */
static bool move(cJSON *to, cJSON *from, const char *name)
{
	cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(from, name);

	if (!item || cJSON_IsNull(item)) {
		cJSON_Delete(item);
		return true;
	}
	if (cJSON_AddItemToObject(to, name, item))
		return true;
	cJSON_Delete(item);
	return false;
}

/* The map of that name with the marks in it; a mark that the source has (a copy of a copy) is replaced,
 * as often as it is there. */
static bool mark(cJSON *metadata, const char *name, const struct copy_mark *marks, size_t count,
                 const struct copy_source *source)
{
	cJSON *map = cJSON_GetObjectItemCaseSensitive(metadata, name);

	if (count == 0)
		return true;
	if (!map)
		map = cJSON_AddObjectToObject(metadata, name);
	for (size_t i = 0; i < count; i++) {
		while (at(map, marks[i].key))
			cJSON_DeleteItemFromObjectCaseSensitive(map, marks[i].key);
		if (!cJSON_AddStringToObject(map, marks[i].key, copy_mark_value(&marks[i], source)))
			return false;
	}
	return true;
}

static bool fill(cJSON *copy, cJSON *secret, const struct copy_target *target)
{
	const struct copy_shape *shape = target->shape;
	cJSON *from = cJSON_GetObjectItemCaseSensitive(secret, "metadata");
	cJSON *to;

	if (!cJSON_AddStringToObject(copy, "kind", "Secret") ||
	    !cJSON_AddStringToObject(copy, "apiVersion", "v1"))
		return false;
	to = cJSON_AddObjectToObject(copy, "metadata");
	return cJSON_AddStringToObject(to, "name", target->name) &&
	       cJSON_AddStringToObject(to, "namespace", target->namespace) &&
	       move(to, from, "labels") && move(to, from, "annotations") &&
	       mark(to, "labels", shape->labels, shape->label_count, &target->source) &&
	       mark(to, "annotations", shape->annotations, shape->annotation_count,
	            &target->source) &&
	       move(copy, secret, "immutable") && move(copy, secret, "data") &&
	       move(copy, secret, "type");
}

int copy_body_build(struct span json, const struct copy_target *target, struct source_facts *ret,
                    char **ret_json, struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *secret = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *copy = cJSON_CreateObject();
	struct source_facts facts;
	char *body;
	int r = open_source(json, &target->source, &facts, &secret, ret_failure);

	if (r < 0)
		return r;
	body = fill(copy, secret, target) ? cJSON_PrintUnformatted(copy) : NULL;
	if (!body)
		return no_memory(ret_failure);
	*ret = facts;
	*ret_json = body;
	return 0;
}

/* Only for what a copy has of its own; what it holds may be anything. */
static void read_copy(const cJSON *secret, struct copy_facts *ret)
{
	const cJSON *labels = at(at(secret, "metadata"), "labels");
	const char *type = text_at(secret, "type");

	failure_quote(ret->type, sizeof(ret->type), type, strlen(type));
	(void)fits(ret->owner_namespace, sizeof(ret->owner_namespace),
	           text_at(labels, COPY_LABEL_NAMESPACE));
	(void)fits(ret->owner_name, sizeof(ret->owner_name), text_at(labels, COPY_LABEL_NAME));
	ret->terminating = is_terminating(secret);
}

static int read_leaf(const cJSON *data, const struct copy_source *who, struct copy_facts *ret,
                     struct failure *failure)
{
	CLEANUP(secret_free_p) char *cert = NULL;
	struct failure why;
	size_t len;
	int r;

	if (!text_at(data, "tls.crt")[0])
		return 0;
	r = decode(at(data, "tls.crt"), who, &cert, &len, failure);
	if (r < 0)
		return r;
	r = tls_leaf_digest((struct span){ cert, len }, &ret->leaf, &why);
	ret->has_leaf = r == 0;
	return r == -ENOMEM ? no_memory(failure) : 0;
}

int copy_body_read(struct span json, const struct copy_source *copy, struct copy_facts *ret,
                   struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *secret = NULL;
	struct copy_facts facts = { 0 };
	int r = open_secret(json, copy, &secret, ret_failure);

	if (r < 0)
		return r;
	if (!fits(facts.uid, sizeof(facts.uid), text_at(at(secret, "metadata"), "uid")) ||
	    !fits(facts.version, sizeof(facts.version),
	          text_at(at(secret, "metadata"), "resourceVersion")))
		return refuse(ret_failure, copy, -EBADMSG,
		              "came without a usable uid and resourceVersion%s", AGAIN);
	if (!is_map(at(secret, "data")))
		return refuse(ret_failure, copy, -EBADMSG, "came with data that is no text%s",
		              AGAIN);
	read_copy(secret, &facts);
	r = digest_data(at(secret, "data"), copy, &facts.data, ret_failure);
	if (r == 0)
		r = read_leaf(at(secret, "data"), copy, &facts, ret_failure);
	if (r == 0)
		*ret = facts;
	return r;
}
