/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tape.h"

#include "cilium/crash.h"
#include "cilium/metrics.h"
#include "cilium/oplog.h"
#include "cilium/release.h"

#define CHECK                                                                                      \
	"level=info msg=\"Checking for required and optional GatewayAPI resources\" "              \
	"requiredGVK=\"[x]\"\n"
#define OFF                                                                                        \
	"level=error msg=\"Required GatewayAPI resources are not found, please refer to docs\"\n"
#define LIST_ON                                                                                    \
	"level=info msg=\"Setting up Secret synchronization\" registrations=\"[*v1.Ingress "       \
	"-> \\\"cilium-secrets\\\" *v1.Gateway -> \\\"cilium-secrets\\\"]\"\n"
#define LIST_SPLIT                                                                                 \
	"level=info msg=\"Setting up Secret synchronization\" "                                    \
	"registrations=\"[*v2.CiliumNetworkPolicy -> \\\"cilium-secrets\\\"]\"\n"
#define LIST_JSON                                                                                  \
	"{\"level\":\"info\",\"msg\":\"Setting up Secret synchronization\","                       \
	"\"registrations\":\"!ERROR:json: unsupported type: func(...)\"}\n"

#define WORKERS(name)                                                                          \
	"{\"level\":\"info\",\"msg\":\"Starting workers\",\"controller\":\"" name                 \
	"\",\"controllerGroup\":\"gateway.networking.k8s.io\"}\n"

static void a_log_says_what_its_words_say(void **state)
{
	static const struct {
		const char *why, *log;
		enum log_says says;
	} rows[] = {
		{ "an empty log says nothing", "", LOG_NOTHING },
		{ "other lines say nothing", "level=info msg=\"Starting hive\"\n", LOG_NOTHING },
		{ "the check alone is still to succeed or fail", CHECK, LOG_NOTHING },
		{ "check and a list with the Gateway: on", CHECK LIST_ON, LOG_ON },
		{ "the old words of the check count as well",
		  "msg=\"Checking for required GatewayAPI resources\"\n" LIST_ON, LOG_ON },
		{ "a list before the check proves nothing: the check may yet fail", LIST_ON CHECK,
		  LOG_NOTHING },
		{ "a list without the Gateway is not known, without the off line", CHECK LIST_SPLIT,
		  LOG_SPLIT },
		{ "off is final, though the list holds the Gateway", CHECK OFF LIST_ON, LOG_OFF },
		{ "off is final, though it comes after the list", CHECK LIST_ON OFF, LOG_OFF },
		{ "a log as JSON cannot print its list", CHECK LIST_JSON, LOG_OPAQUE },
		{ "and then its workers say that it is on", CHECK LIST_JSON WORKERS("gateway"), LOG_ON },
		{ "the workers of another controller say nothing", CHECK LIST_JSON WORKERS("gatewayclass"), LOG_OPAQUE },
		{ "off is final, whatever works", CHECK OFF LIST_JSON WORKERS("gateway"), LOG_OFF },
		{ "workers do not heal a list that lacks the Gateway", CHECK LIST_SPLIT WORKERS("gateway"), LOG_SPLIT },
		{ "the off line reads the same as JSON",
		  "{\"msg\":\"Required GatewayAPI resources are not found\"}\n", LOG_OFF },
		{ "half a line is none", "msg=\"Required GatewayAPI resources are not found",
		  LOG_NOTHING },
		{ "a list that is cut does not parse",
		  CHECK "Setting up Secret synchronization registrations=\"[*v1.Gateway -> \n",
		  LOG_OPAQUE },
		{ "an empty list parses",
		  CHECK "Setting up Secret synchronization registrations=[]\n", LOG_SPLIT },
		{ "no list at all does not parse", CHECK "Setting up Secret synchronization\n",
		  LOG_OPAQUE },
		{ "v1.GatewayClass is no Gateway",
		  CHECK
		  "Setting up Secret synchronization registrations=\"[*v1.GatewayClass -> x]\"\n",
		  LOG_SPLIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (oplog_judge(span_of(rows[i].log)) != rows[i].says)
			print_error("row: %s\n", rows[i].why);
		assert_int_equal(oplog_judge(span_of(rows[i].log)), rows[i].says);
	}
}

static void the_real_operators_logs_are_read_right(void **state)
{
	(void)state;
	assert_int_equal(oplog_judge(tape_load("operator-off.log")), LOG_OFF);
	assert_int_equal(oplog_judge(tape_load("operator-on.log")), LOG_ON);
}

/* A read may end anywhere: no prefix of a log that says on may say off, and the other way round. */
static void a_log_cut_anywhere_never_says_the_opposite(void **state)
{
	struct span log = tape_load("operator-on.log");
	bool on = false;

	(void)state;
	for (size_t len = 0; len <= log.len; len++) {
		enum log_says says = oplog_judge((struct span){ log.ptr, len });

		assert_int_not_equal(says, LOG_OFF);
		assert_true(says == LOG_ON || !on);
		on = says == LOG_ON;
	}
	assert_true(on);
	log = tape_load("operator-off.log");
	for (size_t len = 0; len <= log.len; len++)
		assert_int_not_equal(oplog_judge((struct span){ log.ptr, len }), LOG_ON);
}

static void the_release_stands_in_the_image_tag(void **state)
{
	static const struct {
		const char *image;
		uint32_t minor;
	} rows[] = {
		{ "quay.io/cilium/operator-generic:v1.18.4", 118 },
		{ "quay.io/cilium/operator-generic:v1.18.4@sha256:0123", 118 },
		{ "registry.local:5000/cilium/operator:1.20.0-rc.1", 120 },
		{ "registry.local:5000/cilium/operator", 0 },
		{ "quay.io/cilium/operator-generic@sha256:v1.18", 0 },
		{ "quay.io/cilium/operator-generic:latest", 0 },
		{ "x:v2.1.0", 0 },
		{ "x:v1.", 0 },
		{ "x:v1", 0 },
		{ "x:", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(release_of_image(span_of(rows[i].image)), rows[i].minor);
}

static bool requires(uint32_t minor, const char *name, const char *version)
{
	const struct release *release = release_find(minor);

	for (size_t i = 0; i < release->crd_count; i++)
		if (strcmp(release->crds[i].name, name) == 0)
			return strcmp(release->crds[i].version, version) == 0;
	return false;
}

static void each_release_has_its_own_crds(void **state)
{
	(void)state;
	assert_int_equal(release_find(118)->crd_count, 5);
	assert_true(requires(118, "referencegrants.gateway.networking.k8s.io", "v1beta1"));
	assert_true(requires(120, "referencegrants.gateway.networking.k8s.io", "v1"));
	assert_true(requires(120, "tlsroutes.gateway.networking.k8s.io", "v1"));
	assert_false(requires(118, "tlsroutes.gateway.networking.k8s.io", "v1"));
	assert_true(requires(116, "tlsroutes.gateway.networking.k8s.io", "v1alpha2"));
	/* What is newer than the table is taken for the newest, and so is what cannot be read. */
	assert_int_equal(release_find(125)->minor, 120);
	assert_int_equal(release_find(0)->minor, 120);
	assert_int_equal(release_find(101)->minor, 116);
}

static void each_crd_of_any_release_is_named_once(void **state)
{
	const char *name, *other;
	size_t place = 0, count = 0;

	(void)state;
	while ((name = release_next_crd(&place))) {
		size_t again = 0, same = 0;

		while ((other = release_next_crd(&again)))
			same += strcmp(name, other) == 0;
		assert_int_equal(same, 1);
		assert_true(strstr(name, ".gateway.networking.k8s.io"));
		count++;
	}
	assert_int_equal(count, 7);
}

static void the_last_words_tell_whether_a_restart_could_help(void **state)
{
	static const struct {
		const char *words;
		enum crash crash;
	} rows[] = {
		{ "", CRASH_UNKNOWN },
		{ "msg=\"failed to start\" error=\"gateway API CRD discovery timed out: context deadline exceeded\"",
		  CRASH_API_AWAY },
		{ "level=info msg=\"Leader election lost\"", CRASH_API_AWAY },
		{ "no matches for kind \"TLSRoute\" in version \"gateway.networking.k8s.io/v1alpha2\"", CRASH_STANDING },
		{ "dial tcp: connection refused ... no matches for kind \\\"TLSRoute\\\"", CRASH_STANDING },
		{ "panic: runtime error", CRASH_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(crash_judge(span_of(rows[i].words)), rows[i].crash);
}

static void metrics_count_only_where_there_are_some(void **state)
{
	static const struct {
		const char *text;
		enum metrics_say says;
	} rows[] = {
		{ "", METRICS_NOTHING },
		{ "# HELP controller_runtime_active_workers{controller=\"gateway\"} x\n", METRICS_NOTHING },
		{ "controller_runtime_active_workers{controller=\"secret\"} 0\n", METRICS_OFF },
		{ "controller_runtime_active_workers{controller=\"gatewayclass\"} 0\n", METRICS_OFF },
		{ "controller_runtime_active_workers{controller=\"secret\"} 0\n"
		  "controller_runtime_active_workers{controller=\"gateway\"} 0\n", METRICS_ON },
		{ "controller_runtime_active_workers{controller=\"gateway\"} 0", METRICS_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(metrics_judge(span_of(rows[i].text)), rows[i].says);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_says_what_its_words_say),
		cmocka_unit_test(the_real_operators_logs_are_read_right),
		cmocka_unit_test(a_log_cut_anywhere_never_says_the_opposite),
		cmocka_unit_test(the_release_stands_in_the_image_tag),
		cmocka_unit_test(each_release_has_its_own_crds),
		cmocka_unit_test(each_crd_of_any_release_is_named_once),
		cmocka_unit_test(the_last_words_tell_whether_a_restart_could_help),
		cmocka_unit_test(metrics_count_only_where_there_are_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
