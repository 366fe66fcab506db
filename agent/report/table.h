/* SPDX-License-Identifier: Apache-2.0 */
/* table - a status as the small table that `gatewake status` and `gatewake doctor` print. Pure. */
#pragma once
#include "report/status.h"

#define TABLE_MAX (256 * 1024) /* 256 listeners with long names fit */

enum table_style { TABLE_PLAIN, TABLE_COLOUR };

/* Returns its length, cut to size. */
size_t table_of_status(const struct status *status, enum table_style style, char *table, size_t size);
