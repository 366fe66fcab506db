/* SPDX-License-Identifier: Apache-2.0 */
/* tape - an answer recorded from a real cluster (slimmed, its names kept), as a span. Tests run at the
 * top of the tree. The memory is the test's until it ends. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/span.h"

static inline struct span tape_load(const char *name)
{
	static char bytes[64 * 1024];
	char path[128];
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof(path), "tests/unit/tapes/%s", name);
	file = fopen(path, "re");
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes) - 1, file);
	bytes[len] = '\0';
	(void)fclose(file);
	return (struct span){ bytes, len };
}
