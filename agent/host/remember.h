/* SPDX-License-Identifier: Apache-2.0 */
/* remember - the virtual address, across boots: after one, the API server that could name it is not there yet. A
 * line HOST:PORT in the state directory; written when it changes, by the service alone. */
#pragma once
#include <stddef.h>

#define REMEMBER_FILE "vip"
#define REMEMBER_MAX  300

/* address gets HOST, HOST:PORT or [V6]:PORT; "" where nothing is remembered, or nothing that can be one. */
void remember_read(const char *folder, char address[REMEMBER_MAX]);

/* -errno; the old one is then untouched. */
int remember_write(const char *folder, const char *address);
