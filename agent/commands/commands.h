/* SPDX-License-Identifier: Apache-2.0 */
/* commands - the subcommands: each takes what stands after its name, and returns the exit code. */
#pragma once

enum { EXIT_USAGE = 2, EXIT_NO_AGENT = 3 };

struct command {
	const char *name;
	const char *summary; /* one line of `gatewake --help` */
	const char *help;    /* what `gatewake NAME --help` prints */
	int (*run)(int argc, char **argv);
};

extern const struct command command_run, command_status;
