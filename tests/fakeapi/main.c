/* SPDX-License-Identifier: Apache-2.0 */
/* fakeapi - a small API server, on loopback unless told otherwise, in front of one world (tests/model). Lines on stdin
 * command it (control.c), each is answered with one line on stdout; "event SECONDS ..." lines there tell what happens.
 * Ends with its stdin, or its parent. */
#include "tests/fakeapi/fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define TICK_MSEC     5
#define SCHEDULED_MAX 32

static const char usage[] =
	"usage: fakeapi [--release 118|120] [--speed N] [--cross-namespace] [--tapes DIR]\n"
	"               [--folder DIR] [--address ADDRESS] [--vip ADDRESS:PORT] [--issued DATE]\n"
	"               [--identity DIR] [--connections] [--at SECONDS COMMAND]...\n"
	"Times are seconds of the world, which runs N times as fast as this one. DATE, in seconds\n"
	"since 1970, is that of the certificates that it makes: now, unless told otherwise.\n"
	"--address: of all but the virtual one, for a client on another machine; else 127.0.0.1.\n"
	"--identity: ca.crt, tls.crt, tls.key and token of several servers that stand for one.\n"
	"--connections: tells of each that comes to the virtual address.\n";

static struct fake fake = { .lock = PTHREAD_MUTEX_INITIALIZER };
static char own_folder[64] = "/tmp/gatewake-fake.XXXXXX";
static const char *folder; /* its own, or an empty one of somebody else's */
static char vip[INET6_ADDRSTRLEN + 8] = "127.0.0.1:0";
static const char *identity; /* NULL: of its own */
static volatile sig_atomic_t ended;

static struct {
	uint64_t at_usec;
	const char *command;
} scheduled[SCHEDULED_MAX];
static size_t scheduled_count, scheduled_done;

static uint64_t monotonic_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t fake_now(const struct fake *self)
{
	return (monotonic_usec() - self->began_usec) * self->world.options.speed;
}

void fake_lock(struct fake *self)
{
	(void)pthread_mutex_lock(&self->lock);
	world_step(&self->world, fake_now(self));
}

void fake_unlock(struct fake *self)
{
	if (self->world.store.version != self->woken_version)
		fake_wake(self);
	self->woken_version = self->world.store.version;
	(void)pthread_mutex_unlock(&self->lock);
}

void fake_wake(struct fake *self)
{
	uint64_t one = 1;

	for (size_t i = 0; i < FAKE_LINKS; i++)
		if (self->wake[i])
			(void)!write(self->wake[i], &one, sizeof(one));
}

static void die(const char *what)
{
	(void)fprintf(stderr, "fakeapi: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

/* --- the kubeconfig --- */

static void write_kubeconfig(const struct tls_identity *ca)
{
	size_t len = strlen(ca->cert);
	char path[128], *base64 = malloc(len * 2 + 8);
	FILE *file;

	if (!base64)
		die("no memory");
	(void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)ca->cert, (int)len);
	(void)snprintf(path, sizeof(path), "%s/kubeconfig", folder);
	file = fdopen(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "w");
	if (!file)
		die(path);
	(void)fprintf(file,
	              "apiVersion: v1\nkind: Config\nclusters:\n- name: fake\n  cluster:\n    "
	              "server: https://%s:%u\n"
	              "    certificate-authority-data: %s\nusers:\n- name: agent\n  user: {token: "
	              "%s}\ncontexts:\n- name: fake\n"
	              "  context: {cluster: fake, user: agent}\ncurrent-context: fake\n",
	              fake.front[GATE_LOCAL].ip, fake.front[GATE_LOCAL].port, base64, fake.token);
	if (fclose(file) != 0)
		die(path);
	free(base64);
}

/* What a client knows of one server must be good for the next holder of the address. */
static char *read_identity(const char *name)
{
	static char text[16384];
	char path[512];
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", identity, name);
	file = fopen(path, "re");
	if (!file)
		die(path);
	len = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[len] = '\0';
	return strdup(text);
}

/* ADDRESS:PORT, in two: the address alone stays behind in text. */
static unsigned cut_port(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon) {
		(void)fputs(usage, stderr);
		exit(2);
	}
	*colon = '\0';
	return (unsigned)atoi(colon + 1);
}

static void make_identity(struct tls_identity *ca, struct tls_identity *leaf)
{
	char names[96], *token;

	if (!identity) {
		tls_make_token(fake.token);
		tls_make(ca, "fake-ca", NULL, NULL);
		(void)snprintf(names, sizeof(names), "IP:%s,IP:%s", fake.front[GATE_LOCAL].ip, vip);
		tls_make(leaf, "kubernetes", names, ca);
		return;
	}
	ca->cert = read_identity("ca.crt");
	leaf->cert = read_identity("tls.crt");
	leaf->key = read_identity("tls.key");
	token = read_identity("token");
	(void)snprintf(fake.token, sizeof(fake.token), "%.*s", (int)strcspn(token, "\n"), token);
	free(token);
}

static void start(struct world_options *options)
{
	struct tls_identity ca = { 0 }, leaf = { 0 };
	int gateway, metrics;

	fake.front[GATE_LOCAL].ip = options->address;
	fake.front[GATE_VIP].port = cut_port(vip);
	fake.front[GATE_VIP].ip = options->vip = vip;
	for (enum gate gate = GATE_LOCAL; gate <= GATE_VIP; gate++) {
		fake.front[gate].holder =
			fake_bind(fake.front[gate].ip, &fake.front[gate].port, true);
		options->ports[gate] = fake.front[gate].port;
	}
	gateway = fake_bind(options->address, &options->gateway_port, false);
	/* Nobody listens there: an operator's metrics say nothing. */
	metrics = fake_bind(options->address, &options->metrics_port, false);
	(void)metrics;
	make_identity(&ca, &leaf);
	fake.context = tls_context(leaf.cert, leaf.key);
	write_kubeconfig(&ca);
	tls_identity_clear(&leaf);
	tls_identity_clear(&ca);
	world_init(&fake.world, options);
	fake.began_usec = monotonic_usec();
	for (enum gate gate = GATE_LOCAL; gate <= GATE_VIP; gate++)
		front_start(&fake, gate);
	envoy_start(&fake, gateway);
}

/* --- the loop --- */

static void run_line(const char *line, bool answered)
{
	static char answer[65536];

	fake_lock(&fake);
	if (!control_line(&fake, line, answer, sizeof(answer)))
		ended = 1;
	else if (answered)
		(void)fprintf(stdout, "%s\n", answer);
	(void)fflush(stdout);
	fake_unlock(&fake);
}

static void run_scheduled(void)
{
	while (scheduled_done < scheduled_count &&
	       fake_now(&fake) >= scheduled[scheduled_done].at_usec)
		run_line(scheduled[scheduled_done++].command, false);
}

/* Takes whole lines off what came. */
static void take_lines(char *text, size_t *len)
{
	char *newline;

	while ((newline = memchr(text, '\n', *len))) {
		size_t used = (size_t)(newline - text) + 1;

		*newline = '\0';
		run_line(text, true);
		*len -= used;
		memmove(text, text + used, *len);
	}
}

static void run(void)
{
	static char text[65536];
	size_t len = 0;

	while (!ended) {
		struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
		ssize_t got = 1;

		if (poll(&fd, 1, TICK_MSEC) > 0) {
			got = read(STDIN_FILENO, text + len, sizeof(text) - len);
			len += got > 0 ? (size_t)got : 0;
			take_lines(text, &len);
		}
		if (got <= 0)
			return;
		fake_lock(&fake);
		front_apply(&fake);
		fake_unlock(&fake);
		run_scheduled();
	}
}

static void schedule(const char *seconds, const char *command)
{
	if (!command || scheduled_count == SCHEDULED_MAX) {
		(void)fputs(usage, stderr);
		exit(2);
	}
	scheduled[scheduled_count].at_usec = (uint64_t)(strtod(seconds, NULL) * 1e6);
	scheduled[scheduled_count++].command = command;
}

static void read_flags(int argc, char **argv, struct world_options *options)
{
	static const struct option flags[] = { { "release", required_argument, NULL, 'r' },
		                               { "speed", required_argument, NULL, 's' },
		                               { "cross-namespace", no_argument, NULL, 'c' },
		                               { "tapes", required_argument, NULL, 't' },
		                               { "folder", required_argument, NULL, 'f' },
		                               { "address", required_argument, NULL, 'l' },
		                               { "vip", required_argument, NULL, 'v' },
		                               { "issued", required_argument, NULL, 'i' },
		                               { "identity", required_argument, NULL, 'd' },
		                               { "connections", no_argument, NULL, 'n' },
		                               { "at", required_argument, NULL, 'a' },
		                               { 0 } };
	int flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		if (flag == 'r')
			options->release = (unsigned)atoi(optarg);
		else if (flag == 's')
			options->speed = (unsigned)atoi(optarg);
		else if (flag == 'c')
			options->cross_namespace = true;
		else if (flag == 't')
			options->tapes = optarg;
		else if (flag == 'f')
			folder = optarg;
		else if (flag == 'l')
			options->address = optarg;
		else if (flag == 'v')
			(void)snprintf(vip, sizeof(vip), "%s", optarg);
		else if (flag == 'i')
			tls_issue_at((time_t)strtoll(optarg, NULL, 10));
		else if (flag == 'd')
			identity = optarg;
		else if (flag == 'n')
			fake.front[GATE_VIP].tells = true;
		else if (flag == 'a')
			schedule(optarg, argv[optind++]);
		else
			exit(2);
	}
	if (optind != argc || !options->speed ||
	    (options->release != 118 && options->release != 120)) {
		(void)fputs(usage, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct world_options options = { .release = 118,
		                         .speed = 1,
		                         .tapes = "tests/unit/tapes",
		                         .address = "127.0.0.1",
		                         .events = stdout };

	read_flags(argc, argv, &options);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, end);
	(void)signal(SIGINT, end);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!folder && !(folder = mkdtemp(own_folder)))
		die(own_folder);
	options.folder = folder;
	start(&options);
	(void)fprintf(stdout,
	              "ready kubeconfig=%s/kubeconfig host-root=%s/host vip=%s:%u "
	              "release=%u speed=%u gateway=%s:%u hostname=%s\n",
	              folder, folder, vip, fake.front[GATE_VIP].port, options.release,
	              options.speed, options.address, options.gateway_port,
	              fake.world.source[0].hostname);
	(void)fflush(stdout);
	run();
	(void)pthread_mutex_lock(&fake.lock); /* nobody writes there any more */
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	_exit(0); /* its threads end with it */
}
