/* SPDX-License-Identifier: Apache-2.0 */
/* config - what the person set: /etc/gatewake/config.yaml first, then flags over it. Every key is
 * optional, and each is also a flag `--key VALUE` or `--key=VALUE`, as in k3s. Strict: an unknown
 * key, a value of the wrong shape, a key or flag given twice is one line with file, line and what
 * is allowed. An empty value is no value: `--vip=` takes back what the file says. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

#define CONFIG_DEFAULT_FILE "/etc/gatewake/config.yaml"

enum config_mode { CONFIG_MODE_RECOVER, CONFIG_MODE_SYNC, CONFIG_MODE_OBSERVE };

struct config { /* zeroed: nothing set; strings are never NULL, "" is unset */
	char vip[262];          /* HOST or HOST:PORT, [v6]:PORT; checked by shape, port 1-65535 */
	enum config_mode mode;
	char node[254];         /* the Node's name where it can't be found by bootID */
	char kubeconfig[PATH_MAX];
	char runtime_dir[PATH_MAX];
	char state_dir[PATH_MAX];
	char host_root[PATH_MAX]; /* prefix of /proc and /sys, for tests */
	/* flags that are no keys */
	char file[PATH_MAX]; /* --config FILE: must exist; the default file need not */
	bool json, watch, help;
};

/* Fills *config with defaults, then the file, then argv[0..argc) (after the subcommand and its own
 * arguments: whatever is no flag named here is an error). *config is written only on success.
 * Directories: flag, key, $RUNTIME_DIRECTORY or $STATE_DIRECTORY, else /run/gatewake and
 * /var/lib/gatewake. kubeconfig: flag, key, else $CREDENTIALS_DIRECTORY/kubeconfig if that file
 * exists, else $KUBECONFIG, else /etc/gatewake/kubeconfig. Of a variable that is a colon list the
 * first entry counts. The file is bounded at 64 KiB.
 *   -EINVAL  a key or value that is not allowed, or no YAML; ret_failure names file and line, the
 *            flag or the variable
 *   -ENOENT, -EACCES, -E2BIG, ...  the file cannot be read
 *   -ENOMEM */
int config_read(struct config *config, int argc, char **argv, struct failure *ret_failure);

/* Splits vip (already checked by shape) into host without brackets and port (default_port where it
 * has none). host must hold 254 bytes. */
void config_split_vip(const char *vip, uint16_t default_port, char *host, uint16_t *ret_port);
