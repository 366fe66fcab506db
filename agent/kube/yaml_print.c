/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/yaml_print.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>
#include <yaml.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

#define DEPTH   16 /* of a manifest: 8 */
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

/* done: that the event came about at all. */
static bool emit(yaml_emitter_t *emitter, yaml_event_t *event, int done)
{
	return done && yaml_emitter_emit(emitter, event);
}

static bool put_text(yaml_emitter_t *emitter, const char *text, bool plain)
{
	yaml_event_t event;

	return emit(emitter, &event,
	            yaml_scalar_event_initialize(
			    &event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
			    plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE));
}

/* true, false, null, a number. */
static bool put_literal(yaml_emitter_t *emitter, const cJSON *item)
{
	CLEANUP(free_p) char *text = cJSON_PrintUnformatted(item);

	return text && put_text(emitter, text, true);
}

static bool put_begin(yaml_emitter_t *emitter, bool is_list)
{
	yaml_event_t event;

	return emit(emitter, &event,
	            is_list ? yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
	                                                           YAML_BLOCK_SEQUENCE_STYLE)
	                    : yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
	                                                          YAML_BLOCK_MAPPING_STYLE));
}

static bool put_end(yaml_emitter_t *emitter, bool is_list)
{
	yaml_event_t event;

	return emit(emitter, &event,
	            is_list ? yaml_sequence_end_event_initialize(&event)
	                    : yaml_mapping_end_event_initialize(&event));
}

static bool put(yaml_emitter_t *emitter, const cJSON *item, unsigned depth)
{
	bool is_list = cJSON_IsArray(item), done;

	if (cJSON_IsString(item))
		return put_text(emitter, item->valuestring, is_plain(item->valuestring));
	if (!is_list && !cJSON_IsObject(item))
		return put_literal(emitter, item);
	done = depth < DEPTH && put_begin(emitter, is_list);
	for (const cJSON *child = item->child; done && child; child = child->next)
		done = (is_list || put_text(emitter, child->string, is_plain(child->string))) &&
		       put(emitter, child, depth + 1);
	return done && put_end(emitter, is_list);
}

static bool put_document(yaml_emitter_t *emitter, const cJSON *root)
{
	yaml_event_t event;

	return emit(emitter, &event,
	            yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
	       emit(emitter, &event,
	            yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
	       put(emitter, root, 0) &&
	       emit(emitter, &event, yaml_document_end_event_initialize(&event, 1)) &&
	       emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

int yaml_print(const char *json, FILE *stream)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_Parse(json);
	yaml_emitter_t emitter;
	bool done;

	if (!cJSON_IsObject(root))
		return -EBADMSG;
	if (!yaml_emitter_initialize(&emitter))
		return -ENOMEM;
	yaml_emitter_set_output_file(&emitter, stream);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	done = put_document(&emitter, root);
	yaml_emitter_delete(&emitter);
	return done ? 0 : -EIO;
}
