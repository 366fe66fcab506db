/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/held.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/secret.h"
#include "tls/base64.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

static const cJSON *at(const cJSON *object, const char *name)
{
	return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

static const char *text_at(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(at(object, name));

	return text ? text : "";
}

static bool copy(char *buffer, size_t size, const char *text)
{
	int len = snprintf(buffer, size, "%s", text);

	return len > 0 && (size_t)len < size;
}

/* An apply that changes nothing may change these (seen: a ValidatingAdmissionPolicy, once its status was written). */
static int digest_content(cJSON *object, struct digest *ret)
{
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
	CLEANUP(secret_free_p) char *text = NULL; /* a token may be in it */

	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "managedFields");
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "resourceVersion");
	text = cJSON_PrintUnformatted(object);
	return text ? tls_digest(span_of(text), ret) : -ENOMEM;
}

static int read_object(const cJSON *object, struct held *ret)
{
	const cJSON *metadata = at(object, "metadata");
	struct held held = { 0 };

	if (!copy(held.uid, sizeof(held.uid), text_at(metadata, "uid")) ||
	    !copy(held.version, sizeof(held.version), text_at(metadata, "resourceVersion")))
		return -EBADMSG;
	held.ours =
		strcmp(text_at(at(metadata, "labels"), MANIFEST_LABEL), MANIFEST_LABEL_VALUE) == 0;
	*ret = held;
	return 0;
}

int held_read(struct span json, struct held *ret)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_ParseWithLength(json.ptr, json.len);
	struct held held;
	int r = read_object(object, &held);

	if (r == 0)
		r = digest_content(object, &held.content);
	if (r == 0)
		*ret = held;
	return r;
}

int held_list(struct span json, enum manifest_kind kind,
              int (*see)(void *argument, const struct manifest_object *object,
                         const struct held *held),
              void *argument)
{
	CLEANUP(cJSON_Delete_p) cJSON *list = cJSON_ParseWithLength(json.ptr, json.len);
	const cJSON *item;
	int r = cJSON_IsObject(list) && at(list, "items") ? 0 : -EBADMSG;

	cJSON_ArrayForEach(item, at(list, "items"))
	{
		const cJSON *metadata = at(item, "metadata");
		struct manifest_object object = { .kind = kind };
		struct held held;

		(void)copy(object.namespace, sizeof(object.namespace),
		           text_at(metadata, "namespace"));
		if (r < 0 || !copy(object.name, sizeof(object.name), text_at(metadata, "name")) ||
		    !manifest_knows(kind, object.name))
			continue;
		r = read_object(item, &held);
		if (r == 0 && held.ours)
			r = see(argument, &object, &held);
	}
	return r;
}

int held_token(struct span json, char **ret)
{
	CLEANUP(cJSON_Delete_p) cJSON *secret = cJSON_ParseWithLength(json.ptr, json.len);
	const char *token = text_at(at(secret, "data"), "token");
	size_t len;

	if (!cJSON_IsObject(secret))
		return -EBADMSG;
	*ret = NULL;
	return token[0] ? tls_base64_decode(span_of(token), ret, &len) : 0;
}

static bool add_attributes(cJSON *attributes, const struct manifest_right *right)
{
	return cJSON_AddStringToObject(attributes, "verb", right->verb) &&
	       cJSON_AddStringToObject(attributes, "group", right->group) &&
	       cJSON_AddStringToObject(attributes, "resource", right->resource) &&
	       cJSON_AddStringToObject(attributes, "subresource", right->subresource) &&
	       cJSON_AddStringToObject(attributes, "namespace", right->namespace) &&
	       cJSON_AddStringToObject(attributes, "name", right->name);
}

int held_review(const struct manifest_right *right, char **ret_json)
{
	CLEANUP(cJSON_Delete_p) cJSON *review = cJSON_CreateObject();
	cJSON *spec = cJSON_AddObjectToObject(review, "spec");
	char *json = NULL;

	if (cJSON_AddStringToObject(review, "apiVersion", "authorization.k8s.io/v1") &&
	    cJSON_AddStringToObject(review, "kind", "SelfSubjectAccessReview") &&
	    add_attributes(cJSON_AddObjectToObject(spec, "resourceAttributes"), right))
		json = cJSON_PrintUnformatted(review);
	if (!json)
		return -ENOMEM;
	*ret_json = json;
	return 0;
}

int held_allowed(struct span json, bool *ret)
{
	CLEANUP(cJSON_Delete_p) cJSON *review = cJSON_ParseWithLength(json.ptr, json.len);
	const cJSON *allowed = at(at(review, "status"), "allowed");

	if (!cJSON_IsBool(allowed))
		return -EBADMSG;
	*ret = cJSON_IsTrue(allowed);
	return 0;
}

void held_right_words(const struct manifest_right *right, char *text, size_t size)
{
	const char *slash = right->namespace[0] && right->name[0] ? "/" : "";

	(void)snprintf(text, size, "%s %s%s%s%s%s%s%s", right->verb, right->resource,
	               right->subresource[0] ? "/" : "", right->subresource,
	               right->namespace[0] || right->name[0] ? " " : "", right->namespace, slash,
	               right->name);
}
