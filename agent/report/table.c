/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/hardware.h"
#include "report/holder.h"
#include "report/words.h"
#include "report/writer.h"

#define NAME_WIDTH "11"
#define VALUE_MAX  1536 /* a listener's names and detail */

struct table {
	struct writer writer;
	enum table_style style;
	int verdict_width, hostname_width, address_width, gateway_width; /* of the listeners */
};

static const char *const colours[] = {
	[MOOD_GOOD] = "\033[32m",
	[MOOD_WAITING] = "\033[33m",
	[MOOD_BAD] = "\033[31m",
};

/* Ends a line with words that came from outside. */
static void put_words(struct table *table, char *words)
{
	writer_tame(words);
	writer_put(&table->writer, words, strlen(words));
	writer_put(&table->writer, "\n", 1);
}

static void row(struct table *table, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Words after a name; after the one before where that is "". */
static void row(struct table *table, const char *name, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	writer_print(&table->writer, "%-" NAME_WIDTH "s ", name);
	put_words(table, value);
}

/* The same with a word in front that has a mood. */
static void moody_row(struct table *table, const char *name, const char *word, int width,
                      enum words_mood mood, char *rest)
{
	bool coloured = table->style == TABLE_COLOUR;
	char shown[64];

	(void)snprintf(shown, sizeof(shown), "%s", word);
	writer_tame(shown);
	writer_print(&table->writer, "%-" NAME_WIDTH "s %s%-*s%s  ", name,
	             coloured ? colours[mood] : "", width, shown, coloured ? "\033[0m" : "");
	put_words(table, rest);
}

static enum words_mood mood_of(const struct words_verdict *words)
{
	return words ? words->mood : MOOD_WAITING; /* a word of another version */
}

static void controller_rows(struct table *table, const struct status *status, const char *ago)
{
	const struct words_verdict *words = words_find_verdict(status->controller.verdict);
	char sentence[STATUS_LINE_MAX];

	(void)snprintf(sentence, sizeof(sentence), "%s", status->controller.sentence);
	moody_row(table, "controller", status->controller.verdict, 0, mood_of(words), sentence);
	if (words)
		row(table, "", "means: %s", words->meaning);
	if (status->controller.command[0])
		row(table, "", "try: %s", status->controller.command);
	if (status->controller.pod[0])
		row(table, "pod", "%s%s%s", status->controller.pod,
		    status->controller.cilium_version[0] ? ", Cilium " : "",
		    status->controller.cilium_version);
	row(table, "since", "%s%s%s", status->controller.since, ago[0] ? ", " : "", ago);
}

static void endpoint_row(struct table *table, const char *name,
                         const struct status_endpoint *endpoint)
{
	bool usable = strcmp(endpoint->layer, "usable") == 0;
	char rest[VALUE_MAX];

	(void)snprintf(rest, sizeof(rest), "%s%s%s%s",
	               endpoint->address[0] ? endpoint->address : "(address not known yet)",
	               endpoint->detail[0] ? " (" : "", endpoint->detail,
	               endpoint->detail[0] ? ")" : "");
	moody_row(table, name, endpoint->layer, 0, usable ? MOOD_GOOD : MOOD_WAITING, rest);
}

/* Where nothing is known of it, nothing is said. */
static void holder_row(struct table *table, const struct status_holder *holder)
{
	const struct words_verdict *words = holder_words(HOLDER_UNKNOWN);
	char rest[sizeof(holder->detail)];

	for (enum holder_state state = HOLDER_HERE; state <= HOLDER_DUAL; state++)
		if (strcmp(holder_words(state)->name, holder->state) == 0)
			words = holder_words(state);
	if (words == holder_words(HOLDER_UNKNOWN))
		return;
	memcpy(rest, holder->detail, sizeof(rest));
	moody_row(table, "holder", words->name, 0, words->mood, rest);
	if (words->command)
		row(table, "", "try: %s", words->command);
}

static void copies_row(struct table *table, const struct status *status)
{
	char more[96] = "";
	size_t len = 0;

	if (status->copies.stale)
		len = (size_t)snprintf(more, sizeof(more), ", %u stale", status->copies.stale);
	if (status->copies.blocked)
		(void)snprintf(more + len, sizeof(more) - len, ", %u blocked",
		               status->copies.blocked);
	row(table, "copies", "%u needed, %u there, %u of them created by gatewake%s",
	    status->copies.needed, status->copies.present, status->copies.created, more);
}

static int wider(int width, const char *text)
{
	int len = (int)strlen(text);

	return len > width ? len : width;
}

static void measure(struct table *table, const struct status *status)
{
	for (size_t i = 0; i < status->listener_count; i++) {
		const struct status_listener *listener = &status->listener[i];

		table->verdict_width = wider(table->verdict_width, listener->verdict);
		table->hostname_width = wider(table->hostname_width, listener->hostname);
		table->address_width = wider(table->address_width, listener->address);
		table->gateway_width = wider(table->gateway_width, listener->gateway);
	}
}

static void listener_row(struct table *table, const char *name,
                         const struct status_listener *listener)
{
	char rest[VALUE_MAX];
	struct writer writer = { .bytes = rest, .size = sizeof(rest) };

	writer_print(&writer, "%-*s  ", table->hostname_width, listener->hostname);
	writer_print(&writer, "%-*s  ", table->address_width, listener->address);
	writer_print(&writer, "%-*s  ", table->gateway_width, listener->gateway);
	writer_print(&writer, "%s", listener->detail);
	moody_row(table, name, listener->verdict, table->verdict_width,
	          mood_of(words_find_proof(listener->verdict)), rest);
}

/* Those that need somebody first. */
static void listener_rows(struct table *table, const struct status *status)
{
	static const enum words_mood order[] = { MOOD_BAD, MOOD_WAITING, MOOD_GOOD };
	const char *name = "listeners";

	measure(table, status);
	for (size_t turn = 0; turn < sizeof(order) / sizeof(order[0]); turn++)
		for (size_t i = 0; i < status->listener_count; i++) {
			const struct status_listener *listener = &status->listener[i];

			if (mood_of(words_find_proof(listener->verdict)) != order[turn])
				continue;
			listener_row(table, name, listener);
			name = "";
		}
}

static bool any_is(const struct status *status, const char *verdict)
{
	for (size_t i = 0; i < status->listener_count; i++)
		if (strcmp(status->listener[i].verdict, verdict) == 0)
			return true;
	return false;
}

/* What the verdicts of these listeners mean; of those that are served there is nothing to say. */
static void legend(struct table *table, const struct status *status)
{
	for (enum proof proof = PROOF_UNKNOWN; proof <= PROOF_SKIPPED; proof++) {
		const struct words_verdict *words = words_of_proof(proof);

		if (proof != PROOF_SERVED && any_is(status, words->name))
			row(table, "", "%s: %s%s%s", words->name, words->meaning,
			    words->command ? "; try: " : "", words->command ? words->command : "");
	}
}

static void boot_rows(struct table *table, const struct status *status)
{
	const struct {
		double seconds;
		const char *what;
	} times[] = {
		{ status->boot.api_usable_s, "API seen usable" },
		{ status->boot.controller_on_s, "controller seen on" },
		{ status->boot.tls_proven_s, "TLS proven" },
	};
	const char *name = "boot";

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (times[i].seconds < 0)
			continue;
		row(table, name, "%s %.1f s after the host booted", times[i].what,
		    times[i].seconds);
		name = "";
	}
}

static void board_row(struct table *table, const struct status *status)
{
	char line[HARDWARE_LINE_MAX];

	hardware_line(&status->board, line, sizeof(line));
	if (line[0])
		row(table, "board", "%s", line);
}

size_t table_of_status(const struct status *status, const char *ago, enum table_style style,
                       char *text, size_t size)
{
	struct table table = { .writer = { .bytes = text, .size = size }, .style = style };

	controller_rows(&table, status, ago);
	endpoint_row(&table, "local", &status->local);
	endpoint_row(&table, "vip", &status->vip);
	holder_row(&table, &status->holder);
	copies_row(&table, status);
	listener_rows(&table, status);
	legend(&table, status);
	row(&table, "restarts", "%u since the controller was last on, %u of them without success",
	    status->restarts.count, status->restarts.failed);
	boot_rows(&table, status);
	board_row(&table, status);
	return table.writer.len;
}
