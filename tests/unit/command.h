/* SPDX-License-Identifier: Apache-2.0 */
/* command - a command of the program that ends by itself, in a scene, and what it said. */
#pragma once
#include "tests/unit/fake.h"

/* What a command said, and its exit code. */
static inline int run(struct scene *scene, char *said, size_t size, const char *command, ...)
{
	const char *flags[FLAGS_MAX + 1] = { NULL };
	struct child child;
	va_list args;
	int code;

	va_start(args, command);
	for (size_t i = 0; i < FLAGS_MAX && (flags[i] = va_arg(args, const char *)); i++)
		;
	va_end(args);
	start_command(scene, &child, command, flags, size == 0);
	code = end_child(&child, 0);
	(void)tell(
		scene,
		"begin"); /* which does nothing; all that was written until now is heard by then */
	(void)snprintf(said, size ? size : TEXT_MAX, "%s", child.heard);
	free(child.heard);
	return code;
}
#define SAID_MAX              (64 * 1024)
#define RUN(scene, said, ...) run(scene, said, SAID_MAX, __VA_ARGS__, NULL)
/* The same, of what it says on stderr. */
#define COMPLAINS(scene, said, ...) run(scene, said, 0, __VA_ARGS__, NULL)

static char said[TEXT_MAX];

static inline void expect(const char *text)
{
	if (!strstr(said, text))
		fail_msg("not said: %s\n--- but\n%s", text, said);
}

static inline void expect_not(const char *text)
{
	if (strstr(said, text))
		fail_msg("said: %s\n--- in\n%s", text, said);
}

static inline unsigned times(const char *text)
{
	unsigned found = 0;

	for (const char *at = said; (at = strstr(at, text)); at++)
		found++;
	return found;
}
