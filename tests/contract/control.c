/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/contract/control.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	(void)fprintf(stderr, "contract: %s\n", what);
	exit(2);
}

/* The next line that is no event. */
static void read_line(struct control *self, char *line, size_t size)
{
	do {
		if (!fgets(line, (int)size, self->from))
			die("the world has ended");
	} while (strncmp(line, "event ", 6) == 0);
}

static void read_ready(struct control *self)
{
	char line[1024];
	const char *speed;

	read_line(self, line, sizeof(line));
	speed = strstr(line, " speed=");
	if (!speed || sscanf(line, "ready kubeconfig=%255s", self->kubeconfig) != 1)
		die("the world is not ready");
	self->speed = (unsigned)atoi(speed + strlen(" speed="));
	if (self->speed == 0)
		die("a world without a speed");
}

void control_start(struct control *self, char *const *argv)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		die("no pipe");
	self->pid = fork();
	if (self->pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	self->to = fdopen(in[1], "w");
	self->from = fdopen(out[0], "r");
	if (!self->to || !self->from)
		die("no memory");
	read_ready(self);
}

void control_take(struct control *self, int fd)
{
	self->pid = 0;
	self->from = fdopen(fd, "r");
	self->to = fdopen(dup(fd), "w");
	if (!self->to || !self->from)
		die("no such descriptor");
	read_ready(self);
}

void control_tell(struct control *self, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	(void)vfprintf(self->to, format, args);
	va_end(args);
	(void)fputc('\n', self->to);
	(void)fflush(self->to);
	read_line(self, line, sizeof(line));
	if (strncmp(line, "ok", 2) != 0)
		die(line);
}

void control_end(struct control *self)
{
	(void)fclose(self->to);
	(void)fclose(self->from);
	if (self->pid)
		(void)waitpid(self->pid, NULL, 0);
}
