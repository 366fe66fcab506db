/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostport.h"
#include "base/identity.h"
#include "host/addresses.h"
#include "host/clock.h"
#include "host/vrrp.h"

#define LINKS_MAX  16 /* on which adverts are listened for: a socket joins no more than 20 groups */
#define RETRY_USEC SECONDS_USEC /* between looks at tables that could not be read */
#define CLOCK_USEC SECONDS_USEC /* between looks whether the clock is right */

struct vip {
	struct addresses *addresses; /* NULL: no rtnetlink here */
	struct vrrp *vrrp;           /* NULL: not listened */
	struct clock_watch clock;
	struct address wanted; /* none: nothing to look for */
	char link[ADDRESSES_NAME_MAX];
	struct evidence_advert adverts[VRRP_SENDERS_MAX];
	bool deaf;
	uint64_t blind_usec; /* when the tables could not be read; 0: they could */
	uint64_t clock_usec; /* when it was last looked whether the clock is right */
};

/* --- the address --- */

/* The endpoint's host, where it is a literal; else what the name led to when it answered last. */
static struct address wanted_address(const struct target *target)
{
	struct address found;
	char host[HOSTPORT_HOST_MAX + 1];
	uint16_t port;

	config_split_vip(target->address, 0, host, &port);
	if (!address_parse(host, &found))
		found = target->answered;
	return address_is_loopback(&found) ? (struct address){ 0 } : found;
}

static void listen_for(struct vip *vip)
{
	int r;

	vip->vrrp = vrrp_free(vip->vrrp);
	vip->deaf = false;
	if (!vip->wanted.family)
		return;
	r = vrrp_new(&vip->wanted, &vip->vrrp);
	vip->deaf = r == -EPERM || r == -EACCES;
}

static int join_all(struct vrrp *vrrp, const int *links, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && r != -ENOBUFS; i++)
		r = vrrp_join(vrrp, links[i]);
	return r;
}

/* Interfaces come and go; which of them were joined the kernel knows. */
static void join_links(struct vip *vip)
{
	int links[LINKS_MAX];
	size_t count;

	if (!vip->vrrp || !vip->addresses)
		return;
	count = addresses_links(vip->addresses, vip->wanted.family, links, LINKS_MAX);
	/* A link that came back is another one. */
	if (join_all(vip->vrrp, links, count) == -ENOBUFS && vrrp_leave(vip->vrrp) == 0)
		(void)join_all(vip->vrrp, links, count);
}

static uint32_t identity_of_address(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	return address->family ? identity_of(address_text(address, text)) : 0;
}

/* after_usec: what was asked before then went to another address. */
static void want(struct vip *vip, struct evidence_holder *seen, const struct address *wanted,
                 uint64_t after_usec)
{
	if (memcmp(&vip->wanted, wanted, sizeof(*wanted)) == 0)
		return;
	vip->wanted = *wanted;
	*seen = (struct evidence_holder){ .wanted = identity_of_address(wanted),
		                          .here_usec = after_usec,
		                          .stirs = seen->stirs + (after_usec != 0) };
	vip->blind_usec = 0;
	if (vip->addresses)
		addresses_want(vip->addresses, wanted);
	listen_for(vip);
	join_links(vip);
}

/* --- what is seen --- */

/* What happened to the addresses. Tables that can't be read, or are too long for us, are not looked at in each turn. */
static unsigned read_addresses(struct vip *vip, uint64_t now_usec)
{
	unsigned changed;

	if (!vip->addresses || (vip->blind_usec && now_usec - vip->blind_usec < RETRY_USEC))
		return 0;
	changed = addresses_read(vip->addresses);
	vip->blind_usec = addresses_known(vip->addresses) ? 0 : now_usec;
	return changed;
}

static void see_addresses(struct vip *vip, struct evidence_holder *seen, uint64_t now_usec)
{
	unsigned changed = read_addresses(vip, now_usec);
	bool known = vip->addresses && addresses_known(vip->addresses);
	bool here = known && addresses_here(vip->addresses, &vip->wanted, vip->link);
	uint64_t ago_usec = 0;
	enum neighbour neighbour =
		known ? addresses_neighbour(vip->addresses, &ago_usec) : NEIGHBOUR_NONE;

	if (changed & (ADDRESSES_OWN | ADDRESSES_WANTED | ADDRESSES_LINK))
		join_links(vip);
	/* It may have come and gone at once, or while the kernel had no room to tell. */
	if (here != seen->here || changed & ADDRESSES_WANTED)
		seen->here_usec = now_usec;
	if (here != seen->here ||
	    changed & (ADDRESSES_OWN | ADDRESSES_WANTED | ADDRESSES_LINK | ADDRESSES_MOVED))
		seen->stirs++;
	if (neighbour != seen->neighbour || changed & ADDRESSES_NEIGHBOUR)
		seen->neighbour_usec = now_usec > ago_usec ? now_usec - ago_usec : 0;
	if (!here)
		vip->link[0] = '\0';
	seen->known = known;
	seen->here = here;
	seen->shadow = known && !here && addresses_own(vip->addresses, &vip->wanted);
	seen->neighbour = neighbour;
	seen->cut_off = known && addresses_cut_off(vip->addresses, &vip->wanted);
}

/* What comes from this host's own address it has sent itself: some routers let it come back. */
static bool is_foreign(const struct vip *vip, const struct vrrp_sender *sender)
{
	return sender->last_usec &&
	       !(vip->addresses && addresses_own(vip->addresses, &sender->from));
}

static void see_adverts(struct vip *vip, struct evidence_holder *seen, uint64_t now_usec)
{
	if (vip->vrrp && vrrp_read(vip->vrrp, now_usec))
		seen->stirs++;
	seen->advert_count = 0;
	seen->advert = vip->adverts;
	for (size_t i = 0; vip->vrrp && i < VRRP_SENDERS_MAX; i++) {
		const struct vrrp_sender *sender = vrrp_sender(vip->vrrp, i);

		if (!is_foreign(vip, sender))
			continue;
		vip->adverts[seen->advert_count++] = (struct evidence_advert){
			.from = identity_of_address(&sender->from),
			.interval_usec = sender->interval_usec,
			.first_usec = sender->first_usec,
			.last_usec = sender->last_usec,
			.resigned_usec = sender->resigned_usec,
		};
	}
}

static void see_clock(struct vip *vip, struct evidence *evidence, uint64_t now_usec)
{
	bool stepped = clock_watch_read(&vip->clock);

	if (stepped)
		evidence->holder.stirs++;
	if (vip->clock_usec && !stepped && now_usec - vip->clock_usec < CLOCK_USEC)
		return;
	vip->clock_usec = now_usec;
	evidence->clock.right = clock_is_right(&vip->clock);
}

void vip_turn(struct engine *engine, uint64_t now_usec)
{
	struct vip *vip = engine->vip;
	struct evidence_holder *seen = &engine->evidence.holder;
	const struct target *target = &engine->target[ENDPOINT_VIP];
	struct address wanted = wanted_address(target);

	/* What a name leads to is known from an answer, which is the address's own. */
	want(vip, seen, &wanted, address_equal(&wanted, &target->answered) ? 0 : now_usec);
	see_addresses(vip, seen, now_usec);
	see_adverts(vip, seen, now_usec);
	see_clock(vip, &engine->evidence, now_usec);
}

/* --- for others --- */

size_t vip_fds(const struct vip *vip, struct pollfd *fds)
{
	size_t count = 0;

	if (vip->addresses && !vip->blind_usec)
		fds[count++] = (struct pollfd){ addresses_fd(vip->addresses), POLLIN, 0 };
	if (vip->vrrp)
		fds[count++] = (struct pollfd){ vrrp_fd(vip->vrrp), POLLIN, 0 };
	if (vip->clock.fd >= 0)
		fds[count++] = (struct pollfd){ vip->clock.fd, POLLIN, 0 };
	return count;
}

const char *vip_link(const struct vip *vip)
{
	return vip->link;
}

const char *vip_peer(const struct vip *vip, uint32_t peer, char text[ADDRESS_TEXT_MAX],
                     unsigned *ret_priority)
{
	text[0] = '\0';
	*ret_priority = 0;
	for (size_t i = 0; peer && vip->vrrp && i < VRRP_SENDERS_MAX; i++) {
		const struct vrrp_sender *sender = vrrp_sender(vip->vrrp, i);

		if (!sender->last_usec || identity_of_address(&sender->from) != peer)
			continue;
		*ret_priority = sender->priority;
		return address_text(&sender->from, text);
	}
	return text;
}

const struct address *vip_address(const struct vip *vip)
{
	return &vip->wanted;
}

bool vip_is_deaf(const struct vip *vip)
{
	return vip->deaf;
}

int vip_new(const struct config *config, struct vip **ret)
{
	struct vip *vip = calloc(1, sizeof(*vip));

	if (!vip)
		return -ENOMEM;
	(void)addresses_new(&vip->addresses);
	clock_watch_open(&vip->clock, config->host_root);
	*ret = vip;
	return 0;
}

struct vip *vip_free(struct vip *vip)
{
	if (!vip)
		return NULL;
	vip->addresses = addresses_free(vip->addresses);
	vip->vrrp = vrrp_free(vip->vrrp);
	clock_watch_close(&vip->clock);
	free(vip);
	return NULL;
}
