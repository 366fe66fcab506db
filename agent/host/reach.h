/* SPDX-License-Identifier: Apache-2.0 */
/* reach - whether some host answers for an address, found out by a connection to one of its ports: that it is
 * refused is an answer as well. To try makes the kernel ask by ARP (or NDP), which it does for nobody who does
 * not want to send. Nothing is sent but the handshake of TCP. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

enum reach { REACH_WAITING, REACH_ANSWERED, REACH_FAILED };

/* Begins. Its fd is ready to be written to once there is an end; below 0 unless WAITING. */
enum reach reach_begin(const struct address *address, uint16_t port, int *ret_fd);

/* What came of it so far; closes the fd, and sets it to -1, unless WAITING. */
enum reach reach_end(int *fd);
