/* SPDX-License-Identifier: Apache-2.0 */
/* `gatewake status` and `gatewake wait` beside an agent that is played: the test holds its lock, and writes its
 * status.json. */
#include "tests/unit/tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "host/runfile.h"
#include "host/state.h"
#include "report/table.h"
#include "report/holder.h"
#include "report/words.h"
#include "tests/unit/schema.h"

#define PATIENCE_MSEC 10000
#define ARGS_MAX      8

static struct tempdir dir;
static struct runfile runfile;
static int lock;

struct command { /* one that runs */
	pid_t pid;
	int out; /* its stdout and stderr */
	char said[8192];
	size_t len;
};

static void agent_lives(void)
{
	assert_int_equal(state_lock(dir.path, RUNFILE_LOCK, &lock), 0);
}

static void agent_dies(void)
{
	if (lock >= 0)
		assert_int_equal(close(lock), 0);
	lock = -1;
}

static int make(void **state)
{
	(void)state;
	tempdir_make(&dir);
	runfile = (struct runfile){ .folder = dir.path };
	lock = -1;
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	agent_lives();
	return 0;
}

static int clean(void **state)
{
	(void)state;
	agent_dies();
	tempdir_remove(&dir);
	return 0;
}

static struct status status_of(enum verdict verdict, enum cause cause)
{
	struct status status = { .version = "0", .node = "pi", .mode = "recover" };

	(void)strcpy(status.local.layer, "usable");
	(void)strcpy(status.local.address, "127.0.0.1:6443");
	(void)strcpy(status.vip.layer, "usable");
	(void)strcpy(status.holder.state, "UNKNOWN");
	(void)strcpy(status.vip.address, "10.0.0.9:6443");
	(void)strcpy(status.controller.verdict, words_of_verdict(verdict));
	(void)strcpy(status.controller.cause, words_of_cause(cause)->name);
	(void)strcpy(status.controller.sentence, words_of_cause(cause)->sentence);
	(void)strcpy(status.controller.since, "2026-01-02T03:04:05Z");
	status.boot.api_usable_s = status.boot.controller_on_s = status.boot.tls_proven_s = -1;
	return status;
}

static void agent_says(const struct status *status)
{
	assert_int_equal(runfile_write(&runfile, status), 0);
}

static void agent_finds(enum verdict verdict, enum cause cause)
{
	struct status status = status_of(verdict, cause);

	agent_says(&status);
}

/* argv: what stands after "gatewake", up to a NULL. */
static void start(struct command *command, const char *const *words)
{
	const char *program = getenv("GATEWAKE") ? getenv("GATEWAKE") : "build/gatewake";
	const char *argv[ARGS_MAX + 4] = { program };
	size_t count = 1;
	int out[2];

	while (*words)
		argv[count++] = *words++;
	argv[count++] = "--runtime-dir";
	argv[count] = dir.path;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	*command = (struct command){ .out = out[0] };
	command->pid = fork();
	if (command->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)dup2(out[1], STDERR_FILENO);
		(void)execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(out[1]);
}

/* False: it says nothing more. */
static bool hear(struct command *command)
{
	struct pollfd fd = { .fd = command->out, .events = POLLIN };
	ssize_t got;

	if (poll(&fd, 1, PATIENCE_MSEC) <= 0)
		fail_msg("nothing more was said after: %s", command->said);
	got = read(command->out, command->said + command->len,
	           sizeof(command->said) - 1 - command->len);
	command->len += got > 0 ? (size_t)got : 0;
	command->said[command->len] = '\0';
	return got > 0;
}

static void await(struct command *command, const char *text)
{
	while (!strstr(command->said, text))
		if (!hear(command))
			fail_msg("not said: %s; but: %s", text, command->said);
}

static int end(struct command *command)
{
	int status;

	while (hear(command))
		;
	assert_int_equal(close(command->out), 0);
	assert_int_equal(waitpid(command->pid, &status, 0), command->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(struct command *command, const char *const *words)
{
	start(command, words);
	return end(command);
}

static const char *const show[] = { "status", NULL };
static const char *const show_json[] = { "status", "--json", NULL };
static const char *const watch[] = { "status", "--watch", NULL };
static const char *const watch_json[] = { "status", "--json", "--watch", NULL };

static void status_ends_with_what_the_agent_found(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(run(&command, show), 3); /* it lives, and has said nothing yet */
	for (enum verdict verdict = VERDICT_UNKNOWN; verdict < VERDICT_COUNT; verdict++) {
		bool well = verdict == VERDICT_HEALTHY || verdict == VERDICT_PROVEN;

		agent_finds(verdict, CAUSE_NONE);
		assert_int_equal(run(&command, show), well ? 0 : 1);
		assert_non_null(strstr(command.said, words_of_verdict(verdict)));
		assert_non_null(strstr(command.said, "means: "));
		assert_int_equal(run(&command, show_json), well ? 0 : 1);
		assert_true(schema_status(command.said));
	}
	agent_dies(); /* what it left is nobody's word */
	assert_int_equal(run(&command, show), 3);
	assert_non_null(strstr(command.said, "no agent runs"));
	assert_int_equal(run(&command, show_json), 3);
}

static void the_schema_knows_each_word_and_no_other(void **state)
{
	static char json[STATUS_JSON_MAX];
	struct status status = status_of(VERDICT_HEALTHY, CAUSE_NONE);
	struct status_listener listener = { .verdict = "SERVED" };

	(void)state;
	status.listener = &listener;
	status.listener_count = 1;
	for (enum cause cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
		(void)strcpy(status.controller.cause, words_of_cause(cause)->name);
		assert_true(status_to_json(&status, true, json, sizeof(json)) > 0);
		assert_true(schema_status(json));
	}
	for (enum layer layer = LAYER_UNKNOWN; layer <= LAYER_USABLE; layer++) {
		(void)strcpy(status.vip.layer, words_of_layer(layer));
		(void)status_to_json(&status, true, json, sizeof(json));
		assert_true(schema_status(json));
	}
	for (enum holder_state who = HOLDER_UNKNOWN; who <= HOLDER_DUAL; who++) {
		(void)strcpy(status.holder.state, holder_words(who)->name);
		(void)status_to_json(&status, true, json, sizeof(json));
		assert_true(schema_status(json));
	}
	for (enum holder_source source = SOURCE_NONE; source <= SOURCE_CONNECTION; source++) {
		(void)strcpy(status.holder.source, holder_source_name(source));
		(void)status_to_json(&status, true, json, sizeof(json));
		assert_true(schema_status(json));
	}
	for (enum proof proof = PROOF_UNKNOWN; proof <= PROOF_SKIPPED; proof++) {
		(void)strcpy(listener.verdict, words_of_proof(proof)->name);
		(void)status_to_json(&status, true, json, sizeof(json));
		assert_true(schema_status(json));
	}
	(void)strcpy(status.controller.verdict, "WELL");
	(void)status_to_json(&status, true, json, sizeof(json));
	assert_false(schema_status(json));
	assert_false(schema_status("{}"));
}

static void no_colour_and_no_control_byte_leaves_a_pipe(void **state)
{
	struct status status = status_of(VERDICT_NOT_SERVED, CAUSE_NOT_SERVED);
	struct status_listener listener = { .verdict = "NO_CERT",
		                            .hostname = "a\033[31mb\302\233c",
		                            .detail = "line\nbreak" };
	struct command command;

	(void)state;
	status.listener = &listener;
	status.listener_count = 1;
	agent_says(&status);
	assert_int_equal(run(&command, show), 1);
	assert_non_null(strstr(command.said, "a?[31mb??c"));
	assert_non_null(strstr(command.said, "line?break"));
	assert_null(strchr(command.said, '\033'));
	assert_non_null(strstr(command.said, "NO_CERT: the handshake ends without a certificate"));
}

/* What a terminal of that kind is shown. */
static void show_on_terminal(struct command *command, const char *kind, const char *no_colour)
{
	const char *program = getenv("GATEWAKE") ? getenv("GATEWAKE") : "build/gatewake";
	ssize_t got;

	*command = (struct command){ .pid = 0 };
	command->pid = forkpty(&command->out, NULL, NULL, NULL);
	assert_true(command->pid >= 0); /* no /dev/pts? */
	if (command->pid == 0) {
		(void)setenv("TERM", kind, 1);
		(void)setenv("NO_COLOR", no_colour, 1);
		(void)execl(program, program, "status", "--runtime-dir", dir.path, (char *)NULL);
		_exit(127);
	}
	while ((got = read(command->out, command->said + command->len,
	                   sizeof(command->said) - 1 - command->len)) > 0)
		command->len += (size_t)got; /* EIO: its end */
	(void)close(command->out);
	assert_int_equal(waitpid(command->pid, NULL, 0), command->pid);
}

static void a_terminal_is_shown_colours_unless_it_wants_none(void **state)
{
	struct command command;

	(void)state;
	agent_finds(VERDICT_CRASHING, CAUSE_CRASH);
	show_on_terminal(&command, "xterm", "");
	assert_non_null(strstr(command.said, "\033[31mCRASHING\033[0m"));
	show_on_terminal(&command, "xterm", "1");
	assert_null(strchr(command.said, '\033'));
	assert_non_null(strstr(command.said, "CRASHING"));
	show_on_terminal(&command, "dumb", "");
	assert_null(strchr(command.said, '\033'));
}

static void a_watch_prints_each_change_and_the_agents_end(void **state)
{
	struct command command;

	(void)state;
	agent_finds(VERDICT_STARTING, CAUSE_NO_POD);
	start(&command, watch);
	await(&command, "STARTING");
	agent_finds(VERDICT_CONTROLLER_OFF, CAUSE_RESTARTING);
	await(&command, "CONTROLLER_OFF");
	agent_dies();
	await(&command, "no agent runs");
	agent_lives();
	agent_finds(VERDICT_PROVEN, CAUSE_PROVEN);
	await(&command, "PROVEN");
	assert_int_equal(kill(command.pid, SIGTERM), 0);
	assert_int_equal(end(&command), 128 + SIGTERM);
}

static void a_watch_in_json_is_an_object_a_line(void **state)
{
	struct command command;
	char *newline;

	(void)state;
	agent_finds(VERDICT_STARTING, CAUSE_NO_POD);
	start(&command, watch_json);
	await(&command, "no-pod");
	agent_finds(VERDICT_HEALTHY, CAUSE_NONE);
	await(&command, "HEALTHY");
	assert_int_equal(kill(command.pid, SIGTERM), 0);
	(void)end(&command);
	newline = strchr(command.said, '\n');
	assert_non_null(newline);
	*newline = '\0';
	assert_true(schema_status(command.said));
	assert_true(schema_status(newline + 1));
}

static int ask(const char *goal, const char *timeout)
{
	const char *words[] = { "wait", goal, "--timeout", timeout, NULL };
	struct command command;
	int code = run(&command, words);

	if (code == 0)
		assert_string_equal(command.said, ""); /* it says nothing where it is so */
	else if (!strstr(command.said, "gatewake wait: timed out after 0 s waiting for ") ||
	         strchr(command.said, '\n')[1])
		fail_msg("not one line: %s", command.said);
	return code;
}

static void a_wait_is_reached_where_it_is_so(void **state)
{
	static const struct {
		enum verdict verdict;
		bool on;
		unsigned provable, proven;
		int controller, served;
	} rows[] = {
		{ VERDICT_PROVEN, true, 3, 3, 0, 0 },
		{ VERDICT_HEALTHY, true, 0, 0, 0, 0 },
		{ VERDICT_HEALTHY, true, 3, 2, 0, 1 },
		{ VERDICT_NOT_SERVED, true, 3, 2, 0, 1 },
		{ VERDICT_STARTING, true, 0, 0, 0, 1 },
		{ VERDICT_STARTING, false, 0, 0, 1, 1 },
		{ VERDICT_CONTROLLER_OFF, false, 0, 0, 1, 1 },
		/* what is served is served, and under UNKNOWN nobody looks */
		{ VERDICT_CONTROLLER_OFF, false, 3, 3, 1, 0 },
		{ VERDICT_UNKNOWN, false, 3, 3, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct status status = status_of(rows[i].verdict, CAUSE_NONE);

		status.controller.on = rows[i].on;
		status.proofs.provable = rows[i].provable;
		status.proofs.served = rows[i].proven;
		agent_says(&status);
		assert_int_equal(ask("controller", "0s"), rows[i].controller);
		assert_int_equal(ask("served", "0s"), rows[i].served);
		assert_int_equal(ask("local", "0s"), 0);
		assert_int_equal(ask("vip", "0s"), 0);
	}
}

static void a_wait_for_an_endpoint_asks_that_one(void **state)
{
	struct status status = status_of(VERDICT_STARTING, CAUSE_NO_POD);

	(void)state;
	(void)strcpy(status.vip.layer, "tcp");
	agent_says(&status);
	assert_int_equal(ask("local", "0s"), 0);
	assert_int_equal(ask("vip", "0s"), 1);
	(void)strcpy(status.vip.layer, "usable");
	(void)strcpy(status.local.layer, "crds");
	agent_says(&status);
	assert_int_equal(ask("local", "0s"), 1);
	assert_int_equal(ask("vip", "0s"), 0);
}

static void a_wait_that_times_out_says_what_is_in_the_way(void **state)
{
	const char *const words[] = { "wait", "served", "--timeout=200ms", NULL };
	struct command command;

	(void)state;
	agent_finds(VERDICT_CONTROLLER_OFF, CAUSE_CORDONED);
	assert_int_equal(run(&command, words), 1);
	assert_non_null(strstr(command.said,
	                       "gatewake wait: timed out after 0.2 s waiting for served: "
	                       "CONTROLLER_OFF: not restarted: the node is cordoned"));
	agent_dies();
	assert_int_equal(run(&command, words), 3);
	assert_non_null(strstr(command.said, "no agent runs"));
}

static void a_wait_ends_when_it_becomes_so(void **state)
{
	const char *const words[] = { "wait", "vip", "--timeout", "60s", NULL };
	struct status status = status_of(VERDICT_STARTING, CAUSE_NO_POD);
	struct command command;

	(void)state;
	(void)strcpy(status.vip.layer, "tcp");
	agent_says(&status);
	start(&command, words);
	(void)strcpy(status.vip.layer, "usable");
	agent_says(&status);
	assert_int_equal(end(&command), 0);
}

/* The agent, and even its directory, may come after the wait. */
static void a_wait_waits_for_the_agent_as_well(void **state)
{
	const char *const words[] = { "wait", "vip", "--timeout", "60s", NULL };
	struct command command;
	char path[sizeof(dir.path) + 8];

	(void)state;
	agent_dies();
	(void)snprintf(path, sizeof(path), "%s.away", dir.path);
	assert_int_equal(rename(dir.path, path), 0);
	start(&command, words);
	assert_int_equal(rename(path, dir.path), 0);
	agent_lives();
	agent_finds(VERDICT_PROVEN, CAUSE_PROVEN);
	assert_int_equal(end(&command), 0);
}

static void what_can_not_be_waited_for_is_named(void **state)
{
	static const char *const rows[][ARGS_MAX] = {
		{ "wait" },
		{ "wait", "--timeout", "1s" },
		{ "wait", "gateway" },
		{ "wait", "vip", "local" },
		{ "wait", "vip", "--timeout", "soon" },
		{ "wait", "vip", "--json" },
		{ "wait", "address", "--state-dir", "/nowhere" },
		{ "wait", "address", "--vip", "cluster.example:6443" },
		{ "status", "--timeout", "1s" },
		{ "status", "all" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct command command;

		assert_int_equal(run(&command, rows[i]), 2);
		assert_ptr_equal(strchr(command.said, '\n'), command.said + command.len - 1);
	}
}

/* Without an agent, and without an API server. */
static void an_address_of_this_host_is_held(void **state)
{
	static const char *const argv[ARGS_MAX] = { "wait", "address", "--vip", "127.0.0.1:1" };
	struct command command;

	(void)state;
	assert_int_equal(run(&command, argv), 0);
	assert_int_equal(command.len, 0);
}

/* A host that refuses is there: an answer needs its time even where one is asked once. */
static void an_address_that_answers_is_held(void **state)
{
	static const char *const argv[ARGS_MAX] = { "wait",        "address",   "--vip",
		                                    "127.0.0.9:1", "--timeout", "0s" };
	struct command command;

	(void)state;
	assert_int_equal(run(&command, argv), 0);
	assert_int_equal(command.len, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(status_ends_with_what_the_agent_found),
		CASE(the_schema_knows_each_word_and_no_other),
		CASE(no_colour_and_no_control_byte_leaves_a_pipe),
		CASE(a_terminal_is_shown_colours_unless_it_wants_none),
		CASE(a_watch_prints_each_change_and_the_agents_end),
		CASE(a_watch_in_json_is_an_object_a_line),
		CASE(a_wait_is_reached_where_it_is_so),
		CASE(a_wait_for_an_endpoint_asks_that_one),
		CASE(a_wait_that_times_out_says_what_is_in_the_way),
		CASE(a_wait_ends_when_it_becomes_so),
		CASE(a_wait_waits_for_the_agent_as_well),
		CASE(what_can_not_be_waited_for_is_named),
		CASE(an_address_of_this_host_is_held),
		CASE(an_address_that_answers_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
