/* SPDX-License-Identifier: Apache-2.0 */
/* control - the lines by which a test commands the world; times are seconds of the world:
 *   gate local|vip open|FAULT [SECONDS]   FAULT: refused stall reset eof silent, or an HTTP status
 *   reboot SECONDS                        the power goes; the virtual address comes so much after the boot
 *   restart FAULT SECONDS                 the operator's process is killed; the address fails from now until so much
 *                                         after its next container's start
 *   begin                                 nothing: it begins healthy (tests/contract, whose real bed has to heal first)
 *   heal                                  the address is there, and the operator gets a new pod
 *   answer METHOD TEXT STATUS MESSAGE     of requests whose path or query holds TEXT
 *   hold METHOD TEXT                      such requests are neither answered nor carried out
 *   release                               no rule holds any more; what was held is dropped
 *   watch cut|reset|expire|bookmark       all streams: end, are reset; all events so far are forgotten (410)
 *   grant add|remove                      of the Secret in another namespace
 *   copies delete|orphan COUNT            orphan: of sources that no listener refers to
 *   source NAME renew|rsa|applied         rsa: with a key of that kind; applied: by kubectl, with its annotation
 *   listener NAME wrong|right
 *   policies off                          a Kubernetes before 1.30
 *   deny COUNT TEXT                       so many reviews of rights whose body holds TEXT are answered with no
 *   delete RESOURCE NAMESPACE NAME        takes the object away; a token's Secret: it is good no more
 *   strip RESOURCE NAMESPACE NAME         takes the object's labels away
 *   show RESOURCE NAMESPACE NAME          answers with the object */
#include "tests/fakeapi/fake.h"
#include "tests/fakeapi/objects.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS UINT64_C(1000000)

static bool read_fault(const char *word, struct gate_fault *ret)
{
	static const struct {
		const char *word;
		enum gate_way way;
	} ways[] = { { "open", GATE_OPEN },    { "refused", GATE_REFUSED },
		     { "stall", GATE_STALLS }, { "reset", GATE_RESETS },
		     { "eof", GATE_HANGS_UP }, { "silent", GATE_SILENT } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(word, ways[i].word) != 0)
			continue;
		*ret = (struct gate_fault){ .way = ways[i].way };
		return true;
	}
	*ret = (struct gate_fault){ .way = GATE_ANSWERS, .status = (unsigned)atoi(word) };
	return ret->status >= 400 && ret->status < 600;
}

static uint64_t usec_of(const char *seconds)
{
	return (uint64_t)(strtod(seconds, NULL) * 1e6);
}

static bool do_gate(struct fake *fake, const char *rest)
{
	char gate[16], word[16], seconds[32];
	struct gate_fault fault;
	int words = sscanf(rest, "%15s %15s %31s", gate, word, seconds);

	if (words < 2 || !read_fault(word, &fault))
		return false;
	world_gate(&fake->world, strcmp(gate, "local") == 0 ? GATE_LOCAL : GATE_VIP, fault,
	           words == 3 ? usec_of(seconds) : MODEL_NEVER);
	return true;
}

static bool do_reboot(struct fake *fake, const char *rest)
{
	world_reboot(&fake->world, usec_of(rest));
	return true;
}

/* The model knows already when the next container starts. */
static bool do_restart(struct fake *fake, const char *rest)
{
	const struct model *model = &fake->world.model;
	char word[16], seconds[32];
	struct gate_fault fault;

	if (sscanf(rest, "%15s %31s", word, seconds) != 2 || !read_fault(word, &fault))
		return false;
	world_gate(&fake->world, GATE_VIP, fault, MODEL_NEVER);
	world_kill_operator(&fake->world);
	for (size_t i = 0; i < MODEL_PODS; i++)
		if (model->pod[i].id && model->pod[i].node == 0 &&
		    model->pod[i].starts_usec != MODEL_NEVER)
			world_gate(&fake->world, GATE_VIP, fault,
			           model->pod[i].starts_usec - fake->world.origin_usec -
			                   fake->world.now_usec + usec_of(seconds));
	return true;
}

static bool do_heal(struct fake *fake, const char *rest)
{
	char name[64] = "";

	(void)rest;
	world_gate(&fake->world, GATE_VIP, (struct gate_fault){ .way = GATE_OPEN }, 0);
	for (size_t i = 0; i < STORE_OBJECTS; i++) {
		const struct stored *object = &fake->world.store.object[i];

		if (object->resource && strcmp(object->resource, "pods") == 0)
			(void)snprintf(name, sizeof(name), "%s", object->name);
	}
	return world_delete_pod(&fake->world, name) == DELETE_DONE;
}

static bool do_begin(struct fake *fake, const char *rest)
{
	(void)fake;
	(void)rest;
	return true;
}

static struct fake_rule *new_rule(struct fake *fake)
{
	if (fake->rule_count == FAKE_RULES)
		return NULL;
	fake->rule[fake->rule_count] = (struct fake_rule){ 0 };
	return &fake->rule[fake->rule_count++];
}

static bool do_answer(struct fake *fake, const char *rest)
{
	struct fake_rule *rule = new_rule(fake);

	return rule && sscanf(rest, "%7s %127s %u %255[^\n]", rule->method, rule->text,
	                      &rule->status, rule->message) == 4;
}

static bool do_hold(struct fake *fake, const char *rest)
{
	struct fake_rule *rule = new_rule(fake);

	return rule && sscanf(rest, "%7s %127s", rule->method, rule->text) == 2;
}

static bool do_release(struct fake *fake, const char *rest)
{
	(void)rest;
	fake->rule_count = 0;
	fake->rule_turn++;
	fake_wake(fake);
	return true;
}

static bool do_watch(struct fake *fake, const char *rest)
{
	if (strcmp(rest, "cut") == 0)
		fake->watch_cuts++;
	else if (strcmp(rest, "reset") == 0)
		fake->watch_resets++;
	else if (strcmp(rest, "bookmark") == 0)
		fake->bookmarks++;
	else if (strcmp(rest, "expire") == 0)
		store_compact(&fake->world.store);
	else
		return false;
	fake_wake(fake);
	return true;
}

static bool do_grant(struct fake *fake, const char *rest)
{
	world_grant(&fake->world, strcmp(rest, "add") == 0);
	return true;
}

static bool do_copies(struct fake *fake, const char *rest)
{
	unsigned orphans = 0;

	if (sscanf(rest, "orphan %u", &orphans) == 1)
		for (unsigned i = 0; i < orphans; i++)
			objects_put_orphan(&fake->world, i);
	else if (strcmp(rest, "delete") == 0)
		world_delete_copies(&fake->world);
	else
		return false;
	return true;
}

static size_t named(const struct fake *fake, const char *name)
{
	char hostname[80];

	(void)snprintf(hostname, sizeof(hostname), "%s.gatewake.test", name);
	return world_source_of(&fake->world, hostname);
}

static bool do_source(struct fake *fake, const char *rest)
{
	char name[64], what[16];
	size_t i;

	if (sscanf(rest, "%63s %15s", name, what) != 2 || (i = named(fake, name)) == MODEL_COPIES)
		return false;
	if (strcmp(what, "applied") == 0) {
		fake->world.source[i].applied = true;
		objects_put_source(&fake->world, &fake->world.source[i]);
	} else {
		world_renew(&fake->world, i, strcmp(what, "rsa") == 0);
	}
	return true;
}

static bool do_listener(struct fake *fake, const char *rest)
{
	char name[64], what[16];
	size_t i;

	if (sscanf(rest, "%63s %15s", name, what) != 2 || (i = named(fake, name)) == MODEL_COPIES)
		return false;
	fake->world.source[i].serves_wrong = strcmp(what, "wrong") == 0;
	return true;
}

static bool do_policies(struct fake *fake, const char *rest)
{
	fake->world.no_policies = strcmp(rest, "off") == 0;
	return true;
}

static bool do_deny(struct fake *fake, const char *rest)
{
	return sscanf(rest, "%u %63[^\n]", &fake->world.denials, fake->world.denied) == 2;
}

struct named { /* an object */
	char resource[64], namespace[64], name[256];
};

/* RESOURCE NAMESPACE NAME; "-" is no namespace. */
static bool read_named(const char *rest, struct named *ret)
{
	if (sscanf(rest, "%63s %63s %255s", ret->resource, ret->namespace, ret->name) != 3)
		return false;
	if (strcmp(ret->namespace, "-") == 0)
		ret->namespace[0] = '\0';
	return true;
}

static bool do_delete(struct fake *fake, const char *rest)
{
	struct named it;

	return read_named(rest, &it) &&
	       store_delete(&fake->world.store, it.resource, it.namespace, it.name);
}

/* Somebody else's object is in the place of ours. */
static bool do_strip(struct fake *fake, const char *rest)
{
	struct stored *object;
	struct named it;

	if (!read_named(rest, &it))
		return false;
	object = store_find(&fake->world.store, it.resource, it.namespace, it.name);
	if (!object)
		return false;
	cJSON_DeleteItemFromObjectCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(object->json, "metadata"), "labels");
	return true;
}

static bool show(struct fake *fake, const char *rest, char *answer, size_t size)
{
	const struct stored *object;
	struct named it;
	char *text;

	if (!read_named(rest, &it))
		return false;
	object = store_find(&fake->world.store, it.resource, it.namespace, it.name);
	text = object ? cJSON_PrintUnformatted(object->json) : NULL;
	(void)snprintf(answer, size, "ok %s", text ? text : "missing");
	free(text);
	return true;
}

bool control_line(struct fake *fake, const char *line, char *answer, size_t size)
{
	static const struct {
		const char *word;
		bool (*run)(struct fake *fake, const char *rest);
	} commands[] = {
		{ "gate", do_gate },         { "reboot", do_reboot },     { "restart", do_restart },
		{ "begin", do_begin },       { "heal", do_heal },         { "answer", do_answer },
		{ "hold", do_hold },         { "release", do_release },   { "watch", do_watch },
		{ "grant", do_grant },       { "copies", do_copies },     { "source", do_source },
		{ "listener", do_listener }, { "policies", do_policies }, { "deny", do_deny },
		{ "delete", do_delete },     { "strip", do_strip }
	};
	size_t len = strcspn(line, " ");
	const char *rest = line + len + strspn(line + len, " ");
	bool done = false;

	if (strcmp(line, "quit") == 0)
		return false;
	(void)snprintf(answer, size, "ok");
	if (len == 4 && strncmp(line, "show", 4) == 0)
		done = show(fake, rest, answer, size);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i].word) == len && strncmp(line, commands[i].word, len) == 0)
			done = commands[i].run(fake, rest);
	if (!done)
		(void)snprintf(answer, size, "error %.200s", line);
	front_apply(fake);
	return true;
}
