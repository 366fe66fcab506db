/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch.h"

#include <errno.h>

#include "base/backoff.h"
#include "kube/answer.h"
#include "kube/probe.h"
#include "kube/scan.h"

#define SECONDS UINT64_C(1000000)

#define LIST_BOUND_USEC    (10 * SECONDS)
#define STREAM_LEAST       300u /* seconds; as client-go, so that the nodes of a cluster part company */
#define STREAM_SPREAD      301u
#define STREAM_GRACE_USEC  (10 * SECONDS)
#define SHORT_USEC         (1 * SECONDS) /* a stream that ends sooner, without a line, did not work */
#define SHORT_MAX          3             /* of those in a row: the version may be what's wrong */
#define HEALTHY_USEC       (120 * SECONDS)
#define SMALL_PAGE         10

static const struct backoff_policy policy = { .least_usec = 800000, .most_usec = 30 * SECONDS };

int watch_init(struct watch *self, enum path_resource resource, const char *namespace,
	       const struct watch_sink *sink)
{
	struct path_page page = { .limit = WATCH_PAGE_ITEMS };
	char path[PATH_QUERY_SIZE];
	int r = path_list(path, sizeof(path), resource, namespace, &page);

	if (r < 0)
		return r;
	*self = (struct watch){ .resource = resource, .namespace = namespace, .sink = *sink };
	self->page_items = WATCH_PAGE_ITEMS;
	return 0;
}

void watch_clear(struct watch *self)
{
	lines_clear(&self->line);
	*self = (struct watch){ 0 };
}

/* The request that was out is no more. */
static void close_request(struct watch *self, uint64_t now_usec)
{
	/* One that ended as soon as it began, or with a refusal, told nothing. */
	if (self->live && (self->lines > 0 || now_usec - self->begun_usec >= SHORT_USEC))
		self->behind_usec = now_usec;
	self->live = self->out = false;
	self->due_usec = now_usec;
	lines_clear(&self->line);
}

static bool is_healthy(const struct watch *self, uint64_t now_usec)
{
	return self->misses == 0 || now_usec - self->missed_usec >= HEALTHY_USEC;
}

/* The next request not at once, but after a pause that grows, or as long as the server asked for. */
static void postpone(struct watch *self, uint64_t told_usec, uint64_t now_usec, uint32_t dice)
{
	struct backoff_policy told = { .least_usec = told_usec, .most_usec = told_usec };

	self->misses = is_healthy(self, now_usec) ? 1 : self->misses + 1;
	self->missed_usec = now_usec;
	self->due_usec = now_usec + backoff_pause_usec(&policy, self->misses, dice);
	self->told_usec = now_usec + told_usec;
	if (self->due_usec < self->told_usec)
		self->due_usec = now_usec + backoff_pause_usec(&told, 1, dice);
}

/* At once the first time, but never in a circle without a pause. */
static void promptly(struct watch *self, uint64_t now_usec, uint32_t dice)
{
	bool first = is_healthy(self, now_usec);

	postpone(self, 0, now_usec, dice);
	if (first)
		self->due_usec = now_usec;
}

static void begin_list(struct watch *self, enum watch_list how)
{
	self->phase = WATCH_LISTING;
	self->list = how;
	self->token[0] = self->page_version[0] = '\0';
	self->pages = 0;
}

static int make_list(struct watch *self, struct watch_request *ret)
{
	struct path_page page = { 0 };

	if (self->list == WATCH_LATEST)
		page = (struct path_page){ .limit = self->page_items, .token = self->token };
	else if (self->list == WATCH_NOT_BEFORE)
		page.version = self->version;
	ret->accept = path_accept_list(self->resource);
	ret->limit = WATCH_BODY_MAX;
	ret->bound_usec = LIST_BOUND_USEC;
	ret->stream = false;
	return path_list(ret->path, sizeof(ret->path), self->resource, self->namespace, &page);
}

static int make_stream(struct watch *self, uint32_t dice, struct watch_request *ret)
{
	unsigned seconds = STREAM_LEAST + dice % STREAM_SPREAD;

	ret->accept = path_accept_watch(self->resource);
	ret->limit = WATCH_LINE_MAX;
	ret->bound_usec = seconds * SECONDS + STREAM_GRACE_USEC;
	ret->stream = true;
	return path_watch(ret->path, sizeof(ret->path), self->resource, self->namespace, self->version, seconds);
}

bool watch_due(struct watch *self, uint64_t now_usec, uint32_t dice, struct watch_request *ret,
	       uint64_t *ret_wake_usec)
{
	int r;

	*ret_wake_usec = self->out ? UINT64_MAX : self->due_usec;
	if (self->out || now_usec < self->due_usec)
		return false;
	r = self->phase == WATCH_LISTING ? make_list(self, ret) : make_stream(self, dice, ret);
	if (r < 0) { /* not reached: every part was checked when it came in */
		(void)failure_set(&self->failure, FAILURE_LOCAL, r, "no path for the next request");
		begin_list(self, WATCH_LATEST);
		postpone(self, 0, now_usec, dice);
		*ret_wake_usec = self->due_usec;
		return false;
	}
	ret->fresh = self->fresh;
	self->out = true;
	self->fresh = false;
	self->begun_usec = now_usec;
	self->lines = 0;
	if (self->phase == WATCH_LISTING && self->pages == 0)
		self->list_begun_usec = now_usec;
	if (!self->behind_usec)
		self->behind_usec = now_usec;
	*ret_wake_usec = UINT64_MAX;
	return true;
}

static int put_items(struct watch *self, struct span items, struct failure *ret_failure)
{
	struct scan scan;
	struct span item;
	int r;

	if (items.ptr[0] != '[')
		return 0;
	r = scan_array(&scan, items);
	while (r >= 0 && (r = scan_item(&scan, &item)) == 1) {
		r = self->sink.put(self->sink.store, WATCH_LISTED, item, ret_failure);
		if (r < 0)
			return r;
	}
	return r < 0 ? failure_set(ret_failure, FAILURE_BAD_DATA, r, "the items of the list are malformed") : 0;
}

static void complete(struct watch *self, const char *version, uint64_t now_usec)
{
	self->sink.end(self->sink.store);
	memcpy(self->version, version, PATH_VERSION_SIZE);
	self->snapshot_begun_usec = self->list_begun_usec;
	self->snapshot_ended_usec = now_usec;
	self->synced = true;
	self->phase = WATCH_STREAMING;
	self->page_items = WATCH_PAGE_ITEMS;
}

/* The pages of one list have one version. A token that can't be kept is done without. */
static void turn_page(struct watch *self, const struct answer_page *page)
{
	memcpy(self->page_version, page->version, PATH_VERSION_SIZE);
	self->pages++;
	if (page->token.len >= PATH_TOKEN_SIZE || memchr(page->token.ptr, '\\', page->token.len)) {
		begin_list(self, WATCH_WHOLE);
		return;
	}
	memcpy(self->token, page->token.ptr, page->token.len);
	self->token[page->token.len] = '\0';
}

static int take_page(struct watch *self, struct span body, uint64_t now_usec)
{
	struct answer_page page;
	int r = answer_read_page(body, path_answer_kind(self->resource), &page);

	if (r < 0)
		return failure_set(&self->failure, FAILURE_BAD_DATA, r,
		                   "the answer is no whole list of %s",
		                   path_answer_kind(self->resource));
	if (self->pages > 0 && strcmp(page.version, self->page_version) != 0)
		return failure_set(&self->failure, FAILURE_BAD_DATA, -EBADMSG, "page %u is of another list",
				   self->pages + 1);
	if (self->pages >= WATCH_PAGES_MAX)
		return failure_set(&self->failure, FAILURE_TOO_BIG, -E2BIG, "the list is longer than %d pages",
				   WATCH_PAGES_MAX);
	if (self->pages == 0)
		self->sink.begin(self->sink.store);
	r = put_items(self, page.items, &self->failure);
	if (r < 0)
		return r;
	self->failure = (struct failure){ 0 };
	if (page.token.len)
		turn_page(self, &page);
	else
		complete(self, page.version, now_usec);
	return 0;
}

static enum failure_class class_of(uint16_t status)
{
	switch (status) {
	case 401:
	case 403:
		return FAILURE_AUTH;
	case 404:
		return FAILURE_NOT_FOUND;
	case 409:
		return FAILURE_CONFLICT;
	case 429:
		return FAILURE_THROTTLED;
	default:
		return status / 100 == 5 ? FAILURE_SERVER : FAILURE_REFUSED;
	}
}

/* Most bodies are a Status, some are plain text, one comes with neither. */
static void note_answer(struct watch *self, const struct http_end *end)
{
	char text[sizeof(self->failure.text)];

	probe_explain(end, text, sizeof(text));
	(void)failure_set(&self->failure, class_of(end->status), 0, "%s", text);
	self->failure.http_status = end->status;
	self->failure.retry_after_usec =
		end->failure.retry_after_usec ? end->failure.retry_after_usec : answer_told_usec(end->body);
}

/* The bytes did not come: they never say anything about the version. */
static void lose(struct watch *self, const struct http_end *end, uint64_t now_usec, uint32_t dice)
{
	self->failure = end->failure;
	self->fresh = true;
	postpone(self, 0, now_usec, dice);
}

static void refuse_list(struct watch *self, const struct http_end *end, uint64_t now_usec, uint32_t dice)
{
	enum answer_refusal refusal = answer_judge(end->status, end->body);
	bool paged = self->token[0] != '\0', dated = self->list == WATCH_NOT_BEFORE;

	note_answer(self, end);
	if (refusal == ANSWER_IS_AHEAD || ((refusal == ANSWER_IS_EXPIRED || refusal == ANSWER_IS_BAD) && dated)) {
		begin_list(self, WATCH_LATEST);
		promptly(self, now_usec, dice);
		return;
	}
	if ((refusal == ANSWER_IS_EXPIRED || refusal == ANSWER_IS_BAD) && paged) {
		begin_list(self, WATCH_WHOLE);
		promptly(self, now_usec, dice);
		return;
	}
	postpone(self, self->failure.retry_after_usec, now_usec, dice);
}

static void end_list(struct watch *self, const struct http_end *end, uint64_t now_usec, uint32_t dice)
{
	if (end->failure.class == FAILURE_TOO_BIG) {
		self->page_items = SMALL_PAGE;
		begin_list(self, WATCH_LATEST);
		lose(self, end, now_usec, dice);
	} else if (end->failure.class != FAILURE_NONE) {
		lose(self, end, now_usec, dice);
	} else if (end->status != 200) {
		refuse_list(self, end, now_usec, dice);
	} else if (take_page(self, end->body, now_usec) < 0) {
		begin_list(self, WATCH_LATEST);
		postpone(self, 0, now_usec, dice);
	}
}

static void refuse_stream(struct watch *self, enum answer_refusal refusal, uint64_t now_usec, uint32_t dice)
{
	switch (refusal) {
	case ANSWER_IS_EXPIRED:
		begin_list(self, WATCH_NOT_BEFORE);
		promptly(self, now_usec, dice);
		return;
	case ANSWER_IS_AHEAD:
		begin_list(self, WATCH_LATEST);
		promptly(self, now_usec, dice);
		return;
	case ANSWER_IS_SERVER:
		if (!self->failure.retry_after_usec) {
			promptly(self, now_usec, dice);
			return;
		}
		break;
	case ANSWER_IS_BAD:
		begin_list(self, WATCH_LATEST);
		break;
	case ANSWER_IS_WAIT:
	case ANSWER_IS_STAY:
		break;
	}
	postpone(self, self->failure.retry_after_usec, now_usec, dice);
}

/* The stream can't be followed any further. */
static void leave_stream(struct watch *self, enum watch_list how, uint64_t now_usec, uint32_t dice)
{
	close_request(self, now_usec);
	begin_list(self, how);
	postpone(self, 0, now_usec, dice);
}

/* Inside a 200: the watch was not accepted, or is over. */
static void take_error(struct watch *self, struct span status, uint64_t now_usec, uint32_t dice)
{
	uint32_t number = scan_number(SCAN_AT(status, "code"), 0);
	uint16_t code = number < 600 ? (uint16_t)number : 0;
	struct span reason = scan_string(SCAN_AT(status, "reason")), message = scan_string(SCAN_AT(status, "message"));
	enum answer_refusal refusal;
	char quoted[128];

	if (span_equals(reason, "Expired") || span_equals(reason, "Gone"))
		code = 410;
	refusal = answer_judge(code, status);
	failure_quote(quoted, sizeof(quoted), message.ptr, message.len);
	(void)failure_set(&self->failure, class_of(code), 0, "the watch was ended with %u: %s", code, quoted);
	self->failure.http_status = code;
	self->failure.retry_after_usec = answer_told_usec(status);
	if (refusal == ANSWER_IS_SERVER || refusal == ANSWER_IS_STAY || refusal == ANSWER_IS_BAD) {
		leave_stream(self, WATCH_NOT_BEFORE, now_usec, dice);
		return;
	}
	close_request(self, now_usec);
	refuse_stream(self, refusal, now_usec, dice);
}

/* The server is behind what it said before: its data was put back, or another one answers. */
static void rewind_to(struct watch *self, const char *version, uint64_t now_usec, uint32_t dice)
{
	(void)failure_set(&self->failure, FAILURE_BAD_DATA, 0, "the API went back from version %s to %s",
			  self->version, version);
	close_request(self, now_usec);
	begin_list(self, WATCH_LATEST);
	promptly(self, now_usec, dice);
}

static int apply(struct watch *self, const struct answer_event *event)
{
	static const enum watch_change changes[] = { [ANSWER_ADDED] = WATCH_ADDED,
						     [ANSWER_MODIFIED] = WATCH_MODIFIED,
						     [ANSWER_DELETED] = WATCH_DELETED };

	if (event->type > ANSWER_DELETED)
		return 0;
	return self->sink.put(self->sink.store, changes[event->type], event->object, &self->failure);
}

static void take_line(struct watch *self, struct span line, uint64_t now_usec, uint32_t dice)
{
	struct answer_event event;

	if (answer_read_event(line, &event) < 0) {
		(void)failure_set(&self->failure, FAILURE_BAD_DATA, -EBADMSG, "an event that can't be read");
		leave_stream(self, WATCH_NOT_BEFORE, now_usec, dice);
		return;
	}
	if (event.type == ANSWER_ERROR) {
		take_error(self, event.object, now_usec, dice);
		return;
	}
	if (answer_compare_versions(event.version, self->version) < 0) {
		rewind_to(self, event.version, now_usec, dice);
		return;
	}
	if (apply(self, &event) < 0) {
		leave_stream(self, WATCH_NOT_BEFORE, now_usec, dice);
		return;
	}
	self->lines++;
	if (event.version[0]) /* only now: what the store did not take must come again */
		memcpy(self->version, event.version, PATH_VERSION_SIZE);
}

static void open_stream(struct watch *self)
{
	if (self->live)
		return;
	self->live = true;
	self->failure = (struct failure){ 0 };
}

static void fail_line(struct watch *self, int error, uint64_t now_usec, uint32_t dice)
{
	if (error == -ENOMEM) {
		(void)failure_set(&self->failure, FAILURE_LOCAL, error, "no memory for an event");
		close_request(self, now_usec);
		postpone(self, 0, now_usec, dice);
		return;
	}
	(void)failure_set(&self->failure, FAILURE_TOO_BIG, error, "an event is longer than %u bytes", WATCH_LINE_MAX);
	leave_stream(self, WATCH_NOT_BEFORE, now_usec, dice);
}

/* False: what was in there ended the request. */
static bool take_bytes(struct watch *self, struct span bytes, uint64_t now_usec, uint32_t dice)
{
	struct span line;
	int r;

	while (self->out) {
		r = lines_next(&self->line, WATCH_LINE_MAX, &bytes, &line);
		if (r < 0)
			fail_line(self, r, now_usec, dice);
		if (r <= 0)
			break;
		if (line.len)
			take_line(self, line, now_usec, dice);
	}
	return self->out;
}

bool watch_feed(struct watch *self, uint16_t status, struct span bytes, uint64_t now_usec, uint32_t dice,
		size_t *ret_taken)
{
	*ret_taken = 0;
	if (!self->out || self->phase != WATCH_STREAMING)
		return false;
	if (status != 200)
		return true;
	open_stream(self);
	*ret_taken = bytes.len;
	return take_bytes(self, bytes, now_usec, dice);
}

/* A stream that was accepted is over. Its last event is known, so nothing was missed. */
static void resume(struct watch *self, const struct http_end *end, uint64_t now_usec, uint32_t dice)
{
	uint64_t lived_usec = now_usec - self->begun_usec;
	bool hasty = lived_usec < SHORT_USEC, again = hasty && self->hasty;

	self->hasty = hasty;
	self->fresh = end->failure.class != FAILURE_NONE;
	if (hasty && (self->lines == 0 || again)) {
		postpone(self, 0, now_usec, dice);
		if (self->lines == 0 && self->misses >= SHORT_MAX)
			begin_list(self, WATCH_NOT_BEFORE);
	} else if (self->lines == 0 && lived_usec >= STREAM_LEAST * SECONDS && !self->fresh) {
		/* A server whose data was put back takes a version from its future and then says nothing, not even
		 * a bookmark (seen with 1.34). Where bookmarks are left out altogether this costs a LIST. */
		begin_list(self, WATCH_LATEST);
	}
}

static void end_stream(struct watch *self, const struct http_end *end, uint64_t now_usec, uint32_t dice)
{
	if (end->status == 200 && end->failure.class == FAILURE_TOO_BIG) {
		fail_line(self, -EMSGSIZE, now_usec, dice);
	} else if (end->status == 200 && end->failure.class != FAILURE_LOCAL) {
		self->failure = end->failure;
		resume(self, end, now_usec, dice);
	} else if (end->failure.class != FAILURE_NONE) {
		lose(self, end, now_usec, dice);
	} else {
		note_answer(self, end);
		refuse_stream(self, answer_judge(end->status, end->body), now_usec, dice);
	}
}

void watch_ended(struct watch *self, const struct http_end *end, uint64_t now_usec, uint32_t dice)
{
	enum watch_phase phase = self->phase;

	if (!self->out)
		return;
	if (phase == WATCH_STREAMING && end->status == 200 && !take_bytes(self, end->body, now_usec, dice))
		return; /* what came last was the reason */
	close_request(self, now_usec);
	if (phase == WATCH_LISTING)
		end_list(self, end, now_usec, dice);
	else
		end_stream(self, end, now_usec, dice);
}

static void restart(struct watch *self, uint64_t now_usec)
{
	close_request(self, now_usec);
	self->misses = 0;
	if (self->due_usec < self->told_usec)
		self->due_usec = self->told_usec;
}

void watch_again(struct watch *self, uint64_t now_usec)
{
	restart(self, now_usec);
	self->fresh = true;
}

void watch_relist(struct watch *self, uint64_t now_usec)
{
	restart(self, now_usec);
	begin_list(self, WATCH_LATEST);
}
