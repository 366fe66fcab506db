/* SPDX-License-Identifier: Apache-2.0 */
#include "host/runfile.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "host/state.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

int runfile_write(struct runfile *runfile, const struct status *status)
{
	char json[STATUS_JSON_MAX];
	size_t len = status_to_json(status, json, sizeof(json));
	int r;

	if (len == 0)
		return -EMSGSIZE;
	if (strcmp(json, runfile->last) == 0)
		return 0;
	r = state_write(runfile->folder, RUNFILE_STATUS, json, len, STATE_VOLATILE);
	if (r == 0)
		memcpy(runfile->last, json, len + 1);
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

static void take_controller(const cJSON *object, struct status *ret)
{
	TAKE(object, "verdict", ret->controller.verdict);
	TAKE(object, "cause", ret->controller.cause);
	TAKE(object, "sentence", ret->controller.sentence);
	TAKE(object, "command", ret->controller.command);
	TAKE(object, "pod", ret->controller.pod);
	TAKE(object, "cilium_version", ret->controller.cilium_version);
	TAKE(object, "since", ret->controller.since);
}

static void take_status(const cJSON *json, struct status *ret)
{
	const cJSON *readiness = cJSON_GetObjectItemCaseSensitive(json, "readiness");
	const cJSON *restarts = cJSON_GetObjectItemCaseSensitive(json, "restarts");
	const cJSON *boot = cJSON_GetObjectItemCaseSensitive(json, "boot");

	TAKE(json, "version", ret->version);
	TAKE(json, "node", ret->node);
	TAKE(json, "mode", ret->mode);
	take_endpoint(cJSON_GetObjectItemCaseSensitive(readiness, "local"), &ret->local);
	take_endpoint(cJSON_GetObjectItemCaseSensitive(readiness, "vip"), &ret->vip);
	take_controller(cJSON_GetObjectItemCaseSensitive(json, "controller"), ret);
	ret->restarts.count = (unsigned)number(restarts, "count", 0);
	ret->restarts.failed = (unsigned)number(restarts, "failed", 0);
	ret->boot.api_usable_s = number(boot, "api_usable_s", -1);
	ret->boot.controller_on_s = number(boot, "controller_on_s", -1);
}

int runfile_read(const char *folder, struct status *ret, struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;
	char bytes[STATUS_JSON_MAX];
	int len = state_read(folder, RUNFILE_STATUS, bytes, sizeof(bytes));

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
