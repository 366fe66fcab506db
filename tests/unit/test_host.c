/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tempdir.h"

#include <signal.h>

#include "host/clock.h"
#include "host/containers.h"
#include "host/follow.h"
#include "host/memory.h"
#include "host/runfile.h"
#include "host/state.h"
#include "report/table.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define ID "3c680ee1634cf9de18a107be79ceda578fd08684ad672fbd164a77a510766114"

static void what_is_written_is_read_back_whole(void **state)
{
	struct tempdir dir;
	char bytes[32];

	(void)state;
	tempdir_make(&dir);
	assert_int_equal(state_read(dir.path, "ledger", bytes, sizeof(bytes)), -ENOENT);
	assert_int_equal(state_write(dir.path, "ledger", "one", 3, STATE_DURABLE), 0);
	assert_int_equal(state_write(dir.path, "ledger", "second", 6, STATE_VOLATILE), 0);
	assert_int_equal(state_read(dir.path, "ledger", bytes, sizeof(bytes)), 6);
	assert_memory_equal(bytes, "second", 6);
	assert_int_equal(state_read(dir.path, "ledger", bytes, 6), -EFBIG);
	assert_int_equal(access(tempdir_path(&dir, "ledger.new"), F_OK), -1);
	tempdir_remove_tree(&dir);
}

static void a_write_that_fails_leaves_the_old_file(void **state)
{
	struct tempdir dir;
	char bytes[32];

	(void)state;
	tempdir_make(&dir);
	assert_int_equal(state_write(dir.path, "f", "old", 3, STATE_DURABLE), 0);
	assert_int_equal(mkdir(tempdir_path(&dir, "f.new"), 0755),
	                 0); /* the new name cannot be opened */
	assert_true(state_write(dir.path, "f", "newer", 5, STATE_DURABLE) < 0);
	assert_int_equal(state_read(dir.path, "f", bytes, sizeof(bytes)), 3);
	assert_true(state_write("/nonexistent", "f", "x", 1, STATE_DURABLE) == -ENOENT);
	tempdir_remove_tree(&dir);
}

/* `gatewake setup` by hand, and by its unit. */
static void two_that_write_at_once_do_not_meet(void **state)
{
	struct tempdir dir;
	int status = -1, failed = 0;
	pid_t child;

	(void)state;
	tempdir_make(&dir);
	child = fork();
	for (unsigned i = 0; i < 200; i++)
		failed += state_write_private(dir.path, "f", "secret", 6) != 0;
	if (child == 0)
		_exit(failed != 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(failed, 0);
	assert_int_equal(status, 0);
	tempdir_remove_tree(&dir);
}

static void what_is_private_is_so_from_its_first_byte(void **state)
{
	struct tempdir dir;
	struct stat status;
	char bytes[32];

	(void)state;
	tempdir_make(&dir);
	/* What a crash left behind, for all to read, must not hand on its mode. */
	(void)tempdir_write(&dir, "f.new", "x", 1);
	assert_int_equal(chmod(tempdir_path(&dir, "f.new"), 0666), 0);
	(void)tempdir_write(&dir, "f", "old", 3);
	assert_int_equal(state_write_private(dir.path, "f", "secret", 6), 0);
	assert_int_equal(stat(tempdir_path(&dir, "f"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(state_read(dir.path, "f", bytes, sizeof(bytes)), 6);
	tempdir_remove_tree(&dir);
}

static void a_lock_tells_whether_another_process_lives(void **state)
{
	struct tempdir dir;
	int pipes[2], fd = -1, status;
	pid_t child;
	char byte;

	(void)state;
	tempdir_make(&dir);
	assert_false(state_locked(dir.path, "lock"));
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		byte = state_lock(dir.path, "lock", &fd) == 0 ? 'y' : 'n';
		(void)!write(pipes[1], &byte, 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_true(state_locked(dir.path, "lock"));
	assert_true(state_locked(dir.path, "lock")); /* asking takes nothing */
	assert_int_equal(state_lock(dir.path, "lock", &fd), -EWOULDBLOCK);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(state_locked(dir.path, "lock"));
	assert_int_equal(state_lock(dir.path, "lock", &fd), 0);
	(void)close(fd);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	tempdir_remove_tree(&dir);
}

static void containers_are_found_where_each_runtime_puts_them(void **state)
{
	static const char *const places[] = {
		"sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-pod1.slice/"
		"cri-containerd-" ID ".scope",
		"sys/fs/cgroup/memory/k8s.io/" ID,
		"sys/fs/cgroup/kubepods/besteffort/pod1/" ID,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct tempdir dir;
		struct containers containers = { 0 };
		char procs[512];

		tempdir_make(&dir);
		containers.root = dir.path;
		assert_int_equal(containers_look(&containers, ID),
		                 LIFE_UNKNOWN); /* no cgroups to read */
		tempdir_make_folders(&dir, "sys/fs/cgroup/system.slice/ssh.service");
		assert_int_equal(containers_look(&containers, ID), LIFE_GONE);
		tempdir_make_folders(&dir, places[i]);
		assert_int_equal(containers_look(&containers, ID),
		                 LIFE_GONE); /* an empty cgroup is none */
		(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", places[i]);
		(void)tempdir_write_text(&dir, procs, "17\n");
		assert_int_equal(containers_look(&containers, ID), LIFE_ALIVE);
		assert_int_equal(containers_look(&containers, ID), LIFE_ALIVE);
		(void)tempdir_write_text(&dir, procs, "");
		assert_int_equal(containers_look(&containers, ID), LIFE_GONE);
		tempdir_remove_tree(&dir);
	}
}

static void cgroup_v2_says_for_itself_whether_it_is_empty(void **state)
{
	struct containers containers = { 0 };
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	containers.root = dir.path;
	tempdir_make_folders(&dir, "sys/fs/cgroup/kubepods.slice/cri-containerd-" ID ".scope");
	(void)tempdir_write_text(
		&dir, "sys/fs/cgroup/kubepods.slice/cri-containerd-" ID ".scope/cgroup.procs", "");
	(void)tempdir_write_text(
		&dir, "sys/fs/cgroup/kubepods.slice/cri-containerd-" ID ".scope/cgroup.events",
		"populated 1\nfrozen 0\n");
	assert_int_equal(containers_look(&containers, ID), LIFE_ALIVE);
	assert_int_equal(containers_look(&containers, "short"), LIFE_UNKNOWN);
	assert_int_equal(containers_look(&containers, ""), LIFE_UNKNOWN);
	tempdir_remove_tree(&dir);
}

static struct status example(void)
{
	static struct status_listener listener = { .gateway = "default/gw",
		                                   .listener = "https",
		                                   .hostname = "a.example.com",
		                                   .verdict = "SERVED",
		                                   .not_after = "2027-01-01T00:00:00Z" };
	struct status status = { .version = "1.2.3", .node = "pi", .mode = "recover", .listener = &listener,
		                 .listener_count = 1 };

	(void)strcpy(status.local.layer, "usable");
	(void)strcpy(status.vip.layer, "vip");
	(void)strcpy(status.vip.address, "10.0.0.9:6443");
	(void)strcpy(status.vip.detail, "EHOSTUNREACH \"x\" \\ \001 after 3.07 s");
	(void)strcpy(status.controller.verdict, "CONTROLLER_OFF");
	(void)strcpy(status.controller.cause, "cordoned");
	(void)strcpy(status.controller.sentence, "not restarted: the node is cordoned");
	(void)strcpy(status.controller.command, "kubectl uncordon NODE");
	status.copies.created = 1;
	status.restarts.count = 2;
	status.restarts.failed = 1;
	status.boot.api_usable_s = 41.2;
	status.boot.controller_on_s = -1;
	return status;
}

static void status_json_is_read_back_as_it_was(void **state)
{
	struct status status = example(), read;
	struct runfile runfile = { 0 };
	struct failure failure;
	struct tempdir dir;
	struct stat first, second;

	(void)state;
	tempdir_make(&dir);
	runfile.folder = dir.path;
	assert_int_equal(runfile_read(dir.path, &read, &failure), -ENOENT);
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(runfile_read(dir.path, &read, &failure), 0);
	assert_memory_equal(&read.vip, &status.vip, sizeof(read.vip));
	assert_string_equal(read.controller.sentence, status.controller.sentence);
	assert_int_equal(read.restarts.failed, 1);
	assert_true(read.boot.api_usable_s > 41.1 && read.boot.api_usable_s < 41.3);
	assert_true(read.boot.controller_on_s < 0);
	assert_int_equal(read.copies.created, 1);
	assert_int_equal(read.listener_count, 1);
	assert_string_equal(read.listener[0].verdict, "SERVED");
	assert_string_equal(read.listener[0].not_after, "2027-01-01T00:00:00Z");
	status_clear(&read);
	assert_int_equal(stat(tempdir_path(&dir, RUNFILE_STATUS), &first), 0);
	(void)strcpy(status.controller.since, "2026-01-02T03:04:05Z"); /* a date alone is nothing new */
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(stat(tempdir_path(&dir, RUNFILE_STATUS), &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	(void)tempdir_write_text(&dir, RUNFILE_STATUS, "{\"version\":");
	assert_int_equal(runfile_read(dir.path, &read, &failure), -EBADMSG);
	tempdir_remove_tree(&dir);
}

/* Its lock would vouch for the old one. */
static void what_cannot_be_renewed_is_gone_until_it_can(void **state)
{
	struct status status = example(), read;
	struct metricsfile metrics = { 0 };
	struct runfile runfile = { 0 };
	struct failure failure;
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	runfile.folder = metrics.folder = dir.path;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(metricsfile_write(&metrics, &status), 0);
	tempdir_make_folders(&dir, RUNFILE_STATUS ".new"); /* the new names cannot be opened */
	tempdir_make_folders(&dir, METRICS_FILE ".new");
	status.restarts.failed++;
	assert_int_equal(runfile_write(&runfile, &status), -EISDIR);
	assert_int_equal(metricsfile_write(&metrics, &status), -EISDIR);
	assert_int_equal(runfile_read(dir.path, &read, &failure), -ENOENT);
	assert_non_null(strstr(failure.text, "try: journalctl -u gatewake"));
	assert_int_equal(access(tempdir_path(&dir, METRICS_FILE), F_OK), -1);
	assert_int_equal(rmdir(tempdir_path(&dir, RUNFILE_STATUS ".new")), 0);
	assert_int_equal(rmdir(tempdir_path(&dir, METRICS_FILE ".new")), 0);
	status.restarts.failed--; /* as it was when it was written last */
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(metricsfile_write(&metrics, &status), 0);
	assert_int_equal(runfile_read(dir.path, &read, &failure), 0);
	status_clear(&read);
	assert_int_equal(access(tempdir_path(&dir, METRICS_FILE), F_OK), 0);
	tempdir_remove_tree(&dir);
}

static ino_t inode_of(const struct tempdir *dir, const char *name)
{
	struct stat found = { 0 };

	(void)stat(tempdir_path(dir, name), &found);
	return found.st_ino;
}

/* Beside status.json, which does not change with what is in the metrics alone. */
static void metrics_are_written_on_a_change_only(void **state)
{
	struct status status = example();
	struct metricsfile file = { 0 };
	struct runfile runfile = { 0 };
	struct stat found;
	struct tempdir dir;
	ino_t metrics, json;

	(void)state;
	tempdir_make(&dir);
	runfile.folder = file.folder = dir.path;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(metricsfile_write(&file, &status), 0);
	assert_int_equal(stat(tempdir_path(&dir, METRICS_FILE), &found), 0);
	assert_int_equal(found.st_mode & 0777, 0644);
	metrics = inode_of(&dir, METRICS_FILE);
	json = inode_of(&dir, RUNFILE_STATUS);
	(void)strcpy(status.controller.since, "2026-01-02T03:04:05Z");
	assert_int_equal(metricsfile_write(&file, &status), 0);
	assert_int_equal(inode_of(&dir, METRICS_FILE), metrics);
	status.proofs.last_sec = 1795000000;
	status.listener[0].not_after_sec = 1798070400;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(metricsfile_write(&file, &status), 0);
	assert_int_not_equal(inode_of(&dir, METRICS_FILE), metrics);
	assert_int_equal(inode_of(&dir, RUNFILE_STATUS), json);
	metricsfile_remove(dir.path);
	assert_int_equal(inode_of(&dir, METRICS_FILE), 0);
	assert_int_not_equal(inode_of(&dir, RUNFILE_STATUS), 0);
	tempdir_remove_tree(&dir);
}

/* The directory is node-exporter's: it is not made; once it is there, what was not written is. */
static void metrics_wait_for_their_directory(void **state)
{
	struct status status = example();
	struct metricsfile file = { .folder = "" };
	struct tempdir dir;
	char path[PATH_MAX];

	(void)state;
	tempdir_make(&dir);
	(void)snprintf(path, sizeof(path), "%s/metrics", dir.path);
	assert_int_equal(metricsfile_write(&file, &status), 0); /* none is wanted */
	file.folder = path;
	assert_int_equal(metricsfile_write(&file, &status), -ENOENT);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(metricsfile_write(&file, &status), 0);
	assert_int_not_equal(inode_of(&dir, "metrics/" METRICS_FILE), 0);
	metricsfile_remove("");
	tempdir_remove_tree(&dir);
}

/* A wait of an hour that ends at once; the folder may come late. */
static void a_new_status_ends_the_wait_for_one(void **state)
{
	struct status status = example();
	struct runfile runfile = { 0 };
	struct follow follow;
	struct tempdir dir;
	char path[PATH_MAX];

	(void)state;
	tempdir_make(&dir);
	(void)snprintf(path, sizeof(path), "%s/run", dir.path);
	(void)alarm(30);
	assert_int_equal(follow_open(&follow, path), 0);
	assert_int_equal(follow_wait(&follow, UINT64_C(3600000000)), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(follow_wait(&follow, 0), 0);
	runfile.folder = path;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(follow_wait(&follow, UINT64_C(3600000000)), 0);
	follow_close(&follow);
	(void)alarm(0);
	tempdir_remove_tree(&dir);
}

static void how_long_ago_is_told_roughly(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = { { 0, "0 s ago" },    { 119, "119 s ago" },     { 120, "2 min ago" },
		     { 7300, "2 h ago" }, { 200000, "2 days ago" }, { -100, "" } };
	char date[32], text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		time_t then = time(NULL) - rows[i].seconds;

		assert_true(strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&then)) > 0);
		clock_ago(date, text, sizeof(text));
		if (time(NULL) - rows[i].seconds == then) /* within one second */
			assert_string_equal(text, rows[i].text);
	}
	clock_ago("", text, sizeof(text));
	assert_string_equal(text, "");
}

static void the_table_shows_what_helps(void **state)
{
	struct status status = example();
	char table[2048];

	(void)state;
	assert_true(table_of_status(&status, "", TABLE_PLAIN, table, sizeof(table)) > 0);
	assert_non_null(
		strstr(table, "controller  CONTROLLER_OFF  not restarted: the node is cordoned\n"));
	assert_non_null(strstr(table, "try: kubectl uncordon NODE\n"));
	assert_non_null(strstr(table, "vip         vip  10.0.0.9:6443 (EHOSTUNREACH"));
	assert_non_null(strstr(table, "boot        API seen usable 41.2 s"));
	assert_null(strstr(table, "controller seen on"));
}

static void a_json_that_does_not_fit_is_not_written_in_half(void **state)
{
	struct status status = example();
	char json[200];

	(void)state;
	assert_int_equal(status_to_json(&status, false, json, sizeof(json)), 0);
}

/* --- memory --- */

/* KiB of files that are mapped, the program's own and its libraries'; beneath an emulator that one's as well. */
static unsigned long mapped(void)
{
	unsigned long size, resident, shared = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu %lu", &size, &resident, &shared), 3);
	(void)fclose(file);
	return shared * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static int written_to = 1;

static void what_was_needed_to_start_is_given_back_once(void **state)
{
	const uint64_t since = 5 * SECONDS_USEC, later = since + 60 * SECONDS_USEC;
	struct memory memory = { 0 };
	unsigned long before, after;

	(void)state;
	written_to = 2;
	before = mapped();
	memory_rest(&memory, since, later - 1);
	assert_true(mapped() >= before);
	memory_rest(&memory, since, later);
	after = mapped();
	assert_true(after + 256 < before);
	assert_int_equal(written_to, 2);
	assert_string_equal(strerror(ENOENT), "No such file or directory");
	assert_true(mapped() >= after); /* what is used comes back, and stays */
	after = mapped();
	memory_rest(&memory, since, later + 3600 * SECONDS_USEC);
	assert_true(mapped() >= after);
	memory_rest(&memory, later, later + 3600 * SECONDS_USEC);
	assert_true(mapped() + 256 < before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back_whole),
		cmocka_unit_test(a_write_that_fails_leaves_the_old_file),
		cmocka_unit_test(what_is_private_is_so_from_its_first_byte),
		cmocka_unit_test(two_that_write_at_once_do_not_meet),
		cmocka_unit_test(a_lock_tells_whether_another_process_lives),
		cmocka_unit_test(containers_are_found_where_each_runtime_puts_them),
		cmocka_unit_test(cgroup_v2_says_for_itself_whether_it_is_empty),
		cmocka_unit_test(status_json_is_read_back_as_it_was),
		cmocka_unit_test(what_cannot_be_renewed_is_gone_until_it_can),
		cmocka_unit_test(metrics_are_written_on_a_change_only),
		cmocka_unit_test(metrics_wait_for_their_directory),
		cmocka_unit_test(a_new_status_ends_the_wait_for_one),
		cmocka_unit_test(how_long_ago_is_told_roughly),
		cmocka_unit_test(the_table_shows_what_helps),
		cmocka_unit_test(a_json_that_does_not_fit_is_not_written_in_half),
		cmocka_unit_test(what_was_needed_to_start_is_given_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
