/* SPDX-License-Identifier: Apache-2.0 */
#include "host/service.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

bool service_manager(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int service_ask(const char *const words[])
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	if (r == 0)
		r = posix_spawnp(&pid, words[0], &actions, NULL, (char *const *)(const void *)words,
		                 environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r != 0 ? -r : wait_for(pid);
}
