/* SPDX-License-Identifier: Apache-2.0 */
#include "cilium/metrics.h"

#define SERIES  "controller_runtime_active_workers{"
#define GATEWAY "controller=\"gateway\""

/* The next whole line of *rest that begins with the series; false at the end. */
static bool next_series(struct span *rest, struct span *ret_line)
{
	const char *newline;

	while (rest->len && (newline = memchr(rest->ptr, '\n', rest->len))) {
		*ret_line = (struct span){ rest->ptr, (size_t)(newline - rest->ptr) };
		rest->len -= ret_line->len + 1;
		rest->ptr = newline + 1;
		if (ret_line->len > sizeof(SERIES) - 1 &&
		    memcmp(ret_line->ptr, SERIES, sizeof(SERIES) - 1) == 0)
			return true;
	}
	return false;
}

enum metrics_say metrics_judge(struct span text)
{
	enum metrics_say says = METRICS_NOTHING;
	struct span line;

	while (next_series(&text, &line)) {
		if (memmem(line.ptr, line.len, GATEWAY, sizeof(GATEWAY) - 1))
			return METRICS_ON;
		says = METRICS_OFF;
	}
	return says;
}
