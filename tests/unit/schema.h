/* SPDX-License-Identifier: Apache-2.0 */
/* schema - whether a JSON text keeps a JSON schema (draft 2020-12), of which it knows what ours uses; any
 * other keyword fails the test. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline bool schema_holds(const cJSON *schema, const cJSON *value, const char *where);

static inline bool schema_is(const cJSON *value, const char *type)
{
	if (strcmp(type, "integer") == 0)
		return cJSON_IsNumber(value) &&
		       value->valuedouble == (double)(long)value->valuedouble;
	return (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
	       (strcmp(type, "number") == 0 && cJSON_IsNumber(value)) ||
	       (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) ||
	       (strcmp(type, "null") == 0 && cJSON_IsNull(value)) ||
	       (strcmp(type, "object") == 0 && cJSON_IsObject(value)) ||
	       (strcmp(type, "array") == 0 && cJSON_IsArray(value));
}

static inline bool schema_type(const cJSON *types, const cJSON *value)
{
	const cJSON *type;

	if (cJSON_IsString(types))
		return schema_is(value, types->valuestring);
	cJSON_ArrayForEach(type, types) if (schema_is(value, type->valuestring)) return true;
	return false;
}

static inline bool schema_enum(const cJSON *allowed, const cJSON *value)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, allowed) if (cJSON_Compare(one, value, true)) return true;
	return false;
}

static inline bool schema_required(const cJSON *names, const cJSON *value)
{
	const cJSON *name;

	cJSON_ArrayForEach(name, names)
	{
		if (!cJSON_HasObjectItem(value, name->valuestring))
			return false;
	}
	return true;
}

static inline bool schema_properties(const cJSON *properties, const cJSON *value)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, value)
	{
		const cJSON *schema = cJSON_GetObjectItemCaseSensitive(properties, member->string);

		if (!schema || !schema_holds(schema, member, member->string))
			return false;
	}
	return true;
}

static inline bool schema_items(const cJSON *schema, const cJSON *value)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, value)
	{
		if (!schema_holds(schema, item, "an item"))
			return false;
	}
	return true;
}

static inline bool schema_rule(const cJSON *rule, const cJSON *value)
{
	if (strcmp(rule->string, "type") == 0)
		return schema_type(rule, value);
	if (strcmp(rule->string, "enum") == 0)
		return schema_enum(rule, value);
	if (strcmp(rule->string, "required") == 0)
		return schema_required(rule, value);
	if (strcmp(rule->string, "properties") == 0)
		return schema_properties(rule, value);
	if (strcmp(rule->string, "items") == 0)
		return schema_items(rule, value);
	if (strcmp(rule->string, "additionalProperties") == 0)
		return cJSON_IsFalse(rule); /* what properties() takes for granted */
	return strcmp(rule->string, "$schema") == 0 || strcmp(rule->string, "title") == 0;
}

static inline bool schema_holds(const cJSON *schema, const cJSON *value, const char *where)
{
	const cJSON *rule;

	cJSON_ArrayForEach(rule, schema)
	{
		if (schema_rule(rule, value))
			continue;
		print_error("%s breaks \"%s\"\n", where, rule->string);
		return false;
	}
	return true;
}

static inline cJSON *schema_load(void)
{
	FILE *file = fopen("tests/schema/status.json", "re");
	static char text[64 * 1024];
	cJSON *schema;

	assert_non_null(file);
	schema = cJSON_ParseWithLength(text, fread(text, 1, sizeof(text), file));
	(void)fclose(file);
	assert_non_null(schema);
	return schema;
}

static inline bool schema_status(const char *json)
{
	cJSON *schema = schema_load(), *value = cJSON_Parse(json);
	bool holds = value && schema_holds(schema, value, "the status");

	cJSON_Delete(value);
	cJSON_Delete(schema);
	return holds;
}
