/* SPDX-License-Identifier: Apache-2.0 */
/* status - prints what the running agent last wrote; asks nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "commands/commands.h"
#include "host/runfile.h"
#include "host/state.h"
#include "report/table.h"

static bool is_well(const struct status *status)
{
	return strcmp(status->controller.verdict, "HEALTHY") == 0 ||
	       strcmp(status->controller.verdict, "PROVEN") == 0;
}

static int print_json(const struct status *status)
{
	CLEANUP(free_p) char *json = malloc(STATUS_JSON_MAX);

	if (!json || status_to_json(status, true, json, STATUS_JSON_MAX) == 0)
		return EXIT_NO_AGENT;
	(void)fputs(json, stdout);
	return is_well(status) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_table(const struct status *status)
{
	CLEANUP(free_p) char *table = malloc(TABLE_MAX);

	if (!table)
		return EXIT_NO_AGENT;
	(void)table_of_status(status, TABLE_PLAIN, table, TABLE_MAX);
	(void)fputs(table, stdout);
	return is_well(status) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const struct config *config, const char *argument)
{
	struct status status;
	struct failure failure;
	int code;

	(void)argument;
	if (access(config->runtime_dir, X_OK) < 0 && errno == EACCES) {
		(void)fprintf(stderr, "gatewake status: %s: %s; run it as root\n", config->runtime_dir, strerror(EACCES));
		return EXIT_NO_AGENT;
	}
	if (!state_locked(config->runtime_dir, RUNFILE_LOCK)) {
		(void)fprintf(
			stderr,
			"gatewake status: no agent runs (%s); try: systemctl status gatewake\n",
			config->runtime_dir);
		return EXIT_NO_AGENT;
	}
	if (runfile_read(config->runtime_dir, &status, &failure) < 0) {
		(void)fprintf(stderr, "gatewake status: %s\n", failure.text);
		return EXIT_NO_AGENT;
	}
	code = config->json ? print_json(&status) : print_table(&status);
	status_clear(&status);
	return code;
}

const struct command command_status = {
	.name = "status",
	.summary = "what the running agent sees",
	.help = "usage: gatewake status [--json] [--runtime-dir DIR]\n"
		"\n"
		"Prints what the running agent wrote last.\n"
		"\n"
		"exit: 0 healthy, 1 not healthy, 2 a flag is wrong, 3 no agent runs\n",
	.flags = CONFIG_JSON | CONFIG_WATCH,
	.run = run,
};
