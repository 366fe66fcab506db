/* SPDX-License-Identifier: Apache-2.0 */
/* vip - what this host itself says of the virtual address, without asking the API server: its own tables, the
 * adverts that it hears, its clock. Fills evidence.holder and evidence.clock. */
#pragma once
#include "engine/engine.h"

#define VIP_FDS_MAX 3

struct vip;

/* -ENOMEM. What this host does not let us see is no error: evidence says that it is not known. */
int vip_new(const struct config *config, struct vip **ret);
struct vip *vip_free(struct vip *vip); /* always NULL */

/* Takes in what has come; after targets_find(), before a step. */
void vip_turn(struct engine *engine, uint64_t now_usec);

/* What to wait for beside requests: fills at most VIP_FDS_MAX places of fds, and returns how many. */
size_t vip_fds(const struct vip *vip, struct pollfd *fds);

/* Of the interface that carries it, "" where none does; of the host that a finding names, "" where it names none. */
const char *vip_link(const struct vip *vip);
const char *vip_peer(const struct vip *vip, uint32_t peer, char text[ADDRESS_TEXT_MAX],
                     unsigned *ret_priority);

/* The address that is looked for; none where the endpoint is a name that nobody answered under yet, or loopback. */
const struct address *vip_address(const struct vip *vip);

/* True: adverts would be heard, but for a privilege (CAP_NET_RAW). */
bool vip_is_deaf(const struct vip *vip);
