/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/holder.h"
#include "report/words.h"

static struct words_facts facts_of(enum verdict verdict, enum cause cause)
{
	return (struct words_facts){
		.verdict = verdict,
		.cause = cause,
		.since_usec = 100 * SECONDS_USEC,
		.endpoint = { { "127.0.0.1:6443", "", LAYER_USABLE, 50 * SECONDS_USEC },
		              { "10.0.0.9:6443", "EHOSTUNREACH after 3.07 s", LAYER_VIP,
		                86 * SECONDS_USEC } },
		.pod = "",
		.object = "",
		.cilium = "1.18",
		.needed = 3,
		.present = 2,
		.provable = 3,
		.served = 3,
		.tls_proven_s = 41.23,
	};
}

static void a_wait_names_layer_address_reason_and_time(void **state)
{
	struct words_facts facts = facts_of(VERDICT_UNKNOWN, CAUSE_NO_ENDPOINT);
	char line[400];

	(void)state;
	words_of_wait(&facts, ENDPOINT_VIP, 100 * SECONDS_USEC, line, sizeof(line));
	assert_string_equal(
		line,
		"waiting for vip: 10.0.0.9:6443 nobody answers (EHOSTUNREACH after 3.07 s), 14 s");
	facts.under_voltage = true;
	words_of_wait(&facts, ENDPOINT_VIP, 100 * SECONDS_USEC, line, sizeof(line));
	assert_string_equal(line,
	                    "waiting for vip: 10.0.0.9:6443 nobody answers (EHOSTUNREACH after "
	                    "3.07 s), 14 s; under-voltage since boot");
	facts.endpoint[ENDPOINT_VIP].address = "";
	words_of_wait(&facts, ENDPOINT_VIP, 100 * SECONDS_USEC, line, sizeof(line));
	assert_string_equal(line, "waiting for vip: its address is not known yet");
}

static void a_line_says_how_it_stands(void **state)
{
	static const struct {
		enum verdict verdict;
		enum cause cause;
		const char *pod, *object;
		uint64_t until_usec;
		const char *line;
	} rows[] = {
		{ VERDICT_HEALTHY, CAUSE_NONE, "kube-system/o", "", 0,
		  "controller on, Cilium 1.18 (kube-system/o)" },
		{ VERDICT_PROVEN, CAUSE_PROVEN, "kube-system/o", "", 0,
		  "3/3 listeners proven, controller on, boot to TLS 41.2 s" },
		{ VERDICT_STARTING, CAUSE_COPIES_COMING, "", "", 0,
		  "starting: controller on, copies of certificates are still missing or behind their sources: 2 of 3 copies are there" },
		{ VERDICT_CONTROLLER_OFF, CAUSE_VIP_NOT_USABLE, "", "", 0,
		  "Gateway controller OFF: restart waits for the API server's virtual address; "
		  "waiting for vip: 10.0.0.9:6443 nobody answers (EHOSTUNREACH after 3.07 s), 14 "
		  "s" },
		{ VERDICT_CONTROLLER_OFF, CAUSE_CORDONED, "kube-system/o", "pi", 0,
		  "Gateway controller OFF: not restarted: the node is cordoned, the replacement "
		  "could not be "
		  "scheduled: pi (kube-system/o)" },
		{ VERDICT_CONTROLLER_OFF, CAUSE_BUDGET, "", "", 160 * SECONDS_USEC,
		  "Gateway controller OFF: not restarted yet: the last replacements were off as "
		  "well, at most 61 s more" },
		{ VERDICT_UNKNOWN, CAUSE_NO_OPERATOR, "", "", 0,
		  "no Deployment is labelled io.cilium/app=operator" },
		{ VERDICT_STARTING, CAUSE_NO_POD, "", "", 0,
		  "starting: no container of the operator runs just now" },
		{ VERDICT_CRDS_MISSING, CAUSE_CRD_MISSING, "", "gateways v1", 0,
		  "Gateway API CRDs missing: a CRD that this Cilium version requires is not "
		  "served; a restart would "
		  "not help: gateways v1" },
	};
	char line[640];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct words_facts facts = facts_of(rows[i].verdict, rows[i].cause);

		facts.pod = rows[i].pod;
		facts.object = rows[i].object;
		facts.until_usec = rows[i].until_usec;
		words_line(&facts, 100 * SECONDS_USEC, line, sizeof(line));
		assert_string_equal(line, rows[i].line);
	}
}

/* By the time it is told this host carries the address, and the host that had it has said farewell. */
static void a_move_to_this_host_names_the_other_one_alone(void **state)
{
	const struct words_holder from = { HOLDER_PEER, SOURCE_ADVERT, "eth0", "10.0.0.3", 150 };
	const struct words_holder to = { HOLDER_HERE, SOURCE_ADDRESS, "eth0", "", 0 };
	const struct words_holder dual = { HOLDER_DUAL, SOURCE_ADVERT, "eth0", "10.0.0.3", 150 };
	char line[400];

	(void)state;
	holder_move_line("10.0.0.9", &from, &to, 600000, line, sizeof(line));
	assert_string_equal(line, "vip: 10.0.0.9 moved from another host (10.0.0.3, priority 150) "
	                          "to this host (eth0), 0.6 s without a holder");
	holder_sentence(&dual, line, sizeof(line));
	assert_string_equal(line, "held by two hosts at once (this one (eth0) and 10.0.0.3, "
	                          "priority 150)");
}

static void every_cause_has_words_and_an_id_of_its_own(void **state)
{
	(void)state;
	for (enum cause cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
		const struct words *words = words_of_cause(cause);

		assert_non_null(words->name);
		assert_true(strlen(words->sentence) > 0);
		assert_int_equal(strspn(words->message_id, "0123456789abcdef"), 32);
		assert_int_equal(strlen(words->message_id), 32);
		for (enum cause other = CAUSE_NONE; other < cause; other++) {
			assert_string_not_equal(words->message_id,
			                        words_of_cause(other)->message_id);
			assert_string_not_equal(words->name, words_of_cause(other)->name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_names_layer_address_reason_and_time),
		cmocka_unit_test(a_line_says_how_it_stands),
		cmocka_unit_test(a_move_to_this_host_names_the_other_one_alone),
		cmocka_unit_test(every_cause_has_words_and_an_id_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
