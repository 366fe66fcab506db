/* SPDX-License-Identifier: Apache-2.0 */
#include "cilium/copy.h"

#include "tls/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEN   "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static struct copy_names names_of(const char *namespace, const char *name)
{
	const struct copy_source source = { namespace, name };
	char preimage[COPY_PREIMAGE_MAX];
	struct digest digest;
	struct copy_names names;
	size_t len = copy_preimage(&source, preimage);

	assert_true(len > 0);
	assert_int_equal(tls_digest((struct span){ preimage, len }, &digest), 0);
	copy_name_both(&source, digest.bytes, &names);
	return names;
}

static const struct {
	const char *why, *namespace, *name, *legacy, *hashed;
} name_rows[] = {
	{ "as the operator's own test has it", "default", "demo-cert", "default-demo-cert",
	  "cilium-sync-secret-da39ea9476c42921058900489b9ae3dbd036fe14f8a2e6f00fbd07594444b756" },
	{ "another namespace", "gateway", "wildcard-tls", "gateway-wildcard-tls",
	  "cilium-sync-secret-fa2798e8fb160636ce824b4369922a29cf90f380d3549192fe00fcc3b9261ac4" },
	{ "the old names of two sources are one", "a", "b-c", "a-b-c",
	  "cilium-sync-secret-cb307c6179bef123dac6a23ca7848c26ce8fbf3ee3271e30e8df576826477ea8" },
	{ "the new ones are two", "a-b", "c", "a-b-c",
	  "cilium-sync-secret-8398d9a69f4550c107f89aef28c67270d72ec59b052238737e999a9cd42e023f" },
};

static void a_copy_has_the_name_that_the_operator_gives_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
		struct copy_names names = names_of(name_rows[i].namespace, name_rows[i].name);

		if (strcmp(names.legacy, name_rows[i].legacy) != 0 ||
		    strcmp(names.hashed, name_rows[i].hashed) != 0)
			fail_msg("%s: %s, %s", name_rows[i].why, names.legacy, names.hashed);
		assert_string_equal(copy_name(&names, COPY_RULE_LEGACY), names.legacy);
		assert_string_equal(copy_name(&names, COPY_RULE_HASHED), names.hashed);
		assert_null(copy_name(&names, COPY_RULE_NONE));
	}
}

static void the_longest_names_fit(void **state)
{
	static const char namespace[] = FIFTY TEN "abc";                      /* 63 */
	static const char just[] = FIFTY FIFTY FIFTY TEN TEN TEN "abcdefghi"; /* 189: 253 in all */
	static const char more[] = FIFTY FIFTY FIFTY TEN TEN TEN TEN;         /* 190 */
	static const char longest[] = FIFTY FIFTY FIFTY FIFTY FIFTY "abc";    /* 253 */
	struct copy_names names = names_of(namespace, just);

	(void)state;
	assert_int_equal(strlen(names.legacy), COPY_NAME_MAX);
	names = names_of(namespace, more);
	assert_null(copy_name(&names, COPY_RULE_LEGACY));
	assert_int_equal(strlen(names.hashed), 19 + 64);
	names = names_of(namespace, longest);
	assert_string_equal(names.legacy, "");
	assert_string_not_equal(names.hashed, names_of(namespace, more).hashed);
}

static void what_is_hashed_is_kind_namespace_and_name(void **state)
{
	static const char wanted[] = "secret\0default\0demo-cert";
	char preimage[COPY_PREIMAGE_MAX];

	(void)state;
	assert_int_equal(copy_preimage(&(struct copy_source){ "default", "demo-cert" }, preimage),
	                 sizeof(wanted) - 1);
	assert_memory_equal(preimage, wanted, sizeof(wanted) - 1);
	assert_int_equal(copy_preimage(&(struct copy_source){ "default", "" }, preimage), 0);
	assert_int_equal(copy_preimage(&(struct copy_source){ "a/b", "c" }, preimage), 0);
}

static const struct {
	const char *why, *namespace, *name;
	enum copy_rule rule;
	enum copy_obstacle obstacle;
} obstacle_rows[] = {
	{ "a usual name", "default", "alpha-tls", COPY_RULE_LEGACY, COPY_POSSIBLE },
	{ "dots are fine", "default", "www.example.org", COPY_RULE_HASHED, COPY_POSSIBLE },
	{ "63 characters make a label", "default", FIFTY TEN "abc", COPY_RULE_HASHED,
	  COPY_POSSIBLE },
	{ "64 do not, under any rule", "default", FIFTY TEN "abcd", COPY_RULE_HASHED,
	  COPY_LONG_LABEL },
	{ "64 do not, by the old rule", "default", FIFTY TEN "abcd", COPY_RULE_LEGACY,
	  COPY_LONG_LABEL },
	{ "64 do not, whatever the rule", "default", FIFTY TEN "abcd", COPY_RULE_NONE,
	  COPY_LONG_LABEL },
	{ "253 in all are left to the label", FIFTY TEN "abc",
	  FIFTY FIFTY FIFTY TEN TEN TEN "abcdefghi", COPY_RULE_LEGACY, COPY_LONG_LABEL },
	{ "254 in all are no name by the old rule", FIFTY TEN "abc",
	  FIFTY FIFTY FIFTY TEN TEN TEN TEN, COPY_RULE_LEGACY, COPY_LONG_NAME },
	{ "the new one does not care", FIFTY TEN "abc", FIFTY FIFTY FIFTY TEN TEN TEN TEN,
	  COPY_RULE_HASHED, COPY_LONG_LABEL },
	{ "no name", "default", "", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "no namespace", "", "alpha-tls", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "NULL is no name", NULL, NULL, COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "a path", "default", "../pods", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "a slash", "default", "a/b", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "capitals", "default", "Alpha", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "a query", "default", "a?b", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "a dash in front", "default", "-a", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "a namespace of 64", FIFTY TEN "abcd", "a", COPY_RULE_LEGACY, COPY_BAD_NAME },
	{ "a name of 254", "a", FIFTY FIFTY FIFTY FIFTY FIFTY "abcd", COPY_RULE_HASHED,
	  COPY_BAD_NAME },
};

static void what_can_never_be_copied_is_known_beforehand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(obstacle_rows) / sizeof(obstacle_rows[0]); i++) {
		const struct copy_source source = { obstacle_rows[i].namespace,
			                            obstacle_rows[i].name };
		enum copy_obstacle obstacle = copy_obstacle_of(&source, obstacle_rows[i].rule);

		if (obstacle != obstacle_rows[i].obstacle)
			fail_msg("%s: %d", obstacle_rows[i].why, obstacle);
		assert_int_equal(copy_obstacle_words(obstacle)[0] == '\0',
		                 obstacle == COPY_POSSIBLE);
	}
	assert_non_null(
		strstr(copy_obstacle_words(COPY_LONG_LABEL), "63 characters; use a Secret"));
	assert_non_null(
		strstr(copy_obstacle_words(COPY_LONG_NAME), "253 characters; use a Secret"));
}

static const struct {
	const char *why, *sds, *namespace, *name; /* namespace NULL: none */
} sds_rows[] = {
	{ "from the bed", "cilium-secrets/default-alpha-tls", "cilium-secrets",
	  "default-alpha-tls" },
	{ "no slash", "default-alpha-tls", NULL, NULL },
	{ "nothing", "", NULL, NULL },
	{ "no namespace", "/default-alpha-tls", NULL, NULL },
	{ "no name", "cilium-secrets/", NULL, NULL },
	{ "two slashes", "cilium-secrets/a/b", NULL, NULL },
	{ "foreign bytes", "cilium-secrets/a b", NULL, NULL },
	{ "out of its place", "cilium-secrets/..", NULL, NULL },
};

static void an_sds_name_is_namespace_and_copy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sds_rows) / sizeof(sds_rows[0]); i++) {
		struct span namespace, name;
		bool split = copy_split_sds(span_of(sds_rows[i].sds), &namespace, &name);

		if (split != (sds_rows[i].namespace != NULL))
			fail_msg("%s", sds_rows[i].why);
		if (split) {
			assert_true(span_equals(namespace, sds_rows[i].namespace));
			assert_true(span_equals(name, sds_rows[i].name));
		}
	}
}

/* Two SDS names of one Gateway, and the release of its operator. */
static const struct {
	const char *why, *first, *second;
	uint32_t minor;
	enum copy_rule rule;
} choice_rows[] = {
	{ "1.18 asks as 1.18 does", "cilium-secrets/a-b-c", "", 118, COPY_RULE_LEGACY },
	{ "1.20 asks as 1.20 does",
	  "cilium-secrets/"
	  "cilium-sync-secret-cb307c6179bef123dac6a23ca7848c26ce8fbf3ee3271e30e8df576826477ea8",
	  "", 120, COPY_RULE_HASHED },
	{ "an operator that is off during the upgrade left the old name there",
	  "cilium-secrets/a-b-c", "", 120, COPY_RULE_LEGACY },
	{ "and the new one during a downgrade", "cilium-secrets/x",
	  "cilium-secrets/"
	  "cilium-sync-secret-cb307c6179bef123dac6a23ca7848c26ce8fbf3ee3271e30e8df576826477ea8",
	  119, COPY_RULE_HASHED },
	{ "both are asked for: the release decides", "cilium-secrets/a-b-c",
	  "cilium-secrets/"
	  "cilium-sync-secret-cb307c6179bef123dac6a23ca7848c26ce8fbf3ee3271e30e8df576826477ea8",
	  120, COPY_RULE_HASHED },
	{ "both, by 1.19", "cilium-secrets/a-b-c",
	  "cilium-secrets/"
	  "cilium-sync-secret-cb307c6179bef123dac6a23ca7848c26ce8fbf3ee3271e30e8df576826477ea8",
	  119, COPY_RULE_LEGACY },
	{ "no CiliumEnvoyConfig: 1.19 is the last of the old rule", "", "", 119, COPY_RULE_LEGACY },
	{ "no CiliumEnvoyConfig: 1.20 is the first of the new", "", "", 120, COPY_RULE_HASHED },
	{ "another namespace is not ours", "default/a-b-c", "", 120, COPY_RULE_HASHED },
	{ "half a name is another name", "cilium-secrets/a-b", "cilium-secrets/a-b-c-d", 120,
	  COPY_RULE_HASHED },
	{ "release unknown: what is asked for still counts", "cilium-secrets/a-b-c", "", 0,
	  COPY_RULE_LEGACY },
	{ "nothing known, nothing asked for", "", "", 0, COPY_RULE_NONE },
};

static void the_name_is_the_one_that_envoy_asks_for(void **state)
{
	struct copy_names names = names_of("a", "b-c");

	(void)state;
	for (size_t i = 0; i < sizeof(choice_rows) / sizeof(choice_rows[0]); i++) {
		unsigned asked =
			copy_asked(&names, "cilium-secrets", span_of(choice_rows[i].first)) |
			copy_asked(&names, "cilium-secrets", span_of(choice_rows[i].second));
		enum copy_rule rule = copy_choose(asked, choice_rows[i].minor);

		if (rule != choice_rows[i].rule)
			fail_msg("%s: %d", choice_rows[i].why, rule);
	}
}

static void a_name_that_does_not_exist_is_never_asked_for(void **state)
{
	struct copy_names names = { .legacy = "", .hashed = "x" };

	(void)state;
	assert_int_equal(copy_asked(&names, "cilium-secrets", span_of("cilium-secrets/")),
	                 COPY_RULE_NONE);
}

static void copies_are_marked_as_their_release_does(void **state)
{
	const struct copy_source source = { "default", "alpha-tls" };
	const struct copy_shape *old = copy_shape_of(119, COPY_RULE_HASHED);
	const struct copy_shape *new = copy_shape_of(120, COPY_RULE_LEGACY);

	(void)state;
	assert_int_equal(old->label_count, 2);
	assert_int_equal(old->annotation_count, 0);
	assert_string_equal(old->labels[0].key, "secretsync.cilium.io/owning-secret-namespace");
	assert_string_equal(copy_mark_value(&old->labels[0], &source), "default");
	assert_string_equal(old->labels[1].key, "secretsync.cilium.io/owning-secret-name");
	assert_string_equal(copy_mark_value(&old->labels[1], &source), "alpha-tls");
	assert_int_equal(new->label_count, 2);
	assert_int_equal(new->annotation_count, 3);
	assert_string_equal(new->annotations[0].key, "secretsync.cilium.io/source-kind");
	assert_string_equal(copy_mark_value(&new->annotations[0], &source), "Secret");
	assert_string_equal(new->annotations[1].key, "secretsync.cilium.io/source-namespace");
	assert_string_equal(copy_mark_value(&new->annotations[1], &source), "default");
	assert_string_equal(new->annotations[2].key, "secretsync.cilium.io/source-name");
	assert_string_equal(copy_mark_value(&new->annotations[2], &source), "alpha-tls");
	assert_ptr_equal(copy_shape_of(0, COPY_RULE_HASHED), new);
	assert_ptr_equal(copy_shape_of(0, COPY_RULE_LEGACY), old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_has_the_name_that_the_operator_gives_it),
		cmocka_unit_test(the_longest_names_fit),
		cmocka_unit_test(what_is_hashed_is_kind_namespace_and_name),
		cmocka_unit_test(what_can_never_be_copied_is_known_beforehand),
		cmocka_unit_test(an_sds_name_is_namespace_and_copy),
		cmocka_unit_test(the_name_is_the_one_that_envoy_asks_for),
		cmocka_unit_test(a_name_that_does_not_exist_is_never_asked_for),
		cmocka_unit_test(copies_are_marked_as_their_release_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
