/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/act.h"

#include <stdio.h>
#include <string.h>

#include "kube/path.h"
#include "kube/probe.h"
#include "kube/write.h"

#define DELETE_LIMIT (1024 * 1024) /* the answer is the pod as it was */

static void tell(const struct engine *engine, int level, const struct object_pod *pod,
                 const char *what)
{
	const struct journal_field fields[] = { { "NAMESPACE",
		                                  engine->deployments.first.namespace },
		                                { "POD", pod->name },
		                                { "POD_UID", pod->uid },
		                                { "CONTAINER_ID", pod->container },
		                                { NULL, NULL } };

	journal_write(&engine->journal, level, words_of_cause(CAUSE_RESTARTING)->message_id, fields,
	              "restart of the controller: pod %s/%s %s",
	              engine->deployments.first.namespace, pod->name, what);
}

static int send_delete(struct engine *engine, struct errand *errand, const struct object_pod *pod,
                       uint64_t now_usec)
{
	CLEANUP(free_p) char *options = NULL;
	char path[PATH_SIZE];
	int r = path_pod(path, sizeof(path), engine->deployments.first.namespace, pod->name);

	if (r == 0)
		r = write_delete_options(pod->uid, pod->version, &options);
	if (r == 0)
		r = engine_send(engine, errand, HTTP_DELETE, path, span_of(options), DELETE_LIMIT,
		                now_usec);
	return r;
}

void act_start(struct engine *engine, struct errand *errand, uint64_t now_usec)
{
	const struct object_pod *pod = engine_pod_of(engine, errand->order.about);

	if (!pod) { /* none runs the container that was judged any more: nothing is written */
		engine_finish(engine, errand, RESULT_CONFLICT, now_usec);
		return;
	}
	tell(engine, LOG_NOTICE, pod, words_of_restart(engine->decision.verdict));
	if (send_delete(engine, errand, pod, now_usec) < 0)
		engine_finish(engine, errand, RESULT_UNREACHABLE, now_usec);
}

static const char *words_of_result(enum result result)
{
	switch (result) {
	case RESULT_OK:
		return "deleted";
	case RESULT_CONFLICT:
		return "not deleted, it changed meanwhile";
	case RESULT_REFUSED:
		return "not deleted, the API refused";
	case RESULT_UNREACHABLE:
		return "not deleted, the API was not reached";
	case RESULT_LOST:
		return "perhaps deleted, the answer was lost";
	}
	return "";
}

void act_end(struct engine *engine, struct errand *errand, const struct http_end *end,
             uint64_t now_usec)
{
	const struct object_pod *pod = engine_pod_of(engine, errand->order.about);
	enum result result = probe_result_of_write(end);
	char what[300];

	engine->refusal[0] = '\0';
	if (result != RESULT_OK)
		probe_explain(end, engine->refusal, sizeof(engine->refusal));
	(void)snprintf(what, sizeof(what), "%s%s%s (%.2f s)", words_of_result(result),
	               engine->refusal[0] ? ": " : "", engine->refusal,
	               (double)(now_usec - errand->sent_usec) / 1e6);
	if (pod)
		tell(engine, result == RESULT_OK ? LOG_NOTICE : LOG_WARNING, pod, what);
	engine_finish(engine, errand, result, now_usec);
}
