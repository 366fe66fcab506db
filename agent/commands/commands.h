/* SPDX-License-Identifier: Apache-2.0 */
/* commands - the subcommands: each gets the configuration, read, and returns the exit code. */
#pragma once
#include "config.h"

enum { EXIT_USAGE = 2, EXIT_NO_AGENT = 3 };

struct command {
	const char *name;
	const char *summary;  /* one line of `gatewake --help` */
	const char *help;     /* what `gatewake NAME --help` prints */
	const char *argument; /* what may stand before the flags ("local|vip|..."); NULL: nothing */
	unsigned flags;       /* CONFIG_*: the flags that belong to it, beside the keys */
	int (*run)(const struct config *config, const char *argument);
};

extern const struct command command_run, command_status, command_wait, command_doctor, command_sync,
	command_setup, command_rbac;
