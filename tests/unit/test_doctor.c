/* SPDX-License-Identifier: Apache-2.0 */
/* `gatewake doctor` and `gatewake sync` against a whole API server: their exit codes, what they say, and what they
 * leave as it was. */
#include "tests/unit/command.h"
#include "tests/unit/schema.h"

#include <sys/stat.h>

/* Of a command that can't tell before its time is over: as much longer as all else is slower. */
static const char *within(unsigned msec)
{
	static char flag[32];

	(void)snprintf(flag, sizeof(flag), "--timeout=%ums", msec * slower);
	return flag;
}

#define LEDGER                                                                                     \
	"gatewake-ledger 1 5 5 1 1 0 100\n" /* one that a controller which is on would clear */

/* Copies are gone, and an operator that is off does not make them again. */
static void be_off(struct scene *scene)
{
	(void)event(scene, tell(scene, "restart refused 1"), "operator off");
}

static void off_and_without_copies(struct scene *scene)
{
	open_scene(scene, 3, NULL); /* slowly: it must not lead before we are done */
	be_off(scene);
	(void)tell(scene, "copies delete");
}

/* --- doctor --- */

static void doctor_ends_with_0_where_all_is_proven(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(RUN(&scene, said, "doctor"), 0);
	expect("PROVEN");
	expect("3 needed, 3 there");
	expect_not("try:");
	expect_not("after the host booted"); /* it was not there to see that */
	assert_int_equal(RUN(&scene, said, "doctor", "--json"), 0);
	expect("\"verdict\":\"PROVEN\"");
	assert_true(schema_status(said));
	expect("\"tls_proven_s\":null");
	expect(",\"findings\":[]}\n");
	assert_int_equal(times("\"verdict\":\"SERVED\""), 3);
	close_scene(&scene);
}

static void doctor_ends_with_1_where_the_controller_is_off(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	be_off(&scene);
	assert_int_equal(RUN(&scene, said, "doctor"), 1);
	expect("CONTROLLER_OFF");
	expect("try: sudo systemctl start gatewake");
	assert_int_equal(RUN(&scene, said, "doctor", "--json", "--mode", "observe"), 1);
	expect("\"cause\":\"mode\"");
	assert_true(schema_status(said));
	assert_int_equal(COMPLAINS(&scene, said, "doctor"), 1);
	assert_string_equal(said, ""); /* the journal's lines are the service's */
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static void doctor_ends_with_1_where_a_crd_is_missing(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer GET customresourcedefinitions/gateways. 404 not found");
	assert_int_equal(RUN(&scene, said, "doctor"), 1);
	expect("CRDS_MISSING");
	expect("gateways.gateway.networking.k8s.io v1");
	expect("3 needed, 3 there"); /* and the rest was looked at as well */
	close_scene(&scene);
}

static void doctor_ends_with_3_where_the_api_does_not_answer(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "gate local refused");
	(void)tell(&scene, "gate vip refused");
	assert_int_equal(RUN(&scene, said, "doctor", within(1500)), 3);
	expect("UNKNOWN");
	expect("ECONNREFUSED");
	assert_int_equal(RUN(&scene, said, "doctor", within(1500), "--json"), 3);
	expect("\"cause\":\"no-endpoint\"");
	close_scene(&scene);
}

static void doctor_ends_with_3_where_a_list_is_refused(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer GET /kube-system/pods? 403 pods is forbidden");
	assert_int_equal(RUN(&scene, said, "doctor", within(14000)), 3);
	expect("the API server refuses to show what gatewake must read");
	expect("- its pods cannot be read: HTTP 403: pods is forbidden");
	close_scene(&scene);
}

static void a_list_that_is_refused_is_named_and_nothing_is_called_missing(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 3, NULL);
	be_off(&scene);
	(void)tell(&scene, "answer GET /cilium-secrets/secrets 403 secrets is forbidden");
	assert_int_equal(RUN(&scene, said, "doctor"), 1); /* and does not wait for its time */
	expect("CONTROLLER_OFF");
	expect("- the list of Secrets cannot be read: HTTP 403: secrets is forbidden\n");
	expect("  try: kubectl auth can-i --list --kubeconfig ");
	expect_not("is missing");
	assert_int_equal(COMPLAINS(&scene, said, "sync", within(4000)), 3);
	expect("gatewake sync: Gateway controller OFF: ");
	close_scene(&scene);
}

static void a_wrong_flag_or_kubeconfig_is_one_line_and_2(void **state)
{
	static const char *const commands[] = { "doctor", "sync" };
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(COMPLAINS(&scene, said, commands[i], "--watch"), 2);
		expect("unknown flag \"--watch\"");
		(void)snprintf(scene.kubeconfig, sizeof(scene.kubeconfig),
		               "/nonexistent/kubeconfig");
		assert_int_equal(COMPLAINS(&scene, said, commands[i]), 2);
		expect("/nonexistent/kubeconfig: No such file or directory");
		expect("--kubeconfig FILE");
		assert_int_equal(times("\n"), 1);
	}
	close_scene(&scene);
}

static void doctor_names_what_is_wrong_with_each_secret(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 3, NULL);
	be_off(&scene);
	(void)tell(&scene, "source gamma renew");
	(void)tell(&scene, "answer GET default/secrets/alpha-tls 404 secrets alpha-tls not found");
	(void)tell(&scene, "answer GET default/secrets/beta-tls 403 secrets is forbidden");
	(void)tell(&scene, "copies orphan 12");
	assert_int_equal(RUN(&scene, said, "doctor"), 1);
	expect("- default/alpha-tls is missing; create it, or correct the certificateRef\n"
	       "  try: kubectl get secret -n default alpha-tls\n");
	expect("- default/beta-tls may not be read;");
	expect("- cilium-secrets/default-gamma-tls holds another certificate than its source "
	       "default/gamma-tls\n"
	       "  try: kubectl logs -n kube-system deployment/cilium-operator | grep -i secret\n");
	expect("- cilium-secrets/default-orphan-000 is asked for by no listener: a copy of "
	       "default/orphan-000,");
	expect("- cilium-secrets/default-orphan-009 ");
	expect_not("default-orphan-010");
	expect("- and 2 more of that kind\n"
	       "  try: kubectl get secrets -n cilium-secrets -l "
	       "secretsync.cilium.io/owning-secret-name\n");
	expect_not("kubectl delete");
	assert_int_equal(RUN(&scene, said, "doctor", "--json"), 1);
	expect("{\"object\":\"default/alpha-tls\",\"text\":\"is missing; create it, or correct the "
	       "certificateRef\",\"command\":\"kubectl get secret -n default alpha-tls\"}");
	assert_int_equal(times("\"object\":"), 3 + 10 + 1);
	assert_true(schema_status(said));
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static void doctor_ends_with_3_where_only_the_log_would_tell(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer GET /log? 403 pods/log is forbidden");
	assert_int_equal(RUN(&scene, said, "doctor", within(3000)), 3);
	expect("STARTING");
	expect("cannot be read (HTTP 403): without the operator's log gatewake can repair");
	close_scene(&scene);
}

static void doctor_names_the_missing_copies_and_the_log_that_it_may_not_read(void **state)
{
	struct scene scene;

	(void)state;
	off_and_without_copies(&scene);
	(void)tell(&scene, "answer GET /log? 403 pods/log is forbidden");
	assert_int_equal(RUN(&scene, said, "doctor", within(3000)), 1);
	expect("cannot be read (HTTP 403): without the operator's log gatewake can repair, but not "
	       "prevent\n");
	expect("get pods --subresource=log -n kube-system");
	expect("- cilium-secrets/default-beta-tls is missing: the copy of default/beta-tls\n"
	       "  try: sudo gatewake sync\n");
	close_scene(&scene);
}

static unsigned entries(const struct scene *scene, const char *folder)
{
	DIR *stream = opendir(tempdir_path(&scene->dir, folder));
	unsigned found = 0;

	if (!stream)
		return 0;
	while (readdir(stream))
		found++;
	closedir(stream);
	return found - 2; /* . and .. */
}

static void expect_untouched(struct scene *scene, const char *ledger)
{
	char text[256];

	assert_int_equal(entries(scene, "run"), 0);
	assert_int_equal(entries(scene, "state"), ledger ? 1 : 0);
	assert_int_equal(read_file(scene, "state/ledger", text, sizeof(text)), ledger != NULL);
	if (ledger)
		assert_string_equal(text, ledger);
	assert_int_equal(count(scene, "write "), 0);
}

static void doctor_and_a_dry_run_write_nothing_anywhere(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(RUN(&scene, said, "doctor"), 0);
	assert_int_equal(RUN(&scene, said, "sync", "--dry-run"), 0);
	expect_untouched(&scene, NULL);
	assert_int_not_equal(access(tempdir_path(&scene.dir, "run"), F_OK), 0);
	assert_int_not_equal(access(tempdir_path(&scene.dir, "state"), F_OK), 0);
	assert_int_equal(mkdir(tempdir_path(&scene.dir, "run"), 0755), 0);
	assert_int_equal(mkdir(tempdir_path(&scene.dir, "state"), 0755), 0);
	(void)tempdir_write_text(&scene.dir, "state/ledger", LEDGER);
	assert_int_equal(RUN(&scene, said, "doctor"), 0);
	assert_int_equal(RUN(&scene, said, "sync", "--dry-run"), 0);
	expect_untouched(&scene, LEDGER);
	(void)tell(&scene, "copies delete"); /* a healthy operator makes them again */
	(void)tell(&scene, "restart refused 1");
	(void)event(&scene, 0, "operator off");
	(void)tell(&scene, "copies delete");
	assert_int_equal(RUN(&scene, said, "doctor"), 1);
	assert_int_equal(RUN(&scene, said, "sync", "--dry-run"), 1);
	expect_untouched(&scene, LEDGER);
	close_scene(&scene);
}

static void both_run_beside_an_agent(void **state)
{
	char before[8192], after[8192];
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	start_agent(&scene, &scene.agent, "observe");
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	be_off(&scene);
	await_status(&scene, "\"verdict\":\"CONTROLLER_OFF\"");
	await_status(&scene, "\"layer\":\"usable\",\"address\":\"127.0.0.1:");
	(void)read_file(&scene, "run/status.json", before, sizeof(before));
	assert_int_equal(RUN(&scene, said, "doctor"), 1);
	expect("gatewake status: the agent that runs here says what it waits for");
	assert_int_equal(RUN(&scene, said, "sync"), 0);
	(void)read_file(&scene, "run/status.json", after, sizeof(after));
	assert_string_equal(after, before);
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static int wait_for(struct scene *scene, const char *what, const char *timeout)
{
	const char *argv[] = { program("gatewake"),
		               "wait",
		               what,
		               "--timeout",
		               timeout,
		               "--runtime-dir",
		               tempdir_path(&scene->dir, "run"),
		               NULL };
	struct child child;
	int code;

	start(&child, (char *const *)(uintptr_t)argv, true);
	code = end_child(&child, 0);
	free(child.heard);
	return code;
}

static void status_and_wait_ask_a_real_agent(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(wait_for(&scene, "served", "0s"), 3);
	assert_int_equal(COMPLAINS(&scene, said, "status"), 3);
	start_agent(&scene, &scene.agent, "observe");
	assert_int_equal(wait_for(&scene, "served", "15s"), 0);
	assert_int_equal(RUN(&scene, said, "status", "--json"), 0);
	assert_true(schema_status(said));
	be_off(&scene);
	await_status(&scene, "\"verdict\":\"CONTROLLER_OFF\"");
	assert_int_equal(wait_for(&scene, "controller", "0s"), 1);
	assert_int_equal(wait_for(&scene, "local", "0s"), 0);
	assert_int_equal(RUN(&scene, said, "status"), 1);
	expect("CONTROLLER_OFF");
	stop_agent(&scene, SIGKILL);
	assert_int_equal(wait_for(&scene, "local", "0s"), 3);
	close_scene(&scene);
}

/* What the kernel of a Pi shows, which is there at once or not at all. */
static void board_file(struct scene *scene, const char *name, const char *text)
{
	char folder[PATH_MAX], new[PATH_MAX + 8], path[PATH_MAX + 8];
	FILE *file;

	(void)snprintf(folder, sizeof(folder), "%.127s/sys/class/hwmon/hwmon1", scene->host_root);
	for (char *slash = folder + strlen(scene->host_root); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(folder, 0755);
		*slash = '/';
	}
	(void)mkdir(folder, 0755);
	(void)snprintf(new, sizeof(new), "%.200s/new", folder);
	(void)snprintf(path, sizeof(path), "%.200s/%s", folder, name);
	file = fopen(new, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(new, path), 0);
}

#define FINDING_NOW  "- this board has too little voltage now: "
#define FINDING_THEN "- this board had too little voltage since boot: "

static void a_weak_supply_is_named_while_it_is_weak(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	board_file(&scene, "name", "rpi_volt\n");
	board_file(&scene, "in0_lcrit_alarm", "1\n");
	assert_int_equal(RUN(&scene, said, "doctor"), 0); /* all is proven nevertheless */
	expect("board       ");
	expect("under-voltage now\n");
	expect(FINDING_NOW);
	expect("try: journalctl -k -b | grep -i 'under-\\?voltage'");
	assert_int_equal(RUN(&scene, said, "doctor", "--json"), 0);
	expect("\"under_voltage\":{\"now\":true,\"seen\":true}");
	expect("{\"object\":\"this board\",");
	assert_true(schema_status(said));
	board_file(&scene, "in0_lcrit_alarm", "0\n");
	assert_int_equal(RUN(&scene, said, "doctor"), 0);
	expect_not("voltage");
	close_scene(&scene);
}

/* The kernel forgets it after 2 s; an agent that runs does not, and doctor asks it. */
static void an_agent_remembers_a_weak_supply(void **state)
{
	struct scene scene;
	size_t at;

	(void)state;
	open_scene(&scene, 8, NULL);
	board_file(&scene, "name", "rpi_volt\n");
	board_file(&scene, "in0_lcrit_alarm", "0\n");
	start_agent(&scene, &scene.agent, "observe");
	at = await(&scene, &scene.agent, 0, "board: ");
	await_status(&scene, "\"under_voltage\":{\"now\":false,\"seen\":false}");
	board_file(&scene, "in0_lcrit_alarm", "1\n");
	at = await(&scene, &scene.agent, at, "under-voltage now; what to do: gatewake doctor\n");
	board_file(&scene, "in0_lcrit_alarm", "0\n");
	await_status(&scene, "\"under_voltage\":{\"now\":false,\"seen\":true}");
	assert_int_equal(RUN(&scene, said, "doctor"), 0);
	expect(FINDING_THEN);
	expect("under-voltage since boot\n");
	(void)tell(&scene, "gate vip refused");
	at = await(&scene, &scene.agent, at, "waiting for vip: ");
	(void)await(&scene, &scene.agent, at, " s; under-voltage since boot\n");
	assert_null(strstr(strstr(scene.agent.heard, "what to do: ") + 1, "what to do: "));
	stop_agent(&scene, SIGKILL);
	assert_int_equal(RUN(&scene, said, "doctor"), 0); /* its word is nobody's any more */
	expect_not("voltage");
	close_scene(&scene);
}

static void ctrl_c_ends_it_at_once(void **state)
{
	struct scene scene;
	struct child child;
	int64_t begun;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "hold GET /pods?");
	start_command(&scene, &child, "doctor", (const char *const[]){ NULL }, false);
	(void)event(&scene, 0, "held GET");
	begun = now_msec();
	assert_int_equal(end_child(&child, SIGINT), 128 + SIGINT);
	assert_true(now_msec() - begun < 2000);
	free(child.heard);
	close_scene(&scene);
}

/* --- sync --- */

static void sync_creates_what_is_missing_and_lists_it(void **state)
{
	struct scene scene;

	(void)state;
	off_and_without_copies(&scene);
	assert_int_equal(RUN(&scene, said, "sync", "--dry-run"), 1);
	expect("would create cilium-secrets/default-alpha-tls from default/alpha-tls\n");
	assert_int_equal(times("\n"), 3);
	assert_int_equal(count(&scene, "write "), 0);
	assert_int_equal(RUN(&scene, said, "sync"), 0);
	expect("created cilium-secrets/default-alpha-tls from default/alpha-tls\n");
	expect("created cilium-secrets/default-beta-tls from default/beta-tls\n");
	expect("created cilium-secrets/default-gamma-tls from default/gamma-tls\n");
	assert_int_equal(count(&scene, WRITE_POST " 201"), 3);
	assert_int_equal(RUN(&scene, said, "sync"), 0);
	assert_int_equal(times("present "), 3);
	assert_int_equal(count(&scene, "write "), 3);
	assert_int_equal(entries(&scene, "state") + entries(&scene, "run"), 0);
	close_scene(&scene);
}

static void sync_ends_with_1_and_the_reason_where_a_copy_stays_missing(void **state)
{
	struct scene scene;

	(void)state;
	off_and_without_copies(&scene);
	(void)tell(
		&scene,
		"answer POST /secrets 403 admission webhook denied the request: no copies today");
	(void)tell(&scene, "answer GET default/secrets/beta-tls 404 secrets beta-tls not found");
	assert_int_equal(RUN(&scene, said, "sync"), 1);
	expect("cannot create cilium-secrets/default-alpha-tls from default/alpha-tls: not "
	       "created: HTTP 403: admission");
	expect("cannot create cilium-secrets/default-beta-tls from default/beta-tls: is missing; "
	       "create it,");
	assert_int_equal(count(&scene, WRITE_POST), 2);
	(void)tell(&scene, "source gamma renew");
	close_scene(&scene);
}

static void sync_keeps_to_the_grants(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 3, "--cross-namespace");
	be_off(&scene);
	(void)tell(&scene, "copies delete");
	assert_int_equal(RUN(&scene, said, "sync"), 1);
	expect("created cilium-secrets/default-beta-tls from default/beta-tls\n");
	expect("cannot create cilium-secrets/elsewhere-gamma-tls from elsewhere/gamma-tls: no "
	       "ReferenceGrant allows it\n");
	assert_int_equal(count(&scene, WRITE_POST), 2);
	(void)tell(&scene, "grant add");
	assert_int_equal(RUN(&scene, said, "sync"), 0);
	expect("created cilium-secrets/elsewhere-gamma-tls from elsewhere/gamma-tls\n");
	close_scene(&scene);
}

static void sync_tells_a_stale_copy_and_lets_it_be(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 3, NULL);
	be_off(&scene);
	(void)tell(&scene, "source gamma renew");
	assert_int_equal(RUN(&scene, said, "sync"), 0);
	expect("stale cilium-secrets/default-gamma-tls from default/gamma-tls: ");
	assert_int_equal(times("present "), 2);
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static void sync_ends_with_3_without_an_api(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "gate local refused");
	(void)tell(&scene, "gate vip refused");
	assert_int_equal(COMPLAINS(&scene, said, "sync", within(500)), 3);
	expect("gatewake sync: waiting for local: 127.0.0.1:");
	assert_int_equal(RUN(&scene, said, "sync", "--dry-run", within(500)), 3);
	assert_string_equal(said, "");
	close_scene(&scene);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doctor_ends_with_0_where_all_is_proven),
		cmocka_unit_test(doctor_ends_with_1_where_the_controller_is_off),
		cmocka_unit_test(doctor_ends_with_1_where_a_crd_is_missing),
		cmocka_unit_test(doctor_ends_with_3_where_the_api_does_not_answer),
		cmocka_unit_test(doctor_ends_with_3_where_a_list_is_refused),
		cmocka_unit_test(a_list_that_is_refused_is_named_and_nothing_is_called_missing),
		cmocka_unit_test(a_wrong_flag_or_kubeconfig_is_one_line_and_2),
		cmocka_unit_test(doctor_names_what_is_wrong_with_each_secret),
		cmocka_unit_test(doctor_ends_with_3_where_only_the_log_would_tell),
		cmocka_unit_test(doctor_names_the_missing_copies_and_the_log_that_it_may_not_read),
		cmocka_unit_test(doctor_and_a_dry_run_write_nothing_anywhere),
		cmocka_unit_test(both_run_beside_an_agent),
		cmocka_unit_test(status_and_wait_ask_a_real_agent),
		cmocka_unit_test(a_weak_supply_is_named_while_it_is_weak),
		cmocka_unit_test(an_agent_remembers_a_weak_supply),
		cmocka_unit_test(ctrl_c_ends_it_at_once),
		cmocka_unit_test(sync_creates_what_is_missing_and_lists_it),
		cmocka_unit_test(sync_ends_with_1_and_the_reason_where_a_copy_stays_missing),
		cmocka_unit_test(sync_keeps_to_the_grants),
		cmocka_unit_test(sync_tells_a_stale_copy_and_lets_it_be),
		cmocka_unit_test(sync_ends_with_3_without_an_api),
	};

	if (!read_slower(argc, argv))
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
