/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/apply.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakeapi/objects.h"

static cJSON *at(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_at(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(at(object, name));

	return text ? text : "";
}

/* What the API adds and an apply does not take away. */
static void keep(cJSON *to, const cJSON *from, const char *name)
{
	const cJSON *item = at(from, name);

	cJSON_DeleteItemFromObjectCaseSensitive(to, name);
	if (item)
		(void)cJSON_AddItemToObject(to, name, cJSON_Duplicate(item, true));
}

#define TOKEN_TYPE "kubernetes.io/service-account-token"

static void give_token(cJSON *json)
{
	char token[TLS_TOKEN_SIZE], base64[64];

	if (strcmp(text_at(json, "type"), TOKEN_TYPE) != 0 || at(json, "data"))
		return;
	tls_make_token(token);
	(void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)token,
	                      (int)strlen(token));
	(void)cJSON_AddStringToObject(cJSON_AddObjectToObject(json, "data"), "token", base64);
}

bool apply_knows(const struct world *world, const char *token)
{
	char base64[256];

	(void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)token,
	                      (int)strlen(token));
	for (size_t i = 0; i < STORE_OBJECTS; i++) {
		const struct stored *object = &world->store.object[i];

		if (object->resource && strcmp(text_at(object->json, "type"), TOKEN_TYPE) == 0 &&
		    strcmp(text_at(at(object->json, "data"), "token"), base64) == 0)
			return true;
	}
	return false;
}

static void refuse(struct api_answer *ret, const char *message, const struct apply_place *place)
{
	api_refuse(ret, 409, "Conflict", message, place->resource, place->name);
}

void apply_object(struct world *world, const struct apply_place *place,
                  const struct api_request *request, struct api_answer *ret)
{
	const struct stored *old =
		store_find(&world->store, place->resource, place->namespace, place->name);
	cJSON *json = cJSON_ParseWithLength(request->body, request->body_len),
	      *metadata = at(json, "metadata");
	bool dry = strstr(request->query, "dryRun=All"),
	     force = strstr(request->query, "force=true");
	const cJSON *was = old ? at(old->json, "metadata") : NULL;
	const char *version = text_at(metadata, "resourceVersion");
	char uid[OBJECTS_UID_SIZE];

	if (!metadata || !strstr(request->query, "fieldManager=")) {
		api_refuse(ret, 400, "BadRequest", "no object, or no fieldManager", "", "");
	} else if ((old && !force) || (!old && version[0]) ||
	           (version[0] && strcmp(version, text_at(was, "resourceVersion")) != 0)) {
		refuse(ret, "Apply failed with 1 conflict", place);
	} else {
		keep(metadata, was, "resourceVersion");
		keep(metadata, was, "uid");
		if (old && at(old->json, "data"))
			keep(json, old->json, "data");
		objects_uid(++world->model.next_id, uid);
		if (!old)
			(void)cJSON_AddStringToObject(metadata, "uid", uid);
		give_token(json);
		if (!dry && !(old && cJSON_Compare(old->json, json, true)))
			store_put(&world->store, place->resource, place->namespace, place->name,
			          cJSON_Duplicate(json, true));
		old = dry ? NULL
		          : store_find(&world->store, place->resource, place->namespace,
		                       place->name);
		api_json(ret, was ? 200 : 201, cJSON_Duplicate(old ? old->json : json, true));
	}
	cJSON_Delete(json);
}

void apply_delete(struct world *world, const struct apply_place *place,
                  const struct api_request *request, struct api_answer *ret)
{
	const struct stored *object =
		store_find(&world->store, place->resource, place->namespace, place->name);
	cJSON *options = cJSON_ParseWithLength(request->body, request->body_len);
	const char *uid = text_at(at(options, "preconditions"), "uid");

	if (!object) {
		api_refuse(ret, 404, "NotFound", "not found", place->resource, place->name);
	} else if (strcmp(uid, text_at(at(object->json, "metadata"), "uid")) != 0) {
		refuse(ret, "the UID in the precondition does not match", place);
	} else {
		api_json(ret, 200, cJSON_Duplicate(object->json, true));
		(void)store_delete(&world->store, place->resource, place->namespace, place->name);
	}
	cJSON_Delete(options);
}

void apply_review(struct world *world, const struct api_request *request, struct api_answer *ret)
{
	cJSON *json = cJSON_ParseWithLength(request->body, request->body_len);
	bool denied = !json || (world->denials && strstr(request->body, world->denied));

	if (!json)
		json = cJSON_CreateObject();
	else
		world->denials -= denied;
	(void)cJSON_AddBoolToObject(cJSON_AddObjectToObject(json, "status"), "allowed", !denied);
	api_json(ret, 201, json);
}
