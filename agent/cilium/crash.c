/* SPDX-License-Identifier: Apache-2.0 */
#include "cilium/crash.h"

static bool has(struct span text, const char *words)
{
	return text.len && memmem(text.ptr, text.len, words, strlen(words));
}

enum crash crash_judge(struct span message)
{
	/* A CRD that lists a version and does not serve it passes the operator's check, and then breaks
	 * its start, each time. */
	static const char *const standing[] = { "no matches for kind \"", "no matches for kind \\\"" };
	static const char *const api_away[] = {
		"CRD discovery timed out", "eader election lost", "connection refused", "TLS handshake timeout",
		"i/o timeout", "no route to host", "context deadline exceeded",
	};

	if (!message.len)
		return CRASH_UNKNOWN;
	for (size_t i = 0; i < sizeof(standing) / sizeof(standing[0]); i++)
		if (has(message, standing[i]))
			return CRASH_STANDING;
	for (size_t i = 0; i < sizeof(api_away) / sizeof(api_away[0]); i++)
		if (has(message, api_away[i]))
			return CRASH_API_AWAY;
	return CRASH_OTHER;
}
