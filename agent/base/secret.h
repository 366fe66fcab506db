/* SPDX-License-Identifier: Apache-2.0 */
/* secret - memory that must not outlive its use: wiped whole, then freed.
 *
 * What this program holds itself it frees with secret_free(). What libraries hold of it for a while is
 * wiped by them: OpenSSL and libcurl (wire/wipe) and cJSON (kube/objects) are told to free and resize
 * with the two functions below. So no key is left in memory once its copy is written, whatever path it
 * took. Buffers that stay allocated are wiped once they were read (wire/wipe, slot_write). Out of reach:
 * what libyaml's own strings outgrew (of a kubeconfig, whose token has to be in memory anyway). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/* Wipes all of an allocation, whatever it holds, and frees it; NULL is fine.
 * Always returns NULL. */
char *secret_free(char *secret);
DEFINE_CLEANUP(char, secret_free)

/* The same in the place of free(). */
void secret_release(void *memory);

/* In the place of realloc(): what is left behind is wiped. 0 frees it. */
void *secret_resize(void *memory, size_t size);

/* At least so much room, by doubling, and what was there before moves along. False: out of memory, and all is as it
 * was. *bytes is NULL, and *room 0, before the first time. */
bool secret_grow(char **bytes, size_t *room, size_t need);

/* Wipes a string where it stands, and leaves it empty. NULL is fine. */
void secret_wipe_string(char *secret);
