/* SPDX-License-Identifier: Apache-2.0 */
/* wait - returns once the running agent says that something is so. For scripts, and for services that
 * need the API or TLS: they order after a gatewake wait, never after the agent itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/agent.h"
#include "commands/commands.h"
#include "host/clock.h"
#include "host/follow.h"

#define LOCK_USEC UINT64_C(1000000) /* an agent that died or came is noticed within so long */

static bool is_usable(const struct status_endpoint *endpoint)
{
	return strcmp(endpoint->layer, "usable") == 0;
}

static bool local_is_usable(const struct status *status)
{
	return is_usable(&status->local);
}

static bool vip_is_usable(const struct status *status)
{
	return is_usable(&status->vip);
}

static bool controller_is_on(const struct status *status)
{
	return status->controller.on;
}

/* Where nothing can be proven from here, a healthy cluster is all there is to wait for. */
static bool is_served(const struct status *status)
{
	return strcmp(status->controller.verdict, "PROVEN") == 0 ||
	       (strcmp(status->controller.verdict, "HEALTHY") == 0 && status->proofs.provable == 0);
}

static const struct goal {
	const char *name;
	bool (*reached)(const struct status *status);
} goals[] = {
	{ "local", local_is_usable },
	{ "vip", vip_is_usable },
	{ "controller", controller_is_on },
	{ "served", is_served },
};

static const struct goal *find_goal(const char *name)
{
	for (size_t i = 0; i < sizeof(goals) / sizeof(goals[0]); i++)
		if (strcmp(goals[i].name, name) == 0)
			return &goals[i];
	return NULL;
}

/* What stands in the way, in the agent's words, for the end of the time. */
struct hindrance {
	int code;
	char text[STATUS_LINE_MAX + 40];
};

static bool reached(const struct config *config, const struct goal *goal, struct hindrance *ret)
{
	struct status status;
	struct failure failure;
	bool done;
	int r = agent_read(config, &status, &failure);

	if (r < 0) {
		ret->code = r == -ESRCH || r == -EACCES ? EXIT_NO_AGENT : EXIT_FAILURE;
		(void)snprintf(ret->text, sizeof(ret->text), "%s", failure.text);
		return false;
	}
	done = goal->reached(&status);
	ret->code = EXIT_FAILURE;
	(void)snprintf(ret->text, sizeof(ret->text), "%s: %s", status.controller.verdict,
	               status.controller.sentence);
	status_clear(&status);
	return done;
}

static int wait_for(const struct config *config, const struct goal *goal, struct follow *follow)
{
	uint64_t end = clock_boottime_usec() + config->timeout_usec, now;
	struct hindrance hindrance = { 0 };

	while (!reached(config, goal, &hindrance)) {
		now = clock_boottime_usec();
		if (now >= end) {
			(void)fprintf(stderr, "gatewake wait %s: not so after %.1f s: %s\n",
			              goal->name, (double)config->timeout_usec / 1e6,
			              hindrance.text);
			return hindrance.code;
		}
		if (follow_wait(follow, end - now < LOCK_USEC ? end - now : LOCK_USEC) < 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int run(const struct config *config, const char *argument)
{
	const struct goal *goal = find_goal(argument);
	struct follow follow;
	int code;

	if (!goal) {
		(void)fprintf(stderr,
		              "gatewake wait: %s%s%s; allowed: local, vip, controller, served\n",
		              argument[0] ? "\"" : "nothing to wait for", argument,
		              argument[0] ? "\" is nothing to wait for" : "");
		return EXIT_USAGE;
	}
	if (follow_open(&follow, config->runtime_dir) < 0)
		return EXIT_FAILURE;
	code = wait_for(config, goal, &follow);
	follow_close(&follow);
	return code;
}

const struct command command_wait = {
	.name = "wait",
	.summary = "until the running agent sees that it is so",
	.help = "usage: gatewake wait local|vip|controller|served [--timeout 60s]\n"
		"\n"
		"  local        the API server answers on this node\n"
		"  vip          it answers at its virtual address\n"
		"  controller   Cilium's Gateway controller is known to be on\n"
		"  served       every listener that can be proven serves its certificate\n"
		"\n"
		"Asks the running agent, and waits for one where there is none yet. Says nothing\n"
		"where it is so in time. --timeout 0s asks once.\n"
		"\n"
		"exit: 0 reached, 1 timed out, 2 a flag is wrong, 3 timed out and no agent lives\n",
	.argument = "local|vip|controller|served",
	.flags = CONFIG_TIMEOUT,
	.run = run,
};
