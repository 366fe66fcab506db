/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <yaml.h>

#include "base/secret.h"

/* A list or map whose end has not come yet. */
struct level {
	struct yaml_value *value;
	struct yaml_value **tail;   /* where its next member goes */
	struct yaml_value *waiting; /* in a map: the member whose key was read, but not its value */
};

struct builder {
	const char *label;
	struct failure *failure;
	struct yaml_value *root;
	bool done; /* the document ended */
	unsigned count;
	unsigned depth;
	struct level levels[YAML_MAX_DEPTH];
};

static int refuse(const struct builder *b, size_t line, const char *why)
{
	return failure_set(b->failure, FAILURE_BAD_DATA, -EBADMSG, "%s:%zu: %s", b->label, line,
	                   why);
}

static int out_of_memory(const struct builder *b)
{
	return failure_set(b->failure, FAILURE_LOCAL, -ENOMEM, "%s: out of memory", b->label);
}

static size_t line_of(const yaml_event_t *event)
{
	return event->start_mark.line + 1;
}

static struct level *innermost(struct builder *b)
{
	return b->depth > 0 ? &b->levels[b->depth - 1] : NULL;
}

static bool wants_key(const struct level *level)
{
	return level && level->value->kind == YAML_KIND_MAP && !level->waiting;
}

/* Hangs a new value in where the document is now: as the root, or behind the last member. */
static int append(struct builder *b, const yaml_event_t *event, struct yaml_value **ret)
{
	struct level *level = innermost(b);

	if (b->count == YAML_MAX_VALUES)
		return refuse(b, line_of(event), "too many values");
	struct yaml_value *value = calloc(1, sizeof(*value));
	if (!value)
		return out_of_memory(b);
	b->count++;
	value->line = (unsigned)line_of(event);
	if (level) {
		*level->tail = value;
		level->tail = &value->next;
	} else {
		b->root = value;
	}
	*ret = value;
	return 0;
}

/* The value that this event is about: the one whose key was just read, or a new one. */
static int take_place(struct builder *b, const yaml_event_t *event, struct yaml_value **ret)
{
	struct level *level = innermost(b);

	if (!level || !level->waiting)
		return append(b, event, ret);
	*ret = TAKE_PTR(level->waiting);
	return 0;
}

static int copy_scalar(const struct builder *b, const yaml_event_t *event, char **ret)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (memchr(text, '\0', len))
		return refuse(b, line_of(event), "a NUL byte");
	char *copy = malloc(len + 1);
	if (!copy)
		return out_of_memory(b);
	memcpy(copy, text, len);
	copy[len] = '\0';
	*ret = copy;
	return 0;
}

static int refuse_repeated(const struct builder *b, const struct level *map,
                           const struct yaml_value *key)
{
	for (const struct yaml_value *v = map->value->first; v != key; v = v->next)
		if (strcmp(v->key, key->key) == 0) {
			char why[64];

			(void)snprintf(why, sizeof(why), "repeats the key of line %u; keep one",
			               v->line);
			return refuse(b, key->line, why);
		}
	return 0;
}

static int add_key(struct builder *b, const yaml_event_t *event)
{
	struct level *map = innermost(b);
	struct yaml_value *member;
	int rc;

	rc = append(b, event, &member);
	if (rc < 0)
		return rc;
	rc = copy_scalar(b, event, &member->key);
	if (rc < 0)
		return rc;
	if (strcmp(member->key, "<<") == 0)
		return refuse(b, member->line,
		              "merge keys (<<) are not read here; write the values out");
	map->waiting = member;
	return refuse_repeated(b, map, member);
}

static bool is_null(const yaml_event_t *event)
{
	static const char *const words[] = { "~", "null", "Null", "NULL" };

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp((const char *)event->data.scalar.value, words[i]) == 0)
			return true;
	return false;
}

static int add_text(struct builder *b, const yaml_event_t *event)
{
	struct yaml_value *value;
	int rc;

	if (event->data.scalar.tag)
		return refuse(b, line_of(event), "tags (!) are not read here; leave it out");
	if (wants_key(innermost(b)))
		return add_key(b, event);
	rc = take_place(b, event, &value);
	if (rc < 0)
		return rc;
	value->kind = YAML_KIND_TEXT;
	rc = copy_scalar(b, event, &value->text);
	if (rc == 0 && is_null(event))
		secret_wipe_string(value->text);
	return rc;
}

static int open_level(struct builder *b, const yaml_event_t *event, enum yaml_kind kind,
                      const void *tag)
{
	struct yaml_value *value;
	int rc;

	if (tag)
		return refuse(b, line_of(event), "tags (!) are not read here; leave it out");
	if (wants_key(innermost(b)))
		return refuse(b, line_of(event), "a key must be one word");
	if (b->depth == YAML_MAX_DEPTH)
		return refuse(b, line_of(event), "nested too deeply");
	rc = take_place(b, event, &value);
	if (rc < 0)
		return rc;
	value->kind = kind;
	b->levels[b->depth++] = (struct level){ .value = value, .tail = &value->first };
	return 0;
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return b->done ? refuse(b, line_of(event), "a second document; keep one") : 0;
	case YAML_DOCUMENT_END_EVENT:
		b->done = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse(b, line_of(event),
		              "aliases (*) are not read here; write the value out");
	case YAML_SCALAR_EVENT:
		return add_text(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(b, event, YAML_KIND_LIST, event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return open_level(b, event, YAML_KIND_MAP, event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
		return 0;
	}
	return 0; /* not reached: -Wswitch-enum keeps the list whole */
}

/* libyaml's reader fails before its scanner gets there, so it knows an offset and no line. */
static size_t line_at(struct span bytes, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset && i < bytes.len; i++)
		line += bytes.ptr[i] == '\n';
	return line;
}

/* libyaml's words are constants: nothing of the document is in them. What is never closed is found
 * at the end of the file, so the line where it begins is told as well. */
static int explain(const struct builder *b, const yaml_parser_t *parser, struct span bytes)
{
	size_t line = parser->problem_mark.line + 1;
	char begun[48] = "";
	char why[192];

	if (parser->error == YAML_MEMORY_ERROR)
		return out_of_memory(b);
	if (parser->error == YAML_READER_ERROR)
		return refuse(b, line_at(bytes, parser->problem_offset),
		              "malformed: not UTF-8, or a control byte; write plain text");
	if (parser->context && parser->context_mark.line + 1 < line)
		(void)snprintf(begun, sizeof(begun), " in what begins on line %zu",
		               parser->context_mark.line + 1);
	(void)snprintf(why, sizeof(why), "malformed: %s%s; check indentation (no tabs) and quotes",
	               parser->problem ? parser->problem : "not YAML", begun);
	return refuse(b, line, why);
}

static void wipe_event(yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		explicit_bzero(event->data.scalar.value, event->data.scalar.length);
	yaml_event_delete(event);
}

static int build(struct builder *b, yaml_parser_t *parser, struct span bytes)
{
	bool ended = false;
	int rc = 0;

	while (!ended && rc == 0) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return explain(b, parser, bytes);
		ended = event.type == YAML_STREAM_END_EVENT;
		rc = take_event(b, &event);
		wipe_event(&event);
	}
	return rc;
}

/* libyaml keeps what it has read in two buffers. */
static void wipe_parser(yaml_parser_t *parser)
{
	if (parser->raw_buffer.start)
		explicit_bzero(parser->raw_buffer.start,
		               (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
	if (parser->buffer.start)
		explicit_bzero(parser->buffer.start,
		               (size_t)(parser->buffer.end - parser->buffer.start));
	yaml_parser_delete(parser);
}

int yaml_read(struct span bytes, const char *label, struct yaml_value **ret,
              struct failure *ret_failure)
{
	struct builder b = { .label = label, .failure = ret_failure };
	yaml_parser_t parser;
	int rc;

	if (!yaml_parser_initialize(&parser))
		return out_of_memory(&b);
	/* Named, since libyaml would otherwise take a file with a UTF-16 mark for what it says. */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.ptr, bytes.len);
	rc = build(&b, &parser, bytes);
	wipe_parser(&parser);
	if (rc < 0) {
		yaml_free_tree(b.root);
		return rc;
	}
	*ret = b.root;
	return 0;
}

const struct yaml_value *yaml_get(const struct yaml_value *map, const char *key)
{
	if (!map || map->kind != YAML_KIND_MAP)
		return NULL;
	for (const struct yaml_value *v = map->first; v; v = v->next)
		if (strcmp(v->key, key) == 0)
			return v;
	return NULL;
}

bool yaml_is_set(const struct yaml_value *value)
{
	return value && (value->first || (value->text && value->text[0] != '\0'));
}

const char *yaml_kind_word(enum yaml_kind kind)
{
	switch (kind) {
	case YAML_KIND_TEXT:
		return "a single value";
	case YAML_KIND_LIST:
		return "a list";
	case YAML_KIND_MAP:
		return "a map";
	}
	return "?";
}

/* Recursion goes as deep as the tree, which is bounded. */
struct yaml_value *yaml_free_tree(struct yaml_value *value)
{
	while (value) {
		struct yaml_value *next = value->next;

		yaml_free_tree(value->first);
		secret_free(value->key);
		secret_free(value->text);
		free(value);
		value = next;
	}
	return NULL;
}
