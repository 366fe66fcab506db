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
#define CONFIG_KUBECONFIG   "/etc/gatewake/kubeconfig"

enum config_mode { CONFIG_MODE_RECOVER, CONFIG_MODE_SYNC, CONFIG_MODE_OBSERVE };

struct config { /* zeroed: nothing set; strings are never NULL, "" is unset */
	char vip[262];          /* HOST or HOST:PORT, [v6]:PORT; checked by shape, port 1-65535 */
	enum config_mode mode;
	char node[254];         /* the Node's name where it can't be found by bootID */
	char kubeconfig[PATH_MAX];
	char runtime_dir[PATH_MAX];
	char state_dir[PATH_MAX];
	char metrics_dir[PATH_MAX]; /* of node-exporter's textfile collector; "": no metrics */
	char host_root[PATH_MAX]; /* prefix of /proc and /sys, for tests */
	/* flags that are no keys */
	char file[PATH_MAX]; /* --config FILE: must exist; the default file need not */
	char out[PATH_MAX];  /* --out FILE: where setup puts the kubeconfig */
	bool json, watch, dry_run, undo, all_secrets, help;
	uint64_t timeout_usec; /* --timeout; CONFIG_TIMEOUT_USEC where it is not given */
	bool timeout_given;
};

#define CONFIG_TIMEOUT_USEC UINT64_C(60000000)
#define CONFIG_TIMEOUT_MAX  UINT64_C(604800000000) /* a week */

/* What belongs to some commands only. */
enum {
	CONFIG_JSON = 1 << 0,
	CONFIG_WATCH = 1 << 1,
	CONFIG_TIMEOUT = 1 << 2,
	CONFIG_DRY_RUN = 1 << 3,
	CONFIG_K3S = 1 << 4,   /* no flag: k3s's own kubeconfig serves where no other is there */
	CONFIG_ADMIN = 1 << 5, /* no flag: the service's own kubeconfig never serves, k3s's does */
	CONFIG_SETUP = 1 << 6, /* --undo, --out */
	CONFIG_ALL_SECRETS = 1 << 7,
};

/* Fills *config with defaults, then the file, then argv[0..argc) (after the subcommand and its own
 * argument: whatever is no flag, or none of this command's, is an error). may: CONFIG_*. *config is written only on success.
 * Directories: flag, key, $RUNTIME_DIRECTORY or $STATE_DIRECTORY, else /run/gatewake and
 * /var/lib/gatewake. kubeconfig: flag, key, else $CREDENTIALS_DIRECTORY/kubeconfig if that file
 * exists, else $KUBECONFIG, else /etc/gatewake/kubeconfig, or, with CONFIG_K3S and where that is
 * not readable, /etc/rancher/k3s/k3s.yaml if that is. With CONFIG_ADMIN: flag, else $KUBECONFIG, else
 * k3s's. Of a variable that is a colon list the first entry counts. The file is bounded at 64 KiB.
 *   -EINVAL  a key or value that is not allowed, or no YAML; ret_failure names file and line, the
 *            flag or the variable
 *   -ENOENT, -EACCES, -E2BIG, ...  the file cannot be read
 *   -ENOMEM */
int config_read(struct config *config, unsigned may, int argc, char **argv,
                struct failure *ret_failure);

#define CONFIG_API_PORT 6443 /* where nobody names another: k3s's */

/* Splits vip (already checked by shape) into host without brackets and port (default_port where it
 * has none). host must hold 254 bytes. */
void config_split_vip(const char *vip, uint16_t default_port, char *host, uint16_t *ret_port);
