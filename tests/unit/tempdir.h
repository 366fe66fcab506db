/* SPDX-License-Identifier: Apache-2.0 */
/* tempdir - a folder of its own for a test, and the files in it. Every failure ends the test. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct tempdir {
	char path[64];
};

static inline void tempdir_make(struct tempdir *dir)
{
	(void)snprintf(dir->path, sizeof(dir->path), "/tmp/gatewake-test.XXXXXX");
	assert_non_null(mkdtemp(dir->path));
}

/* The full path of a file in it, in a buffer that the next call but three overwrites. */
static inline const char *tempdir_path(const struct tempdir *dir, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, PATH_MAX, "%s/%s", dir->path, name);
	return path;
}

static inline const char *tempdir_write(const struct tempdir *dir, const char *name, const void *bytes,
					size_t len)
{
	const char *path = tempdir_path(dir, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline const char *tempdir_write_text(const struct tempdir *dir, const char *name, const char *text)
{
	return tempdir_write(dir, name, text, strlen(text));
}

/* Removes the folder, its files, and folders in it that are empty. */
static inline void tempdir_remove(const struct tempdir *dir)
{
	DIR *stream = opendir(dir->path);
	struct dirent *entry;

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			assert_int_equal(remove(tempdir_path(dir, entry->d_name)), 0);
	closedir(stream);
	assert_int_equal(rmdir(dir->path), 0);
}

static inline void tempdir_make_folders(const struct tempdir *dir, const char *path)
{
	char full[PATH_MAX];

	(void)snprintf(full, sizeof(full), "%s/", tempdir_path(dir, path));
	for (char *slash = full + strlen(dir->path) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(full, 0755);
		*slash = '/';
	}
}

static inline void tempdir_remove_tree(const struct tempdir *dir)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir->path);
	assert_int_equal(system(command), 0);
}
