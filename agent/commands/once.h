/* SPDX-License-Identifier: Apache-2.0 */
/* once - what the commands share that answer once by themselves: the service's cycle under another policy,
 * turned until there is an answer or its time is over. Beside a running agent as well: no lock is taken,
 * no file is written, nothing goes to the journal. Ctrl-C ends them as it ends any program. */
#pragma once
#include "engine/cycle.h"

enum { EXIT_CANNOT_TELL = 3 };

/* Of their --help: the keys that a person may want there. */
#define ONCE_KEYS_HELP                                                                             \
	"  --kubeconfig FILE   else $CREDENTIALS_DIRECTORY/kubeconfig, $KUBECONFIG,\n"             \
	"                      /etc/gatewake/kubeconfig, /etc/rancher/k3s/k3s.yaml (root)\n"       \
	"  --vip HOST[:PORT]   the address that the operator uses; else its Deployment\n"          \
	"                      tells\n"                                                            \
	"  --node NAME         this node's name, where its boot id cannot tell\n"

/* may: POLICY_*. Returns 0, or the exit code of what was said on stderr: without a kubeconfig that can be
 * used there is nobody to ask. */
int once_open(const struct config *config, const char *command, unsigned may, struct engine **ret);

/* Until done() says so; 0, -ETIMEDOUT, or -errno of what keeps it from waiting. */
int once_turn(struct engine *engine, uint64_t timeout_usec, bool (*done)(struct engine *engine));

/* What the person gave, else the command's own. */
uint64_t once_timeout(const struct config *config, uint64_t otherwise_usec);
