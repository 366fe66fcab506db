/* SPDX-License-Identifier: Apache-2.0 */
/* replay TARGET FOLDER... - runs a fuzz target over its corpus without a fuzzer: each file, and each file cut
 * short at every byte. Linked with one target; prints one TAP line. Whatever a target finds wrong ends the
 * program (abort, or a sanitizer), and the last line on stderr names the file. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)
#define CUT_MAX  (16 * 1024) /* a longer file is run whole only */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* In memory of its own size, so that a sanitizer sees a read beyond it. */
static void run(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(2);
	memcpy(copy, bytes, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int run_file(const char *path)
{
	static uint8_t bytes[FILE_MAX + 1];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	if (size > FILE_MAX) {
		(void)fprintf(stderr, "%s: longer than %d bytes\n", path, FILE_MAX);
		return -1;
	}
	(void)fprintf(stderr, "# %s\n", path);
	run(bytes, size);
	for (size_t cut = 0; size <= CUT_MAX && cut < size; cut++)
		run(bytes, cut);
	return 0;
}

static int run_folder(const char *folder, size_t *count)
{
	struct dirent **entries;
	int r = 0, found = scandir(folder, &entries, NULL, alphasort);
	char path[PATH_MAX];

	if (found < 0) {
		perror(folder);
		return -1;
	}
	for (int i = 0; i < found; i++) {
		if (entries[i]->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
			r |= run_file(path);
			(*count)++;
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	int r = argc < 3 ? -1 : 0;

	for (int i = 2; i < argc; i++)
		r |= run_folder(argv[i], &count);
	if (count == 0) /* an empty corpus proves nothing */
		r = -1;
	(void)printf("%s 1 - %s: %zu files of its corpus, whole and cut short\n1..1\n", r == 0 ? "ok" : "not ok",
		     argc > 1 ? argv[1] : "replay TARGET FOLDER...", count);
	return r == 0 ? 0 : 1;
}
