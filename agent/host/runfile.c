/* SPDX-License-Identifier: Apache-2.0 */
#include "host/runfile.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "host/state.h"
#include "report/exposition.h"
#include "report/hardware.h"

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
	(void)state_remove(folder, RUNFILE_STATUS);
}

/* What cannot be renewed goes: the lock beside it would vouch for what is not so any more. Where all is full, the new
 * one has its place. */
static int renew(const char *folder, const char *name, const char *text, size_t len)
{
	int r = state_write(folder, name, text, len, STATE_VOLATILE);

	if (r == 0)
		return 0;
	(void)state_remove(folder, name);
	return state_write(folder, name, text, len, STATE_VOLATILE);
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
	r = renew(runfile->folder, RUNFILE_STATUS, json, len);
	runfile->told = r == 0 ? told : 0;
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

/* --- the board: a member that is not there is not known --- */

static void take_known(const cJSON *object, const char *name, unsigned fact, unsigned *ret_known,
                       unsigned *ret)
{
	double value = number(object, name, -1);

	if (value < 0 || value > UINT_MAX)
		return;
	*ret = (unsigned)value;
	*ret_known |= fact;
}

static void take_is(const cJSON *object, const char *name, unsigned fact, unsigned *ret_known,
                    bool *ret)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsBool(item))
		return;
	*ret = cJSON_IsTrue(item);
	*ret_known |= fact;
}

static void take_watchdog(const cJSON *object, struct board *ret)
{
	if (!object)
		return;
	TAKE(object, "identity", ret->watchdog.identity);
	ret->known |= BOARD_WATCHDOG;
	take_known(object, "limit_s", BOARD_WATCHDOG_LIMIT, &ret->known, &ret->watchdog.limit_s);
	take_known(object, "timeout_s", BOARD_WATCHDOG_TIMEOUT, &ret->known,
	           &ret->watchdog.timeout_s);
	take_is(object, "active", BOARD_WATCHDOG_STATE, &ret->known, &ret->watchdog.active);
}

static void take_nics(const cJSON *array, struct board *ret)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
	{
		struct board_nic *nic;

		if (ret->nic_count == BOARD_NICS_MAX)
			return;
		nic = &ret->nic[ret->nic_count++];
		TAKE(item, "name", nic->name);
		for (enum board_counter i = BOARD_TX_STALLS; i <= BOARD_LINK_CHANGES; i++) {
			double value = number(item, hardware_counter(i), -1);

			if (value < 0)
				continue;
			nic->count[i] = (uint64_t)value;
			nic->known |= 1U << i;
		}
	}
}

static void take_board(const cJSON *object, struct board *ret)
{
	const cJSON *voltage = cJSON_GetObjectItemCaseSensitive(object, "under_voltage");
	unsigned celsius = 0, seen = 0;

	TAKE(object, "model", ret->model);
	if (ret->model[0])
		ret->known |= BOARD_MODEL;
	take_known(object, "page_bytes", BOARD_PAGES, &ret->known, &ret->page_bytes);
	take_is(object, "rtc", BOARD_RTC, &ret->known, &ret->rtc);
	take_is(voltage, "now", BOARD_VOLTAGE, &ret->known, &ret->under_voltage);
	take_is(voltage, "seen", 1, &seen, &ret->under_voltage_seen);
	take_known(object, "cpu_celsius", BOARD_HEAT, &ret->known, &celsius);
	ret->celsius = (int)celsius;
	take_watchdog(cJSON_GetObjectItemCaseSensitive(object, "watchdog"), ret);
	take_nics(cJSON_GetObjectItemCaseSensitive(object, "interfaces"), ret);
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
	take_board(cJSON_GetObjectItemCaseSensitive(json, "board"), &ret->board);
}

int runfile_read(const char *folder, struct status *ret, struct failure *ret_failure)
{
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;
	CLEANUP(free_p) char *bytes = malloc(STATUS_JSON_MAX);
	int len = bytes ? state_read(folder, RUNFILE_STATUS, bytes, STATUS_JSON_MAX) : -ENOMEM;

	if (len == -ENOENT)
		return failure_set(
			ret_failure, FAILURE_LOCAL, len,
			"the agent has not written %s/" RUNFILE_STATUS
			": it has just started, or could not; try: journalctl -u gatewake",
			folder);
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

void metricsfile_remove(const char *folder)
{
	if (folder[0])
		(void)state_remove(folder, METRICS_FILE);
}

int metricsfile_write(struct metricsfile *file, const struct status *status)
{
	CLEANUP(free_p) char *text = NULL;
	uint64_t told;
	size_t len;
	int r;

	if (!file->folder[0])
		return 0;
	text = malloc(EXPOSITION_MAX);
	if (!text)
		return -ENOMEM;
	len = status_to_exposition(status, text, EXPOSITION_MAX);
	if (len == 0)
		return -EMSGSIZE;
	told = hash(text, len);
	if (told == file->told)
		return 0;
	r = renew(file->folder, METRICS_FILE, text, len);
	file->told = r == 0 ? told : 0;
	return r;
}
