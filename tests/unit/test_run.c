/* SPDX-License-Identifier: Apache-2.0 */
/* The program itself, as systemd runs it: its lines, its notify messages, its exit codes. */
#include "tests/unit/server.h"
#include "tests/unit/tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PATIENCE_MSEC 10000

struct agent {
	struct tempdir dir;
	pid_t pid;
	int lines, notes; /* its stderr and stdout; what it tells systemd */
	char heard[32768], noted[32768];
	size_t heard_len, noted_len;
};

static const char *program(void)
{
	const char *path = getenv("GATEWAKE");

	return path ? path : "build/gatewake";
}

static void open_notify(struct agent *agent)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", agent->dir.path);
	agent->notes = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(agent->notes, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
}

static void make(struct agent *agent)
{
	*agent = (struct agent){ .lines = -1, .notes = -1 };
	tempdir_make(&agent->dir);
	open_notify(agent);
}

/* Arguments after the program's name; the directories are added. */
static void start(struct agent *agent, const char *command, const char *flag, const char *value)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	agent->pid = fork();
	if (agent->pid == 0) {
		(void)dup2(pipes[1], STDERR_FILENO);
		(void)dup2(pipes[1], STDOUT_FILENO);
		(void)close(pipes[0]);
		(void)close(pipes[1]);
		(void)execl(program(), "gatewake", command, "--runtime-dir",
		            tempdir_path(&agent->dir, "run"), "--state-dir",
		            tempdir_path(&agent->dir, "state"), "--kubeconfig",
		            tempdir_path(&agent->dir, "kubeconfig"), flag, value, (char *)NULL);
		_exit(127);
	}
	(void)close(pipes[1]);
	agent->lines = pipes[0];
}

static int exit_code(struct agent *agent)
{
	int status;

	assert_int_equal(waitpid(agent->pid, &status, 0), agent->pid);
	agent->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool read_some(int fd, char *text, size_t *len, size_t size)
{
	ssize_t got = read(fd, text + *len, size - 1 - *len);

	if (got <= 0)
		return false;
	*len += (size_t)got;
	text[*len] = '\0';
	return true;
}

/* Waits until the text was heard, on either side; ends the test after its patience. */
static void await(struct agent *agent, const char *text)
{
	struct timespec now;
	int64_t end;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec * 1000 + PATIENCE_MSEC;
	while (!strstr(agent->heard, text) && !strstr(agent->noted, text)) {
		struct pollfd fds[] = { { .fd = agent->lines, .events = POLLIN },
			                { .fd = agent->notes, .events = POLLIN } };

		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec * 1000 > end || poll(fds, 2, 1000) < 0)
			fail_msg("not heard: %s\nheard: %s\nnoted: %s", text, agent->heard,
			         agent->noted);
		if (fds[1].revents & POLLIN)
			(void)read_some(agent->notes, agent->noted, &agent->noted_len,
			                sizeof(agent->noted));
		if (fds[0].revents &&
		    !read_some(agent->lines, agent->heard, &agent->heard_len, sizeof(agent->heard)))
			agent->lines = -1; /* ended: poll ignores it */
	}
}

static void finish(struct agent *agent)
{
	char command[128];

	if (agent->pid) {
		(void)kill(agent->pid, SIGKILL);
		(void)exit_code(agent);
	}
	(void)close(agent->notes);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", agent->dir.path);
	assert_int_equal(system(command), 0);
}

static void write_kubeconfig(const struct agent *agent, const struct server *server, const char *ca)
{
	char text[8192], *base64 = certs_base64(ca);

	(void)snprintf(
		text, sizeof(text),
		"clusters:\n- name: c\n  cluster:\n    server: %s\n    tls-server-name: gatewake\n"
		"    certificate-authority-data: %s\nusers:\n- name: u\n  user: {token: "
	        "the-secret-token}\n"
		"contexts:\n- name: x\n  context: {cluster: c, user: u}\ncurrent-context: x\n",
		server->url, base64);
	free(base64);
	(void)tempdir_write_text(&agent->dir, "kubeconfig.new", text);
	assert_int_equal(rename(tempdir_path(&agent->dir, "kubeconfig.new"),
	                        tempdir_path(&agent->dir, "kubeconfig")),
	                 0);
}

static void without_credentials_it_is_ready_says_so_and_ends_on_sigterm(void **state)
{
	struct agent agent;

	(void)state;
	make(&agent);
	start(&agent, "run", "--mode", "observe");
	await(&agent, "READY=1");
	await(&agent, "sudo gatewake setup");
	assert_int_equal(kill(agent.pid, SIGTERM), 0);
	await(&agent, "STOPPING=1");
	assert_int_equal(exit_code(&agent), 0);
	finish(&agent);
}

static void the_watchdog_is_fed(void **state)
{
	struct agent agent;

	(void)state;
	make(&agent);
	assert_int_equal(setenv("WATCHDOG_USEC", "2000000", 1), 0);
	start(&agent, "run", "--mode", "observe");
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
	await(&agent, "WATCHDOG=1");
	finish(&agent);
}

static void a_kubeconfig_that_comes_late_or_is_mended_is_read(void **state)
{
	struct server server = { .way = SERVER_ANSWERS,
		                 .answer = "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n" };
	struct agent agent;

	(void)state;
	make(&agent);
	server_start(&server);
	(void)tempdir_write_text(&agent.dir, "kubeconfig", "clusters: [\n");
	start(&agent, "run", "--mode", "observe");
	await(&agent, "kubeconfig:"); /* file and line */
	write_kubeconfig(&agent, &server, server.cert);
	await(&agent, "not ready (HTTP 500)");
	assert_null(strstr(agent.heard, "the-secret-token"));
	finish(&agent);
	server_stop(&server);
}

static void a_wrong_ca_is_named_at_its_layer(void **state)
{
	struct server server = { .way = SERVER_ANSWERS, .answer = "" };
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	char *other = certs_sign(key, CERTS_EC, 0, time(NULL) + 3600);
	struct agent agent;

	(void)state;
	make(&agent);
	server_start(&server);
	write_kubeconfig(&agent, &server, other);
	start(&agent, "run", "--mode", "observe");
	await(&agent, "waiting for local: 127.0.0.1:");
	await(&agent, "no TLS (");
	finish(&agent);
	server_stop(&server);
	EVP_PKEY_free(key);
	free(other);
}

static void an_answer_that_is_no_json_is_named_and_the_loop_goes_on(void **state)
{
	struct server server = {
		.way = SERVER_ANSWERS,
		.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"kind\":\""
	};
	struct agent agent;

	(void)state;
	make(&agent);
	server_start(&server);
	write_kubeconfig(&agent, &server, server.cert);
	start(&agent, "run", "--mode", "observe");
	await(&agent, "is usable");
	await(&agent, "the Nodes: not a whole JSON object (9 bytes");
	await(&agent,
	      "the Nodes: not a whole JSON object (9 bytes, begins \"{?kind?:?\") (2 times)");
	assert_int_equal(kill(agent.pid, SIGTERM), 0);
	assert_int_equal(exit_code(&agent), 0);
	finish(&agent);
	server_stop(&server);
}

static void what_is_not_allowed_ends_with_2(void **state)
{
	static const struct {
		const char *command, *flag, *value, *line;
	} rows[] = {
		{ "run", "--vpi", "10.0.0.9", "vpi" },
		{ "run", "--mode", "brave", "brave" },
		{ "run", "--vip", "10.0.0.9:70000", "vip" },
		{ "run", "--config", "/nonexistent/config.yaml", "/nonexistent/config.yaml" },
		{ "status", "--nothing", NULL, "nothing" },
		{ "stauts", NULL, NULL, "unknown command \"stauts\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct agent agent;

		make(&agent);
		start(&agent, rows[i].command, rows[i].flag, rows[i].value);
		await(&agent, rows[i].line);
		assert_int_equal(exit_code(&agent), 2);
		finish(&agent);
	}
}

static void an_unknown_key_ends_with_2_and_its_line(void **state)
{
	struct agent agent;

	(void)state;
	make(&agent);
	start(&agent, "run", "--config",
	      tempdir_write_text(&agent.dir, "config.yaml", "mode: sync\nvpi: 10.0.0.9\n"));
	await(&agent, "config.yaml:2: ");
	assert_int_equal(exit_code(&agent), 2);
	finish(&agent);
}

static void status_tells_whether_an_agent_lives_and_how_it_stands(void **state)
{
	struct agent agent, status;

	(void)state;
	make(&agent);
	status = agent;
	start(&status, "status", NULL, NULL);
	await(&status, "no agent runs");
	assert_int_equal(exit_code(&status), 3);

	start(&agent, "run", "--mode", "observe");
	await(&agent, "READY=1");
	status = agent;
	status.heard_len = 0;
	start(&status, "status", NULL, NULL);
	await(&status, "controller  UNKNOWN  ");
	assert_int_equal(exit_code(&status), 1);
	start(&status, "status", "--json", NULL);
	await(&status, "\"mode\":\"observe\"");
	assert_int_equal(exit_code(&status), 1);
	start(&status, "run", "--mode", "observe");
	await(&status, "another agent runs");
	assert_int_equal(exit_code(&status), 1);
	finish(&agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_credentials_it_is_ready_says_so_and_ends_on_sigterm),
		cmocka_unit_test(the_watchdog_is_fed),
		cmocka_unit_test(a_kubeconfig_that_comes_late_or_is_mended_is_read),
		cmocka_unit_test(a_wrong_ca_is_named_at_its_layer),
		cmocka_unit_test(an_answer_that_is_no_json_is_named_and_the_loop_goes_on),
		cmocka_unit_test(what_is_not_allowed_ends_with_2),
		cmocka_unit_test(an_unknown_key_ends_with_2_and_its_line),
		cmocka_unit_test(status_tells_whether_an_agent_lives_and_how_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
