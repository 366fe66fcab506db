/* SPDX-License-Identifier: Apache-2.0 */
#include "host/reach.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/cleanup.h"

static enum reach judge(int error)
{
	if (error == 0 || error == ECONNREFUSED || error == ECONNRESET)
		return REACH_ANSWERED;
	return error == EINPROGRESS ? REACH_WAITING : REACH_FAILED;
}

enum reach reach_begin(const struct address *address, uint16_t port, int *ret_fd)
{
	CLEANUP(close_p)
	int fd = socket(address->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage to;
	socklen_t size = address_socket(address, port, &to);
	enum reach reach;

	*ret_fd = -1;
	if (fd < 0)
		return REACH_FAILED;
	reach = judge(connect(fd, (const struct sockaddr *)&to, size) < 0 ? errno : 0);
	if (reach == REACH_WAITING)
		*ret_fd = TAKE_FD(fd);
	return reach;
}

enum reach reach_end(int *fd)
{
	struct pollfd ready = { .fd = *fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof(error);

	if (poll(&ready, 1, 0) <= 0)
		return REACH_WAITING;
	if (getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	(void)close(*fd);
	*fd = -1;
	return judge(error);
}
