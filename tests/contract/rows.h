/* SPDX-License-Identifier: Apache-2.0 */
/* rows - the contract's data file. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define ROWS_MAX 64

struct row {
	char version[16], fault[16];
	unsigned seconds;
	char expected[8], copies[16], adopted[8]; /* "-": not looked at */
};

/* The number of rows; ends the program, with file and line, where one is none. */
size_t rows_read(const char *path, struct row rows[ROWS_MAX]);

/* One line for people. */
void rows_name(const struct row *row, char *text, size_t size);
