/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/yaml_print.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* YAML 1.1 takes these for something else. */
static bool is_reserved(const char *text)
{
	static const char *const words[] = { "y",     "n",  "yes", "no",  "true",
		                             "false", "on", "off", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* Words, blanks between them, and what stands in names and paths. */
static bool is_plain(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && strchr(LETTERS, text[0]) && text[len - 1] != ' ' &&
	       strspn(text, LETTERS "0123456789./_- ") == len && !is_reserved(text);
}

static bool print_scalar(const cJSON *item, FILE *stream)
{
	CLEANUP(free_p) char *quoted = NULL;

	if (cJSON_IsString(item) && is_plain(item->valuestring))
		return fprintf(stream, "%s\n", item->valuestring) >= 0;
	quoted = cJSON_PrintUnformatted(item);
	return quoted && fprintf(stream, "%s\n", quoted) >= 0;
}

static bool is_nested(const cJSON *item)
{
	return (cJSON_IsObject(item) || cJSON_IsArray(item)) && item->child;
}

struct frame {
	const cJSON *item;
	int indent;
};

#define DEPTH 16 /* of a manifest: 8 */

/* "key: value", "key:" with more below it, or "- " in front of the first member of a map. A walk without recursion:
 * each line is printed as its item comes. */
static bool print_head(const cJSON *item, int indent, bool dashed, FILE *stream)
{
	int pad = dashed ? 0 : indent;

	if (fprintf(stream, "%*s", pad, "") < 0)
		return false;
	if (item->string)
		return fprintf(stream, is_plain(item->string) ? "%s:%s" : "\"%s\":%s", item->string,
		               is_nested(item) ? "\n" : " ") >= 0;
	return fputs("- ", stream) >= 0;
}

static bool print_tree(const cJSON *root, FILE *stream)
{
	struct frame stack[DEPTH];
	size_t depth = 0;
	bool done = true, dashed = false;

	stack[0] = (struct frame){ root->child, 0 };
	while (done && depth < DEPTH) {
		struct frame *top = &stack[depth];
		const cJSON *item = top->item;

		if (!item) {
			if (depth-- == 0)
				return true;
			continue;
		}
		done = print_head(item, top->indent, dashed, stream);
		dashed = !item->string && is_nested(item);
		top->item = item->next;
		if (!is_nested(item))
			done = done && print_scalar(item, stream);
		else if (++depth < DEPTH)
			/* The items of a list stand under its key, without an indent of their own. */
			stack[depth] =
				(struct frame){ item->child,
				                top->indent + (cJSON_IsArray(item) ? 0 : 2) };
	}
	return false;
}

int yaml_print(const char *json, FILE *stream)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_Parse(json);

	if (!cJSON_IsObject(root))
		return -EBADMSG;
	return print_tree(root, stream) ? 0 : -EIO;
}
