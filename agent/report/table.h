/* SPDX-License-Identifier: Apache-2.0 */
/* table - a status as the small table that `gatewake status` and `gatewake doctor` print. Pure. What
 * the status holds comes from a cluster: a control byte in it never reaches the terminal. */
#pragma once
#include "report/status.h"

#define TABLE_MAX (384 * 1024) /* 256 listeners with long names fit */

enum table_style { TABLE_PLAIN, TABLE_COLOUR };

/* ago: how long the verdict has stood, in words of the caller's clock; "" where that is not known.
 * Returns the table's length, cut to size. */
size_t table_of_status(const struct status *status, const char *ago, enum table_style style,
                       char *table, size_t size);
