/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/contract/cluster.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cilium/oplog.h"
#include "cilium/release.h"
#include "kube/path.h"
#include "kube/sync.h"

#define NAMESPACE  "kube-system"
#define SECRETS    "cilium-secrets"
#define ANSWER_MAX (4 * 1024 * 1024)
#define BOUND_USEC (3 * UINT64_C(1000000))

/* One request, to its end. False: no answer. end->body is good until the next one. */
static bool ask(struct cluster *self, const struct http_request *request, struct http_end *end)
{
	const struct http_endpoint endpoint = {
		.server = self->kubeconfig->server,
		.tls_server_name = self->kubeconfig->tls_server_name,
		.ca_pem = self->kubeconfig->ca_pem,
		.client_cert_pem = self->kubeconfig->client_cert_pem,
		.client_key_pem = self->kubeconfig->client_key_pem,
		.token = self->kubeconfig->token,
	};
	uint32_t id;

	if (http_start(self->http, &endpoint, request, &id) < 0)
		return false;
	while (!http_next(self->http, end))
		(void)http_wait(self->http, NULL, 0, BOUND_USEC);
	return end->failure.class == FAILURE_NONE;
}

static bool get(struct cluster *self, const char *path, const char *accept, struct http_end *end)
{
	const struct http_request request = { .method = HTTP_GET,
		                              .path = path,
		                              .accept = accept,
		                              .body = { "", 0 },
		                              .limit = ANSWER_MAX,
		                              .bound_usec = BOUND_USEC };

	return ask(self, &request, end) && end->status == 200;
}

void cluster_open(struct cluster *self, const char *kubeconfig)
{
	struct object_deployments deployments;
	struct failure failure = { 0 };
	char path[PATH_SIZE];
	struct http_end end;

	objects_init();
	if (kubeconfig_read(kubeconfig, 0, &self->kubeconfig, &failure) < 0 ||
	    http_new(&self->http) < 0 || path_deployments(path, sizeof(path)) < 0 ||
	    !get(self, path, NULL, &end) ||
	    objects_read_deployments(end.body, &deployments, &failure) < 0 ||
	    deployments.count != 1) {
		(void)fprintf(stderr, "contract: no operator's Deployment to be seen: %s\n",
		              failure.text);
		exit(2);
	}
	self->release = release_of_image(span_of(deployments.first.image));
}

void cluster_close(struct cluster *self)
{
	self->http = http_free(self->http);
	self->kubeconfig = kubeconfig_free(self->kubeconfig);
}

bool cluster_see_pod(struct cluster *self, struct object_pod *ret)
{
	static struct object_pods pods;
	struct failure failure;
	char path[PATH_SIZE];
	struct http_end end;

	if (path_pods(path, sizeof(path), NAMESPACE) < 0 || !get(self, path, NULL, &end) ||
	    objects_read_pods(end.body, &pods, &failure) < 0)
		return false;
	for (size_t i = 0; i < pods.count; i++) {
		if (pods.item[i].terminating || !pods.item[i].container[0])
			continue;
		*ret = pods.item[i];
		return true;
	}
	return false;
}

bool cluster_see_log(struct cluster *self, const struct object_pod *pod, enum log_says *ret)
{
	char path[PATH_SIZE];
	struct http_end end;

	if (path_log(path, sizeof(path), NAMESPACE, pod->name, OPLOG_MAX_BYTES) < 0 ||
	    !get(self, path, NULL, &end))
		return false;
	*ret = oplog_judge(end.body);
	return true;
}

static void copy_text(char *to, size_t size, const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	(void)snprintf(to, size, "%s", text ? text : "");
}

static void read_copies(const cJSON *list, struct seen_copies *ret)
{
	const cJSON *item;

	*ret = (struct seen_copies){ 0 };
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(list, "items"))
	{
		const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(item, "metadata");
		const cJSON *labels = cJSON_GetObjectItemCaseSensitive(metadata, "labels");
		struct seen_copy *copy = &ret->item[ret->count];

		if (ret->count == COPIES_SEEN_MAX)
			return;
		copy_text(copy->name, sizeof(copy->name), metadata, "name");
		copy_text(copy->uid, sizeof(copy->uid), metadata, "uid");
		copy_text(copy->source_namespace, sizeof(copy->source_namespace), labels,
		          COPY_LABEL_NAMESPACE);
		copy_text(copy->source_name, sizeof(copy->source_name), labels, COPY_LABEL_NAME);
		ret->count += copy->source_name[0] != '\0';
	}
}

bool cluster_see_copies(struct cluster *self, struct seen_copies *ret)
{
	const struct path_page page = { 0 };
	char path[PATH_QUERY_SIZE];
	struct http_end end;
	cJSON *list;

	if (path_list(path, sizeof(path), PATH_COPIES, SECRETS, &page) < 0 ||
	    !get(self, path, path_accept_list(PATH_COPIES), &end))
		return false;
	list = cJSON_ParseWithLength(end.body.ptr, end.body.len);
	if (list)
		read_copies(list, ret);
	cJSON_Delete(list);
	return list != NULL;
}

bool cluster_create(struct cluster *self, const struct seen_copy *copy, char uid[OBJECT_UID_MAX])
{
	const struct sync_task task = {
		.errand = SYNC_CREATE_COPY,
		.source = { copy->source_namespace, copy->source_name },
		.secrets_namespace = SECRETS,
		.copy = copy->name,
		.shape = copy_shape_of(self->release, COPY_RULE_NONE),
	};
	struct sync sync = { 0 };
	struct sync_next next;
	struct http_end end;

	sync_start(&sync, &task, &next);
	while (!next.ended) {
		const struct http_request request = { .method = next.request.method,
			                              .path = next.request.path,
			                              .body = next.request.body,
			                              .limit = next.request.limit,
			                              .bound_usec = BOUND_USEC };

		(void)ask(self, &request, &end);
		sync_step(&sync, &end, &next);
	}
	memcpy(uid, next.end.uid, OBJECT_UID_MAX);
	sync_clear(&sync);
	if (next.end.result != RESULT_OK)
		(void)fprintf(stderr, "contract: %s\n", next.end.text);
	return next.end.result == RESULT_OK;
}
