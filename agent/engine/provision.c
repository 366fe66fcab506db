/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/provision.h"

#include <string.h>

#include "base/secret.h"
#include "host/clock.h"
#include "kube/probe.h"
#include "kube/write.h"

#define BOUND_USEC   (10 * SECONDS_USEC)
#define TOKEN_USEC   (10 * SECONDS_USEC)
#define AGAIN_USEC   (100 * MSEC_USEC)
#define ANSWER_LIMIT (4 * 1024 * 1024)
#define LABELLED_MAX                                                                               \
	300 /* objects of one kind: a Role for each namespace that has a source, and some */

#define APPLY_TYPE "application/apply-patch+yaml" /* JSON is YAML */
#define METADATA   "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

struct provision {
	struct http *http;
	struct http_endpoint endpoint;
};

int provision_new(const struct kubeconfig *kubeconfig, const char *token, struct provision **ret)
{
	struct provision *self = calloc(1, sizeof(*self));
	int r;

	if (!self)
		return -ENOMEM;
	self->endpoint = (struct http_endpoint){
		.server = kubeconfig->server,
		.tls_server_name = kubeconfig->tls_server_name,
		.ca_pem = kubeconfig->ca_pem,
		.client_cert_pem = token ? NULL : kubeconfig->client_cert_pem,
		.client_key_pem = token ? NULL : kubeconfig->client_key_pem,
		.token = token ? token : kubeconfig->token,
	};
	r = http_new(&self->http);
	if (r < 0) {
		free(self);
		return r;
	}
	*ret = self;
	return 0;
}

struct provision *provision_free(struct provision *self)
{
	if (!self)
		return NULL;
	self->http = http_free(self->http);
	free(self);
	return NULL;
}

static void fail(struct provision_end *ret, const char *text)
{
	ret->fate = PROVISION_FAILED;
	(void)snprintf(ret->text, sizeof(ret->text), "%s", text);
}

static void fail_locally(struct provision_end *ret, int error)
{
	fail(ret, error == -EBADMSG ? "the API server's answer is not what was asked for"
	                            : strerror(-error));
}

/* The end of one request; its body is good until the next one. */
static struct http_end ask(struct provision *self, const struct http_request *wanted)
{
	struct http_request request = *wanted;
	struct http_end end = { .failure.class = FAILURE_LOCAL, .failure.text = "out of memory" };
	uint32_t id;

	request.limit = ANSWER_LIMIT;
	request.bound_usec = BOUND_USEC;
	if (http_start(self->http, &self->endpoint, &request, &id) < 0)
		return end;
	while (!http_next(self->http, &end))
		(void)http_wait(self->http, NULL, 0, SECONDS_USEC);
	return end;
}

static bool is_good(const struct http_end *end, struct provision_end *ret)
{
	char text[200];

	if (probe_result_of_ask(end) == RESULT_OK)
		return true;
	probe_explain(end, text, sizeof(text));
	fail(ret, text);
	return false;
}

/* What is missing is told by a Status; a kind that the API server does not have, by plain text. */
static bool is_missing(const struct http_end *end)
{
	char message[8];

	return end->status == 404 && objects_read_status(end->body, message, sizeof(message));
}

static bool is_unsupported(const struct http_end *end, enum manifest_kind kind)
{
	return end->status == 404 && manifest_kind_is_policy(kind) && !is_missing(end);
}

void provision_look(struct provision *self, const struct manifest_object *object,
                    struct held *ret_held, struct provision_end *ret)
{
	char path[MANIFEST_PATH];
	struct http_end end;
	int r;

	*ret = (struct provision_end){ PROVISION_UNCHANGED, "" };
	*ret_held = (struct held){ 0 };
	manifest_path(object, path);
	end = ask(self, &(struct http_request){ .path = path });
	if (is_missing(&end))
		return;
	if (is_unsupported(&end, object->kind)) {
		ret->fate = PROVISION_UNSUPPORTED;
		return;
	}
	if (!is_good(&end, ret))
		return;
	r = held_read(end.body, ret_held);
	if (r < 0)
		fail_locally(ret, r);
	else if (!ret_held->ours)
		ret->fate = PROVISION_FOREIGN;
}

/* What came up under that name since we looked is somebody else's: without force it is a conflict. */
static int apply_path(const struct manifest_object *object, bool force, bool dry, char *path,
                      size_t size)
{
	char plain[MANIFEST_PATH];
	int len;

	manifest_path(object, plain);
	len = snprintf(path, size,
	               "%s?fieldManager=" MANIFEST_LABEL_VALUE "&fieldValidation=Strict%s%s", plain,
	               force ? "&force=true" : "", dry ? "&dryRun=All" : "");
	return len < 0 || (size_t)len >= size ? -E2BIG : 0;
}

/* One PATCH; *ret_after is the object as it is then, or would be. Not of one that was not there: there is nothing to
 * compare, and what would be created has no resourceVersion (seen). */
static bool patch(struct provision *self, const struct manifest *manifest, size_t place,
                  const struct held *held, bool dry, struct held *ret_after,
                  struct provision_end *ret)
{
	CLEANUP(free_p) char *body = NULL;
	char path[MANIFEST_PATH + 96];
	struct http_end end;
	int r = apply_path(manifest_object(manifest, place), held->uid[0], dry, path, sizeof(path));

	if (r == 0)
		r = manifest_body(manifest, place, held->version, &body);
	if (r < 0) {
		fail_locally(ret, r);
		return false;
	}
	end = ask(self, &(struct http_request){ .method = HTTP_PATCH,
	                                        .path = path,
	                                        .content = APPLY_TYPE,
	                                        .body = span_of(body) });
	if (!is_good(&end, ret))
		return false;
	if (!held->uid[0])
		return true;
	r = held_read(end.body, ret_after);
	if (r < 0)
		fail_locally(ret, r);
	return r == 0;
}

void provision_apply(struct provision *self, const struct manifest *manifest, size_t place,
                     const struct held *held, bool dry, struct provision_end *ret)
{
	bool there = held->uid[0];
	struct held after;

	*ret = (struct provision_end){ there ? PROVISION_CHANGED : PROVISION_CREATED, "" };
	if ((there || dry) && !patch(self, manifest, place, held, true, &after, ret))
		return;
	if (there && digest_equals(&after.content, &held->content))
		ret->fate = PROVISION_UNCHANGED;
	else if (!dry)
		(void)patch(self, manifest, place, held, false, &after, ret);
}

/* --- removing --- */

struct found {
	struct manifest_object object;
	struct held held;
};

struct finds {
	const struct manifest *manifest;
	size_t count;
	struct found *item; /* LABELLED_MAX */
};

static bool is_wanted(const struct manifest *manifest, const struct manifest_object *object)
{
	const struct manifest_object *wanted;

	for (size_t i = 0; manifest && (wanted = manifest_object(manifest, i)); i++)
		if (wanted->kind == object->kind && strcmp(wanted->name, object->name) == 0 &&
		    strcmp(wanted->namespace, object->namespace) == 0)
			return true;
	return false;
}

static int find(void *argument, const struct manifest_object *object, const struct held *held)
{
	struct finds *finds = argument;

	if (is_wanted(finds->manifest, object))
		return 0;
	if (finds->count == LABELLED_MAX)
		return -E2BIG;
	finds->item[finds->count++] = (struct found){ *object, *held };
	return 0;
}

static void look_for(struct provision *self, enum manifest_kind kind, struct finds *finds,
                     struct provision_end *ret)
{
	char path[MANIFEST_PATH];
	struct http_end end;
	int r;

	manifest_path_ours(kind, path);
	/* No Secret's data comes here. */
	end = ask(self, &(struct http_request){ .path = path, .accept = METADATA });
	if (is_unsupported(&end, kind) || !is_good(&end, ret))
		return;
	r = held_list(end.body, kind, find, finds);
	if (r < 0)
		fail_locally(ret, r);
}

/* That it is gone already is as good. */
static void remove_one(struct provision *self, const struct found *found, struct provision_end *ret)
{
	CLEANUP(free_p) char *options = NULL;
	char path[MANIFEST_PATH];
	struct http_end end;

	*ret = (struct provision_end){ PROVISION_DELETED, "" };
	manifest_path(&found->object, path);
	if (write_delete_options(found->held.uid, found->held.version, &options) < 0) {
		fail_locally(ret, -ENOMEM);
		return;
	}
	end = ask(self, &(struct http_request){
				.method = HTTP_DELETE, .path = path, .body = span_of(options) });
	if (!is_missing(&end))
		(void)is_good(&end, ret);
}

static void remove_found(struct provision *self, const struct finds *finds, bool dry,
                         const struct provision_hearer *hearer, struct provision_end *ret)
{
	struct provision_end end = { PROVISION_DELETED, "" };

	for (size_t i = 0; i < finds->count && ret->fate != PROVISION_FAILED; i++) {
		if (!dry)
			remove_one(self, &finds->item[i], &end);
		hearer->tell(hearer->argument, &finds->item[i].object, &end);
		if (end.fate == PROVISION_FAILED)
			*ret = end;
	}
}

void provision_remove(struct provision *self, const struct manifest *manifest, bool dry,
                      const struct provision_hearer *hearer, struct provision_end *ret)
{
	CLEANUP(free_p) struct found *item = calloc(LABELLED_MAX, sizeof(*item));
	struct finds finds = { .manifest = manifest, .item = item };

	*ret = (struct provision_end){ PROVISION_UNCHANGED, "" };
	if (!item)
		fail_locally(ret, -ENOMEM);
	for (size_t kind = MANIFEST_KIND_COUNT; kind-- > 0 && ret->fate != PROVISION_FAILED;) {
		finds.count = 0;
		look_for(self, (enum manifest_kind)kind, &finds, ret);
		if (ret->fate != PROVISION_FAILED)
			remove_found(self, &finds, dry, hearer, ret);
	}
}

/* --- the account --- */

static void wait_a_moment(struct provision *self)
{
	(void)http_wait(self->http, NULL, 0, AGAIN_USEC);
}

bool provision_token(struct provision *self, const struct manifest_object *secret, char **ret_token,
                     struct provision_end *ret)
{
	uint64_t deadline_usec = clock_boottime_usec() + TOKEN_USEC;
	char path[MANIFEST_PATH];
	char *token = NULL;
	int r;

	*ret = (struct provision_end){ PROVISION_UNCHANGED, "" };
	manifest_path(secret, path);
	for (;;) {
		struct http_end end = ask(self, &(struct http_request){ .path = path });

		if (!is_good(&end, ret))
			return false;
		r = held_token(end.body, &token);
		if (r < 0 || token || clock_boottime_usec() >= deadline_usec)
			break;
		wait_a_moment(self);
	}
	if (r < 0)
		fail_locally(ret, r);
	else if (!token)
		fail(ret, "no token came within 10 s: does kube-controller-manager run?");
	*ret_token = token;
	return token;
}

/* Any other no, of a Role that is not known yet or of a server under load, tells nothing of the policies. */
static bool is_refused_by_policy(const struct http_end *end)
{
	char message[200];

	return end->status / 100 == 4 && objects_read_status(end->body, message, sizeof(message)) &&
	       strstr(message, "'" MANIFEST_COPIES_POLICY "'");
}

bool provision_is_held_to(struct provision *self, const struct manifest *manifest,
                          uint64_t deadline_usec, struct provision_end *ret)
{
	CLEANUP(free_p) char *body = NULL;
	char path[MANIFEST_PATH];

	*ret = (struct provision_end){ PROVISION_UNCHANGED, "" };
	if (manifest_forbidden(manifest, path, &body) < 0) {
		fail_locally(ret, -ENOMEM);
		return false;
	}
	for (;;) {
		struct http_end end = ask(self, &(struct http_request){ .method = HTTP_POST,
		                                                        .path = path,
		                                                        .body = span_of(body) });

		if (is_refused_by_policy(&end))
			return true;
		if (clock_boottime_usec() >= deadline_usec) {
			if (is_good(&end, ret))
				fail(ret, "what it must refuse is still allowed");
			return false;
		}
		wait_a_moment(self);
	}
}

void provision_review(struct provision *self, const struct manifest_right *right,
                      uint64_t deadline_usec, bool *ret_allowed, struct provision_end *ret)
{
	CLEANUP(free_p) char *body = NULL;
	int r = held_review(right, &body);

	*ret = (struct provision_end){ PROVISION_UNCHANGED, "" };
	*ret_allowed = false;
	while (r == 0) {
		struct http_end end = ask(self, &(struct http_request){ .method = HTTP_POST,
		                                                        .path = HELD_REVIEW_PATH,
		                                                        .body = span_of(body) });
		bool late = clock_boottime_usec() >= deadline_usec;

		/* A token that was just made may be unknown for a moment as well. */
		if (end.status != 401 || late) {
			if (!is_good(&end, ret))
				return;
			r = held_allowed(end.body, ret_allowed);
			if (r == 0 && (*ret_allowed || late))
				return;
		}
		wait_a_moment(self);
	}
	fail_locally(ret, r);
}
