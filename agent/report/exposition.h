/* SPDX-License-Identifier: Apache-2.0 */
/* exposition - the status in the text format that Prometheus reads, for node-exporter's textfile collector. Pure.
 * Times are timestamps, never ages: nothing in it changes by the passing of time alone. The manual page's list of
 * metrics is compared with it. */
#pragma once
#include "report/status.h"

#define EXPOSITION_MAX                                                                             \
	(1024 * 1024) /* 256 listeners fit, with the longest names, each byte escaped */

/* What is not known is left out. Returns its length, or 0 where it does not fit. */
size_t status_to_exposition(const struct status *status, char *text, size_t size);
