/* SPDX-License-Identifier: Apache-2.0 */
/* run - the service: turns the cycle until SIGTERM, tells systemd how it goes. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "commands/commands.h"
#include "config.h"
#include "engine/cycle.h"
#include "engine/tell.h"
#include "host/clock.h"
#include "host/memory.h"
#include "host/notify.h"
#include "host/state.h"

#define STATUS_USEC     SECONDS_USEC       /* STATUS= counts seconds: not more often */
#define RELOAD_USEC     (30 * SECONDS_USEC) /* between reloads after a 401 */
#define KUBECONFIG_USEC (2 * SECONDS_USEC) /* between looks at the file */
#define RELAXED_USEC    (10 * SECONDS_USEC) /* with credentials: then the probes wake more often */

struct service {
	struct engine *engine;
	const struct config *config;
	struct tell tell;
	struct memory memory;
	int signals;
	uint64_t watchdog_usec; /* 0: none */
	uint64_t status_usec, kubeconfig_usec, reload_usec;
	struct stat kubeconfig; /* as it was when it was read */
	char status[STATUS_LINE_MAX];
	bool ready;
};

static int open_signals(int *ret_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static bool file_changed(const struct stat *before, const struct stat *after)
{
	return before->st_ino != after->st_ino || before->st_size != after->st_size ||
	       before->st_mtim.tv_sec != after->st_mtim.tv_sec ||
	       before->st_mtim.tv_nsec != after->st_mtim.tv_nsec;
}

/* What the kubeconfig names by path (a tokenFile, a certificate) may have been renewed. */
static bool is_refused(const struct service *service, uint64_t now_usec)
{
	return service->engine->decision.endpoint[ENDPOINT_LOCAL].layer == LAYER_AUTH &&
	       now_usec - service->reload_usec > RELOAD_USEC;
}

/* A credential may come late, or be replaced under our eyes. */
static void watch_kubeconfig(struct service *service, uint64_t now_usec)
{
	struct stat now = { 0 };

	if (service->kubeconfig_usec && now_usec - service->kubeconfig_usec < KUBECONFIG_USEC)
		return;
	(void)stat(service->config->kubeconfig, &now);
	/* Without credentials also again and again: what made them useless may be the clock, or a file
	 * that the kubeconfig names. */
	if (service->kubeconfig_usec && (file_changed(&service->kubeconfig, &now) || !service->engine->kubeconfig ||
	                                 is_refused(service, now_usec))) {
		cycle_reload(service->engine);
		service->reload_usec = now_usec;
	}
	service->kubeconfig_usec = now_usec;
	service->kubeconfig = now;
}

static void tell_systemd(struct service *service, uint64_t now_usec)
{
	char line[STATUS_LINE_MAX];

	if (service->ready && now_usec - service->status_usec < STATUS_USEC)
		return;
	tell_line(service->engine, now_usec, line, sizeof(line));
	service->status_usec = now_usec;
	if (service->ready && strcmp(line, service->status) == 0)
		return;
	memcpy(service->status, line, sizeof(line));
	if (service->ready)
		notify_status(line);
	else
		notify_ready(line);
	service->ready = true;
}

/* The longest pause with which the watchdog and the kubeconfig still have their time. */
static uint64_t pause_usec(const struct service *service)
{
	uint64_t pause = service->engine->kubeconfig ? RELAXED_USEC : KUBECONFIG_USEC;

	if (service->watchdog_usec && service->watchdog_usec / 4 < pause)
		return service->watchdog_usec / 4;
	return pause;
}

/* False: end. */
static bool take_signals(struct service *service)
{
	struct signalfd_siginfo info;

	while (read(service->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return false;
		cycle_reload(service->engine);
	}
	return true;
}

static void turn(struct service *service)
{
	uint64_t now_usec = clock_boottime_usec();

	watch_kubeconfig(service, now_usec);
	cycle_turn(service->engine, now_usec);
	now_usec = clock_boottime_usec();
	tell_journal(&service->tell, service->engine, now_usec);
	tell_runfile(service->engine, now_usec);
	tell_systemd(service, now_usec);
	if (service->engine->decision.on) /* else it may have to be quick at any moment */
		memory_rest(&service->memory, service->engine->decision.since_usec, now_usec);
	/* Hours without a virtual address are healthy; an order without an end is not. */
	if (service->watchdog_usec && service->engine->decision.overdue == ORDER_NONE)
		notify_watchdog();
}

static int serve(struct service *service)
{
	do {
		int r;

		turn(service);
		r = cycle_wait(service->engine, service->signals, pause_usec(service));
		if (r < 0) {
			journal_write(&service->engine->journal, LOG_ERR, NULL, NULL,
			              "cannot wait: %s", strerror(-r));
			return EXIT_FAILURE;
		}
	} while (take_signals(service));
	notify_stopping();
	return EXIT_SUCCESS;
}

static void forget_what_was_said(const struct config *config)
{
	runfile_remove(config->runtime_dir);
	metricsfile_remove(config->metrics_dir);
}

/* The one agent of this runtime directory: two would restart the same pod. */
static int take_lock(const struct config *config, int *ret_fd)
{
	int r;

	(void)mkdir(config->runtime_dir, 0755);
	r = state_lock(config->runtime_dir, RUNFILE_LOCK, ret_fd);
	if (r == -EWOULDBLOCK)
		(void)fprintf(
			stderr,
			"gatewake run: another agent runs with --runtime-dir %s; stop it first\n",
			config->runtime_dir);
	else if (r < 0)
		(void)fprintf(stderr,
		              "gatewake run: %s/" RUNFILE_LOCK
		              ": %s; create the directory or choose one with --runtime-dir\n",
		              config->runtime_dir, strerror(-r));
	else
		forget_what_was_said(config);
	return r;
}

static int run(const struct config *config, const char *argument)
{
	CLEANUP(cycle_free_p) struct engine *engine = NULL;
	CLEANUP(close_p) int lock = -1;
	CLEANUP(close_p) int signals = -1;
	struct service service = { .watchdog_usec = notify_watchdog_usec() };
	struct policy policy = { .may = cycle_policy(config->mode) };
	int r;

	(void)argument;
	memory_be_frugal();
	if (take_lock(config, &lock) < 0 || open_signals(&signals) < 0)
		return EXIT_FAILURE;
	(void)mkdir(config->state_dir, 0755);
	if (cycle_new(config, &policy, false, &engine) < 0) {
		(void)fprintf(stderr, "gatewake run: out of memory\n");
		return EXIT_FAILURE;
	}
	service.engine = engine;
	service.config = config;
	service.signals = signals;
	r = serve(&service);
	metricsfile_remove(config->metrics_dir);
	return r;
}

const struct command command_run = {
	.name = "run",
	.summary = "the service: wait, diagnose, restart, prove",
	.help = "usage: gatewake run [--KEY VALUE]...\n"
		"\n"
		"Runs until SIGTERM. SIGHUP reads the kubeconfig again. Keys, each also in\n"
		"/etc/gatewake/config.yaml (or --config FILE):\n"
		"  --vip HOST[:PORT]   the address that the operator uses; else its Deployment\n"
		"                      tells\n"
		"  --mode MODE         recover (default); sync: restarts nothing; observe: writes\n"
		"                      nothing\n"
		"  --kubeconfig FILE   else $CREDENTIALS_DIRECTORY/kubeconfig, $KUBECONFIG,\n"
		"                      /etc/gatewake/kubeconfig\n"
		"  --runtime-dir DIR   else $RUNTIME_DIRECTORY, /run/gatewake\n"
		"  --state-dir DIR     else $STATE_DIRECTORY, /var/lib/gatewake\n"
		"  --metrics-dir DIR   writes gatewake.prom there, for node-exporter\n"
		"  --node NAME         this node's name, where its boot id cannot tell\n"
		"  --host-root DIR     prefix of /proc and /sys (for tests)\n"
		"\n"
		"exit: 0 on SIGTERM, 1 cannot run, 2 a flag or key is wrong\n",
	.run = run,
};
