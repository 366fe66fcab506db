/* SPDX-License-Identifier: Apache-2.0 */
/* doctor - the full diagnosis, once, without a running agent or beside one. Changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/agent.h"
#include "commands/commands.h"
#include "commands/once.h"
#include "engine/examine.h"
#include "engine/tell.h"
#include "host/clock.h"
#include "host/state.h"
#include "host/terminal.h"
#include "report/table.h"

#define TIMEOUT_USEC (15 * SECONDS_USEC)

static bool is_settled(struct engine *engine)
{
	return engine->decision.settled;
}

static bool log_says_nothing(enum cause cause)
{
	return cause == CAUSE_LOG_UNREADABLE || cause == CAUSE_LOG_SILENT ||
	       cause == CAUSE_LOG_OPAQUE;
}

/* On, and no copy was seen; or all is well, but for a log that does not say whether it is on: that is no
 * answer either. */
static bool is_answer(const struct decision *decision)
{
	bool wrong = decision->copies.present < decision->copies.needed || decision->copies.stale ||
	             decision->listeners.bad;

	return decision->verdict != VERDICT_UNKNOWN && decision->cause != CAUSE_LOOKING &&
	       (wrong || !log_says_nothing(decision->cause));
}

static int code_of(const struct decision *decision)
{
	if (decision->verdict == VERDICT_HEALTHY || decision->verdict == VERDICT_PROVEN)
		return EXIT_SUCCESS;
	return is_answer(decision) ? EXIT_FAILURE : EXIT_CANNOT_TELL;
}

/* The one object of `status --json`, with what only doctor knows. False: out of memory. */
static bool print_json(const struct status *status, const struct advice *advice)
{
	size_t size = STATUS_JSON_MAX + ADVICE_JSON_MAX, len;
	CLEANUP(free_p) char *json = malloc(size);

	len = json ? status_to_json(status, true, json, STATUS_JSON_MAX) : 0;
	if (len == 0 || advice_to_json(advice, json, len, size) == 0)
		return false;
	(void)fputs(json, stdout);
	return true;
}

static bool print_table(const struct status *status, const struct advice *advice)
{
	CLEANUP(free_p)
	char *text = malloc(TABLE_MAX > ADVICE_TEXT_MAX ? TABLE_MAX : ADVICE_TEXT_MAX);

	if (!text)
		return false;
	(void)table_of_status(status, "",
	                      terminal_colours(STDOUT_FILENO) ? TABLE_COLOUR : TABLE_PLAIN, text,
	                      TABLE_MAX);
	(void)fputs(text, stdout);
	if (advice_to_text(advice, text, ADVICE_TEXT_MAX) > 0)
		(void)printf("\n%s", text);
	return true;
}

/* What this command alone knows, or can't know. */
static void adapt(const struct config *config, struct status *status)
{
	/* When it came to see it says nothing of when it was so. */
	status->boot.api_usable_s = status->boot.controller_on_s = status->boot.tls_proven_s = -1;
	if (strcmp(status->controller.cause, words_of_cause(CAUSE_ONCE)->name) == 0 &&
	    state_locked(config->runtime_dir, RUNFILE_LOCK))
		(void)snprintf(status->controller.command, sizeof(status->controller.command),
		               "gatewake status: the agent that runs here says what it waits for");
}

/* The kernel's alarm is over in 2 s, and an agent that runs here has looked all the time. */
static void ask_agent(struct engine *engine)
{
	struct failure failure;
	struct status status;

	if (agent_read(engine->config, &status, &failure) < 0)
		return;
	if (status.board.under_voltage_seen)
		engine->board.under_voltage_seen = true;
	status_clear(&status);
}

static bool print(const struct engine *engine)
{
	CLEANUP(free_p) struct advice *advice = calloc(1, sizeof(*advice));
	struct status status;
	bool printed;

	if (!advice)
		return false;
	examine(engine, advice);
	tell_status(engine, clock_boottime_usec(), &status);
	adapt(engine->config, &status);
	printed = engine->config->json ? print_json(&status, advice) : print_table(&status, advice);
	status_clear(&status);
	return printed;
}

static int run(const struct config *config, const char *argument)
{
	CLEANUP(cycle_free_p) struct engine *engine = NULL;
	int code = once_open(config, "doctor", 0, &engine);

	(void)argument;
	if (code)
		return code;
	(void)once_turn(engine, once_timeout(config, TIMEOUT_USEC), is_settled);
	ask_agent(engine);
	if (!print(engine)) {
		(void)fprintf(stderr, "gatewake doctor: out of memory\n");
		return EXIT_CANNOT_TELL;
	}
	return code_of(&engine->decision);
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "full diagnosis once, without a running agent; changes nothing",
	.help = "usage: gatewake doctor [--json] [--timeout 15s] [--KEY VALUE]...\n"
		"\n"
		"Looks at all that `gatewake run` looks at, and connects to each listener, until\n"
		"it can tell or its time is over. Writes nothing, neither to the API nor to a\n"
		"file; a running agent does not mind it. Run it on a node of the cluster.\n"
		"  --json              the object of `gatewake status --json`, with \"findings\"\n"
		"  --timeout 15s       tell what is known by then\n"
		ONCE_KEYS_HELP
		"\n"
		"exit: 0 healthy, 1 not, 2 a flag or the kubeconfig is wrong, 3 cannot tell\n",
	.flags = CONFIG_JSON | CONFIG_TIMEOUT | CONFIG_K3S,
	.run = run,
};
