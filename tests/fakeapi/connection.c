/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/fake.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX   (2 * 1024 * 1024)
#define BOOKMARK_MSEC 60000 /* of the world */

struct connection {
	struct fake *fake;
	enum gate gate;
	unsigned turn;
	struct gate_fault fault; /* as it was when it came */
	struct link link;
	char *buffer;
	size_t len;
	bool reset;
};

/* The gate has changed: what goes through it is reset. */
static bool is_over(void *argument)
{
	struct connection *self = argument;
	bool over;

	(void)pthread_mutex_lock(&self->fake->lock);
	over = self->fake->front[self->gate].turn != self->turn;
	(void)pthread_mutex_unlock(&self->fake->lock);
	self->reset |= over;
	return over;
}

static bool sign_up(struct connection *self, bool here)
{
	struct fake *fake = self->fake;
	int from = here ? 0 : self->link.wake, to = here ? self->link.wake : 0;
	bool done = false;

	(void)pthread_mutex_lock(&fake->lock);
	for (size_t i = 0; i < FAKE_LINKS && !done; i++) {
		if (fake->wake[i] != from)
			continue;
		fake->wake[i] = to;
		done = true;
	}
	self->fault = fake->front[self->gate].fault;
	(void)pthread_mutex_unlock(&fake->lock);
	return done;
}

/* Stays until the other side goes, or the gate changes. */
static void wait_for_the_end(struct connection *self)
{
	char bytes[512];

	while (!is_over(self)) {
		if (link_wait(&self->link, POLLIN, -1) != LINK_READABLE)
			continue;
		if (recv(self->link.fd, bytes, sizeof(bytes), 0) <= 0)
			return;
	}
}

/* --- requests --- */

static char *header(const char *head, const char *name)
{
	char *line = strcasestr(head, name);

	return line ? line + strlen(name) + strspn(line + strlen(name), " ") : NULL;
}

static void copy_header(const char *head, const char *name, char *value, size_t size)
{
	const char *at = header(head, name);

	(void)snprintf(value, size, "%.*s", at ? (int)strcspn(at, "\r\n") : 0, at ? at : "");
}

/* False: the connection has ended. The head is cut off from what follows by a NUL. */
static bool read_request(struct connection *self, size_t *ret_head_len, size_t *ret_body_len)
{
	size_t wanted = SIZE_MAX;

	while (self->len < wanted) {
		ssize_t got = link_read(&self->link, self->buffer + self->len,
		                        REQUEST_MAX - 1 - self->len, is_over, self);
		const char *end, *length;

		if (got <= 0 || self->len + (size_t)got >= REQUEST_MAX - 1)
			return false;
		self->len += (size_t)got;
		self->buffer[self->len] = '\0';
		end = strstr(self->buffer, "\r\n\r\n");
		if (!end || wanted != SIZE_MAX)
			continue;
		length = header(self->buffer, "\r\nContent-Length:");
		*ret_body_len = length && length < end ? strtoul(length, NULL, 10) : 0;
		*ret_head_len = (size_t)(end - self->buffer) + 4;
		wanted = *ret_head_len + *ret_body_len;
	}
	return true;
}

static void parse(const char *head, struct api_request *ret)
{
	char target[8192], *query;

	memset(ret, 0, sizeof(*ret));
	if (sscanf(head, "%7s %8191s", ret->method, target) != 2)
		return;
	query = strchr(target, '?');
	(void)snprintf(ret->path, sizeof(ret->path), "%.*s", (int)strcspn(target, "?"), target);
	(void)snprintf(ret->query, sizeof(ret->query), "%s", query ? query + 1 : "");
	copy_header(head, "\r\nAccept:", ret->accept, sizeof(ret->accept));
	copy_header(head, "\r\nAuthorization: Bearer", ret->token, sizeof(ret->token));
}

/* --- answers --- */

static bool send_answer(struct connection *self, const struct api_answer *answer)
{
	size_t len = answer->body ? strlen(answer->body) : 0;
	char head[256];
	int head_len =
		snprintf(head, sizeof(head),
	                 "HTTP/1.1 %u Answer\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n",
	                 answer->status, answer->type, len,
	                 answer->status == 401 ? "Connection: close\r\n" : "");

	return link_write(&self->link, head, (size_t)head_len, is_over, self) &&
	       link_write(&self->link, answer->body ? answer->body : "", len, is_over, self) &&
	       answer->status != 401;
}

static bool send_chunk(struct connection *self, const char *text)
{
	char head[24];
	int len = snprintf(head, sizeof(head), "%zx\r\n", strlen(text));

	return link_write(&self->link, head, (size_t)len, is_over, self) &&
	       link_write(&self->link, text, strlen(text), is_over, self) &&
	       link_write(&self->link, "\r\n", 2, is_over, self);
}

struct watching {
	struct api_answer *watch;
	unsigned cuts, resets, bookmarks;
	uint64_t bookmark_usec, end_usec;
};

/* The next line that is due; *ret_wait: milliseconds until there may be one. */
static char *next_line(struct connection *self, struct watching *state, bool *ret_over,
                       int *ret_wait)
{
	struct fake *fake = self->fake;
	uint64_t now, due;
	char *line;

	fake_lock(fake);
	now = fake->world.now_usec;
	line = api_watch_line(&fake->world, state->watch, ret_over);
	if (!line && (fake->bookmarks != state->bookmarks || now >= state->bookmark_usec)) {
		line = api_watch_bookmark(&fake->world, state->watch);
		state->bookmark_usec = now + BOOKMARK_MSEC * UINT64_C(1000);
		state->bookmarks = fake->bookmarks;
	}
	if (!line && (fake->watch_cuts != state->cuts || now >= state->end_usec))
		*ret_over = true;
	self->reset |= fake->watch_resets != state->resets;
	due = (state->bookmark_usec < state->end_usec ? state->bookmark_usec : state->end_usec) -
	      now;
	*ret_wait = (int)(due / fake->world.options.speed / 1000) + 1;
	fake_unlock(fake);
	return line;
}

static bool send_watch(struct connection *self, struct api_answer *watch)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: "
	                           "application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct watching state = { .watch = watch };
	struct fake *fake = self->fake;
	bool over = false;

	fake_lock(fake);
	state.cuts = fake->watch_cuts;
	state.resets = fake->watch_resets;
	state.bookmarks = fake->bookmarks;
	state.bookmark_usec = fake->world.now_usec + BOOKMARK_MSEC * UINT64_C(1000);
	/* The agent's times are never shrunk: its time-out is counted in real seconds. */
	state.end_usec = fake->world.now_usec +
	                 watch->seconds * UINT64_C(1000000) * fake->world.options.speed;
	fake_unlock(fake);
	if (!link_write(&self->link, head, sizeof(head) - 1, is_over, self))
		return false;
	while (!over && !self->reset) {
		int wait = 0;
		char *line = next_line(self, &state, &over, &wait);
		bool sent = !line || send_chunk(self, line);

		free(line);
		if (!sent || is_over(self))
			return false;
		if (line || over || self->reset)
			continue;
		if (link_wait(&self->link, POLLIN, wait) == LINK_READABLE)
			return false; /* nothing is said on a watch: it is the end */
	}
	return !self->reset && link_write(&self->link, "0\r\n\r\n", 5, is_over, self);
}

/* --- rules --- */

static const struct fake_rule *rule_for(const struct fake *fake, const struct api_request *request)
{
	char whole[8400];

	(void)snprintf(whole, sizeof(whole), "%s?%s", request->path, request->query);
	for (size_t i = 0; i < fake->rule_count; i++)
		if (strcmp(fake->rule[i].method, request->method) == 0 &&
		    strstr(whole, fake->rule[i].text))
			return &fake->rule[i];
	return NULL;
}

static const char *reason_of(unsigned status)
{
	switch (status) {
	case 403:
		return "Forbidden";
	case 404:
		return "NotFound";
	case 409:
		return "Conflict";
	case 429:
		return "TooManyRequests";
	case 500:
		return "InternalError";
	default:
		return "";
	}
}

/* Held: the client waits for ever, or until the rule goes; then the connection ends, and nothing was done. */
static bool hold(struct connection *self, unsigned turn)
{
	bool held = true;

	while (held && !is_over(self)) {
		if (link_wait(&self->link, POLLIN, -1) == LINK_READABLE)
			return false;
		(void)pthread_mutex_lock(&self->fake->lock);
		held = self->fake->rule_turn == turn;
		(void)pthread_mutex_unlock(&self->fake->lock);
	}
	return false;
}

static bool answer_request(struct connection *self, const struct api_request *request)
{
	struct fake *fake = self->fake;
	struct api_answer answer = { 0 };
	const struct fake_rule *rule;
	unsigned turn;
	bool is_held, goes_on;

	fake_lock(fake);
	rule = rule_for(fake, request);
	turn = fake->rule_turn;
	is_held = rule && rule->status == 0;
	if (is_held)
		world_event(&fake->world, "held %s %s", request->method, request->path);
	else if (rule)
		api_refuse(&answer, rule->status, reason_of(rule->status), rule->message, "", "");
	else
		api_answer(&fake->world, request, fake->token, &answer);
	if (answer.status == 401 || answer.status == 403)
		world_event(&fake->world, "refused %s %s %u", request->method, request->path,
		            answer.status);
	if (!is_held && strcmp(request->method, "GET") != 0)
		world_event(&fake->world, "write %s %s %u", request->method, request->path,
		            answer.status);
	fake_unlock(fake);
	if (is_held)
		return hold(self, turn);
	goes_on = answer.watch ? send_watch(self, &answer) : send_answer(self, &answer);
	free(answer.body);
	return goes_on;
}

static void talk(struct connection *self)
{
	static const char messages[][2][40] = { { "500", "etcdserver: leader changed" },
		                                { "503", "apiserver not ready" } };
	struct api_request request;
	struct api_answer fault;
	size_t head_len = 0, body_len = 0;
	bool goes_on = true;

	while (goes_on && read_request(self, &head_len, &body_len)) {
		self->buffer[head_len - 1] = '\0';
		parse(self->buffer, &request);
		request.body = self->buffer + head_len;
		request.body_len = body_len;
		if (self->fault.way == GATE_SILENT) {
			wait_for_the_end(self);
			return;
		}
		if (self->fault.way == GATE_ANSWERS) {
			const char *message = self->fault.status == 500   ? messages[0][1]
			                      : self->fault.status == 503 ? messages[1][1]
			                                                  : "fault of the bed";

			api_refuse(&fault, self->fault.status, "", message, "", "");
			(void)send_answer(self, &fault);
			free(fault.body);
			return;
		}
		goes_on = answer_request(self, &request);
		self->len -= head_len + body_len;
		memmove(self->buffer, self->buffer + head_len + body_len, self->len);
	}
}

static void break_off(struct connection *self)
{
	char hello[4096];

	/* All of the hello is read first: closing with something unread would be a reset. */
	if (link_wait(&self->link, POLLIN, 2000) == LINK_READABLE)
		(void)!read(self->link.fd, hello, sizeof(hello));
	self->reset = self->fault.way == GATE_RESETS;
}

void connection_serve(struct fake *fake, enum gate gate, int fd, unsigned turn)
{
	struct connection self = { .fake = fake, .gate = gate, .turn = turn };

	self.link = (struct link){ .fd = fd, .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	self.buffer = malloc(REQUEST_MAX);
	if (self.buffer && sign_up(&self, true)) {
		if (self.fault.way == GATE_STALLS)
			wait_for_the_end(&self);
		else if (self.fault.way == GATE_HANGS_UP || self.fault.way == GATE_RESETS)
			break_off(&self);
		else if (link_shake(&self.link, fake->context, is_over, &self))
			talk(&self);
		(void)sign_up(&self, false);
	}
	link_close(&self.link, self.reset);
	free(self.buffer);
}
