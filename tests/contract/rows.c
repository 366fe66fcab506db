/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/contract/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

static bool read_row(const char *line, struct row *ret)
{
	static const char *const expected[] = { "OFF", "ON", "EXIT", NULL },
				 *const copies[] = { "kept", "deleted", "-", NULL },
				 *const adopted[] = { "yes", "no", "-", NULL };
	char rest[2];

	return sscanf(line, "%15s %15s %u %7s %15s %7s %1s", ret->version, ret->fault,
	              &ret->seconds, ret->expected, ret->copies, ret->adopted, rest) == 6 &&
	       is_one_of(ret->expected, expected) && is_one_of(ret->copies, copies) &&
	       is_one_of(ret->adopted, adopted);
}

size_t rows_read(const char *path, struct row rows[ROWS_MAX])
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	size_t count = 0;
	char line[256];

	if (!file) {
		(void)fprintf(stderr, "contract: %s cannot be read\n", path);
		exit(2);
	}
	while (fgets(line, sizeof(line), file)) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (count == ROWS_MAX || !read_row(line, &rows[count])) {
			(void)fprintf(stderr, "contract: %s:%u: no row: %s", path, number, line);
			exit(2);
		}
		count++;
	}
	(void)fclose(file);
	return count;
}

void rows_name(const struct row *row, char *text, size_t size)
{
	(void)snprintf(text, size, "%s %s %u s", row->version, row->fault, row->seconds);
}
