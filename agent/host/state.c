/* SPDX-License-Identifier: Apache-2.0 */
#include "host/state.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define PUBLIC  0644
#define PRIVATE 0600

static int join(char *path, const char *folder, const char *name, const char *suffix)
{
	int len = snprintf(path, PATH_MAX, "%s/%s%s", folder, name, suffix);

	return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* The file, and the one that is written beside it, to take its place. */
static int join_both(char *path, char *new, const char *folder, const char *name)
{
	int r = join(path, folder, name, "");

	return r < 0 ? r : join(new, folder, name, ".new");
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		bytes += written;
		len -= (size_t)written;
	}
	return 0;
}

static int sync_folder(const char *folder)
{
	CLEANUP(close_p) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_new(const char *path, mode_t mode, const char *bytes, size_t len,
                     enum state_sync sync)
{
	CLEANUP(close_p)
	int fd = open(path,
	              O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
	                      (mode == PRIVATE ? O_EXCL : O_TRUNC),
	              mode);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, len);
	if (r == 0 && sync == STATE_DURABLE && fsync(fd) < 0)
		r = -errno;
	return r;
}

static int replace(const char *folder, const char *name, mode_t mode, const char *bytes, size_t len,
                   enum state_sync sync)
{
	char path[PATH_MAX], new[PATH_MAX];
	int r = join_both(path, new, folder, name);

	if (r < 0)
		return r;
	/* One that was there before would keep its mode, or be open to somebody. */
	if (mode == PRIVATE && unlink(new) < 0 && errno != ENOENT)
		return -errno;
	r = write_new(new, mode, bytes, len, sync);
	if (r == 0 && rename(new, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(new);
		return r;
	}
	return sync == STATE_DURABLE ? sync_folder(folder) : 0;
}

int state_write(const char *folder, const char *name, const char *bytes, size_t len,
                enum state_sync sync)
{
	return replace(folder, name, PUBLIC, bytes, len, sync);
}

int state_write_private(const char *folder, const char *name, const char *bytes, size_t len)
{
	/* Two that set up at once write under the same new name: one would take the other's away. A file system that has
	 * no such lock leaves that to luck. */
	CLEANUP(close_p) int turn = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (turn < 0)
		return -errno;
	while (flock(turn, LOCK_EX) < 0 && errno == EINTR)
		;
	return replace(folder, name, PRIVATE, bytes, len, STATE_DURABLE);
}

int state_remove(const char *folder, const char *name)
{
	char path[PATH_MAX], new[PATH_MAX];
	int r = join_both(path, new, folder, name);

	if (r < 0)
		return r;
	(void)unlink(new);
	return unlink(path) < 0 ? -errno : 0;
}

int state_read(const char *folder, const char *name, char *bytes, size_t size)
{
	CLEANUP(close_p) int fd = -1;
	char path[PATH_MAX];
	size_t len = 0;
	ssize_t got;
	int r = join(path, folder, name, "");

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size) {
		got = read(fd, bytes + len, size - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return (int)len;
		len += (size_t)got;
	}
	return -EFBIG;
}

/* Locks of the open file description: asking who holds one takes nothing, so a status command can
 * never be in the way of a service that starts. */
static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

void state_read_line(const char *folder, const char *name, char *line, size_t size)
{
	int len = state_read(folder, name, line, size - 1);

	line[len < 0 ? 0 : len] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

int state_lock(const char *folder, const char *name, int *ret_fd)
{
	struct flock lock = whole_file(F_WRLCK);
	CLEANUP(close_p) int fd = -1;
	char path[PATH_MAX];
	int r = join(path, folder, name, "");

	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		return errno == EAGAIN || errno == EACCES ? -EWOULDBLOCK : -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

bool state_locked(const char *folder, const char *name)
{
	struct flock lock = whole_file(F_RDLCK);
	CLEANUP(close_p) int fd = -1;
	char path[PATH_MAX];

	if (join(path, folder, name, "") < 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
