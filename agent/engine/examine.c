/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/examine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/certs.h"
#include "engine/hardware.h"
#include "engine/watches.h"

#define COMMAND_MAX sizeof(((struct advice_row *)NULL)->command)

/* --- how it stands with one copy --- */

static const char *copy_name_of(const struct cert_source *source)
{
	const char *name = copy_name(&source->names, source->rule);

	return name ? name : "";
}

static bool is_gone(const struct cert_source *source)
{
	return !source->present && (!source->created || source->gone_usec);
}

static bool is_foreign(const struct engine *engine, const struct cert_source *source)
{
	for (size_t i = 0; i < engine->evidence.copies.count; i++)
		if (engine->evidence.copies.item[i].source == source->id)
			return engine->evidence.copies.item[i].blocked;
	return false;
}

static bool is_stale(const struct cert_source *source)
{
	return source->copy_known && source->state == SOURCE_VALID &&
	       !digest_equals(&source->copy_data, &source->facts.data);
}

static bool is_bad(const struct cert_source *source)
{
	return source->state == SOURCE_MISSING || source->state == SOURCE_UNREADABLE ||
	       source->state == SOURCE_INVALID;
}

static const char *behind(const char *text, const char *name)
{
	size_t len = strlen(name);

	return len && strncmp(text, name, len) == 0 && text[len] == ' ' ? text + len + 1 : text;
}

/* What was said of it, without its name in front. */
static const char *said_of(const struct examined *examined, const struct cert_source *source)
{
	return behind(behind(source->text, examined->source), examined->copy);
}

static void cannot(struct examined *ret, enum advice_kind kind, const char *why)
{
	ret->fate = FATE_CANNOT;
	ret->kind = kind;
	(void)snprintf(ret->why, sizeof(ret->why), "%s", why);
}

static void judge_missing(const struct engine *engine, const struct cert_source *source,
                          struct examined *ret)
{
	if (!source->granted)
		cannot(ret, ADVICE_NOT_GRANTED, "no ReferenceGrant allows it");
	else if (is_bad(source))
		cannot(ret, ADVICE_SOURCE, said_of(ret, source));
	else if (source->obstacle != COPY_POSSIBLE)
		cannot(ret, ADVICE_BLOCKED, copy_obstacle_words(source->obstacle));
	else if (source->rule == COPY_RULE_NONE)
		cannot(ret, ADVICE_BLOCKED,
		       "this Cilium version is not known, nor how it names copies");
	else if (engine->evidence.copies.truncated)
		cannot(ret, ADVICE_MISSING,
		       "there are more listeners or copies than gatewake looks at");
	else if (source->state == SOURCE_UNKNOWN)
		cannot(ret, ADVICE_MISSING,
		       source->text[0] ? said_of(ret, source) : "its source was not read in time");
	else {
		ret->fate = FATE_MISSING;
		ret->kind = ADVICE_MISSING;
		if (source->told == SYNC_CREATE_COPY)
			(void)snprintf(ret->why, sizeof(ret->why), "%s", said_of(ret, source));
	}
}

static void judge(const struct engine *engine, const struct cert_source *source,
                  struct examined *ret)
{
	if (is_gone(source))
		judge_missing(engine, source, ret);
	else if (is_foreign(engine, source))
		cannot(ret, ADVICE_BLOCKED,
		       "a Secret without its owner labels stands in its place");
	else if (is_stale(source)) {
		ret->fate = FATE_STALE;
		ret->kind = ADVICE_STALE;
	} else {
		ret->fate = source->created ? FATE_CREATED : FATE_PRESENT;
	}
}

static void examine_source(const struct engine *engine, const struct cert_source *source,
                           struct examined *ret)
{
	*ret = (struct examined){ 0 };
	(void)snprintf(ret->source, sizeof(ret->source), "%s/%s", source->namespace, source->name);
	if (copy_name_of(source)[0])
		(void)snprintf(ret->copy, sizeof(ret->copy), "%.63s/%s",
		               engine->cilium.secrets_namespace, copy_name_of(source));
	judge(engine, source, ret);
}

bool examine_next(const struct engine *engine, size_t *place, struct examined *ret)
{
	const struct certs *certs = engine->certs;

	while (*place < certs->source_count && !certs->source[*place].referred)
		++*place;
	if (*place == certs->source_count)
		return false;
	examine_source(engine, &certs->source[(*place)++], ret);
	return true;
}

/* --- what could not be looked at --- */

static void put(char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, COMMAND_MAX, format, args);
	va_end(args);
}

static void not_read(const struct engine *engine, const char *what, const char *words,
                     struct advice *ret)
{
	char command[COMMAND_MAX];
	struct advice_note note = { ADVICE_NOT_READ, what, words, command, command };

	put(command, "kubectl auth can-i --list --kubeconfig %.300s", engine->config->kubeconfig);
	advice_add(ret, &note);
}

static void examine_reads(const struct engine *engine, struct advice *ret)
{
	static const enum order_kind kinds[] = { ASK_DEPLOYMENTS, ASK_REPLICASETS, ASK_PODS,
		                                 ASK_NODES, ASK_CONFIG };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (engine->core.ask[kinds[i]].refused && engine->trouble[kinds[i]].count)
			not_read(engine, engine_kind_name(kinds[i]), engine->trouble[kinds[i]].text,
			         ret);
	if (engine->evidence.crds.state == CRDS_UNANSWERED)
		not_read(engine, engine->evidence.crds.name,
		         "no definite answer through the vip endpoint", ret);
}

static void examine_watches(const struct engine *engine, struct advice *ret)
{
	const struct failure *failure;
	const char *kind = "";
	char what[64];

	for (enum path_resource resource = PATH_CLASSES; resource <= PATH_COPIES; resource++) {
		failure = watches_failure(engine, resource, &kind);
		if (!failure)
			continue;
		(void)snprintf(what, sizeof(what), "the list of %ss", kind);
		not_read(engine, what, failure->text, ret);
	}
}

static void examine_logs(const struct engine *engine, struct advice *ret)
{
	const char *namespace = engine->deployments.first.namespace;
	char what[600], answer[32], command[COMMAND_MAX];
	struct advice_note note = { ADVICE_LOG_UNREADABLE, what, answer, command, command };

	for (size_t i = 0; i < engine->evidence.log_count; i++) {
		const struct evidence_log *log = &engine->evidence.log[i];
		const struct object_pod *pod = engine_pod_of(engine, log->container);

		if (!pod || log->says != LOG_UNREADABLE)
			continue;
		(void)snprintf(what, sizeof(what), "the log of pod %s/%s", namespace, pod->name);
		(void)snprintf(answer, sizeof(answer), log->http_status ? "HTTP %u" : "no answer",
		               log->http_status);
		put(command,
		    "kubectl auth can-i get pods --subresource=log -n %.64s --kubeconfig %.250s",
		    namespace, engine->config->kubeconfig);
		advice_add(ret, &note);
	}
}

static void examine_limits(const struct engine *engine, struct advice *ret)
{
	struct advice_note note = { ADVICE_TOO_MANY, "256 listeners and 256 certificates", "", "",
		                    "" };
	bool named = false;

	if (!engine->certs->truncated)
		return;
	for (enum gateways_kind kind = GATEWAYS_CLASS; kind <= GATEWAYS_COPY; kind++) {
		const char *over = gateways_over(engine->watches->store, kind);

		if (!over)
			continue;
		note.object = over;
		advice_add(ret, &note);
		named = true;
	}
	if (!named)
		advice_add(ret, &note);
}

/* --- Secrets, by name --- */

static void say_source(const struct engine *engine, const struct cert_source *source,
                       struct advice *ret)
{
	struct examined examined;
	char command[COMMAND_MAX];
	struct advice_note note = { ADVICE_NOT_GRANTED, examined.source, "", command,
		                    "kubectl get referencegrants -A" };

	examine_source(engine, source, &examined);
	if (!source->granted) {
		put(command, "kubectl get referencegrants -n %s", source->namespace);
	} else if (is_bad(source) || (source->state == SOURCE_UNKNOWN && source->text[0])) {
		if (source->state == SOURCE_UNREADABLE)
			put(command, "sudo gatewake setup");
		else
			put(command, "kubectl get secret -n %s %s", source->namespace,
			    source->name);
		note = (struct advice_note){
			ADVICE_SOURCE, examined.source, said_of(&examined, source), command,
			"kubectl get secrets -A --field-selector type=kubernetes.io/tls"
		};
	} else {
		return;
	}
	advice_add(ret, &note);
}

static void say_copy(const struct engine *engine, const struct cert_source *source,
                     enum advice_kind kind, struct advice *ret)
{
	const struct object_deployment *operator= & engine->deployments.first;
	struct examined examined;
	char shows[COMMAND_MAX], logs[COMMAND_MAX];
	struct advice_note note = { kind, examined.copy, examined.source, "sudo gatewake sync",
		                    "sudo gatewake sync" };

	examine_source(engine, source, &examined);
	if ((examined.fate != FATE_CANNOT && examined.fate != FATE_MISSING &&
	     examined.fate != FATE_STALE) ||
	    examined.kind != kind)
		return;
	put(shows, "kubectl get secrets -n %.64s --show-labels", engine->cilium.secrets_namespace);
	put(logs, "kubectl logs -n %.64s deployment/%.254s | grep -i secret", operator->namespace,
	                                                                      operator->name);
	if (kind == ADVICE_STALE)
		note.command = note.all = logs;
	if (kind == ADVICE_BLOCKED)
		note = (struct advice_note){ kind, examined.source, examined.why, shows, shows };
	advice_add(ret, &note);
}

/* Kind by kind, as the rows are to stand. */
static void examine_sources(const struct engine *engine, struct advice *ret)
{
	const struct certs *certs = engine->certs;

	for (size_t i = 0; i < certs->source_count; i++)
		if (certs->source[i].referred && !certs->source[i].granted)
			say_source(engine, &certs->source[i], ret);
	for (size_t i = 0; i < certs->source_count; i++)
		if (certs->source[i].referred && certs->source[i].granted)
			say_source(engine, &certs->source[i], ret);
	for (enum advice_kind kind = ADVICE_BLOCKED; kind <= ADVICE_STALE; kind++)
		for (size_t i = 0; i < certs->source_count; i++)
			if (certs->source[i].referred)
				say_copy(engine, &certs->source[i], kind, ret);
}

static bool is_needed(const struct engine *engine, const struct gateways_copy *copy)
{
	const struct certs *certs = engine->certs;
	const struct gateways_envoyconfig *config;
	char sds[COPY_NAMESPACE_MAX + COPY_NAME_MAX + 2];

	for (size_t i = 0; i < certs->source_count; i++)
		if (certs->source[i].referred &&
		    strcmp(copy_name_of(&certs->source[i]), copy->is.name) == 0)
			return true;
	(void)snprintf(sds, sizeof(sds), "%s/%s", copy->is.namespace, copy->is.name);
	for (size_t i = 0; (config = gateways_envoyconfig_at(engine->watches->store, i)); i++)
		for (size_t j = 0; j < config->sds_count; j++)
			if (strcmp(config->sds[j], sds) == 0)
				return true;
	return false;
}

/* Whoever made them: left over, and never ours to delete. Those of an Ingress or a policy look the same. */
static void examine_orphans(const struct engine *engine, struct advice *ret)
{
	const struct gateways_copy *copy;
	char name[600], source[600], command[COMMAND_MAX], all[COMMAND_MAX];
	struct advice_note note = { ADVICE_ORPHAN, name, source, command, all };

	put(all, "kubectl get secrets -n %.64s -l " COPY_LABEL_NAME, engine->watches->namespace);
	for (size_t i = 0; (copy = gateways_copy_at(engine->watches->store, i)); i++) {
		if (!copy->source_name[0] || copy->is.terminating || is_needed(engine, copy))
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", copy->is.namespace, copy->is.name);
		(void)snprintf(source, sizeof(source), "%s/%s", copy->source_namespace,
		               copy->source_name);
		put(command, "kubectl get secret -n %.64s %.254s --show-labels", copy->is.namespace,
		    copy->is.name);
		advice_add(ret, &note);
	}
}

static void examine_clients(const struct engine *engine, struct advice *ret)
{
	const struct certs *certs = engine->certs;
	char name[500], command[COMMAND_MAX];
	struct advice_note note = { ADVICE_CLIENT_CA, name, "", command, command };

	put(command, "kubectl get configmaps -n %.64s --show-labels",
	    engine->cilium.secrets_namespace);
	for (size_t i = 0; i < certs->listener_count; i++) {
		if (!certs->listener[i].wants_client)
			continue;
		(void)snprintf(name, sizeof(name), "listener %s of %s", certs->listener[i].listener,
		               certs->listener[i].gateway);
		advice_add(ret, &note);
	}
}

void examine(const struct engine *engine, struct advice *ret)
{
	hardware_advise(engine, ret);
	examine_reads(engine, ret);
	examine_watches(engine, ret);
	examine_logs(engine, ret);
	/* What is missing in a list that is not complete is no negative. */
	if (!engine->decision.copies.known)
		return;
	examine_limits(engine, ret);
	examine_sources(engine, ret);
	if (!engine->certs->truncated)
		examine_orphans(engine, ret);
	examine_clients(engine, ret);
}
