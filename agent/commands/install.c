/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/install.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "host/service.h"
#include "host/state.h"
#include "kube/kubeconfig_write.h"

#define DROPIN_FOLDER "/etc/systemd/system/gatewake.service.d"
#define DROPIN_NAME   "vrrp.conf"
#define DROPIN        DROPIN_FOLDER "/" DROPIN_NAME

/* The same as systemd/vrrp.conf, for whom setup is not run (tests/docs/readme). */
static const char dropin[] =
	"# SPDX-License-Identifier: Apache-2.0\n"
	"# Where keepalived runs on this host, gatewake may hear its adverts.\n"
	"# `gatewake setup` puts this into gatewake.service.d/, where it is so.\n"
	"[Service]\n"
	"AmbientCapabilities=CAP_NET_RAW\n"
	"CapabilityBoundingSet=CAP_NET_RAW\n"
	"# Among users of its own a capability says nothing of the host's network.\n"
	"PrivateUsers=no\n";

static void complain(const char *what, const char *path, int error)
{
	(void)fprintf(stderr, "gatewake setup: %s %s: %s\n", path, what, strerror(-error));
}

/* *ret_bytes NULL: there is no such file. */
static int read_file(const char *path, char **ret_bytes, size_t *ret_len)
{
	struct failure failure;
	int r = file_read_bounded(path, KUBECONFIG_MAX_BYTES, path, ret_bytes, ret_len, &failure);

	return r == -ENOENT ? 0 : r;
}

bool install_may_write(const char *path)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	size_t len = 0;
	int r = read_file(path, &bytes, &len);

	if (r < 0) {
		complain("cannot be read", path, r);
		return false;
	}
	if (!bytes || kubeconfig_is_ours((struct span){ bytes, len }))
		return true;
	(void)fprintf(stderr,
	              "gatewake setup: %s was not written by gatewake setup, so it is left alone: "
	              "move it away, or name another file: --out FILE\n",
	              path);
	return false;
}

/* "folder/name" into both; a name alone is one of this folder. */
static const char *split(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	(void)snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1,
	               slash ? path : ".");
	if (slash == path)
		(void)snprintf(folder, PATH_MAX, "/");
	return slash ? slash + 1 : path;
}

static int write_private(const char *path, bool make_folder, const char *text)
{
	char folder[PATH_MAX];
	const char *name = split(path, folder);

	if (make_folder && mkdir(folder, 0755) < 0 && errno != EEXIST)
		return -errno;
	return state_write_private(folder, name, text, strlen(text));
}

/* As written before, and still for its owner's eyes only. */
static bool is_same(const char *path, const char *text)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	struct stat status;
	size_t len = 0;

	return read_file(path, &bytes, &len) == 0 && bytes &&
	       span_equals((struct span){ bytes, len }, text) && stat(path, &status) == 0 &&
	       (status.st_mode & 077) == 0;
}

bool install_kubeconfig(const char *path, bool make_folder, const struct kubeconfig *like,
                        const char *token, bool *ret_changed)
{
	CLEANUP(secret_free_p) char *text = NULL;
	int r = kubeconfig_text(like, token, &text);

	*ret_changed = r == 0 && !is_same(path, text);
	if (*ret_changed)
		r = write_private(path, make_folder, text);
	if (r < 0) {
		complain("cannot be written", path, r);
		return false;
	}
	(void)printf("%-10s %s\n", *ret_changed ? "wrote" : "unchanged", path);
	return true;
}

bool install_remove_kubeconfig(const char *path)
{
	char folder[PATH_MAX];
	const char *name = split(path, folder);
	int r = state_remove(folder, name);

	if (r == 0)
		(void)printf("%-10s %s\n", "deleted", path);
	else if (r != -ENOENT)
		complain("cannot be removed", path, r);
	return r == 0 || r == -ENOENT;
}

/* --- systemd --- */

/* Debian enables it at its installation; without this file it does not start. */
static bool keepalived_will_run(void)
{
	return access("/etc/keepalived/keepalived.conf", F_OK) == 0 &&
	       SERVICE("is-enabled", "--quiet", "keepalived.service") == 0;
}

static bool keepalived_runs(void)
{
	return service_manager() && (SERVICE("is-active", "--quiet", "keepalived.service") == 0 ||
	                             keepalived_will_run());
}

void install_vrrp(bool *ret_changed)
{
	CLEANUP(free_p) char *bytes = NULL;
	size_t len = 0;
	int r;

	*ret_changed = false;
	if (!keepalived_runs() || read_file(DROPIN, &bytes, &len) < 0 || bytes)
		return;
	r = mkdir(DROPIN_FOLDER, 0755) < 0 && errno != EEXIST ? -errno : 0;
	if (r == 0)
		r = state_write(DROPIN_FOLDER, DROPIN_NAME, dropin, sizeof(dropin) - 1,
		                STATE_DURABLE);
	if (r < 0) {
		complain("cannot be written: keepalived's adverts will not be heard", DROPIN, r);
		return;
	}
	(void)SERVICE("daemon-reload");
	(void)printf("%-10s %s: keepalived runs here, so the service may hear its adverts "
	             "(CAP_NET_RAW)\n",
	             "wrote", DROPIN);
	*ret_changed = true;
}

void install_remove_vrrp(void)
{
	CLEANUP(free_p) char *bytes = NULL;
	size_t len = 0;

	if (read_file(DROPIN, &bytes, &len) < 0 || !bytes ||
	    !span_equals((struct span){ bytes, len }, dropin))
		return;
	if (unlink(DROPIN) < 0) {
		complain("cannot be removed", DROPIN, -errno);
		return;
	}
	(void)rmdir(DROPIN_FOLDER); /* unless something else is in it */
	if (service_manager())
		(void)SERVICE("daemon-reload");
	(void)printf("%-10s %s\n", "deleted", DROPIN);
}

void install_restart(void)
{
	if (!service_manager() || SERVICE("is-active", "--quiet", "gatewake.service") != 0)
		return;
	if (SERVICE("try-restart", "gatewake.service") == 0)
		(void)printf("%-10s gatewake.service, which reads its credentials at its start\n",
		             "restarted");
	else
		(void)fprintf(stderr,
		              "gatewake setup: gatewake.service could not be restarted: see "
		              "journalctl -u gatewake\n");
}

void install_tell_of_path(void)
{
	if (service_manager() && SERVICE("is-enabled", "--quiet", "gatewake-setup.path") == 0)
		(void)printf("gatewake-setup.path is enabled: at the next boot the account is made "
		             "again, "
		             "unless you run: sudo systemctl disable gatewake-setup.path\n");
}
