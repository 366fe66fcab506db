/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tape.h"

#include "kube/objects.h"
#include "kube/path.h"
#include "kube/write.h"

#include <errno.h>
#include <string.h>

static void the_real_deployment_is_read(void **state)
{
	struct object_deployments list;
	struct failure failure;

	(void)state;
	assert_int_equal(objects_read_deployments(tape_load("deployments.json"), &list, &failure),
	                 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.first.namespace, "kube-system");
	assert_string_equal(list.first.name, "cilium-operator");
	assert_string_equal(list.first.image, "quay.io/cilium/operator-generic:v1.18.4");
	assert_string_equal(list.first.host, "127.0.0.1");
	assert_string_equal(list.first.port, "7443");
	assert_int_equal(list.first.replicas, 1);
	assert_true(list.first.observed);
	assert_false(list.first.paused);
}

static void the_real_pod_and_its_replicaset_are_read(void **state)
{
	struct object_deployments deployments;
	struct object_replicasets sets;
	struct object_pods pods;
	struct failure failure;

	(void)state;
	assert_int_equal(
		objects_read_deployments(tape_load("deployments.json"), &deployments, &failure), 0);
	assert_int_equal(objects_read_replicasets(tape_load("replicasets.json"), &sets, &failure),
	                 0);
	assert_int_equal(objects_read_pods(tape_load("pods-off.json"), &pods, &failure), 0);
	assert_int_equal(sets.count, 1);
	assert_string_equal(sets.item[0].owner, deployments.first.uid);
	assert_int_equal(sets.item[0].replicas, 1);
	assert_int_equal(pods.count, 1);
	assert_false(pods.truncated);
	assert_string_equal(pods.item[0].owner, sets.item[0].uid);
	assert_string_equal(pods.item[0].node, "pi");
	assert_int_equal(strlen(pods.item[0].container), 64);
	assert_true(pods.item[0].running);
	assert_true(pods.item[0].ready);
	assert_false(pods.item[0].terminating);
	assert_false(pods.item[0].always_pulls);
	assert_int_equal(pods.item[0].toleration_count, 6);
	assert_false(pods.item[0].held_back);
	assert_int_equal(pods.item[0].crash, CRASH_OTHER); /* it was killed: its last words are of watches */
}

/* 1.20.2 after 30 s without an API server, three times. */
static void what_an_operator_ended_of_is_read(void **state)
{
	struct object_pods pods;
	struct failure failure;

	(void)state;
	assert_int_equal(objects_read_pods(tape_load("pods-held-back.json"), &pods, &failure), 0);
	assert_int_equal(pods.count, 1);
	assert_false(pods.item[0].running || pods.item[0].ready);
	assert_true(pods.item[0].held_back);
	assert_int_equal(pods.item[0].crash, CRASH_API_AWAY);
	assert_int_equal(pods.item[0].back_off_sec, 40);
	assert_int_equal(pods.item[0].ended_sec, 1795706562); /* 2026-11-26T15:22:42Z */
	assert_int_equal(strlen(pods.item[0].container), 64);
	assert_string_equal(
		pods.item[0].last_words,
		"?failed to start: failed to populate object graph: gateway API CRD "
		"discovery timed out: exponential backoff cancelled via context: context "
		"deadline exceeded?");
}

static void an_end_without_a_date_is_none(void **state)
{
	static const struct {
		const char *date;
		int64_t sec;
	} rows[] = {
		{ "\"1970-01-01T00:01:00Z\"", 60 },
		{ "null", 0 },
		{ "\"yesterday\"", 0 },
		{ "\"2026-11-26T15:22:42+01:00\"", 0 },
		{ "\"2026-11-26T15:22\"", 0 },
		{ "\"2026-11-26T15:22:42Zulu\"", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct object_pods pods;
		struct failure failure;
		char json[600];

		(void)snprintf(
			json, sizeof(json),
			"{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"name\":\"p\",\"uid\":"
		        "\"u\","
			"\"resourceVersion\":\"1\"},\"status\":{\"containerStatuses\":[{\"name\":"
			"\"cilium-operator\",\"lastState\":{\"terminated\":{\"finishedAt\":%s,"
			"\"message\":\"one\\ntwo\\n\\n\"}}}]}}]}",
			rows[i].date);
		assert_int_equal(objects_read_pods(span_of(json), &pods, &failure), 0);
		assert_int_equal(pods.item[0].ended_sec, rows[i].sec);
		assert_string_equal(pods.item[0].last_words, "two");
	}
}

static void a_cordon_is_an_obstacle_for_the_real_pod(void **state)
{
	static const struct {
		const char *why;
		bool cordoned;
		struct object_taint taint;
		enum obstacle obstacle;
	} rows[] = {
		{ "a free node", false, { .effect = "" }, OBSTACLE_NONE },
		{ "a cordon whose taint is not there yet",
		  true,
		  { .effect = "" },
		  OBSTACLE_CORDON },
		{ "the taint of a cordon",
		  false,
		  { .key = "node.kubernetes.io/unschedulable", .effect = "NoSchedule" },
		  OBSTACLE_CORDON },
		{ "disk pressure",
		  false,
		  { .key = "node.kubernetes.io/disk-pressure", .effect = "NoSchedule" },
		  OBSTACLE_PRESSURE },
		{ "a taint that the chart tolerates",
		  false,
		  { .key = "node-role.kubernetes.io/control-plane", .effect = "NoSchedule" },
		  OBSTACLE_NONE },
		{ "a taint of the owner's",
		  false,
		  { .key = "example.com/mine", .effect = "NoExecute" },
		  OBSTACLE_TAINT },
		{ "tolerated for NoExecute is not tolerated for NoSchedule",
		  false,
		  { .key = "node.kubernetes.io/unreachable", .effect = "NoSchedule" },
		  OBSTACLE_TAINT },
	};
	struct object_pods pods;
	struct failure failure;

	(void)state;
	assert_int_equal(objects_read_pods(tape_load("pods-off.json"), &pods, &failure), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct object_node node = { .cordoned = rows[i].cordoned,
			                    .taint_count = rows[i].taint.effect[0] != '\0' };

		node.taint[0] = rows[i].taint;
		if (objects_obstacle(&pods.item[0], &node) != rows[i].obstacle)
			print_error("row: %s\n", rows[i].why);
		assert_int_equal(objects_obstacle(&pods.item[0], &node), rows[i].obstacle);
	}
}

static void a_toleration_of_everything_tolerates(void **state)
{
	struct object_node node = {
		.cordoned = true,
		.taint_count = 1,
		.taint = { { .key = "a", .value = "b", .effect = "NoSchedule" } }
	};
	struct object_pod pod = { .toleration_count = 1, .toleration = { { .exists = true } } };

	(void)state;
	assert_int_equal(objects_obstacle(&pod, &node), OBSTACLE_NONE);
	pod.toleration[0] = (struct object_taint){ .key = "a", .value = "other" };
	node.cordoned = false;
	assert_int_equal(objects_obstacle(&pod, &node), OBSTACLE_TAINT);
	memcpy(pod.toleration[0].value, "b", 2);
	assert_int_equal(objects_obstacle(&pod, &node), OBSTACLE_NONE);
}

static void the_real_node_carries_its_boot_id(void **state)
{
	struct object_nodes *nodes = calloc(1, sizeof(*nodes));
	struct failure failure;

	(void)state;
	assert_non_null(nodes);
	assert_int_equal(objects_read_nodes(tape_load("nodes.json"), nodes, &failure), 0);
	assert_int_equal(nodes->count, 1);
	assert_string_equal(nodes->item[0].name, "pi");
	assert_string_equal(nodes->item[0].boot_id, "b0070000-0000-4000-8000-000000000001");
	assert_false(nodes->item[0].cordoned);
	free(nodes);
}

static void a_crd_serves_a_version_or_does_not(void **state)
{
	struct failure failure;
	bool served = false;

	(void)state;
	assert_int_equal(objects_read_crd(tape_load("crd-referencegrants.json"), "v1beta1", &served,
	                                  &failure),
	                 0);
	assert_true(served);
	assert_int_equal(
		objects_read_crd(tape_load("crd-referencegrants.json"), "v1", &served, &failure),
		0);
	assert_false(served);
	assert_int_equal(
		objects_read_crd(
			span_of("{\"spec\":{\"versions\":[{\"name\":\"v1\",\"served\":false}]}}"),
			"v1", &served, &failure),
		0);
	assert_false(served);
	assert_int_equal(objects_read_crd(span_of("{\"spec\":{}}"), "v1", &served, &failure),
	                 -EBADMSG);
}

/* JSON that ends early is refused at whatever byte it ends, and the last good list stays. */
static void json_cut_anywhere_is_refused_whole(void **state)
{
	struct object_pods pods = { .count = 7 };
	struct span tape = tape_load("pods-off.json");
	struct failure failure;

	(void)state;
	for (size_t len = 0; len + 2 < tape.len; len += 17) {
		failure.text[0] = '\0';
		assert_int_equal(objects_read_pods((struct span){ tape.ptr, len }, &pods, &failure),
		                 -EBADMSG);
		assert_int_not_equal(failure.text[0], '\0');
		assert_int_equal(pods.count, 7);
	}
}

static void what_is_missing_or_of_another_kind_is_named(void **state)
{
	static const struct {
		const char *json, *named;
	} rows[] = {
		{ "[]", "not a whole JSON object" },
		{ "", "not a whole JSON object" },
		{ "{\"kind\":\"Status\"}", "PodList" },
		{ "{\"kind\":\"PodList\",\"items\":{}}", "items" },
		{ "{\"kind\":\"PodList\",\"items\":[{}]}", "metadata of a pod" },
		{ "{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"name\":\"a\",\"uid\":\"b\"}}]"
		  "}",
		  "metadata of a pod" },
		{ "{\"kind\":\"PodList\",\"items\":[17]}", "metadata of a pod" },
	};
	struct object_pods pods;
	struct failure failure;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(objects_read_pods(span_of(rows[i].json), &pods, &failure),
		                 -EBADMSG);
		assert_non_null(strstr(failure.text, rows[i].named));
	}
}

static void lists_say_when_they_hold_more(void **state)
{
	static const char pod[] =
		"{\"metadata\":{\"name\":\"a\",\"uid\":\"b\",\"resourceVersion\":\"1\"}}";
	char json[4096] = "{\"kind\":\"PodList\",\"items\":[";
	struct object_pods pods;
	struct failure failure;

	(void)state;
	for (size_t i = 0; i <= OPERATORS_MAX; i++) {
		(void)strcat(json, i ? "," : "");
		(void)strcat(json, pod);
	}
	(void)strcat(json, "]}");
	assert_int_equal(objects_read_pods(span_of(json), &pods, &failure), 0);
	assert_true(pods.truncated);
	assert_int_equal(pods.count, OPERATORS_MAX);
	assert_int_equal(objects_read_pods(span_of("{\"kind\":\"PodList\",\"metadata\":{"
	                                           "\"continue\":\"x\"},\"items\":[]}"),
	                                   &pods, &failure),
	                 0);
	assert_true(pods.truncated);
	assert_int_equal(objects_read_pods(span_of("{\"kind\":\"PodList\",\"items\":null}"), &pods,
	                                   &failure),
	                 0);
	assert_int_equal(pods.count, 0);
}

static void an_update_that_was_not_observed_and_a_pause_are_seen(void **state)
{
	static const char json[] =
		"{\"kind\":\"DeploymentList\",\"items\":[{\"metadata\":{\"name\":\"o\","
	        "\"namespace\":\"n\",\"uid\":\"u\","
		"\"generation\":3,\"annotations\":{\"gatewake.io/"
	        "paused\":\"\"}},\"spec\":{\"replicas\":0,\"template\":{"
		"\"spec\":{\"containers\":[{\"name\":\"cilium-operator\",\"image\":\"i\"}]}}},"
		"\"status\":{\"observedGeneration\":2}}]}";
	struct object_deployments list;
	struct failure failure;

	(void)state;
	assert_int_equal(objects_read_deployments(span_of(json), &list, &failure), 0);
	assert_false(list.first.observed);
	assert_true(list.first.paused);
	assert_int_equal(list.first.replicas, 0);
	assert_string_equal(list.first.host, "");
}

static void only_a_status_object_has_a_message(void **state)
{
	char message[32];

	(void)state;
	assert_true(objects_read_status(
		span_of("{\"kind\":\"Status\",\"message\":\"pods \\\"x\\\" not found\\n\"}"),
		message, sizeof(message)));
	assert_string_equal(message, "pods ?x? not found?");
	assert_false(objects_read_status(span_of("404 page not found"), message, sizeof(message)));
	assert_false(objects_read_status(span_of("{\"kind\":\"Pod\"}"), message, sizeof(message)));
}

static void a_name_never_leaves_its_place_in_a_path(void **state)
{
	char path[PATH_SIZE];

	(void)state;
	assert_int_equal(path_pod(path, sizeof(path), "kube-system", "cilium-operator-x"), 0);
	assert_string_equal(path, "/api/v1/namespaces/kube-system/pods/cilium-operator-x");
	assert_int_equal(path_log(path, sizeof(path), "kube-system", "p", 10), 0);
	assert_string_equal(path, "/api/v1/namespaces/kube-system/pods/p/"
	                          "log?container=cilium-operator&limitBytes=10");
	assert_int_equal(path_pod(path, sizeof(path), "kube-system", "../secrets"), -EINVAL);
	assert_int_equal(path_pod(path, sizeof(path), "kube-system", "a?b"), -EINVAL);
	assert_int_equal(path_pod(path, sizeof(path), "", "a"), -EINVAL);
	assert_int_equal(path_pods(path, sizeof(path), "a%2f"), -EINVAL);
	assert_int_equal(path_crd(path, 10, "gateways"), -E2BIG);
}

static void a_delete_names_what_was_judged(void **state)
{
	char *json = NULL;

	(void)state;
	assert_int_equal(write_delete_options("the-uid", "42", &json), 0);
	assert_string_equal(json,
	                    "{\"preconditions\":{\"uid\":\"the-uid\",\"resourceVersion\":\"42\"},"
	                    "\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"}");
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_real_deployment_is_read),
		cmocka_unit_test(the_real_pod_and_its_replicaset_are_read),
		cmocka_unit_test(what_an_operator_ended_of_is_read),
		cmocka_unit_test(an_end_without_a_date_is_none),
		cmocka_unit_test(a_cordon_is_an_obstacle_for_the_real_pod),
		cmocka_unit_test(a_toleration_of_everything_tolerates),
		cmocka_unit_test(the_real_node_carries_its_boot_id),
		cmocka_unit_test(a_crd_serves_a_version_or_does_not),
		cmocka_unit_test(json_cut_anywhere_is_refused_whole),
		cmocka_unit_test(what_is_missing_or_of_another_kind_is_named),
		cmocka_unit_test(lists_say_when_they_hold_more),
		cmocka_unit_test(an_update_that_was_not_observed_and_a_pause_are_seen),
		cmocka_unit_test(only_a_status_object_has_a_message),
		cmocka_unit_test(a_name_never_leaves_its_place_in_a_path),
		cmocka_unit_test(a_delete_names_what_was_judged),
	};

	objects_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
