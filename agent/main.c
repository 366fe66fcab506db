/* SPDX-License-Identifier: Apache-2.0 */
/* main - picks the subcommand and reads its configuration, nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "wire/http.h"

static const struct command *const commands[] = { &command_run,    &command_status, &command_wait,
	                                          &command_doctor, &command_sync,   &command_setup,
	                                          &command_rbac };
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *stream)
{
	(void)fputs(
		"usage: gatewake COMMAND [--help]\n\n"
		"After a reboot: waits for the API server's virtual address, sees whether the\n"
		"Cilium operator lost the start-up race, and restarts it before TLS secrets are\n"
		"lost.\n\n",
		stream);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(stream, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	(void)fputs("\n  --version, --help\n", stream);
}

static bool wants_help(int argc, char **argv)
{
	return argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	return NULL;
}

static bool is_flag(const char *argument)
{
	return strncmp(argument, "--", 2) == 0;
}

/* argv: what stands after the command's name. */
static int run_command(const struct command *command, int argc, char **argv)
{
	const char *argument = "";
	struct config config;
	struct failure failure;

	if (command->argument && argc > 0 && !is_flag(argv[0])) {
		argument = argv[0];
		argc--;
		argv++;
	}
	if (config_read(&config, command->flags, argc, argv, &failure) < 0) {
		/* What systemd catches from stderr has its level in front, sd-daemon(3). */
		(void)fprintf(stderr, "%sgatewake %s: %s\n", getenv("JOURNAL_STREAM") ? "<3>" : "",
		              command->name, failure.text);
		return EXIT_USAGE;
	}
	if (config.help) {
		(void)fputs(command->help, stdout);
		return EXIT_SUCCESS;
	}
	return command->run(&config, argument);
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("gatewake %s (%s)\n", GATEWAKE_VERSION, http_library());
		return EXIT_SUCCESS;
	}
	if (wants_help(argc - 1, argv + 1)) {
		print_help(stdout);
		return EXIT_SUCCESS;
	}
	command = find_command(argv[1]);
	if (!command) {
		(void)fprintf(stderr, "gatewake: unknown command \"%s\"; see gatewake --help\n", argv[1]);
		return EXIT_USAGE;
	}
	if (wants_help(argc - 2, argv + 2)) {
		(void)fputs(command->help, stdout);
		return EXIT_SUCCESS;
	}
	return run_command(command, argc - 2, argv + 2);
}
