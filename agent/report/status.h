/* SPDX-License-Identifier: Apache-2.0 */
/* status - what status.json says, as a struct: the agent fills it, report/json writes it, host/runfile
 * reads it back for the commands, report/table shows it. Times are RFC 3339, "" where there is none. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "platform/arm64/board.h"

#define STATUS_LINE_MAX      640
#define STATUS_LISTENERS_MAX 256
#define STATUS_JSON_MAX      (512 * 1024) /* 256 listeners with long names fit */

struct status_endpoint {
	char address[300];
	char layer[16]; /* the first layer not passed, else "usable" */
	char detail[200];
	char since[32];
};

struct status_holder { /* of the virtual address */
	char state[16];
	char source[16]; /* "" where it is not known */
	char detail[160];
};

struct status_listener {
	char gateway[320], listener[64], hostname[256], address[272]; /* address with its port */
	char verdict[16], detail[208];
	char not_after[32];    /* of the leaf that was served, */
	int64_t not_after_sec; /* and as a number, which is in no JSON; 0: none */
};

struct status {
	char version[16], node[254], mode[16];
	struct status_endpoint local, vip;
	struct status_holder holder;
	struct {
		bool on; /* known to be */
		char verdict[32], cause[32];
		char sentence[STATUS_LINE_MAX], command[160];
		char pod[512], cilium_version[16], since[32];
	} controller;
	struct {
		unsigned needed, present, created, blocked, stale;
	} copies;
	struct {
		unsigned provable, served, bad;
		int64_t last_sec; /* when all of them had been proven anew; in no JSON; 0: never */
	} proofs;
	size_t listener_count;
	struct status_listener *listener; /* owned by whoever filled it */
	struct {
		unsigned count, failed;
	} restarts;
	struct { /* seconds since this host booted; below 0: not yet */
		double api_usable_s, controller_on_s, tls_proven_s;
	} boot;
	struct board board;
};

/* Writes one JSON object with a newline at the end. Without dates: what stays the same while nothing
 * changes, so without the board's counters too. Returns its length, or 0 where it does not fit. */
size_t status_to_json(const struct status *status, bool dates, char *json, size_t size);

static inline void status_clear(struct status *status)
{
	free(status->listener);
	status->listener = NULL;
	status->listener_count = 0;
}
