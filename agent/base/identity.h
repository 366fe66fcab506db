/* SPDX-License-Identifier: Apache-2.0 */
/* identity - a 32-bit name for a long string (a UID, a container id): the same again after a restart
 * of the agent, so that it can stand in the ledger. FNV-1a, by its published constants; 0 is never
 * given to a string that has a byte in it. Among the dozen names alive at once a clash is a matter of
 * one in 300 million, and a delete carries the full UID anyway. */
#pragma once
#include <stdint.h>

static inline uint32_t identity_of(const char *string)
{
	uint32_t hash = UINT32_C(2166136261);

	if (!string || !*string)
		return 0;
	for (const char *byte = string; *byte; byte++)
		hash = (hash ^ (uint8_t)*byte) * UINT32_C(16777619);
	return hash ? hash : 1;
}
