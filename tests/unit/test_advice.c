/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/advice.h"

static void add(struct advice *advice, enum advice_kind kind, const char *object,
                const char *detail)
{
	const struct advice_note note = { kind, object, detail, "look at it", "look at all" };

	advice_add(advice, &note);
}

static struct advice *new_advice(void)
{
	struct advice *advice = calloc(1, sizeof(*advice));

	assert_non_null(advice);
	return advice;
}

static void a_row_is_a_sentence_and_a_command(void **state)
{
	struct advice *advice = new_advice();
	struct advice_note silent = { ADVICE_TOO_MANY, "64 Gateways", "", "", "" };
	char text[1024];
	size_t len;

	(void)state;
	assert_int_equal(advice_to_text(advice, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	add(advice, ADVICE_NOT_READ, "its pods", "HTTP 500: \033[2Jwell");
	(void)advice_to_text(advice, text, sizeof(text));
	assert_string_equal(text,
	                    "- its pods cannot be read: HTTP 500: ?[2Jwell\n  try: look at it\n");
	*advice = (struct advice){ 0 };
	add(advice, ADVICE_STALE, "cilium-secrets/shop-cert", "shop/cert");
	advice_add(advice, &silent);
	len = advice_to_text(advice, text, sizeof(text));
	assert_int_equal(len, strlen(text));
	assert_string_equal(text,
	                    "- cilium-secrets/shop-cert holds another certificate than its source "
	                    "shop/cert\n  try: look at it\n"
	                    "- 64 Gateways are all that gatewake looks at, and there are more: it "
	                    "creates no copy\n");
	free(advice);
}

static void of_one_kind_the_rest_is_counted(void **state)
{
	struct advice *advice = new_advice();
	char text[8192];

	(void)state;
	for (unsigned i = 0; i < ADVICE_EACH; i++)
		add(advice, ADVICE_ORPHAN, "cilium-secrets/a", "b/a");
	assert_int_equal(advice->count, ADVICE_EACH);
	for (unsigned i = 0; i < 500; i++)
		add(advice, ADVICE_ORPHAN, "cilium-secrets/a", "b/a");
	add(advice, ADVICE_CLIENT_CA, "listener https of shop/web", "");
	assert_int_equal(advice->count, ADVICE_EACH + 2);
	(void)advice_to_text(advice, text, sizeof(text));
	assert_non_null(
		strstr(text, "- and 500 more of that kind\n  try: look at all\n- listener"));
	free(advice);
}

static void json_gets_one_member_more(void **state)
{
	struct advice *advice = new_advice();
	char json[1024] = "{\"a\":{}}\n";
	size_t len;

	(void)state;
	len = advice_to_json(advice, json, strlen(json), sizeof(json));
	assert_int_equal(len, strlen(json));
	assert_string_equal(json, "{\"a\":{},\"findings\":[]}\n");
	(void)snprintf(json, sizeof(json), "{\"a\":1}\n");
	add(advice, ADVICE_SOURCE, "shop/cert", "says \"no\"\n");
	add(advice, ADVICE_MISSING, "c/shop-cert", "shop/cert");
	len = advice_to_json(advice, json, strlen(json), sizeof(json));
	assert_int_equal(len, strlen(json));
	assert_string_equal(
		json,
		"{\"a\":1,\"findings\":[{\"object\":\"shop/cert\",\"text\":\"says "
		"\\\"no\\\"\\u000a\",\"command\":\"look at it\"},{\"object\":\"c/shop-cert\","
		"\"text\":\"is missing: the copy of shop/cert\",\"command\":\"look at it\"}]}\n");
	free(advice);
}

static void what_does_not_fit_is_no_json(void **state)
{
	struct advice *advice = new_advice();
	char json[64] = "{\"a\":1}\n";

	(void)state;
	add(advice, ADVICE_SOURCE, "shop/cert", "is missing");
	assert_int_equal(advice_to_json(advice, json, strlen(json), sizeof(json)), 0);
	assert_int_equal(advice_to_json(advice, json, 1, sizeof(json)), 0);
	(void)snprintf(json, sizeof(json), "no object");
	assert_int_equal(advice_to_json(advice, json, strlen(json), sizeof(json)), 0);
	free(advice);
}

/* The longest names and texts, all kinds, more than are kept. */
static void the_longest_rows_fit(void **state)
{
	struct advice *advice = new_advice();
	char *text = malloc(ADVICE_JSON_MAX), longest[1200];

	(void)state;
	assert_non_null(text);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (enum advice_kind kind = ADVICE_BOARD; kind <= ADVICE_CLIENT_CA; kind++)
		for (unsigned i = 0; i < ADVICE_EACH + 5; i++) {
			const struct advice_note note = { kind, longest, longest, longest,
				                          longest };

			advice_add(advice, &note);
		}
	assert_int_equal(advice->count, ADVICE_MAX);
	(void)advice_to_text(advice, text, ADVICE_TEXT_MAX);
	assert_non_null(strstr(text, "of that kind\n"));
	assert_true(strlen(text) > 100000 && text[strlen(text) - 1] == '\n');
	(void)snprintf(text, ADVICE_JSON_MAX, "{\"a\":1}\n");
	assert_true(advice_to_json(advice, text, strlen(text), ADVICE_JSON_MAX) > 100000);
	free(text);
	free(advice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_a_sentence_and_a_command),
		cmocka_unit_test(of_one_kind_the_rest_is_counted),
		cmocka_unit_test(json_gets_one_member_more),
		cmocka_unit_test(what_does_not_fit_is_no_json),
		cmocka_unit_test(the_longest_rows_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
