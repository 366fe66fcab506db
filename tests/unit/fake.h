/* SPDX-License-Identifier: Apache-2.0 */
/* fake - the program against the fake API server (tests/fakeapi), each a child whose lines are heard. The world's times
 * are shrunk, never the agent's. Nothing sleeps: each wait is for a line, or for status.json. Every failure ends the test. */
#pragma once
#include "tests/unit/tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/* On an emulated CPU, so that the agent keeps up with its world: from the command line. */
static unsigned slower = 1;

/* Longer than a command gives itself: it says more than that it was killed. */
#define PATIENCE_MSEC (30000 * slower)
#define TEXT_MAX      (256 * 1024)

struct child { /* a program whose lines are heard */
	pid_t pid;
	int in, out; /* -1: closed */
	char *heard;
	size_t len;
};

struct scene {
	struct tempdir dir;
	struct child fake, agent;
	unsigned speed;
	char kubeconfig[128], host_root[128];
};

static inline const char *program(const char *name)
{
	static char path[2][PATH_MAX];
	static unsigned next;
	const char *agent = getenv("GATEWAKE") ? getenv("GATEWAKE") : "build/gatewake";
	const char *slash = strrchr(agent, '/');
	char *to = path[next++ % 2];

	(void)snprintf(to, PATH_MAX, "%.*s%s", slash ? (int)(slash - agent) + 1 : 0, agent, name);
	return to;
}

/* --- children --- */

static inline void become(char *const *argv, int in, int out, bool errors)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
	(void)signal(SIGINT, SIG_DFL); /* a shell ignores it for what runs in the background */
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, errors ? STDERR_FILENO : STDOUT_FILENO);
	(void)execv(argv[0], argv);
	_exit(127);
}

/* errors: its stderr is heard, else its stdout. */
static inline void start(struct child *child, char *const *argv, bool errors)
{
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	*child = (struct child){ .in = in[1], .out = out[0], .heard = calloc(1, TEXT_MAX) };
	assert_non_null(child->heard);
	child->pid = fork();
	if (child->pid == 0)
		become(argv, in[0], out[1], errors);
	(void)close(in[0]);
	(void)close(out[1]);
}

static inline void hear(struct child *child)
{
	ssize_t got = read(child->out, child->heard + child->len, TEXT_MAX - 1 - child->len);

	if (got > 0) {
		child->len += (size_t)got;
		child->heard[child->len] = '\0';
		return;
	}
	(void)close(child->out);
	child->out = -1; /* poll ignores it */
}

static inline int64_t now_msec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Its exit code; one that does not end is killed, and that is its code. */
static inline int end_child(struct child *child, int signal)
{
	int64_t end = now_msec() + PATIENCE_MSEC;
	int status = 0;
	pid_t ended;

	if (child->in >= 0)
		(void)close(child->in);
	if (signal)
		(void)kill(child->pid, signal);
	while ((ended = waitpid(child->pid, &status, WNOHANG)) == 0) {
		struct pollfd fd = { .fd = child->out, .events = POLLIN };

		if (poll(&fd, 1, 10) > 0)
			hear(child);
		if (now_msec() > end)
			(void)kill(child->pid, SIGKILL);
	}
	assert_int_equal(ended, child->pid);
	while (child->out >= 0)
		hear(child);
	child->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- waiting --- */

static inline void hear_both(struct scene *scene)
{
	struct pollfd fds[] = { { .fd = scene->fake.out, .events = POLLIN },
		                { .fd = scene->agent.out, .events = POLLIN } };

	if (poll(fds, 2, 20) <= 0)
		return;
	if (fds[0].revents)
		hear(&scene->fake);
	if (fds[1].revents)
		hear(&scene->agent);
}

static inline bool read_file(const struct scene *scene, const char *name, char *text, size_t size)
{
	FILE *file = fopen(tempdir_path(&scene->dir, name), "re");
	size_t len;

	text[0] = '\0';
	if (!file)
		return false;
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return true;
}

static inline void give_up(struct scene *scene, const char *what)
{
	char status[8192];

	(void)read_file(scene, "run/status.json", status, sizeof(status));
	fail_msg("not come: %s\n--- fake\n%s\n--- agent\n%s\n--- status\n%s", what,
	         scene->fake.heard, scene->agent.heard, status);
}

/* Where it begins, counted from the child's first byte; from: not before there. */
static inline size_t await(struct scene *scene, struct child *child, size_t from, const char *text)
{
	int64_t end = now_msec() + PATIENCE_MSEC;
	const char *at;

	while (!(at = strstr(child->heard + from, text))) {
		if (now_msec() > end)
			give_up(scene, text);
		hear_both(scene);
	}
	return (size_t)(at - child->heard);
}

static inline size_t event(struct scene *scene, size_t from, const char *text)
{
	return await(scene, &scene->fake, from, text);
}

static inline void await_status(struct scene *scene, const char *text)
{
	int64_t end = now_msec() + PATIENCE_MSEC;
	char status[8192];

	while (!read_file(scene, "run/status.json", status, sizeof(status)) ||
	       !strstr(status, text)) {
		if (now_msec() > end)
			give_up(scene, text);
		hear_both(scene);
	}
}

static inline unsigned count(const struct scene *scene, const char *text)
{
	unsigned found = 0;

	for (const char *at = scene->fake.heard; (at = strstr(at, text)); at++)
		found++;
	return found;
}

/* The world's second of the event whose text stands there. */
static inline double moment(const struct scene *scene, size_t at)
{
	const char *line = scene->fake.heard + at;
	double second = -1;

	while (line > scene->fake.heard && line[-1] != '\n')
		line--;
	assert_int_equal(sscanf(line, "event %lf", &second), 1);
	return second;
}

/* --- the scene --- */

/* Commands the world; what it answers stands where it is returned. */
static inline size_t tell(struct scene *scene, const char *command)
{
	char line[512];
	int len = snprintf(line, sizeof(line), "%s\n", command);
	size_t from = scene->fake.len, at;

	assert_int_equal(write(scene->fake.in, line, (size_t)len), len);
	at = from;
	for (;;) { /* events may stand before it */
		const char *text = scene->fake.heard + at;
		const char *newline = strchr(text, '\n');

		if (!newline) {
			hear_both(scene);
			if (scene->fake.out < 0)
				give_up(scene, command);
			continue;
		}
		if (strncmp(text, "event ", 6) != 0)
			break;
		at += (size_t)(newline - text) + 1;
	}
	if (strncmp(scene->fake.heard + at, "ok", 2) != 0)
		give_up(scene, command);
	return at;
}

/* argv of a test's main: how many times slower. */
static inline bool read_slower(int argc, char **argv)
{
	slower = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
	if (slower >= 1 && slower <= 10)
		return true;
	(void)fprintf(stderr, "usage: %s [TIMES-SLOWER, 1 to 10]\n", argv[0]);
	return false;
}

static inline void open_scene(struct scene *scene, unsigned speed, const char *flag)
{
	char number[8];
	char *argv[] = { (char *)(uintptr_t)program("fakeapi"), (char[]){ "--speed" }, number,
		         (char *)(uintptr_t)flag, NULL };

	memset(scene, 0, sizeof(*scene));
	scene->agent.out = scene->agent.in = -1;
	scene->speed = speed > slower ? speed / slower : 1;
	(void)snprintf(number, sizeof(number), "%u", scene->speed);
	tempdir_make(&scene->dir);
	start(&scene->fake, argv, false);
	(void)event(scene, 0, "speed=");
	assert_int_equal(sscanf(scene->fake.heard, "ready kubeconfig=%127s host-root=%127s",
	                        scene->kubeconfig, scene->host_root),
	                 2);
}

#define FLAGS_MAX 8 /* of a command, beside those that the scene gives it */

/* A command of the program in this scene; flags ends with NULL. errors: its stderr is heard, else its stdout. */
static inline void start_command(struct scene *scene, struct child *child, const char *command,
                                 const char *const *flags, bool errors)
{
	char run[PATH_MAX], state[PATH_MAX];
	const char *argv[10 + FLAGS_MAX + 1] = {
		program("gatewake"), command,
		"--runtime-dir",     run,
		"--state-dir",       state,
		"--kubeconfig",      scene->kubeconfig,
		"--host-root",       scene->host_root,
	};

	for (size_t i = 0; flags[i]; i++) {
		assert_true(i < FLAGS_MAX);
		argv[10 + i] = flags[i];
	}
	(void)snprintf(run, sizeof(run), "%s", tempdir_path(&scene->dir, "run"));
	(void)snprintf(state, sizeof(state), "%s", tempdir_path(&scene->dir, "state"));
	start(child, (char *const *)(uintptr_t)argv, errors);
}

static inline void start_agent(struct scene *scene, struct child *child, const char *mode)
{
	start_command(scene, child, "run", (const char *const[]){ "--mode", mode, NULL }, true);
}

static inline void stop_agent(struct scene *scene, int signal)
{
	(void)end_child(&scene->agent, signal);
	free(scene->agent.heard);
	scene->agent = (struct child){ .in = -1, .out = -1 };
}

/* An agent that is told to end does so, and what it said is no crash. */
static inline void close_scene(struct scene *scene)
{
	char command[128];

	if (scene->agent.pid)
		assert_int_equal(end_child(&scene->agent, SIGTERM), 0);
	free(scene->agent.heard);
	assert_int_equal(end_child(&scene->fake, 0), 0);
	free(scene->fake.heard);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", scene->dir.path);
	assert_int_equal(system(command), 0);
}

/* An operator that is off, and whose leadership deleted all copies, as it happens where there is no agent. */
static inline void lose_copies(struct scene *scene)
{
	size_t at = tell(scene, "restart refused 8");

	at = event(scene, at, "operator off");
	at = event(scene, at, "operator synced");
	(void)event(scene, at, "copy deleted");
}

#define WRITE_DELETE "write DELETE /api/v1/namespaces/kube-system/pods/"
#define WRITE_POST   "write POST /api/v1/namespaces/cilium-secrets/secrets"

static inline void await_created(struct scene *scene, size_t from, const char *copy)
{
	char text[320];

	(void)snprintf(text, sizeof(text), "copy created %s agent", copy);
	(void)event(scene, event(scene, from, text), WRITE_POST " 201");
}
