/* SPDX-License-Identifier: Apache-2.0 */
/* --sample prints one exposition that has every metric, for promtool (tests/metrics/check). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/exposition.h"
#include "report/words.h"
#include "tests/unit/prometheus.h"

#define PUT(array, text) (void)snprintf(array, sizeof(array), "%s", text)

static char text[EXPOSITION_MAX];

static struct status_listener listener_of(const char *name, const char *hostname)
{
	struct status_listener listener = { .not_after_sec = 0 };

	PUT(listener.gateway, "default/web");
	PUT(listener.listener, name);
	PUT(listener.hostname, hostname);
	PUT(listener.address, "172.16.101.110:443");
	PUT(listener.verdict, "SERVED");
	return listener;
}

/* Every metric is there. */
static struct status example(struct status_listener *listeners)
{
	struct status status = { .listener = listeners, .listener_count = 2 };

	PUT(status.version, "0.1.0");
	PUT(status.local.layer, "usable");
	PUT(status.vip.layer, "tcp");
	PUT(status.holder.state, "PEER");
	PUT(status.controller.verdict, "NOT_SERVED");
	status.copies.needed = 5;
	status.copies.present = 4;
	status.copies.created = 3;
	status.copies.blocked = 2;
	status.copies.stale = 1;
	status.restarts.count = 7;
	status.restarts.failed = 6;
	status.proofs.last_sec = 1795000000;
	status.boot.api_usable_s = 31.94;
	status.boot.controller_on_s = 56;
	status.boot.tls_proven_s = 4000000.25;
	listeners[0] = listener_of("https", "shop.example.com");
	listeners[0].not_after_sec = 1798070400;
	listeners[1] = listener_of("admin", "");
	PUT(listeners[1].verdict, "NO_CERT");
	return status;
}

static const char *expose(const struct status *status)
{
	size_t len = status_to_exposition(status, text, sizeof(text));

	assert_int_equal(len, strlen(text));
	assert_string_equal(prometheus_fault(text), "");
	return text;
}

/* Whether that is a line of it, as a whole. */
static bool has(const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
	return false;
}

static void every_metric_has_its_line(void **state)
{
	static const char *const lines[] = {
		"# HELP gatewake_build_info The version of the agent that runs.",
		"# TYPE gatewake_build_info gauge",
		"gatewake_build_info{version=\"0.1.0\"} 1",
		"gatewake_verdict{verdict=\"NOT_SERVED\"} 1",
		"gatewake_verdict{verdict=\"PROVEN\"} 0",
		"gatewake_last_proof_timestamp_seconds 1795000000",
		"gatewake_endpoint_usable{endpoint=\"local\"} 1",
		"gatewake_endpoint_usable{endpoint=\"vip\"} 0",
		"gatewake_endpoint_layer{endpoint=\"local\",layer=\"usable\"} 1",
		"gatewake_endpoint_layer{endpoint=\"local\",layer=\"tcp\"} 0",
		"gatewake_endpoint_layer{endpoint=\"vip\",layer=\"usable\"} 0",
		"gatewake_endpoint_layer{endpoint=\"vip\",layer=\"tcp\"} 1",
		"gatewake_address_holder{holder=\"PEER\"} 1",
		"gatewake_address_holder{holder=\"HERE\"} 0",
		"gatewake_copies_needed 5",
		"gatewake_copies_present 4",
		"gatewake_copies_created 3",
		"gatewake_copies_blocked 2",
		"gatewake_copies_stale 1",
		"gatewake_restarts 7",
		"gatewake_restarts_failed 6",
		"gatewake_boot_api_usable_seconds 31.9",
		"gatewake_boot_controller_on_seconds 56.0",
		"gatewake_boot_tls_proven_seconds 4000000.2",
		"gatewake_listener_verdict{gateway=\"default/"
		"web\",listener=\"https\",hostname=\"shop.example.com\","
		"address=\"172.16.101.110:443\",verdict=\"SERVED\"} 1",
		"gatewake_listener_verdict{gateway=\"default/"
		"web\",listener=\"admin\",hostname=\"\","
		"address=\"172.16.101.110:443\",verdict=\"NO_CERT\"} 1",
		"gatewake_listener_not_after_timestamp_seconds{gateway=\"default/"
		"web\",listener=\"https\","
		"hostname=\"shop.example.com\",address=\"172.16.101.110:443\"} 1798070400",
	};
	struct status_listener listeners[2];
	struct status status = example(listeners);

	(void)state;
	(void)expose(&status);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!has(lines[i]))
			fail_msg("no line\n%s\nin\n%s", lines[i], text);
}

/* How many of a metric's series have that value. */
static unsigned count(const char *metric, const char *value)
{
	unsigned found = 0;
	char start[64];

	(void)snprintf(start, sizeof(start), "\n%s{", metric);
	for (const char *at = text; (at = strstr(at, start)); at++)
		found += strncmp(at + strcspn(at, " "), value, strlen(value)) == 0;
	return found;
}

static void of_the_states_exactly_one_is_true(void **state)
{
	struct status_listener listeners[2];
	struct status status = example(listeners);

	(void)state;
	for (enum verdict verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		PUT(status.controller.verdict, words_of_verdict(verdict));
		(void)expose(&status);
		assert_int_equal(count("gatewake_verdict", " 1\n"), 1);
		assert_int_equal(count("gatewake_verdict", " 0\n"), VERDICT_COUNT - 1);
	}
	assert_int_equal(count("gatewake_address_holder", " 1\n"), 1);
	assert_int_equal(count("gatewake_address_holder", " 0\n"), HOLDER_STATE_COUNT - 1);
	assert_int_equal(count("gatewake_endpoint_layer", " 1\n"), 2);
	assert_int_equal(count("gatewake_endpoint_layer", " 0\n"), 2 * (LAYER_COUNT - 1));
}

static void what_is_not_known_is_left_out(void **state)
{
	struct status status = { .boot = { -1, -1, -1 } };

	(void)state;
	(void)expose(&status);
	assert_null(strstr(text, "last_proof"));
	assert_null(strstr(text, "gatewake_boot_"));
	assert_null(strstr(text, "gateway="));
	assert_true(has("gatewake_endpoint_usable{endpoint=\"vip\"} 0"));
	status.boot.api_usable_s = 0;
	(void)expose(&status);
	assert_true(has("gatewake_boot_api_usable_seconds 0.0"));
}

/* Only a leaf that was served has an end. */
static void an_end_is_that_of_what_was_served(void **state)
{
	struct status_listener listeners[2];
	struct status status = example(listeners);

	(void)state;
	(void)expose(&status);
	assert_int_equal(count("gatewake_listener_not_after_timestamp_seconds", " "), 1);
	listeners[0].not_after_sec = -1;
	(void)expose(&status);
	assert_int_equal(count("gatewake_listener_not_after_timestamp_seconds", " -1\n"), 1);
	listeners[0].not_after_sec = 0;
	(void)expose(&status);
	assert_int_equal(count("gatewake_listener_not_after_timestamp_seconds", " "), 0);
}

/* A file that is written on a change only can't hold what changes without one. */
static void dates_and_details_change_nothing(void **state)
{
	struct status_listener listeners[2];
	struct status status = example(listeners);
	char *before = strdup(expose(&status));

	(void)state;
	PUT(status.controller.since, "2026-01-02T03:04:05Z");
	PUT(status.vip.since, "2026-01-02T03:04:05Z");
	PUT(status.vip.detail, "ECONNREFUSED after 0.01 s");
	PUT(listeners[0].detail, "another");
	assert_string_equal(expose(&status), before);
	free(before);
}

static void labels_are_escaped_and_stay_utf8(void **state)
{
	static const struct {
		const char *hostname, *label;
	} rows[] = {
		{ "a\\b\"c\nd", "a\\\\b\\\"c\\nd" },
		{ "\\", "\\\\" },
		{ "br\xc3\xbc\x63ke.\xe2\x82\xac.\xf0\x9f\x8d\x93",
		  "br\xc3\xbc\x63ke.\xe2\x82\xac.\xf0\x9f\x8d\x93" },
		{ "\x7f\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80",
		  "\x7f\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80" },
		{ "cut \xe2\x82", "cut ??" },
		{ "cut \xf0\x9f\x8d", "cut ???" },
		{ "alone \x80\xbf\xff\xfe", "alone ????" },
		{ "lead \xc3(", "lead ?(" },
		{ "too long \xc0\x80\xc1\xbf\xe0\x9f\xbf\xf0\x8f\xbf\xbf", "too long ???????????" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "beyond \xf4\x90\x80\x80\xf5\x80\x80\x80", "beyond ????????" },
	};
	struct status_listener listeners[2];
	struct status status = example(listeners);
	char line[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		PUT(listeners[0].hostname, rows[i].hostname);
		(void)expose(&status);
		(void)snprintf(line, sizeof(line), ",hostname=\"%s\",address=", rows[i].label);
		if (!strstr(text, line))
			fail_msg("no label\n%s\nin\n%s", line, text);
	}
}

/* Twice the same series, and node-exporter takes none of the file. */
static void a_listener_that_looks_like_another_is_left_out(void **state)
{
	struct status_listener listeners[5];
	struct status status = example(listeners);

	(void)state;
	listeners[2] = listeners[3] = listeners[4] = listeners[0];
	PUT(listeners[2].verdict, "STALE");
	PUT(listeners[3].address, "172.16.101.111:443");
	PUT(listeners[4].gateway, "default/other");
	status.listener_count = 5;
	(void)expose(&status);
	assert_int_equal(count("gatewake_listener_verdict", " 1\n"), 4);
	assert_int_equal(count("gatewake_listener_not_after_timestamp_seconds", " "), 3);
	assert_null(strstr(text, "STALE\"} 1"));
}

static void fill(char *label, size_t size, size_t number)
{
	memset(label, '"', size - 1);
	label[size - 1] = '\0';
	for (size_t bit = 0; bit < 8; bit++)
		if (number >> bit & 1)
			label[bit] = '\\';
}

static void as_much_as_there_can_be_fits(void **state)
{
	static struct status_listener listeners[STATUS_LISTENERS_MAX];
	struct status status = example(listeners);
	size_t len;

	(void)state;
	for (size_t i = 0; i < STATUS_LISTENERS_MAX; i++) {
		fill(listeners[i].gateway, sizeof(listeners[i].gateway), i);
		fill(listeners[i].listener, sizeof(listeners[i].listener), 0);
		fill(listeners[i].hostname, sizeof(listeners[i].hostname), 0);
		fill(listeners[i].address, sizeof(listeners[i].address), 0);
		fill(listeners[i].verdict, sizeof(listeners[i].verdict), 0);
		listeners[i].not_after_sec = INT64_MIN;
	}
	status.listener_count = STATUS_LISTENERS_MAX;
	fill(status.version, sizeof(status.version), 0);
	(void)expose(&status);
	assert_int_equal(count("gatewake_listener_verdict", " 1\n"), STATUS_LISTENERS_MAX);
	len = strlen(text);
	assert_int_equal(status_to_exposition(&status, text, len + 1), len);
	assert_int_equal(status_to_exposition(&status, text, len), 0);
	assert_int_equal(status_to_exposition(&status, text, 1), 0);
}

#define HEAD "# HELP a_b Text.\n# TYPE a_b gauge\n"

/* The reader that all of this rests on. */
static void the_reader_is_strict(void **state)
{
	static const char *const sound[] = {
		HEAD "a_b 1\n",
		HEAD,
		HEAD "a_b{c=\"\"} 1\na_b{c=\"\\\\\\\"\\n}\",d=\"\xc3\xbc\"} -1.5\n# HELP c "
		     "Text.\n# TYPE c gauge\nc 0\n",
	};
	static const char *const faulty[] = {
		"",
		"\n",
		"a_b 1\n",
		HEAD "a_b 1",
		HEAD "a_c 1\n",
		HEAD "a 1\n",
		HEAD "a_b\n",
		HEAD "a_b 1 2\n",
		HEAD "a_b NaN\n",
		HEAD "a_b  1\n",
		HEAD "a_b 1\na_b 2\n",
		HEAD "a_b{c=\"d\"} 1\na_b{c=\"d\"} 2\n",
		HEAD "a_b{c=\"d\" 1\n",
		HEAD "a_b{c=\"d} 1\n",
		HEAD "a_b{c=\"\\t\"} 1\n",
		HEAD "a_b{c=\"d\\\"} 1\n",
		HEAD "a_b{c=\"d\"e\"} 1\n",
		HEAD "a_b{1c=\"d\"} 1\n",
		HEAD "a_b{c=\"\xc3\"} 1\n",
		HEAD "a_b{c=\"\xed\xa0\x80\"} 1\n",
		HEAD HEAD,
		HEAD "# HELP c Text.\n# TYPE c gauge\na_b 1\n",
		"# TYPE a_b gauge\na_b 1\n",
		"# HELP a_b Text.\na_b 1\n",
		"# HELP a_b Text.\n# TYPE a_c gauge\na_c 1\n",
		"# HELP a_b Text.\n# HELP a_c Text.\n",
		"# HELP a_b \n",
		"# anything\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++)
		assert_string_equal(prometheus_fault(sound[i]), "");
	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
		if (!prometheus_fault(faulty[i])[0])
			fail_msg("found sound:\n%s", faulty[i]);
}

static int print_sample(void)
{
	struct status_listener listeners[2];
	struct status status = example(listeners);

	(void)status_to_exposition(&status, text, sizeof(text));
	return fputs(text, stdout) < 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reader_is_strict),
		cmocka_unit_test(every_metric_has_its_line),
		cmocka_unit_test(of_the_states_exactly_one_is_true),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(an_end_is_that_of_what_was_served),
		cmocka_unit_test(dates_and_details_change_nothing),
		cmocka_unit_test(labels_are_escaped_and_stay_utf8),
		cmocka_unit_test(a_listener_that_looks_like_another_is_left_out),
		cmocka_unit_test(as_much_as_there_can_be_fits),
	};

	if (argc > 1 && strcmp(argv[1], "--sample") == 0)
		return print_sample();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
