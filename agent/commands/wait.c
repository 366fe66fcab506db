/* SPDX-License-Identifier: Apache-2.0 */
/* wait - returns once the running agent says that something is so. For scripts, and for services that
 * need the API or TLS: they order after a gatewake wait, never after the agent itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/address.h"
#include "commands/agent.h"
#include "commands/commands.h"
#include "host/clock.h"
#include "host/follow.h"
#include "report/writer.h"

#define LOCK_USEC UINT64_C(1000000) /* an agent that died or came is noticed within so long */
#define LACK_MAX  560               /* an endpoint's address, layer and detail */

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

static bool verdict_is(const struct status *status, const char *verdict)
{
	return strcmp(status->controller.verdict, verdict) == 0;
}

/* Whatever else is wrong, what is served is served. Where nothing can be proven from here, a healthy cluster
 * is all there is to wait for. Under UNKNOWN and DISABLED nobody looks: the counts are from before. */
static bool is_served(const struct status *status)
{
	if (verdict_is(status, "UNKNOWN") || verdict_is(status, "DISABLED"))
		return false;
	if (status->proofs.provable == 0)
		return verdict_is(status, "HEALTHY");
	return status->proofs.served == status->proofs.provable;
}

static void lacks(const char *name, const struct status_endpoint *endpoint, char *text, size_t size)
{
	(void)snprintf(text, size, "; %s %s stops at %s%s%s%s", name,
	               endpoint->address[0] ? endpoint->address : "(address not known yet)",
	               endpoint->layer, endpoint->detail[0] ? " (" : "", endpoint->detail,
	               endpoint->detail[0] ? ")" : "");
}

static void local_lacks(const struct status *status, char *text, size_t size)
{
	lacks("local", &status->local, text, size);
}

static void vip_lacks(const struct status *status, char *text, size_t size)
{
	lacks("vip", &status->vip, text, size);
}

static void listeners_lack(const struct status *status, char *text, size_t size)
{
	if (status->proofs.provable)
		(void)snprintf(text, size, "; %u of %u listeners proven", status->proofs.served,
		               status->proofs.provable);
}

static const struct goal {
	const char *name;
	bool (*reached)(const struct status *status);
	/* What the verdict's sentence need not say, after a semicolon; or NULL. */
	void (*lacks)(const struct status *status, char *text, size_t size);
} goals[] = {
	{ "local", local_is_usable, local_lacks },
	{ "vip", vip_is_usable, vip_lacks },
	{ "controller", controller_is_on, NULL },
	{ "served", is_served, listeners_lack },
};
#define GOAL_COUNT (sizeof(goals) / sizeof(goals[0]))

static const struct goal *find_goal(const char *name)
{
	for (size_t i = 0; i < GOAL_COUNT; i++)
		if (strcmp(goals[i].name, name) == 0)
			return &goals[i];
	return NULL;
}

/* What stands in the way, in the agent's words, for the end of the time. */
struct hindrance {
	int code;
	char text[STATUS_LINE_MAX + LACK_MAX + 40];
};

static bool reached(const struct config *config, const struct goal *goal, struct hindrance *ret)
{
	struct status status;
	struct failure failure;
	char lack[LACK_MAX] = "";
	bool done;
	int r = agent_read(config, &status, &failure);

	if (r < 0) {
		ret->code = r == -ESRCH || r == -EACCES ? EXIT_NO_AGENT : EXIT_FAILURE;
		(void)snprintf(ret->text, sizeof(ret->text), "%s", failure.text);
		return false;
	}
	done = goal->reached(&status);
	if (goal->lacks)
		goal->lacks(&status, lack, sizeof(lack));
	ret->code = EXIT_FAILURE;
	(void)snprintf(ret->text, sizeof(ret->text), "%s: %s%s", status.controller.verdict,
	               status.controller.sentence, lack);
	status_clear(&status);
	return done;
}

static int time_out(const struct config *config, const struct goal *goal,
                    struct hindrance *hindrance)
{
	writer_tame(hindrance->text);
	(void)fprintf(stderr, "gatewake wait: timed out after %g s waiting for %s: %s\n",
	              (double)config->timeout_usec / 1e6, goal->name, hindrance->text);
	return hindrance->code;
}

static int wait_for(const struct config *config, const struct goal *goal, struct follow *follow)
{
	uint64_t end = clock_boottime_usec() + config->timeout_usec, now;
	struct hindrance hindrance = { 0 };

	while (!reached(config, goal, &hindrance)) {
		now = clock_boottime_usec();
		if (now >= end)
			return time_out(config, goal, &hindrance);
		(void)follow_wait(follow, end - now < LOCK_USEC ? end - now : LOCK_USEC);
	}
	return EXIT_SUCCESS;
}

static int refuse(const char *argument)
{
	if (argument[0])
		(void)fprintf(stderr,
		              "gatewake wait: \"%s\" is nothing to wait for; allowed:", argument);
	else
		(void)fprintf(stderr, "gatewake wait: nothing to wait for; allowed:");
	for (size_t i = 0; i < GOAL_COUNT; i++)
		(void)fprintf(stderr, " %s,", goals[i].name);
	(void)fprintf(stderr, " address\n");
	return EXIT_USAGE;
}

static int run(const struct config *config, const char *argument)
{
	const struct goal *goal = find_goal(argument);
	struct follow follow;
	int code;

	if (strcmp(argument, "address") == 0)
		return address_wait(config);
	if (!goal)
		return refuse(argument);
	if (follow_open(&follow, config->runtime_dir) < 0)
		return EXIT_FAILURE;
	code = wait_for(config, goal, &follow);
	follow_close(&follow);
	return code;
}

const struct command command_wait = {
	.name = "wait",
	.summary = "until the running agent sees that it is so",
	.help = "usage: gatewake wait local|vip|controller|served|address [--timeout 60s]\n"
		"\n"
		"  local        the API server answers on this node\n"
		"  vip          it answers at its virtual address\n"
		"  controller   Cilium's Gateway controller is known to be on\n"
		"  served       every listener that can be proven serves its certificate\n"
		"  address      some host holds the virtual address: this one, or one that\n"
		"               answers for it. For what must start before there is an API server\n"
		"\n"
		"Asks the running agent (but for address, which needs none), and waits for one\n"
		"where there is none yet. Says nothing where it is so in time. --timeout 0s asks\n"
		"once; of address, for the 4 s that ARP may take.\n"
		"\n"
		"exit: 0 reached, 1 timed out, 2 a flag is wrong or no address is known, 3 timed\n"
		"out and no agent lives\n",
	.argument = "local|vip|controller|served|address",
	.flags = CONFIG_TIMEOUT,
	.run = run,
};
