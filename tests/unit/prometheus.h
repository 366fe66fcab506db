/* SPDX-License-Identifier: Apache-2.0 */
/* prometheus - whether a text keeps Prometheus' text format, and what node-exporter and promtool ask for beyond it:
 * help and type before the samples of each metric, all of them together, no series twice, no times of their own. */
#pragma once
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROMETHEUS_SERIES_MAX 4096

struct prometheus {                          /* of one text, a line at a time */
	char metric[96];                     /* that the last comment spoke of */
	bool typed;                          /* it was said of what type it is */
	char *series[PROMETHEUS_SERIES_MAX]; /* all so far, metrics with "# " before them */
	size_t count;
	char fault[256]; /* "": none */
};

/* Of a metric (colon: false, those are for rules), or of a label. */
static inline size_t prometheus_name(const char *text)
{
	size_t len = 0;

	while (isalpha((unsigned char)text[len]) || text[len] == '_' ||
	       (len && isdigit((unsigned char)text[len])))
		len++;
	return len;
}

/* The C library's own opinion. */
static inline bool prometheus_is_utf8(const char *text, size_t len)
{
	iconv_t to = iconv_open("UCS-4", "UTF-8");
	char *in = (char *)(uintptr_t)text;
	char wide[4 * 1024];
	size_t result = (size_t)-1;

	if (to == (iconv_t)-1)
		return false;
	do {
		char *out = wide;
		size_t room = sizeof(wide);

		result = iconv(to, &in, &len, &out, &room);
	} while (result == (size_t)-1 && errno == E2BIG);
	(void)iconv_close(to);
	return result != (size_t)-1;
}

/* False: it is there already, or there are too many. */
static inline bool prometheus_add(struct prometheus *self, const char *before, const char *text,
                                  size_t len)
{
	char *whole = NULL;

	if (asprintf(&whole, "%s%.*s", before, (int)len, text) < 0)
		return false;
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->series[i], whole) == 0) {
			free(whole);
			return false;
		}
	if (self->count == PROMETHEUS_SERIES_MAX) {
		free(whole);
		return false;
	}
	self->series[self->count++] = whole;
	return true;
}

static inline bool prometheus_is_metric(const struct prometheus *self, const char *name, size_t len)
{
	return len && strncmp(self->metric, name, len) == 0 && !self->metric[len];
}

static inline const char *prometheus_help(struct prometheus *self, const char *name, size_t len)
{
	if (self->metric[0] && !self->typed)
		return "the metric before it has no type";
	if (strchr(name, '\\'))
		return "help with a backslash";
	if (!prometheus_add(self, "# ", name, len))
		return "a metric that came before";
	(void)snprintf(self->metric, sizeof(self->metric), "%.*s", (int)len, name);
	self->typed = false;
	return NULL;
}

static inline const char *prometheus_type(struct prometheus *self, const char *name, size_t len)
{
	if (self->typed || !prometheus_is_metric(self, name, len))
		return "a type without its help before it";
	self->typed = true;
	return strcmp(name + len, " gauge") == 0 ? NULL : "a type that we have not";
}

static inline const char *prometheus_comment(struct prometheus *self, const char *line)
{
	bool help = strncmp(line, "# HELP ", 7) == 0;
	const char *name = line + 7;
	size_t len;

	if (!help && strncmp(line, "# TYPE ", 7) != 0)
		return "neither help nor type";
	len = prometheus_name(name);
	if (len == 0 || len >= sizeof(self->metric) || name[len] != ' ' || !name[len + 1])
		return "no name, or nothing after it";
	return help ? prometheus_help(self, name, len) : prometheus_type(self, name, len);
}

/* name="value", where it ends, or NULL. */
static inline const char *prometheus_label(const char *at)
{
	size_t len = prometheus_name(at);

	if (len == 0 || strncmp(at, "__", 2) == 0 || at[len] != '=' || at[len + 1] != '"')
		return NULL;
	for (at += len + 2; *at != '"'; at++) {
		if (!*at)
			return NULL;
		if (*at == '\\' && (!*++at || !strchr("\\\"n", *at)))
			return NULL;
	}
	return at + 1;
}

static inline const char *prometheus_sample(struct prometheus *self, const char *line)
{
	size_t len = prometheus_name(line);
	const char *at = line + len;
	char *end;
	double value;

	if (!self->typed || !prometheus_is_metric(self, line, len))
		return "a sample away from its metric";
	if (*at == '{') {
		do {
			at = prometheus_label(at + 1);
			if (!at)
				return "a label that is none";
		} while (*at == ',');
		if (*at++ != '}')
			return "labels without an end";
	}
	if (!prometheus_add(self, "", line, (size_t)(at - line)))
		return "a series that came before";
	if (*at != ' ' || (!isdigit((unsigned char)at[1]) && at[1] != '-'))
		return "no value";
	value = strtod(at + 1, &end);
	if (*end || !isfinite(value))
		return "a value that is no number, or something after it";
	return NULL;
}

/* What is wrong with it first, with its line; "": nothing. The text stays until the next call. */
static inline const char *prometheus_fault(const char *text)
{
	static char said[512];
	struct prometheus self = { .count = 0 };
	const char *fault = *text ? NULL : "nothing";
	size_t len;

	said[0] = '\0';
	for (; !fault && *text; text += len + 1) {
		char *line;

		len = strcspn(text, "\n");
		line = strndup(text, len);
		fault = text[len] != '\n'                ? "no newline at its end"
		        : !prometheus_is_utf8(text, len) ? "no UTF-8"
		        : *line == '#'                   ? prometheus_comment(&self, line)
		                                         : prometheus_sample(&self, line);
		if (fault)
			(void)snprintf(said, sizeof(said), "%s: %.300s", fault, line);
		free(line);
	}
	if (fault && !said[0])
		(void)snprintf(said, sizeof(said), "%s", fault);
	for (size_t i = 0; i < self.count; i++)
		free(self.series[i]);
	return said;
}
