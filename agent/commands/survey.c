/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/survey.h"

#include <stdlib.h>

#include "commands/commands.h"
#include "commands/once.h"
#include "engine/certs.h"
#include "engine/tell.h"
#include "engine/watches.h"
#include "host/clock.h"
#include "report/writer.h"

#define TIMEOUT_USEC (15 * SECONDS_USEC)

/* Whatever the operator does: only what is there is asked for. */
static bool is_seen(struct engine *engine)
{
	struct stamp ignored;

	return engine->deployments.count == 1 && watches_synced(engine, &ignored) &&
	       engine->decision.copies.known;
}

static int say_unknown(const struct engine *engine, const char *command)
{
	char line[STATUS_LINE_MAX];
	const char *also = "";

	tell_line(engine, clock_boottime_usec(), line, sizeof(line));
	writer_tame(line);
	if (stamp_known(engine->evidence.deployments.at) && engine->deployments.count == 0)
		also = ": no Deployment is labelled io.cilium/app=operator; install Cilium first";
	(void)fprintf(stderr, "gatewake %s: what rights are needed cannot be told yet: %s%s\n",
	              command, line, also);
	return EXIT_CANNOT_TELL;
}

/* What no copy can be made of is not read either. */
static size_t collect(const struct certs *certs, struct manifest_source *to)
{
	size_t count = 0;

	for (size_t i = 0; i < certs->source_count; i++) {
		const struct cert_source *source = &certs->source[i];

		if (source->referred && source->granted && source->obstacle != COPY_BAD_NAME)
			to[count++] = (struct manifest_source){ source->namespace, source->name };
	}
	return count;
}

static int by_name(const void *a, const void *b)
{
	const struct manifest_source *one = a, *other = b;
	int order = strcmp(one->namespace, other->namespace);

	return order ? order : strcmp(one->name, other->name);
}

int survey(struct engine *engine, const char *command, struct manifest **ret)
{
	static struct manifest_source source[SOURCES_MAX];
	struct manifest_facts facts = { .source = source };
	int r;

	(void)once_turn(engine, once_timeout(engine->config, TIMEOUT_USEC), is_seen);
	if (!is_seen(engine))
		return say_unknown(engine, command);
	if (engine->certs->truncated && !engine->config->all_secrets) {
		(void)fprintf(
			stderr,
			"gatewake %s: there are more than %d Secrets of listeners, too many to be "
			"named: give --all-secrets\n",
			command, SOURCES_MAX);
		return EXIT_FAILURE;
	}
	facts.operator_namespace = engine->deployments.first.namespace;
	facts.secrets_namespace = engine->cilium.secrets_namespace;
	facts.all_secrets = engine->config->all_secrets;
	facts.source_count = collect(engine->certs, source);
	/* The same cluster gives the same text. */
	qsort(source, facts.source_count, sizeof(source[0]), by_name);
	r = manifest_new(&facts, ret);
	if (r < 0)
		(void)fprintf(stderr, "gatewake %s: the rights cannot be written down: %s\n",
		              command, strerror(-r));
	return r < 0 ? EXIT_FAILURE : 0;
}
