/* SPDX-License-Identifier: Apache-2.0 */
/* wait address - until some host holds the virtual address: this one, or one that answers for it. Asks neither
 * agent nor API server: it is what k3s may wait for before there is any. */
#include "commands/address.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "host/addresses.h"
#include "host/clock.h"
#include "host/reach.h"
#include "host/remember.h"

#define AGAIN_USEC   UINT64_C(500000)  /* between two attempts to connect */
#define FRESH_USEC   UINT64_C(1000000) /* what answered ARP before may be gone */
#define ATTEMPT_USEC UINT64_C(4000000) /* by then the kernel has asked three times by ARP */

struct look {
	struct addresses *addresses;
	struct address wanted;
	uint16_t port;
	int fd; /* of the attempt under way; -1: none */
	uint64_t begun_usec;
};

/* What came of the attempt under way; another one where it is time. */
static bool answers(struct look *self, bool stirred, uint64_t now_usec)
{
	enum reach reach = self->fd >= 0 ? reach_end(&self->fd) : REACH_FAILED;
	uint64_t age = now_usec - self->begun_usec;

	if (reach == REACH_ANSWERED)
		return true;
	/* What was sent before the address moved may be stuck. */
	if (stirred || (reach == REACH_WAITING ? age >= ATTEMPT_USEC : age >= AGAIN_USEC)) {
		if (self->fd >= 0)
			(void)close(self->fd);
		self->begun_usec = now_usec;
		reach = reach_begin(&self->wanted, self->port, &self->fd);
	}
	return reach == REACH_ANSWERED;
}

static bool is_held(struct look *self, uint64_t now_usec)
{
	unsigned changed = addresses_read(self->addresses);
	uint64_t ago_usec;
	bool answers_arp = addresses_neighbour(self->addresses, &ago_usec) == NEIGHBOUR_ANSWERS &&
	                   ago_usec < FRESH_USEC;

	return addresses_here(self->addresses, &self->wanted, NULL) || answers_arp ||
	       answers(self, changed & ~(unsigned)ADDRESSES_NEIGHBOUR, now_usec);
}

static int wait_until(struct look *self, uint64_t end_usec)
{
	uint64_t now_usec = clock_boottime_usec();

	while (!is_held(self, now_usec)) {
		struct pollfd fds[] = { { addresses_fd(self->addresses), POLLIN, 0 },
			                { self->fd, POLLOUT, 0 } };
		uint64_t pause_usec = self->begun_usec + AGAIN_USEC;

		if (now_usec >= end_usec)
			return -ETIMEDOUT;
		pause_usec = pause_usec > now_usec ? pause_usec - now_usec : AGAIN_USEC;
		if (pause_usec > end_usec - now_usec)
			pause_usec = end_usec - now_usec;
		(void)poll(fds, 2, (int)(pause_usec / 1000) + 1);
		now_usec = clock_boottime_usec();
	}
	return 0;
}

/* False: no virtual address is known, or none that can be waited for; it has been said. */
static bool find_address(const struct config *config, struct look *ret, char text[REMEMBER_MAX])
{
	char host[256];

	remember_read(config->state_dir, text);
	if (config->vip[0])
		(void)snprintf(text, REMEMBER_MAX, "%s", config->vip);
	if (!text[0]) {
		(void)fprintf(
			stderr,
			"gatewake wait: no virtual address is known: name it with --vip, or in "
			"%s; not waiting\n",
			config->file[0] ? config->file : CONFIG_DEFAULT_FILE);
		return false;
	}
	config_split_vip(text, CONFIG_API_PORT, host, &ret->port);
	if (address_parse(host, &ret->wanted))
		return true;
	(void)fprintf(stderr,
	              "gatewake wait: the virtual address is a name (%s), which needs a resolver: "
	              "give it as an address with --vip; not waiting\n",
	              host);
	return false;
}

int address_wait(const struct config *config)
{
	CLEANUP(addresses_free_p) struct addresses *addresses = NULL;
	CLEANUP(close_p) int fd = -1;
	struct look look = { .fd = -1 };
	uint64_t limit_usec = config->timeout_usec ? config->timeout_usec : ATTEMPT_USEC;
	char text[REMEMBER_MAX];
	int r;

	if (!find_address(config, &look, text))
		return EXIT_USAGE;
	r = addresses_new(&addresses);
	if (r < 0) {
		(void)fprintf(stderr, "gatewake wait: this host's addresses cannot be read: %s\n",
		              strerror(-r));
		return EXIT_FAILURE;
	}
	look.addresses = addresses;
	addresses_want(addresses, &look.wanted);
	r = wait_until(&look, clock_boottime_usec() + limit_usec);
	fd = look.fd;
	if (r < 0)
		(void)fprintf(
			stderr,
			"gatewake wait: timed out after %g s waiting for address: no host holds "
			"%s; try: systemctl status keepalived\n",
			(double)limit_usec / 1e6, text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
