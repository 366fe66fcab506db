/* SPDX-License-Identifier: Apache-2.0 */
#include "host/runfile.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "host/state.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

/* FNV-1a of 64 bits; never 0. */
static uint64_t hash(const char *bytes, size_t len)
{
	uint64_t value = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < len; i++)
		value = (value ^ (uint8_t)bytes[i]) * UINT64_C(1099511628211);
	return value ? value : 1;
}

void runfile_remove(const char *folder)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/" RUNFILE_STATUS, folder);
	(void)unlink(path);
}

int runfile_write(struct runfile *runfile, const struct status *status)
{
	CLEANUP(free_p) char *json = malloc(STATUS_JSON_MAX);
	uint64_t told;
	size_t len;
	int r;

	if (!json)
		return -ENOMEM;
	len = status_to_json(status, false, json, STATUS_JSON_MAX);
	if (len == 0)
		return -EMSGSIZE;
	told = hash(json, len);
	if (told == runfile->told)
		return 0;
	len = status_to_json(status, true, json, STATUS_JSON_MAX);
	if (len == 0)
		return -EMSGSIZE;
	r = state_write(runfile->folder, RUNFILE_STATUS, json, len, STATE_VOLATILE);
	if (r == 0)
		runfile->told = told;
	return r;
}

static void take(const cJSON *object, const char *name, char *text, size_t size)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	(void)snprintf(text, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}
#define TAKE(object, name, array) take(object, name, array, sizeof(array))

static double number(const cJSON *object, const char *name, double otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

static void take_endpoint(const cJSON *object, struct status_endpoint *ret)
{
	TAKE(object, "address", ret->address);
	TAKE(object, "layer", ret->layer);
	TAKE(object, "detail", ret->detail);
	TAKE(object, "since", ret->since);
}

static void take_holder(const cJSON *object, struct status_holder *ret)
{
	TAKE(object, "state", ret->state);
	TAKE(object, "source", ret->source);
	TAKE(object, "detail", ret->detail);
}

static void take_controller(const cJSON *object, struct status *ret)
{
	ret->controller.on = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "on"));
	TAKE(object, "verdict", ret->controller.verdict);
	TAKE(object, "cause", ret->controller.cause);
	TAKE(object, "sentence", ret->controller.sentence);
	TAKE(object, "command", ret->controller.command);
	TAKE(object, "pod", ret->controller.pod);
	TAKE(object, "cilium_version", ret->controller.cilium_version);
	TAKE(object, "since", ret->controller.since);
}

static void take_listeners(const cJSON *array, struct status *ret)
{
	const cJSON *item;

	ret->listener = calloc(STATUS_LISTENERS_MAX, sizeof(*ret->listener));
	cJSON_ArrayForEach(item, array)
	{
		struct status_listener *listener;

		if (!ret->listener || ret->listener_count == STATUS_LISTENERS_MAX)
			return;
		listener = &ret->listener[ret->listener_count++];
		TAKE(item, "gateway", listener->gateway);
		TAKE(item, "listener", listener->listener);
		TAKE(item, "hostname", listener->hostname);
		TAKE(item, "address", listener->address);
		TAKE(item, "verdict", listener->verdict);
		TAKE(item, "detail", listener->detail);
		TAKE(item, "not_after", listener->not_after);
	}
}

static void take_copies(const cJSON *object, struct status *ret)
{
	ret->copies.needed = (unsigned)number(object, "needed", 0);
	ret->copies.present = (unsigned)number(object, "present", 0);
	ret->copies.created = (unsigned)number(object, "created", 0);
	ret->copies.blocked = (unsigned)number(object, "blocked", 0);
	ret->copies.stale = (unsigned)number(object, "stale", 0);
}

static void take_proofs(const cJSON *object, struct status *ret)
{
	ret->proofs.provable = (unsigned)number(object, "provable", 0);
	ret->proofs.served = (unsigned)number(object, "served", 0);
	ret->proofs.bad = (unsigned)number(object, "bad", 0);
}

static void take_status(const cJSON *json, struct status *ret)
{
	const cJSON *readiness = cJSON_GetObjectItemCaseSensitive(json, "readiness");
	const cJSON *vip = cJSON_GetObjectItemCaseSensitive(readiness, "vip");
	const cJSON *restarts = cJSON_GetObjectItemCaseSensitive(json, "restarts");
	const cJSON *boot = cJSON_GetObjectItemCaseSensitive(json, "boot");

	TAKE(json, "version", ret->version);
	TAKE(json, "node", ret->node);
	TAKE(json, "mode", ret->mode);
	take_endpoint(cJSON_GetObjectItemCaseSensitive(readiness, "local"), &ret->local);
	take_endpoint(vip, &ret->vip);
	take_holder(cJSON_GetObjectItemCaseSensitive(vip, "holder"), &ret->holder);
	take_controller(cJSON_GetObjectItemCaseSensitive(json, "controller"), ret);
	take_copies(cJSON_GetObjectItemCaseSensitive(json, "copies"), ret);
	take_proofs(cJSON_GetObjectItemCaseSensitive(json, "proofs"), ret);
	take_listeners(cJSON_GetObjectItemCaseSensitive(json, "listeners"), ret);
	ret->restarts.count = (unsigned)number(restarts, "count", 0);
	ret->restarts.failed = (unsigned)number(restarts, "failed", 0);
	ret->boot.api_usable_s = number(boot, "api_usable_s", -1);
	ret->boot.controller_on_s = number(boot, "controller_on_s", -1);
	ret->boot.tls_proven_s = number(boot, "tls_proven_s", -1);
}

int runfile_read(const char *folder, struct status *ret, struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;
	CLEANUP(free_p) char *bytes = malloc(STATUS_JSON_MAX);
	int len = bytes ? state_read(folder, RUNFILE_STATUS, bytes, STATUS_JSON_MAX) : -ENOMEM;

	if (len < 0)
		return failure_set(ret_failure, FAILURE_LOCAL, len, "%s/" RUNFILE_STATUS ": %s",
		                   folder, strerror(-len));
	json = cJSON_ParseWithLength(bytes, (size_t)len);
	if (!cJSON_IsObject(json))
		return failure_set(ret_failure, FAILURE_BAD_DATA, -EBADMSG,
		                   "%s/" RUNFILE_STATUS " is no JSON object", folder);
	*ret = (struct status){ 0 };
	take_status(json, ret);
	return 0;
}
