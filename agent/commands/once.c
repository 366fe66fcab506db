/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/once.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "commands/commands.h"
#include "host/clock.h"

/* The service's unit says the same: keys pass through this memory. */
static void leave_no_core(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
}

int once_open(const struct config *config, const char *command, unsigned may, struct engine **ret)
{
	/* With another mode the service would not do it either, and that is what is to be said. */
	struct policy policy = { .may = may, .once = config->mode == CONFIG_MODE_RECOVER };
	CLEANUP(cycle_free_p) struct engine *engine = NULL;

	leave_no_core();
	if (cycle_new(config, &policy, true, &engine) < 0) {
		(void)fprintf(stderr, "gatewake %s: out of memory\n", command);
		return EXIT_FAILURE;
	}
	if (!engine->kubeconfig) {
		(void)fprintf(stderr, "gatewake %s: %s; or name another one: --kubeconfig FILE%s\n",
		              command, engine->no_credentials.text,
		              geteuid() == 0 ? "" : "; as root also k3s's own serves");
		return EXIT_USAGE;
	}
	*ret = TAKE_PTR(engine);
	return 0;
}

int once_turn(struct engine *engine, uint64_t timeout_usec, bool (*done)(struct engine *engine))
{
	uint64_t now_usec = clock_boottime_usec(), end_usec = now_usec + timeout_usec;
	int r = 0;

	while (r == 0) {
		cycle_turn(engine, now_usec);
		if (done(engine))
			return 0;
		now_usec = clock_boottime_usec();
		if (now_usec >= end_usec)
			return -ETIMEDOUT;
		r = cycle_wait(engine, -1, end_usec - now_usec);
		now_usec = clock_boottime_usec();
	}
	return r;
}

uint64_t once_timeout(const struct config *config, uint64_t otherwise_usec)
{
	return config->timeout_given ? config->timeout_usec : otherwise_usec;
}
