/* SPDX-License-Identifier: Apache-2.0 */
/* secret - memory that must not outlive its use: wiped whole, then freed. */
#pragma once
#include "base/cleanup.h"

/* Wipes all of an allocation, whatever it holds, and frees it; NULL is fine.
 * Always returns NULL. */
char *secret_free(char *secret);
DEFINE_CLEANUP(char, secret_free)

/* Wipes a string where it stands, and leaves it empty. NULL is fine. */
void secret_wipe_string(char *secret);
