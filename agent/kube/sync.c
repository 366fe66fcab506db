/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/sync.h"

#include <stdarg.h>
#include <string.h>

#include "kube/probe.h"

static void finish(struct sync *self, struct sync_next *ret, enum result result, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

static void finish(struct sync *self, struct sync_next *ret, enum result result, const char *format,
                   ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(ret->end.text, sizeof(ret->end.text), format, args);
	va_end(args);
	ret->end.result = result;
	ret->ended = true;
	sync_clear(self);
}

/* Where a name is cut it is none: of at most max characters or refused by copy_is_name(). */
static bool take_name(char to[COPY_NAME_MAX + 1], const char *name, size_t max)
{
	struct span text = span_of(name);

	if (!copy_is_name(text, max))
		return false;
	memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
	return true;
}

static bool take_task(struct sync *self, const struct sync_task *task)
{
	bool named = true;

	self->errand = task->errand;
	self->shape = task->shape;
	self->now_sec = task->now_sec;
	if (task->errand != SYNC_LOOK_AT_COPY)
		named = take_name(self->namespace, task->source.namespace, COPY_NAMESPACE_MAX) &&
		        take_name(self->name, task->source.name, COPY_NAME_MAX);
	if (task->errand != SYNC_LOOK_AT_SOURCE)
		named = named &&
		        take_name(self->secrets_namespace, task->secrets_namespace,
		                  COPY_NAMESPACE_MAX) &&
		        take_name(self->copy, task->copy, COPY_NAME_MAX);
	return named;
}

/* Names are checked: nothing in them needs escaping. */
static void ask(struct sync *self, enum sync_stage stage, const char *namespace, const char *name,
                struct sync_next *ret)
{
	(void)snprintf(self->path, sizeof(self->path), "/api/v1/namespaces/%s/secrets%s%s",
	               namespace, name ? "/" : "", name ? name : "");
	self->stage = stage;
	ret->request = (struct sync_request){
		.method = name ? HTTP_GET : HTTP_POST,
		.path = self->path,
		.body = self->body ? span_of(self->body) : (struct span){ "", 0 },
		.limit = SYNC_LIMIT,
	};
}

void sync_start(struct sync *self, const struct sync_task *task, struct sync_next *ret)
{
	enum copy_obstacle obstacle = COPY_POSSIBLE;

	*ret = (struct sync_next){ 0 };
	sync_clear(self);
	if (task->errand == SYNC_CREATE_COPY)
		obstacle = copy_obstacle_of(&task->source, COPY_RULE_NONE);
	if (obstacle != COPY_POSSIBLE)
		finish(self, ret, RESULT_REFUSED, "%.63s/%.253s %s", task->source.namespace,
		       task->source.name, copy_obstacle_words(obstacle));
	else if (!take_task(self, task))
		finish(self, ret, RESULT_REFUSED, "a Secret was asked for by a name that is none");
	else if (task->errand == SYNC_LOOK_AT_COPY)
		ask(self, SYNC_GETS_COPY, self->secrets_namespace, self->copy, ret);
	else
		ask(self, SYNC_GETS_SOURCE, self->namespace, self->name, ret);
}

/* Only the API's own words make a 404 a definite one. */
static bool is_missing(const struct http_end *end)
{
	char message[8];

	return end->status == 404 && objects_read_status(end->body, message, sizeof(message));
}

/* A GET that brought no Secret. */
static void end_unread(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	bool copy = self->stage == SYNC_GETS_COPY;
	bool create = self->errand == SYNC_CREATE_COPY;
	const char *namespace = copy ? self->secrets_namespace : self->namespace;
	const char *name = copy ? self->copy : self->name;
	enum result result = probe_result_of_ask(end);
	char why[200];

	probe_explain(end, why, sizeof(why));
	if (is_missing(end)) {
		ret->end.state = SOURCE_MISSING;
		finish(self, ret, create ? RESULT_CONFLICT : RESULT_OK, "%s/%s is missing%s",
		       namespace, name, copy ? "" : "; create it, or correct the certificateRef");
	} else if (end->status == 401 || end->status == 403) {
		ret->end.state = SOURCE_UNREADABLE;
		finish(self, ret, create ? RESULT_REFUSED : RESULT_OK,
		       "%s/%s may not be read; run sudo gatewake setup again (%s)", namespace, name,
		       why);
	} else {
		finish(self, ret, result, "%s/%s was not read: %s", namespace, name, why);
	}
}

static void end_unfit(struct sync *self, int error, const struct failure *failure,
                      struct sync_next *ret)
{
	if (error == -ENOMEM) { /* as if it had not been asked */
		finish(self, ret, RESULT_UNREACHABLE, "%s", failure->text);
		return;
	}
	ret->end.state = SOURCE_INVALID;
	finish(self, ret, self->errand == SYNC_CREATE_COPY ? RESULT_REFUSED : RESULT_OK, "%s",
	       failure->text);
}

/* What must be said of a certificate that is copied all the same, as the operator would; begins with a
 * comma. Says nothing while the clock is not trusted. */
static void say_validity(const struct tls_validity *validity, int64_t now_sec, char *text,
                         size_t size)
{
	char from[TLS_DATE_SIZE], to[TLS_DATE_SIZE];

	tls_date(validity->not_before_sec, from);
	tls_date(validity->not_after_sec, to);
	text[0] = '\0';
	if (now_sec == 0)
		return;
	if (validity->not_after_sec < now_sec)
		(void)snprintf(text, size, ", whose certificate expired on %s: renew it", to);
	else if (validity->not_before_sec > now_sec)
		(void)snprintf(text, size, ", whose certificate is not valid before %s", from);
}

static void look_at_source(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	const struct copy_source source = { self->namespace, self->name };
	struct failure failure;
	char validity[80];
	int r = copy_body_check(end->body, &source, &ret->end.source, &failure);

	if (r < 0) {
		end_unfit(self, r, &failure, ret);
		return;
	}
	ret->end.state = SOURCE_VALID;
	say_validity(&ret->end.source.leaf.validity, self->now_sec, validity, sizeof(validity));
	finish(self, ret, RESULT_OK, "%s/%s is valid%s", self->namespace, self->name, validity);
}

static void build_copy(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	const struct copy_target target = {
		{ self->namespace, self->name }, self->secrets_namespace, self->copy, self->shape
	};
	struct failure failure;
	int r = copy_body_build(end->body, &target, &self->source, &self->body, &failure);

	if (r < 0)
		end_unfit(self, r, &failure, ret);
	else
		ask(self, SYNC_POSTS_COPY, self->secrets_namespace, NULL, ret);
}

static void end_source(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	if (probe_result_of_ask(end) != RESULT_OK)
		end_unread(self, end, ret);
	else if (self->errand == SYNC_CREATE_COPY)
		build_copy(self, end, ret);
	else
		look_at_source(self, end, ret);
}

static void end_copy(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	const struct copy_source copy = { self->secrets_namespace, self->copy };
	struct failure failure;
	int r;

	if (probe_result_of_ask(end) != RESULT_OK) {
		end_unread(self, end, ret);
		return;
	}
	r = copy_body_read(end->body, &copy, &ret->end.copy, &failure);
	if (r < 0) {
		end_unfit(self, r, &failure, ret);
		return;
	}
	ret->end.state = SOURCE_VALID;
	finish(self, ret, RESULT_OK, "%s/%s is %s", copy.namespace, copy.name,
	       ret->end.copy.terminating ? "being deleted" : "there");
}

static void end_created(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	const struct copy_source copy = { self->secrets_namespace, self->copy };
	struct copy_facts facts;
	struct failure failure;
	char validity[80];

	/* 201 is the fact; an answer that is cut or too long only fails to tell the UID. */
	if (copy_body_read(end->body, &copy, &facts, &failure) == 0)
		memcpy(ret->end.uid, facts.uid, sizeof(facts.uid));
	say_validity(&self->source.leaf.validity, self->now_sec, validity, sizeof(validity));
	finish(self, ret, RESULT_OK, "%s/%s created from %s/%s%s", copy.namespace, copy.name,
	       self->namespace, self->name, validity);
}

/* The API's words, but for a 400: it may quote what it could not decode, and that was a key. */
static void explain_refusal(const struct http_end *end, char *text, size_t size)
{
	if (end->status == 400)
		(void)snprintf(text, size, "HTTP 400");
	else
		probe_explain(end, text, size);
}

static void end_posted(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	enum result result = probe_result_of_write(end);
	char why[200];

	ret->end.state = SOURCE_VALID;
	ret->end.source = self->source;
	explain_refusal(end, why, sizeof(why));
	if (result == RESULT_OK)
		end_created(self, end, ret);
	else if (result == RESULT_LOST)
		finish(self, ret, result, "%s/%s perhaps created, the answer was lost: %s",
		       self->secrets_namespace, self->copy, why);
	else if (end->status == 409)
		finish(self, ret, result,
		       "%s/%s not created, it is there already or the API was busy with it: %s",
		       self->secrets_namespace, self->copy, why);
	else if (is_missing(
			 end)) /* what is missing when a new object is posted is the place for it */
		finish(self, ret, RESULT_REFUSED,
		       "%s/%s not created: there is no namespace %s; create it",
		       self->secrets_namespace, self->copy, self->secrets_namespace);
	else
		finish(self, ret, result == RESULT_UNREACHABLE ? result : RESULT_REFUSED,
		       "%s/%s not created: %s", self->secrets_namespace, self->copy, why);
}

void sync_step(struct sync *self, const struct http_end *end, struct sync_next *ret)
{
	*ret = (struct sync_next){ 0 };
	switch (self->stage) {
	case SYNC_GETS_SOURCE:
		end_source(self, end, ret);
		return;
	case SYNC_POSTS_COPY:
		end_posted(self, end, ret);
		return;
	case SYNC_GETS_COPY:
		end_copy(self, end, ret);
		return;
	case SYNC_ENDED:
		break;
	}
	finish(self, ret, RESULT_REFUSED, "the errand has ended");
}

void sync_clear(struct sync *self)
{
	secret_free(self->body);
	*self = (struct sync){ 0 };
}
