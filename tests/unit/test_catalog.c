/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/gatewake.catalog against agent/report/words.c: each MESSAGE_ID has its text, no text is
 * without one, and a text names only fields that the agent sends with that MESSAGE_ID. Each test
 * says all that is wrong, not the first. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/words.h"

#define CATALOG     "systemd/gatewake.catalog"
#define CATALOG_MAX (128 * 1024)
#define ENTRIES_MAX 128
#define MESSAGE_ID  32 /* digits */
#define COLUMNS_MAX 80 /* journalctl puts three before each */

struct entry {
	const char *id;
	const char *text; /* its headers, an empty line, its prose */
};

struct catalog {
	char bytes[CATALOG_MAX];
	struct entry entry[ENTRIES_MAX];
	size_t count;
};

/* Which fields come with each entry of a cause: tell_verdict()'s, unless others send it too. */
static const char *fields_of(enum cause cause)
{
	if (cause == CAUSE_NO_ENDPOINT) /* tell_endpoint() alone */
		return " ENDPOINT ADDRESS LAYER DETAIL ";
	if (cause == CAUSE_RESTARTING) /* act.c as well */
		return " POD ";
	if (cause == CAUSE_COPIES_COMING || cause == CAUSE_PROVEN) /* secrets.c as well */
		return " ";
	return " VERDICT CAUSE POD OBJECT CILIUM COMMAND ";
}

/* A line that starts an entry: "-- " and the id. */
static bool starts_entry(const char *line)
{
	return strncmp(line, "-- ", 3) == 0 &&
	       strspn(line + 3, "0123456789abcdef") == MESSAGE_ID && line[3 + MESSAGE_ID] == '\n';
}

static void read_catalog(struct catalog *catalog)
{
	FILE *file = fopen(CATALOG, "re");
	char *line, *end;
	size_t len;

	assert_non_null(file);
	len = fread(catalog->bytes, 1, sizeof(catalog->bytes) - 1, file);
	(void)fclose(file);
	assert_true(len > 0 && len < sizeof(catalog->bytes) - 1);
	catalog->bytes[len] = '\0';
	catalog->count = 0;
	for (line = catalog->bytes; (end = strchr(line, '\n')); line = end + 1) {
		if (!starts_entry(line))
			continue;
		assert_true(catalog->count < ENTRIES_MAX);
		if (line > catalog->bytes)
			line[-1] = '\0'; /* the end of the one before */
		line[3 + MESSAGE_ID] = '\0';
		catalog->entry[catalog->count++] = (struct entry){ line + 3, end + 1 };
	}
}

static int set_up(void **state)
{
	static struct catalog catalog;

	read_catalog(&catalog);
	*state = &catalog;
	return 0;
}

static const struct entry *find(const struct catalog *catalog, const char *id)
{
	for (size_t i = 0; i < catalog->count; i++)
		if (strcmp(catalog->entry[i].id, id) == 0)
			return &catalog->entry[i];
	return NULL;
}

static bool is_known(const char *id)
{
	for (enum cause cause = CAUSE_NONE; (unsigned)cause < CAUSE_COUNT; cause++)
		if (strcmp(words_of_cause(cause)->message_id, id) == 0)
			return true;
	for (enum news news = NEWS_BOARD; (unsigned)news < NEWS_COUNT; news++)
		if (strcmp(words_of_news(news), id) == 0)
			return true;
	return false;
}

static void each_message_id_has_its_text(void **state)
{
	unsigned missing = 0;

	for (enum cause cause = CAUSE_NONE; (unsigned)cause < CAUSE_COUNT; cause++) {
		const struct words *words = words_of_cause(cause);

		if (find(*state, words->message_id))
			continue;
		missing++;
		print_error("cause \"%s\" (%s): no entry in " CATALOG
		            "; add one that starts with: -- %s\n",
		            words->name, words->sentence, words->message_id);
	}
	for (enum news news = NEWS_BOARD; (unsigned)news < NEWS_COUNT; news++) {
		if (find(*state, words_of_news(news)))
			continue;
		missing++;
		print_error("news %u: no entry in " CATALOG "; add one that starts with: -- %s\n",
		            news, words_of_news(news));
	}
	assert_int_equal(missing, 0);
}

static void no_text_is_without_its_message_id(void **state)
{
	const struct catalog *catalog = *state;
	unsigned odd = 0;

	for (size_t i = 0; i < catalog->count; i++) {
		const char *id = catalog->entry[i].id;

		if (is_known(id) && find(catalog, id) == &catalog->entry[i])
			continue;
		odd++;
		print_error(CATALOG ": %s %s\n", id,
		            is_known(id) ? "is there twice" :
		                           "is no MESSAGE_ID of agent/report/words.c");
	}
	assert_int_equal(odd, 0);
}

static void no_two_causes_share_a_message_id(void **state)
{
	unsigned shared = 0;

	(void)state;
	for (enum cause cause = CAUSE_NONE; (unsigned)cause < CAUSE_COUNT; cause++)
		for (enum cause other = CAUSE_NONE; other < cause; other++) {
			const struct words *one = words_of_cause(cause);
			const struct words *two = words_of_cause(other);

			if (strcmp(one->message_id, two->message_id) != 0)
				continue;
			shared++;
			print_error("causes \"%s\" and \"%s\" have one MESSAGE_ID\n", two->name,
			            one->name);
		}
	assert_int_equal(shared, 0);
}

/* One field that is named in a text, from behind its first '@'. Its length, 0: no field. */
static size_t field_len(const char *at)
{
	size_t len = 0;

	while (isupper((unsigned char)at[len]) || isdigit((unsigned char)at[len]) || at[len] == '_')
		len++;
	return at[len] == '@' ? len : 0;
}

static bool is_sent(const char *fields, const char *name, size_t len)
{
	static const char prefix[] = "GATEWAKE_";
	char word[64];

	if (len < sizeof(prefix) || len > 40 || strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	(void)snprintf(word, sizeof(word), " %.*s ", (int)(len - sizeof(prefix) + 1),
	               name + sizeof(prefix) - 1);
	return strstr(fields, word);
}

/* How many fields a text names that do not come with each of its entries. */
static unsigned odd_fields(const char *name, const struct entry *entry, const char *fields)
{
	unsigned odd = 0;

	for (const char *at = entry ? entry->text : ""; (at = strchr(at, '@')); at++) {
		size_t len = field_len(at + 1);

		if (len && !is_sent(fields, at + 1, len)) {
			odd++;
			print_error(CATALOG ": \"%s\": no field %.*s comes with each of its "
			                    "entries; allowed:%s\n",
			            name, (int)len, at + 1, fields);
		}
		at += len ? len + 1 : 0;
	}
	return odd;
}

static void a_text_names_only_fields_that_come_with_it(void **state)
{
	static const char *const fields_of_news[] = {
		[NEWS_BOARD] = " MODEL PAGE_BYTES RTC UNDER_VOLTAGE HOT STALLED WATCHDOG ",
		[NEWS_MOVED] = " ADDRESS ",
		[NEWS_DUAL] = " ADDRESS ",
	};
	unsigned odd = 0;

	for (enum news news = NEWS_BOARD; (unsigned)news < NEWS_COUNT; news++)
		odd += odd_fields("news", find(*state, words_of_news(news)), fields_of_news[news]);
	for (enum cause cause = CAUSE_NONE; (unsigned)cause < CAUSE_COUNT; cause++)
		odd += odd_fields(words_of_cause(cause)->name,
		                  find(*state, words_of_cause(cause)->message_id),
		                  fields_of(cause));
	assert_int_equal(odd, 0);
}

/* What a text lacks; NULL: nothing. */
static const char *fault_of_form(const struct entry *entry)
{
	const char *prose = strstr(entry->text, "\n\n");

	if (strncmp(entry->text, "Subject: ", 9) != 0)
		return "does not begin with Subject:";
	if (!strstr(entry->text, "\nDefined-By: gatewake\n"))
		return "lacks Defined-By: gatewake";
	if (!strstr(entry->text, "\nDocumentation: man:gatewake(8)\n"))
		return "lacks Documentation: man:gatewake(8)";
	if (!prose || strlen(prose) < 100)
		return "has no prose: what happened, what gatewake does, what to run";
	for (const char *line = prose; line; line = strchr(line + 1, '\n'))
		if (strcspn(line + 1, "\n") > COLUMNS_MAX)
			return "has a line that is too long";
	return NULL;
}

/* The same, and of the command that the cause has or has not. */
static const char *fault_of(enum cause cause, const struct entry *entry)
{
	bool command = strstr(entry->text, "@GATEWAKE_COMMAND@");

	if (command != !!words_of_cause(cause)->command && strstr(fields_of(cause), "COMMAND"))
		return command ? "shows a command, and this cause has none"
		               : "does not show @GATEWAKE_COMMAND@, and this cause has one";
	return fault_of_form(entry);
}

static void a_text_has_all_its_parts(void **state)
{
	unsigned odd = 0;

	for (enum news news = NEWS_BOARD; (unsigned)news < NEWS_COUNT; news++)
		assert_null(fault_of_form(find(*state, words_of_news(news))));
	for (enum cause cause = CAUSE_NONE; (unsigned)cause < CAUSE_COUNT; cause++) {
		const struct entry *entry = find(*state, words_of_cause(cause)->message_id);
		const char *fault = entry ? fault_of(cause, entry) : NULL;

		if (!fault)
			continue;
		odd++;
		print_error(CATALOG ": the text of cause \"%s\" %s\n", words_of_cause(cause)->name,
		            fault);
	}
	assert_int_equal(odd, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_id_has_its_text),
		cmocka_unit_test(no_text_is_without_its_message_id),
		cmocka_unit_test(no_two_causes_share_a_message_id),
		cmocka_unit_test(a_text_names_only_fields_that_come_with_it),
		cmocka_unit_test(a_text_has_all_its_parts),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
