/* SPDX-License-Identifier: Apache-2.0 */
#include "host/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_is(int fd)
{
	const char *kind = getenv("TERM");

	return isatty(fd) && kind && strcmp(kind, "dumb") != 0;
}

bool terminal_colours(int fd)
{
	const char *no = getenv("NO_COLOR");

	return terminal_is(fd) && !(no && no[0]);
}
