/* SPDX-License-Identifier: Apache-2.0 */
/* install - what setup puts on this host, beside the cluster: the kubeconfig, and what systemd is to know. Each says
 * on stdout what it did, on stderr what it could not do. */
#pragma once
#include <stdbool.h>

#include "kube/kubeconfig.h"

/* Whether path may be written: it is not there, or was written by setup. Says so where not. */
bool install_may_write(const char *path);

/* Writes the kubeconfig, where it is another one than is there; its folder too, if make_folder. False: it could not. */
bool install_kubeconfig(const char *path, bool make_folder, const struct kubeconfig *like,
                        const char *token, bool *ret_changed);
/* Removes it. */
bool install_remove_kubeconfig(const char *path);

/* Where keepalived runs on this host, the service may hear its adverts: a drop-in. */
void install_vrrp(bool *ret_changed);
void install_remove_vrrp(void);

/* The service reads its credentials at its start only. */
void install_restart(void);

/* After an undo: what would make the account again by itself. */
void install_tell_of_path(void);
