/* SPDX-License-Identifier: Apache-2.0 */
/* status - prints what the running agent last wrote; asks nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "commands/agent.h"
#include "commands/commands.h"
#include "host/clock.h"
#include "host/follow.h"
#include "host/terminal.h"
#include "report/table.h"

#define TEXT_MAX   STATUS_JSON_MAX
#define WATCH_USEC UINT64_C(1000000) /* an agent that died is noticed within so long */

_Static_assert(TABLE_MAX <= TEXT_MAX, "both forms fit");

struct view {
	const struct config *config;
	char *text, *shown; /* shown: printed last */
	bool printed;
	int code; /* of what was printed last */
};

static bool is_well(const struct status *status)
{
	return strcmp(status->controller.verdict, "HEALTHY") == 0 ||
	       strcmp(status->controller.verdict, "PROVEN") == 0;
}

static void fill(const struct view *view, const struct status *status)
{
	enum table_style style = terminal_colours(STDOUT_FILENO) ? TABLE_COLOUR : TABLE_PLAIN;
	char ago[32] = "";

	view->text[0] = '\0';
	if (view->config->json) {
		(void)status_to_json(status, true, view->text, TEXT_MAX);
		return;
	}
	/* While one looks on, a count of seconds would be printed again and again. */
	if (!view->config->watch)
		clock_ago(status->controller.since, ago, sizeof(ago));
	(void)table_of_status(status, ago, style, view->text, TEXT_MAX);
}

static void look(struct view *view)
{
	struct status status;
	struct failure failure;

	if (agent_read(view->config, &status, &failure) < 0) {
		(void)snprintf(view->text, TEXT_MAX, "gatewake status: %s\n", failure.text);
		view->code = EXIT_NO_AGENT;
		return;
	}
	fill(view, &status);
	view->code = is_well(&status) ? EXIT_SUCCESS : EXIT_FAILURE;
	status_clear(&status);
}

static void print(struct view *view)
{
	FILE *stream = view->code == EXIT_NO_AGENT ? stderr : stdout;

	if (view->printed && strcmp(view->text, view->shown) == 0)
		return;
	if (view->config->watch && !view->config->json && terminal_is(STDOUT_FILENO))
		(void)(fputs("\033[H\033[J", stdout), fflush(stdout)); /* before what goes to stderr */
	else if (view->printed && !view->config->json)
		(void)fputs("\n", stream);
	(void)fputs(view->text, stream);
	(void)fflush(stdout);
	memcpy(view->shown, view->text, strlen(view->text) + 1);
	view->printed = true;
}

/* Until somebody ends it. */
static int watch(struct view *view)
{
	struct follow follow;
	int r = follow_open(&follow, view->config->runtime_dir);

	while (r == 0 && !ferror(stdout)) {
		r = follow_wait(&follow, WATCH_USEC);
		if (r == 0) {
			look(view);
			print(view);
		}
	}
	follow_close(&follow);
	return view->code;
}

static int run(const struct config *config, const char *argument)
{
	CLEANUP(free_p) char *text = malloc(TEXT_MAX);
	CLEANUP(free_p) char *shown = malloc(TEXT_MAX);
	struct view view = { .config = config, .text = text, .shown = shown };

	(void)argument;
	if (!text || !shown)
		return EXIT_NO_AGENT;
	look(&view);
	print(&view);
	return config->watch ? watch(&view) : view.code;
}

const struct command command_status = {
	.name = "status",
	.summary = "what the running agent sees",
	.help = "usage: gatewake status [--json] [--watch] [--runtime-dir DIR]\n"
		"\n"
		"Prints what the running agent wrote last: the verdict, what it means, the\n"
		"command that helps, both ways to the API server, copies, listeners, restarts.\n"
		"\n"
		"  --json    one JSON object, for scripts\n"
		"  --watch   prints it again whenever it changes, until ^C\n"
		"\n"
		"Colours on a terminal only, and not where NO_COLOR is set.\n"
		"\n"
		"exit: 0 healthy or proven, 1 not, 2 a flag is wrong, 3 no agent\n",
	.flags = CONFIG_JSON | CONFIG_WATCH,
	.run = run,
};
