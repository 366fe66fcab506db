/* SPDX-License-Identifier: Apache-2.0 */
/* sync - one pass over the copies: creates what is missing, by the rules of the service, and lists them. */
#include <stdio.h>
#include <stdlib.h>

#include "commands/commands.h"
#include "commands/once.h"
#include "engine/examine.h"
#include "engine/tell.h"
#include "host/clock.h"
#include "report/writer.h"

#define TIMEOUT_USEC (20 * SECONDS_USEC)

/* A healthy operator does it itself: what the core waits for is told, once. */
static void say_wait(const struct engine *engine)
{
	static bool said;

	if (said || !(engine->policy.may & POLICY_CREATE) ||
	    engine->decision.cause != CAUSE_COPIES_COMING)
		return;
	said = true;
	(void)fprintf(stderr,
	              "gatewake sync: the controller is on: it has 5 s to create them itself\n");
}

static bool is_done(struct engine *engine)
{
	const struct decision *decision = &engine->decision;

	if (decision->settled)
		return true;
	if (decision->verdict == VERDICT_UNKNOWN || !decision->copies.known)
		return false;
	if (decision->copies.pending)
		say_wait(engine);
	return decision->copies.pending == 0;
}

static bool is_missing(const struct examined *examined)
{
	return examined->fate == FATE_MISSING || examined->fate == FATE_CANNOT;
}

static const char *word_of(enum fate fate, bool dry_run)
{
	switch (fate) {
	case FATE_PRESENT:
		return "present";
	case FATE_CREATED:
		return "created";
	case FATE_STALE:
		return "stale";
	case FATE_MISSING:
		return dry_run ? "would create" : "cannot create";
	case FATE_CANNOT:
		return "cannot create";
	}
	return "";
}

static void print_line(const struct examined *examined, bool dry_run)
{
	char line[sizeof(*examined) + 64];
	const char *why = "";

	if (examined->fate == FATE_CANNOT || (examined->fate == FATE_MISSING && !dry_run))
		why = examined->why[0] ? examined->why : "not in time";
	else if (examined->fate == FATE_STALE)
		why = "its source holds another certificate; the operator mends that";
	(void)snprintf(line, sizeof(line), "%s %s from %s%s%s", word_of(examined->fate, dry_run),
	               examined->copy[0] ? examined->copy : "a copy", examined->source,
	               why[0] ? ": " : "", why);
	writer_tame(line);
	(void)puts(line);
}

/* Why there is no list, or why nothing was done. */
static int say_unknown(const struct engine *engine)
{
	char line[STATUS_LINE_MAX];

	tell_line(engine, clock_boottime_usec(), line, sizeof(line));
	(void)fprintf(stderr, "gatewake sync: %s\n", line);
	return EXIT_CANNOT_TELL;
}

static int print(const struct engine *engine)
{
	struct examined examined;
	unsigned missing = 0;

	if (!engine->decision.copies.known)
		return say_unknown(engine);
	for (size_t place = 0; examine_next(engine, &place, &examined);) {
		missing += is_missing(&examined);
		print_line(&examined, engine->config->dry_run);
	}
	if (engine->decision.verdict == VERDICT_UNKNOWN)
		return say_unknown(engine);
	return missing ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct config *config, const char *argument)
{
	CLEANUP(cycle_free_p) struct engine *engine = NULL;
	int code = once_open(config, "sync", config->dry_run ? 0 : POLICY_CREATE, &engine);

	(void)argument;
	if (code)
		return code;
	(void)once_turn(engine, once_timeout(config, TIMEOUT_USEC), is_done);
	return print(engine);
}

const struct command command_sync = {
	.name = "sync",
	.summary = "one pass: create the copies that are missing, list all",
	.help = "usage: gatewake sync [--dry-run] [--timeout 20s] [--KEY VALUE]...\n"
		"\n"
		"Creates each copy of a certificate that a listener needs and that is missing, as\n"
		"the operator would. What is there is left alone; nothing is deleted, nothing is\n"
		"restarted. While the controller is on, it has 5 s to do it itself. One line a\n"
		"copy: created, present, stale, would create, or cannot create, and why.\n"
		"\n"
		"  --dry-run           only say what would be done\n"
		"  --timeout 20s       give up what is not done by then\n"
		ONCE_KEYS_HELP
		"\n"
		"exit: 0 nothing missing, 1 still missing, 2 a flag or the kubeconfig is wrong,\n"
		"3 cannot tell\n",
	.flags = CONFIG_DRY_RUN | CONFIG_TIMEOUT | CONFIG_K3S,
	.run = run,
};
