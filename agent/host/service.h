/* SPDX-License-Identifier: Apache-2.0 */
/* service - asks this host's systemd, by systemctl: no bus library, and it is where systemd is. */
#pragma once
#include <stdbool.h>

/* Whether systemd runs this host. */
bool service_manager(void);

/* systemctl with those words, the last one NULL; its output goes nowhere. Its exit code, or -errno. Blocks until it
 * ends: not for the loop. */
int service_ask(const char *const words[]);
#define SERVICE(...) service_ask((const char *const[]){ "systemctl", __VA_ARGS__, NULL })
