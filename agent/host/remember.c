/* SPDX-License-Identifier: Apache-2.0 */
#include "host/remember.h"

#include <string.h>

#include "base/hostport.h"
#include "base/cleanup.h"
#include "host/state.h"

void remember_read(const char *folder, char address[REMEMBER_MAX])
{
	struct hostport parts;

	state_read_line(folder, REMEMBER_FILE, address, REMEMBER_MAX);
	if (hostport_split(span_of(address), &parts) < 0)
		address[0] = '\0';
}

int remember_write(const char *folder, const char *address)
{
	char line[REMEMBER_MAX + 1];
	int len = snprintf(line, sizeof(line), "%s\n", address);

	return state_write(folder, REMEMBER_FILE, line, (size_t)len, STATE_DURABLE);
}
