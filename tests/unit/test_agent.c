/* SPDX-License-Identifier: Apache-2.0 */
/* The whole program against a whole API server (tests/fakeapi): what it writes, in which order, and what it says. The
 * world's times are shrunk, never the agent's. Nothing sleeps: each wait is for a line, or for status.json. */
#include "host/runfile.h"
#include "tests/unit/fake.h"
#include "tests/unit/prometheus.h"

static void the_late_address_is_survived_and_all_is_proven(void **state)
{
	struct scene scene;
	size_t open, deleted;

	(void)state;
	open_scene(&scene, 10, NULL);
	(void)tell(&scene, "reboot 20");
	start_agent(&scene, &scene.agent, "recover");
	open = event(&scene, 0, "gate vip open");
	deleted = event(&scene, open, WRITE_DELETE);
	(void)event(&scene, deleted, "operator synced");
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	(void)await(&scene, &scene.agent, 0, "3/3 listeners proven, controller on");
	assert_true(moment(&scene, deleted) - moment(&scene, open) < 2.0 * slower * scene.speed);
	assert_int_equal(count(&scene, "write "), 1);
	assert_int_equal(count(&scene, "copy deleted"), 0);
	close_scene(&scene);
}

static void a_back_off_is_cut_short_once_the_address_is_back(void **state)
{
	struct scene scene;
	size_t at, deleted;

	(void)state;
	open_scene(&scene, 8, "--release=120");
	at = tell(&scene, "restart refused 3600");
	start_agent(&scene, &scene.agent, "recover");
	at = event(&scene, at, "operator exits");
	at = event(&scene, event(&scene, at, "operator started"), "operator exits");
	(void)await(&scene, &scene.agent, 0,
	            "the operator is held back after a crash: restart waits");
	await_status(&scene, "\"verdict\":\"HELD_BACK\"");
	at = tell(&scene, "gate vip open");
	deleted = event(&scene, at, WRITE_DELETE);
	at = event(&scene, event(&scene, deleted, "pod gone"), "operator on");
	(void)await(&scene, &scene.agent, 0, "is deleted: it ended while the API server was away");
	(void)event(&scene, at, "operator synced");
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	assert_int_equal(count(&scene, "write "), 1);
	close_scene(&scene);
}

/* The copy as the operator made it, without what differs between any two objects. */
static void read_copy(struct scene *scene, const char *name, char *json, size_t size)
{
	static const char *const different[] = { "\"uid\":\"", "\"resourceVersion\":\"",
		                                 "\"creationTimestamp\":\"" };
	char command[160];
	size_t at;

	(void)snprintf(command, sizeof(command), "show secrets cilium-secrets %s", name);
	at = tell(scene, command);
	(void)snprintf(json, size, "%.*s", (int)strcspn(scene->fake.heard + at, "\n"),
	               scene->fake.heard + at);
	for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++) {
		char *value = strstr(json, different[i]), *close;

		assert_non_null(value);
		value += strlen(different[i]);
		close = strchr(value, '"');
		memmove(value, close, strlen(close) + 1);
	}
}

/* Texts that must stand in it, and one that must not: keys may come in any order. */
static void expect_shape(const char *copy)
{
	assert_non_null(strstr(copy, "\"secretsync.cilium.io/owning-secret-name\":\"alpha-tls\""));
	assert_non_null(
		strstr(copy, "\"secretsync.cilium.io/owning-secret-namespace\":\"default\""));
	assert_non_null(strstr(copy, "\"type\":\"kubernetes.io/tls\""));
	assert_null(strstr(copy, "annotations"));
	assert_null(strstr(copy, "managedFields"));
}

static void cut_value(const char *json, const char *key, char *value, size_t size)
{
	const char *at = strstr(json, key);

	assert_non_null(at);
	at += strlen(key);
	(void)snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
}

static void lost_copies_are_created_at_once_in_the_operators_shape(void **state)
{
	char before[8192], after[8192], was[4096], is[4096];
	struct scene scene;
	size_t at;

	(void)state;
	open_scene(&scene, 30, NULL);
	read_copy(&scene, "default-alpha-tls", before, sizeof(before));
	lose_copies(&scene);
	(void)tell(&scene, "hold DELETE /pods/"); /* so that the controller stays off meanwhile */
	start_agent(&scene, &scene.agent, "recover");
	await_created(&scene, 0, "default-alpha-tls");
	await_created(&scene, 0, "default-beta-tls");
	await_created(&scene, 0, "default-gamma-tls");
	at = event(&scene, 0, "held DELETE");
	assert_true(moment(&scene, event(&scene, 0, "copy created default-gamma-tls agent")) -
	                    moment(&scene, at) <
	            2.0 * slower * scene.speed);
	read_copy(&scene, "default-alpha-tls", after, sizeof(after));
	expect_shape(before);
	expect_shape(after);
	cut_value(before, "\"tls.crt\":\"", was, sizeof(was));
	cut_value(after, "\"tls.crt\":\"", is, sizeof(is));
	assert_string_equal(is, was);
	cut_value(before, "\"tls.key\":\"", was, sizeof(was));
	cut_value(after, "\"tls.key\":\"", is, sizeof(is));
	assert_string_equal(is, was);
	assert_int_equal(count(&scene, WRITE_POST " 201"), 3);
	at = tell(&scene, "release");
	at = event(&scene, at, "operator on");
	(void)event(&scene, at, "operator synced");
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	assert_int_equal(count(&scene, "copy deleted"), 3); /* those of before: ours were adopted */
	assert_int_equal(count(&scene, WRITE_POST), 3);
	close_scene(&scene);
}

static void a_copy_that_is_not_granted_is_never_created(void **state)
{
	struct scene scene;
	size_t at;

	(void)state;
	open_scene(&scene, 30, "--cross-namespace");
	lose_copies(&scene); /* the operator itself copies without a grant */
	(void)tell(&scene, "hold DELETE /pods/");
	start_agent(&scene, &scene.agent, "recover");
	await_created(&scene, 0, "default-alpha-tls");
	await_created(&scene, 0, "default-beta-tls");
	(void)event(&scene, 0, "held DELETE"); /* all that it has to do is done */
	assert_int_equal(count(&scene, WRITE_POST), 2);
	at = tell(&scene, "grant add");
	await_created(&scene, at, "elsewhere-gamma-tls");
	assert_int_equal(count(&scene, WRITE_POST), 3);
	close_scene(&scene);
}

static void mode_observe_writes_nothing(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "reboot 3");
	start_agent(&scene, &scene.agent, "observe");
	(void)await(&scene, &scene.agent, 0, "not restarted: mode is not recover");
	await_status(&scene, "\"verdict\":\"SERVED\"");
	(void)tell(&scene, "copies delete");
	await_status(&scene, "\"present\":0");
	await_status(&scene, "\"verdict\":\"NO_CERT\"");
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static void a_log_that_may_not_be_read_is_said_and_leads_to_nothing(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "reboot 3");
	(void)tell(
		&scene,
		"answer GET /log? 403 pods \"x\" is forbidden: cannot get resource \"pods/log\"");
	start_agent(&scene, &scene.agent, "recover");
	(void)await(&scene, &scene.agent, 0, "the operator's log cannot be read");
	await_status(&scene, "\"cause\":\"log-unreadable\"");
	await_status(&scene, "\"verdict\":\"SERVED\""); /* and everything else was looked at */
	(void)event(&scene, 0, "gate vip open");
	assert_int_equal(count(&scene, "write "), 0);
	(void)tell(&scene, "release");
	(void)event(&scene, 0, WRITE_DELETE);
	close_scene(&scene);
}

/* With mode sync an operator that is off stays so: copies that go are ours to create, if we hear of it. */
static void a_watch_that_ends_or_expires_goes_on(void **state)
{
	static const char *const ways[] = { "watch cut", "watch expire" };
	struct scene scene;
	size_t at = 0;

	(void)state;
	open_scene(&scene, 3, NULL); /* slowly: it must not lead before we are done */
	(void)event(&scene, tell(&scene, "restart refused 1"), "operator off");
	start_agent(&scene, &scene.agent, "sync");
	(void)await(&scene, &scene.agent, 0, "not restarted: mode is not recover");
	await_status(&scene, "\"present\":3");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		(void)tell(&scene, ways[i]);
		(void)tell(&scene, "watch bookmark");
		at = tell(&scene, "copies delete");
		await_created(&scene, at, "default-alpha-tls");
		await_created(&scene, at, "default-beta-tls");
		await_created(&scene, at, "default-gamma-tls");
		await_status(&scene, "\"present\":3");
	}
	assert_int_equal(count(&scene, WRITE_DELETE), 0);
	assert_int_equal(count(&scene, WRITE_POST), 6);
	close_scene(&scene);
}

static void the_operators_pods_are_watched_and_nothing_rests_on_it(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "hold GET labelSelector=io.cilium%2Fapp%3Doperator&watch=1");
	start_agent(&scene, &scene.agent, "recover");
	(void)event(&scene, 0, "held GET /api/v1/namespaces/kube-system/pods");
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	close_scene(&scene);
}

static void a_copy_that_policy_refuses_is_told_in_the_apis_words(void **state)
{
	struct scene scene;
	size_t at;

	(void)state;
	open_scene(&scene, 8, NULL);
	at = tell(&scene, "restart refused 1");
	at = event(&scene, at, "operator off");
	(void)event(&scene, at, "gate vip open");
	(void)tell(&scene, "copies delete");
	(void)tell(&scene, "answer POST /secrets 403 admission webhook \"quota.example\" denied "
	                   "the request: no copies today");
	start_agent(&scene, &scene.agent, "recover");
	(void)event(&scene, 0, WRITE_POST " 403");
	await_status(&scene, "\"verdict\":\"COPY_BLOCKED\"");
	await_status(&scene, "denied the request: no copies today");
	(void)await(&scene, &scene.agent, 0, "quota.example");
	assert_true(count(&scene, WRITE_POST) <= 3); /* no storm */
	assert_int_equal(count(&scene, WRITE_DELETE), 1);
	close_scene(&scene);
}

static void a_listener_that_serves_another_leaf_is_told(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "listener beta wrong");
	start_agent(&scene, &scene.agent, "recover");
	await_status(&scene, "\"verdict\":\"NOT_SERVED\"");
	await_status(&scene, "\"verdict\":\"WRONG_CERT\"");
	(void)await(&scene, &scene.agent, 0,
	            "copies are right, yet a listener does not serve its certificate");
	(void)tell(&scene, "listener beta right");
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static void of_two_agents_one_acts(void **state)
{
	struct scene scene;
	struct child second;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "reboot 3");
	start_agent(&scene, &scene.agent, "recover");
	(void)await(&scene, &scene.agent, 0, "is usable");
	start_agent(&scene, &second, "recover");
	assert_int_equal(end_child(&second, 0), 1);
	assert_non_null(strstr(second.heard, "another agent runs"));
	free(second.heard);
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	assert_int_equal(count(&scene, "write "), 1);
	close_scene(&scene);
}

/* The order is on disk before it is carried out; the next agent finds the same container, still off. */
static void killed_between_save_and_delete_the_next_one_repeats_for_free(void **state)
{
	char first[160], second[160];
	struct scene scene;
	size_t at;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "hold DELETE /pods/");
	(void)tell(&scene, "reboot 3");
	start_agent(&scene, &scene.agent, "recover");
	at = event(&scene, 0, "held DELETE") + 1;
	assert_true(read_file(&scene, "state/ledger", first, sizeof(first)));
	stop_agent(&scene, SIGKILL);
	start_agent(&scene, &scene.agent, "recover");
	(void)event(&scene, at, "held DELETE");
	assert_true(read_file(&scene, "state/ledger", second, sizeof(second)));
	assert_string_equal(second, first);
	assert_int_equal(count(&scene, WRITE_DELETE), 0);
	(void)tell(&scene, "release");
	(void)event(&scene, 0, WRITE_DELETE);
	await_status(&scene, "\"verdict\":\"PROVEN\"");
	assert_int_equal(count(&scene, WRITE_DELETE), 1);
	close_scene(&scene);
}

static void await_metrics(struct scene *scene, const char *text, char *metrics, size_t size)
{
	int64_t end = now_msec() + PATIENCE_MSEC;

	while (!read_file(scene, METRICS_FILE, metrics, size) || !strstr(metrics, text)) {
		if (now_msec() > end)
			give_up(scene, text);
		hear_both(scene);
	}
	assert_string_equal(prometheus_fault(metrics), "");
}

/* Of the only series that begins so, and speaks of that listener. */
static int64_t end_of(const char *metrics, const char *listener)
{
	char text[32];

	(void)snprintf(text, sizeof(text), ",listener=\"%s\",", listener);
	metrics = strstr(metrics, "\ngatewake_listener_not_after_timestamp_seconds{");
	assert_non_null(metrics);
	metrics = strstr(metrics, text);
	assert_non_null(metrics);
	metrics = strstr(metrics, "} ");
	assert_non_null(metrics);
	return atoll(metrics + 2);
}

static void metrics_say_what_is_served_and_go_with_the_agent(void **state)
{
	static const char last_proof[] = "\ngatewake_last_proof_timestamp_seconds ";
	char metrics[32768];
	struct scene scene;
	int64_t now;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "listener beta wrong");
	start_command(&scene, &scene.agent, "run",
	              (const char *const[]){ "--metrics-dir", scene.dir.path, NULL }, true);
	await_metrics(&scene, "\ngatewake_verdict{verdict=\"NOT_SERVED\"} 1\n", metrics,
	              sizeof(metrics));
	assert_non_null(strstr(metrics, ",verdict=\"WRONG_CERT\"} 1\n"));
	assert_null(strstr(metrics, last_proof));
	(void)tell(&scene, "listener beta right");
	await_metrics(&scene, "\ngatewake_verdict{verdict=\"PROVEN\"} 1\n", metrics,
	              sizeof(metrics));
	assert_null(strstr(metrics, "WRONG_CERT"));
	assert_non_null(strstr(metrics, last_proof));
	now = (int64_t)time(NULL);
	assert_true(llabs(atoll(strstr(metrics, last_proof) + strlen(last_proof)) - now) <
	            20 * (int64_t)slower);
	assert_true(end_of(metrics, "alpha") > now);
	assert_true(end_of(metrics, "beta") > now);
	assert_true(end_of(metrics, "gamma") > now);
	stop_agent(&scene, SIGTERM);
	assert_false(read_file(&scene, METRICS_FILE, metrics, sizeof(metrics)));
	close_scene(&scene);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_late_address_is_survived_and_all_is_proven),
		cmocka_unit_test(a_back_off_is_cut_short_once_the_address_is_back),
		cmocka_unit_test(lost_copies_are_created_at_once_in_the_operators_shape),
		cmocka_unit_test(a_copy_that_is_not_granted_is_never_created),
		cmocka_unit_test(mode_observe_writes_nothing),
		cmocka_unit_test(a_log_that_may_not_be_read_is_said_and_leads_to_nothing),
		cmocka_unit_test(a_watch_that_ends_or_expires_goes_on),
		cmocka_unit_test(the_operators_pods_are_watched_and_nothing_rests_on_it),
		cmocka_unit_test(a_copy_that_policy_refuses_is_told_in_the_apis_words),
		cmocka_unit_test(a_listener_that_serves_another_leaf_is_told),
		cmocka_unit_test(of_two_agents_one_acts),
		cmocka_unit_test(killed_between_save_and_delete_the_next_one_repeats_for_free),
		cmocka_unit_test(metrics_say_what_is_served_and_go_with_the_agent),
	};

	if (!read_slower(argc, argv))
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
