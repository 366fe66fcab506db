/* SPDX-License-Identifier: Apache-2.0 */
/* What the service keeps for its next life, where the disk takes it and where it does not. */
#include "tests/unit/tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <systemd/sd-daemon.h>

#include "engine/ledger.h"
#include "engine/targets.h"
#include "host/state.h"

static const struct ledger spent = {
	.boot = 7, .about = 9, .failed = 3, .spent = 3, .last_usec = 12345
};
static const struct ledger older = {
	.boot = 7, .about = 8, .failed = 1, .spent = 1, .last_usec = 99
};

struct scene {
	struct tempdir dir;
	struct config config;
	struct engine *engine;
	int systemd; /* hears what the service tells it */
};

static struct engine *new_life(const struct scene *scene)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	assert_non_null(engine);
	engine->config = &scene->config;
	engine->journal.silent = true;
	engine->remembers = true;
	engine->ledger_fd = -1;
	return engine;
}

static void open_scene(struct scene *scene)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(scene, 0, sizeof(*scene));
	tempdir_make(&scene->dir);
	(void)snprintf(scene->config.state_dir, sizeof(scene->config.state_dir), "%s/state",
	               scene->dir.path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", scene->dir.path);
	scene->systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(scene->systemd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	scene->engine = new_life(scene);
}

static void close_scene(struct scene *scene)
{
	if (scene->engine->ledger_fd >= 0)
		(void)close(scene->engine->ledger_fd);
	free(scene->engine);
	(void)close(scene->systemd);
	(void)unsetenv("NOTIFY_SOCKET");
	tempdir_remove_tree(&scene->dir);
}

static void disk_takes_it(const struct scene *scene, bool takes)
{
	if (takes)
		assert_int_equal(mkdir(scene->config.state_dir, 0755), 0);
	else
		assert_int_equal(rename(scene->config.state_dir, tempdir_path(&scene->dir, "gone")),
		                 0);
}

/* The file that systemd was given to hold, as systemd takes it. */
static int given(const struct scene *scene)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} beside;
	char text[256] = "";
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr message = { .msg_iov = &part,
		                  .msg_iovlen = 1,
		                  .msg_control = &beside,
		                  .msg_controllen = sizeof(beside) };
	int fd = -1;

	if (recvmsg(scene->systemd, &message, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	assert_non_null(strstr(text, "FDSTORE=1"));
	assert_non_null(strstr(text, "FDNAME=ledger"));
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
		if (at->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(at), sizeof(fd));
	return fd;
}

/* What a life of the service finds that systemd starts with that file in hand; -1: without one. */
static void expect_next_life(const struct scene *scene, int fd, const struct ledger *ledger)
{
	char pid[16];
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct engine *engine = new_life(scene);

		(void)snprintf(pid, sizeof(pid), "%d", getpid());
		if (fd >= 0) {
			(void)dup2(fd, SD_LISTEN_FDS_START);
			(void)setenv("LISTEN_PID", pid, 1);
			(void)setenv("LISTEN_FDS", "1", 1);
			(void)setenv("LISTEN_FDNAMES", "ledger", 1);
		}
		ledger_load(engine);
		_exit(memcmp(&engine->core.ledger, ledger, sizeof(*ledger)) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_ledger_is_on_the_disk_alone_where_that_takes_it(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	disk_takes_it(&scene, true);
	ledger_save(scene.engine, &spent);
	assert_int_equal(given(&scene), -1);
	expect_next_life(&scene, -1, &spent);
	close_scene(&scene);
}

/* An agent that is killed again and again on a full disk must not have its budget anew each time. */
static void a_ledger_that_the_disk_does_not_take_is_there_in_the_next_life(void **state)
{
	static const struct ledger none;
	struct scene scene;
	int fd;

	(void)state;
	open_scene(&scene);
	ledger_save(scene.engine, &older);
	fd = given(&scene);
	assert_true(fd >= 0);
	ledger_save(scene.engine, &spent); /* another one, in the same file */
	assert_int_equal(given(&scene), -1);
	expect_next_life(&scene, fd, &spent);
	expect_next_life(&scene, -1, &none); /* the service was stopped meanwhile */
	(void)close(fd);
	close_scene(&scene);
}

static void what_the_disk_took_last_counts(void **state)
{
	struct scene scene;
	int fd;

	(void)state;
	open_scene(&scene);
	disk_takes_it(&scene, true);
	ledger_save(scene.engine, &older);
	disk_takes_it(&scene, false);
	ledger_save(scene.engine, &spent);
	fd = given(&scene);
	assert_true(fd >= 0);
	disk_takes_it(&scene, true);
	assert_int_equal(state_write(scene.config.state_dir, LEDGER_FILE, "", 0, STATE_DURABLE), 0);
	expect_next_life(&scene, fd, &spent);
	ledger_save(scene.engine, &older);
	expect_next_life(&scene, fd, &older);
	(void)close(fd);
	close_scene(&scene);
}

/* A disk that is full is not worn out by tries. */
static void an_address_that_cannot_be_kept_is_tried_again_after_a_minute(void **state)
{
	struct kubeconfig kubeconfig = { .server = (char[]){ "https://127.0.0.1:6443" } };
	char address[REMEMBER_MAX];
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.engine->kubeconfig = &kubeconfig;
	scene.engine->deployments.count = 1;
	(void)strcpy(scene.engine->deployments.first.host, "192.0.2.100");
	targets_find(scene.engine, 100 * SECONDS_USEC);
	disk_takes_it(&scene, true);
	targets_find(scene.engine, 159 * SECONDS_USEC);
	remember_read(scene.config.state_dir, address);
	assert_string_equal(address, "");
	targets_find(scene.engine, 160 * SECONDS_USEC);
	remember_read(scene.config.state_dir, address);
	assert_string_equal(address, "192.0.2.100:6443");
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ledger_is_on_the_disk_alone_where_that_takes_it),
		cmocka_unit_test(a_ledger_that_the_disk_does_not_take_is_there_in_the_next_life),
		cmocka_unit_test(what_the_disk_took_last_counts),
		cmocka_unit_test(an_address_that_cannot_be_kept_is_tried_again_after_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
