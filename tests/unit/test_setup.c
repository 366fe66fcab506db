/* SPDX-License-Identifier: Apache-2.0 */
/* `gatewake setup` and `gatewake rbac` against a whole API server: what they make, leave alone, and take back. */
#include "tests/unit/command.h"

#define FILE_NAME "account.kubeconfig"
#define SETUP(scene, said, ...)                                                                    \
	RUN(scene, said, "setup", "--out", tempdir_path(&(scene)->dir, FILE_NAME), ##__VA_ARGS__)
#define SETUP_COMPLAINS(scene, said, ...)                                                          \
	COMPLAINS(scene, said, "setup", "--out", tempdir_path(&(scene)->dir, FILE_NAME),           \
	          ##__VA_ARGS__)

static bool has_file(const struct scene *scene, char *text, size_t size)
{
	return read_file(scene, FILE_NAME, text, size) && text[0];
}

/* The object, as the cluster holds it; "missing". */
static void show(struct scene *scene, const char *what, char *text, size_t size)
{
	char command[200];
	size_t at;

	(void)snprintf(command, sizeof(command), "show %s", what);
	at = tell(scene, command);
	(void)snprintf(text, size, "%.*s", (int)strcspn(scene->fake.heard + at, "\n"),
	               scene->fake.heard + at);
}

static bool is_there(struct scene *scene, const char *what)
{
	char text[4096];

	show(scene, what, text, sizeof(text));
	return strcmp(text, "ok missing") != 0;
}

static void it_makes_an_account_that_the_agent_can_use(void **state)
{
	static const char *const made[] = {
		"serviceaccounts kube-system gatewake",
		"secrets kube-system gatewake-token",
		"clusterroles - gatewake",
		"clusterrolebindings - gatewake",
		"roles kube-system gatewake",
		"roles cilium-secrets gatewake-copies",
		"roles default gatewake-sources",
		"rolebindings default gatewake-sources",
		"validatingadmissionpolicies - gatewake-pods",
		"validatingadmissionpolicybindings - gatewake-copies",
	};
	struct scene scene;
	struct stat status;
	char text[8192], admin[128];

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(SETUP(&scene, said), 0);
	expect("created    Role default/gatewake-sources\n");
	expect("checked    32 of 32 rights");
	expect("wrote      /tmp/");
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (!is_there(&scene, made[i]))
			fail_msg("not made: %s", made[i]);
	assert_int_equal(stat(tempdir_path(&scene.dir, FILE_NAME), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_true(has_file(&scene, text, sizeof(text)));
	memcpy(admin, scene.kubeconfig, sizeof(admin));
	(void)snprintf(scene.kubeconfig, sizeof(scene.kubeconfig), "%s",
	               tempdir_path(&scene.dir, FILE_NAME));
	assert_int_equal(RUN(&scene, said, "doctor"), 0);
	memcpy(scene.kubeconfig, admin, sizeof(admin));
	close_scene(&scene);
}

/* Who needs it most has an operator that is off, and an address that is away. */
static void it_needs_neither_the_operator_nor_the_address(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 3, NULL);
	(void)event(&scene, tell(&scene, "restart refused 600"), "operator off");
	assert_int_equal(SETUP(&scene, said), 0);
	expect("created    Role default/gatewake-sources\n");
	close_scene(&scene);
}

static void no_word_of_it_is_the_token(void **state)
{
	char text[8192], token[128];
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(SETUP(&scene, said), 0);
	assert_true(has_file(&scene, text, sizeof(text)));
	assert_int_equal(sscanf(strstr(text, "token: "), "token: %127s", token), 1);
	expect_not(token);
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 0);
	assert_string_equal(said, "");
	assert_int_equal(RUN(&scene, said, "rbac"), 0);
	expect_not(token);
	close_scene(&scene);
}

static void a_second_run_writes_nothing(void **state)
{
	char before[4096], after[4096];
	struct stat first, second;
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(SETUP(&scene, said), 0);
	show(&scene, "clusterroles - gatewake", before, sizeof(before));
	assert_int_equal(stat(tempdir_path(&scene.dir, FILE_NAME), &first), 0);
	assert_int_equal(SETUP(&scene, said), 0);
	assert_int_equal(times("unchanged  "), 15);
	expect_not("created");
	expect_not("\nchanged");
	show(&scene, "clusterroles - gatewake", after, sizeof(after));
	assert_string_equal(before, after);
	assert_int_equal(stat(tempdir_path(&scene.dir, FILE_NAME), &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	close_scene(&scene);
}

static void a_dry_run_only_says_what_it_would_do(void **state)
{
	struct scene scene;
	char text[64];

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(SETUP(&scene, said, "--dry-run"), 0);
	expect("would create ClusterRole gatewake\n");
	assert_false(is_there(&scene, "clusterroles - gatewake"));
	assert_int_equal(SETUP(&scene, said), 0);
	assert_int_equal(SETUP(&scene, said, "--dry-run", "--all-secrets"), 0);
	expect("would change ClusterRole gatewake\n");
	expect("would delete Role default/gatewake-sources\n");
	assert_int_equal(SETUP(&scene, said, "--dry-run", "--undo"), 0);
	expect("would delete ServiceAccount kube-system/gatewake\n");
	assert_true(is_there(&scene, "roles default gatewake-sources"));
	assert_true(has_file(&scene, text, sizeof(text)));
	close_scene(&scene);
}

static void a_role_that_is_needed_no_more_goes(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, "--cross-namespace");
	(void)tell(&scene, "grant add");
	assert_int_equal(SETUP(&scene, said), 0);
	expect("created    Role elsewhere/gatewake-sources\n");
	(void)tell(&scene, "grant remove");
	assert_int_equal(SETUP(&scene, said), 0);
	expect("deleted    Role elsewhere/gatewake-sources\n");
	expect("unchanged  Role default/gatewake-sources\n");
	assert_false(is_there(&scene, "roles elsewhere gatewake-sources"));
	assert_int_equal(SETUP(&scene, said, "--all-secrets"), 0);
	expect("changed    ClusterRole gatewake\n");
	expect("deleted    RoleBinding default/gatewake-sources\n");
	close_scene(&scene);
}

static void undo_leaves_nothing(void **state)
{
	struct scene scene;
	char text[64];

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(SETUP(&scene, said), 0);
	/* Of a run that was ended in the middle of the write: the token is in it. */
	(void)tempdir_write(&scene.dir, FILE_NAME ".new", "half", 4);
	assert_int_equal(SETUP(&scene, said, "--undo"), 0);
	assert_int_equal(access(tempdir_path(&scene.dir, FILE_NAME ".new"), F_OK), -1);
	assert_int_equal(times("deleted    "), 15);
	assert_false(is_there(&scene, "clusterroles - gatewake"));
	assert_false(is_there(&scene, "secrets kube-system gatewake-token"));
	assert_false(has_file(&scene, text, sizeof(text)));
	assert_int_equal(SETUP(&scene, said, "--undo"), 0);
	assert_string_equal(said, "");
	close_scene(&scene);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	char before[4096], after[4096];
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(SETUP(&scene, said, "--all-secrets"), 0);
	assert_int_equal(unlink(tempdir_path(&scene.dir, FILE_NAME)), 0);
	(void)tell(&scene, "strip clusterroles - gatewake");
	show(&scene, "clusterroles - gatewake", before, sizeof(before));
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 1);
	expect("gatewake setup: ClusterRole gatewake is there and is not ours");
	assert_false(is_there(
		&scene, "roles default gatewake-sources")); /* nor was anything else written */
	assert_false(has_file(&scene, after, sizeof(after)));
	assert_int_equal(SETUP(&scene, said, "--undo"), 0);
	show(&scene, "clusterroles - gatewake", after, sizeof(after));
	assert_string_equal(before, after);
	close_scene(&scene);
}

static void a_file_that_a_person_wrote_is_left_alone(void **state)
{
	static const char mine[] = "apiVersion: v1\nkind: Config\n";
	struct scene scene;
	char text[200];

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tempdir_write(&scene.dir, FILE_NAME, mine, sizeof(mine) - 1);
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 1);
	expect("was not written by gatewake setup, so it is left alone");
	assert_int_equal(SETUP_COMPLAINS(&scene, said, "--undo"), 1);
	assert_true(has_file(&scene, text, sizeof(text)));
	assert_string_equal(text, mine);
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static void a_refused_write_is_named_and_no_file_is_written(void **state)
{
	struct scene scene;
	char text[64];

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer PATCH /roles/ 403 roles is forbidden");
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 1);
	expect("gatewake setup: Role kube-system/gatewake: HTTP 403: roles is forbidden");
	assert_false(has_file(&scene, text, sizeof(text)));
	(void)tell(&scene, "release"); /* and then it goes on from there */
	assert_int_equal(SETUP(&scene, said), 0);
	expect("unchanged  ClusterRole gatewake\n");
	expect("created    Role kube-system/gatewake\n");
	close_scene(&scene);
}

static void a_right_that_is_not_had_is_a_line_and_the_exit_code(void **state)
{
	struct scene scene;
	char text[8192];

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "deny 999 \"verb\":\"delete\"");
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 1);
	assert_string_equal(said, "gatewake setup: the account may not delete pods kube-system\n");
	assert_true(has_file(&scene, text, sizeof(text)));
	close_scene(&scene);
}

/* A server that does not say is no server that says no. */
static void a_right_that_could_not_be_asked_for_is_not_denied(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer POST /selfsubjectaccessreviews 503 not now");
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 1);
	assert_string_equal(said,
	                    "gatewake setup: it could not be asked whether the account may list "
	                    "gatewayclasses: HTTP 503: not now; run gatewake setup again\n");
	close_scene(&scene);
}

/* A Role that was just made is known to the API server a moment later (seen on the bed). */
static void a_right_that_comes_late_is_waited_for(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "deny 3 \"verb\":\"delete\"");
	assert_int_equal(SETUP(&scene, said), 0);
	expect("checked    32 of 32 rights");
	close_scene(&scene);
}

static void policies_that_are_not_in_force_keep_the_token_here(void **state)
{
	struct scene scene;
	char text[64];

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer POST cilium-secrets/secrets 503 not yet");
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 1);
	expect("the policies do not hold the account yet: HTTP 503: not yet; no kubeconfig was "
	       "written");
	assert_false(has_file(&scene, text, sizeof(text)));
	close_scene(&scene);
}

/* Nor is any other no a policy's: a Role that is not known yet, a server under load. */
static void another_refusal_is_no_policy(void **state)
{
	struct scene scene;
	char text[64];

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer POST cilium-secrets/secrets 429 too many requests");
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 1);
	expect("the policies do not hold the account yet: HTTP 429: too many requests; no "
	       "kubeconfig was written");
	assert_false(has_file(&scene, text, sizeof(text)));
	close_scene(&scene);
}

static void an_old_kubernetes_has_no_policies(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "policies off");
	assert_int_equal(SETUP(&scene, said), 0);
	expect("this Kubernetes has no ValidatingAdmissionPolicy (1.30 and later have)");
	expect("checked    32 of 32 rights");
	expect_not("gatewake-pods");
	assert_int_equal(SETUP(&scene, said, "--undo"), 0);
	expect("deleted    ServiceAccount kube-system/gatewake\n");
	close_scene(&scene);
}

static void what_cannot_be_seen_is_not_guessed(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)tell(&scene, "answer GET /gateways 403 gateways is forbidden");
	assert_int_equal(SETUP_COMPLAINS(&scene, said, "--timeout", "1s"), 3);
	expect("gatewake setup: what rights are needed cannot be told yet: ");
	assert_int_equal(COMPLAINS(&scene, said, "rbac", "--timeout", "1s"), 3);
	expect("gatewake rbac: what rights are needed cannot be told yet: ");
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

static void an_administrator_has_to_be_there(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	(void)snprintf(scene.kubeconfig, sizeof(scene.kubeconfig), "/nonexistent/k3s.yaml");
	assert_int_equal(SETUP_COMPLAINS(&scene, said), 2);
	assert_string_equal(
		said,
		"gatewake setup: the administrator's kubeconfig /nonexistent/k3s.yaml cannot be "
		"read: No such file or directory; name another one: --kubeconfig FILE\n");
	close_scene(&scene);
}

static void rbac_prints_it_and_changes_nothing(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, 8, NULL);
	assert_int_equal(RUN(&scene, said, "rbac"), 0);
	expect("---\napiVersion: v1\nkind: ServiceAccount\n");
	expect("  resourceNames:\n  - alpha-tls\n  - beta-tls\n  - gamma-tls\n");
	assert_int_equal(times("---\n"), 14);
	assert_int_equal(RUN(&scene, said, "rbac", "--all-secrets"), 0);
	expect_not("alpha-tls");
	assert_int_equal(count(&scene, "write "), 0);
	close_scene(&scene);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_makes_an_account_that_the_agent_can_use),
		cmocka_unit_test(it_needs_neither_the_operator_nor_the_address),
		cmocka_unit_test(no_word_of_it_is_the_token),
		cmocka_unit_test(a_second_run_writes_nothing),
		cmocka_unit_test(a_dry_run_only_says_what_it_would_do),
		cmocka_unit_test(a_role_that_is_needed_no_more_goes),
		cmocka_unit_test(undo_leaves_nothing),
		cmocka_unit_test(what_is_not_ours_is_left_alone),
		cmocka_unit_test(a_file_that_a_person_wrote_is_left_alone),
		cmocka_unit_test(a_refused_write_is_named_and_no_file_is_written),
		cmocka_unit_test(a_right_that_is_not_had_is_a_line_and_the_exit_code),
		cmocka_unit_test(a_right_that_could_not_be_asked_for_is_not_denied),
		cmocka_unit_test(a_right_that_comes_late_is_waited_for),
		cmocka_unit_test(policies_that_are_not_in_force_keep_the_token_here),
		cmocka_unit_test(another_refusal_is_no_policy),
		cmocka_unit_test(an_old_kubernetes_has_no_policies),
		cmocka_unit_test(what_cannot_be_seen_is_not_guessed),
		cmocka_unit_test(an_administrator_has_to_be_there),
		cmocka_unit_test(rbac_prints_it_and_changes_nothing),
	};

	return read_slower(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}
