/* SPDX-License-Identifier: Apache-2.0 */
/* addresses - what the kernel's own tables say of this host's addresses, its links, and one neighbour:
 * whether this host carries the virtual address, and whether anybody answers ARP (or NDP) for it.
 * rtnetlink by libmnl; any user may ask. Told by the kernel as it changes, and read anew as a whole
 * after an overrun, so what it says is never older than the last addresses_read().
 *
 * keepalived carries the address on an interface of its own choice, with any prefix and label, or on a
 * macvlan (use_vmac): only the bytes of the address count. On lo, on a dummy, or on kube-proxy's kube-ipvs0
 * an address does not mean that this host answers for it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/cleanup.h"
#include "core/evidence.h"

#define ADDRESSES_MAX       128 /* of this host; link-local ones are not kept */
#define ADDRESSES_LINKS_MAX 256 /* a node has one for each pod */
#define ADDRESSES_NAME_MAX  16  /* IFNAMSIZ */

/* What an event may have changed. */
enum {
	ADDRESSES_WANTED = 1 << 0, /* the wanted address came to this host, or left it */
	ADDRESSES_LINK = 1 << 1,   /* a link got or lost its carrier, or appeared with one */
	ADDRESSES_OWN = 1 << 2,    /* another address of this host came or went */
	ADDRESSES_NEIGHBOUR =
		1 << 3, /* the kernel has learnt something of the wanted address as a neighbour */
	ADDRESSES_MOVED = 1 << 4, /* another host answers for the wanted address than before */
};

struct addresses;

/* Opens the socket; the tables are read by the first addresses_read(). -errno. */
int addresses_new(struct addresses **ret);
struct addresses *addresses_free(struct addresses *self); /* always NULL */
DEFINE_CLEANUP(struct addresses, addresses_free)

/* Readable when there is something to read. */
int addresses_fd(const struct addresses *self);

/* Which address's neighbour is to be known, from now on. */
void addresses_want(struct addresses *self, const struct address *wanted);

/* Takes in all that is there; never waits. Returns ADDRESSES_* bits. */
unsigned addresses_read(struct addresses *self);

/* False: the tables cannot be read now, or this host has more addresses than are kept. */
bool addresses_known(const struct addresses *self);

/* True: this host carries it and answers for it; link (may be NULL) gets the interface's name. */
bool addresses_here(const struct addresses *self, const struct address *address,
                    char link[ADDRESSES_NAME_MAX]);

/* True: some link of this host has it, whether it answers for it or not. */
bool addresses_own(const struct addresses *self, const struct address *address);

/* Of the wanted address, and for how long already by the time of the last ADDRESSES_NEIGHBOUR: the kernel calls a
 * neighbour reachable again for what it answered seconds before. */
enum neighbour addresses_neighbour(const struct addresses *self, uint64_t *ret_ago_usec);

/* True: the links on whose networks the address is have no carrier, all of them. */
bool addresses_cut_off(const struct addresses *self, const struct address *address);

/* The links that have an address of that family and do multicast: at most max of them. */
size_t addresses_links(const struct addresses *self, uint8_t family, int *ret_index, size_t max);
