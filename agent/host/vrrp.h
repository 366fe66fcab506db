/* SPDX-License-Identifier: Apache-2.0 */
/* vrrp - hears who announces the virtual address: the adverts of VRRP 2 (RFC 3768) and 3 (RFC 5798, with
 * RFC 9568), by multicast or sent to this host alone (unicast_peer). Only listens. A raw socket needs
 * CAP_NET_RAW; without it nothing is heard, which is no error.
 *
 * An advert is believed as far as its form goes (TTL 255: from this link; checksum; type); passwords of version
 * 2 are neither checked nor kept: whether two routers agree on one is for them to tell, that both announce
 * the address is what matters here. */
#pragma once
#include "base/address.h"
#include "base/cleanup.h"
#include "base/span.h"
#include "core/evidence.h"

#define VRRP_SENDERS_MAX HOLDER_ADVERTS_MAX

/* One advert, as far as it speaks of the wanted address. */
struct vrrp_advert {
	uint8_t version, vrid, priority; /* priority 0: its sender gives the address up */
	uint64_t interval_usec;
	bool names; /* the wanted address is in its list */
};

/* bytes: from VRRP's own header on. hops: of the IP header. -EBADMSG: no advert that a router would take. */
int vrrp_parse(struct span bytes, const struct address *from, const struct address *to,
               unsigned hops, const struct address *wanted, struct vrrp_advert *ret);

/* Who has announced the wanted address. */
struct vrrp_sender {
	struct address from;
	uint8_t vrid, priority;
	uint64_t interval_usec;
	uint64_t first_usec;    /* of the adverts that followed each other since without a gap */
	uint64_t last_usec;     /* 0: a free place */
	uint64_t resigned_usec; /* its last word was priority 0, then; 0: it was not */
};

struct vrrp;

/* Listens for adverts that name wanted. -EPERM: without CAP_NET_RAW; -errno. */
int vrrp_new(const struct address *wanted, struct vrrp **ret);
struct vrrp *vrrp_free(struct vrrp *self); /* always NULL */
DEFINE_CLEANUP(struct vrrp, vrrp_free)

int vrrp_fd(const struct vrrp *self);

/* Joins the routers' group on that link too. -errno; that it is joined already is none. -ENOBUFS: too many groups,
 * of which those of links that are gone count. */
int vrrp_join(struct vrrp *self, int link);

/* Leaves the group on each link; who was heard stays known. -errno: nothing has changed. */
int vrrp_leave(struct vrrp *self);

/* Takes in what has come; never waits. True: another sender, one that was silent, or one that resigned. */
bool vrrp_read(struct vrrp *self, uint64_t now_usec);

/* The i-th sender, i < VRRP_SENDERS_MAX; its last_usec is 0 where there is none. */
const struct vrrp_sender *vrrp_sender(const struct vrrp *self, size_t i);
