/* SPDX-License-Identifier: Apache-2.0 */
/* terminal - what may be written to an output: colours only to a terminal that shows them, and not
 * where $NO_COLOR (no-color.org) is set to anything. */
#pragma once
#include <stdbool.h>

bool terminal_is(int fd);
bool terminal_colours(int fd);
