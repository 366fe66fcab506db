/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/secret.h"

static int fail(struct failure *failure, int error, const char *label)
{
	return failure_set(failure, FAILURE_LOCAL, error, "%s: %s", label, strerror(-error));
}

static int check_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -ENODEV;
}

/* Reads until the end or until size bytes are there, whichever comes first. */
static int read_up_to(int fd, char *bytes, size_t size, size_t *ret_len)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, bytes + len, size - len);
		int error = errno;

		if (got < 0 && error == EINTR)
			continue;
		if (got < 0)
			return -error;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return 0;
}

int file_read_bounded(const char *path, size_t max_bytes, const char *label, char **ret_bytes,
                      size_t *ret_len, struct failure *ret_failure)
{
	/* O_NONBLOCK: a FIFO without a writer would hold open() until somebody comes. */
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	int rc;

	if (fd < 0)
		return fail(ret_failure, -errno, label);
	rc = check_regular(fd);
	if (rc == -ENODEV)
		return failure_set(ret_failure, FAILURE_LOCAL, rc, "%s: not a regular file", label);
	if (rc < 0)
		return fail(ret_failure, rc, label);

	/* One byte beyond the bound tells "full" from "too long"; the last is for the NUL. */
	CLEANUP(secret_free_p) char *bytes = malloc(max_bytes + 2);
	if (!bytes)
		return fail(ret_failure, -ENOMEM, label);
	rc = read_up_to(fd, bytes, max_bytes + 1, &len);
	if (rc < 0)
		return fail(ret_failure, rc, label);
	if (len > max_bytes)
		return failure_set(ret_failure, FAILURE_TOO_BIG, -E2BIG,
		                   "%s: longer than %zu bytes", label, max_bytes);
	bytes[len] = '\0';
	*ret_bytes = TAKE_PTR(bytes);
	*ret_len = len;
	return 0;
}

void file_label(char *buffer, size_t size, const char *path)
{
	size_t len = strlen(path);

	if (len < size) {
		failure_quote(buffer, size, path, len);
		return;
	}
	memcpy(buffer, "...", 3);
	failure_quote(buffer + 3, size - 3, path + len - (size - 4), size - 4);
}
