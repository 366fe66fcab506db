/* SPDX-License-Identifier: Apache-2.0 */
/* main - picks the subcommand, nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "wire/http.h"

static const struct command *const commands[] = { &command_run, &command_status };
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *stream)
{
	(void)fputs(
		"usage: gatewake COMMAND [--help]\n\n"
		"After a reboot: waits for the API server's virtual address, sees whether the "
	        "Cilium\n"
		"operator lost the start-up race, and restarts it before TLS secrets are lost.\n\n",
		stream);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(stream, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	(void)fputs("\n  --version, --help\n", stream);
}

static bool wants_help(int argc, char **argv)
{
	return argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0);
}

int main(int argc, char **argv)
{
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
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(argv[1], commands[i]->name) != 0)
			continue;
		if (wants_help(argc - 2, argv + 2)) {
			(void)fputs(commands[i]->help, stdout);
			return EXIT_SUCCESS;
		}
		return commands[i]->run(argc - 2, argv + 2);
	}
	(void)fprintf(stderr, "gatewake: unknown command \"%s\"; see gatewake --help\n", argv[1]);
	return EXIT_USAGE;
}
