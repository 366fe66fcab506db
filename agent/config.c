/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hostport.h"
#include "base/secret.h"
#include "base/yaml.h"

#define CONFIG_MAX_BYTES (64 * 1024)
#define K3S_KUBECONFIG   "/etc/rancher/k3s/k3s.yaml"
#define LABEL_SIZE       96 /* a path in a message */
#define VALUE_SIZE       48 /* a refused word in a message */

enum item_id {
	ITEM_VIP,
	ITEM_MODE,
	ITEM_NODE,
	ITEM_KUBECONFIG,
	ITEM_RUNTIME_DIR,
	ITEM_STATE_DIR,
	ITEM_METRICS_DIR,
	ITEM_HOST_ROOT,
	/* from here on flags only */
	ITEM_CONFIG,
	ITEM_JSON,
	ITEM_WATCH,
	ITEM_TIMEOUT,
	ITEM_DRY_RUN,
	ITEM_ALL_SECRETS,
	ITEM_UNDO,
	ITEM_OUT,
	ITEM_HELP,
};
#define KEY_COUNT  (ITEM_HOST_ROOT + 1)
#define ITEM_COUNT (ITEM_HELP + 1)

struct item {
	const char *name;
	size_t offset; /* of its text in struct config */
	size_t room;   /* of that text, its NUL included; 0: a flag that takes no value */
	bool (*fits)(const char *value);
	const char *allowed;
	unsigned only; /* CONFIG_*: a flag of those commands only */
};

/* The flags as given: NULL where one was not, "" for one that takes no value. */
struct flags {
	const char *value[ITEM_COUNT];
	unsigned may; /* CONFIG_* */
};

static const char *const mode_names[] = {
	[CONFIG_MODE_RECOVER] = "recover",
	[CONFIG_MODE_SYNC] = "sync",
	[CONFIG_MODE_OBSERVE] = "observe",
};
#define MODE_COUNT (sizeof(mode_names) / sizeof(mode_names[0]))

/* MODE_COUNT where value is no mode. */
static size_t mode_of(const char *value)
{
	size_t mode = 0;

	while (mode < MODE_COUNT && strcmp(value, mode_names[mode]) != 0)
		mode++;
	return mode;
}

static bool is_mode(const char *value)
{
	return mode_of(value) < MODE_COUNT;
}

static bool is_vip(const char *value)
{
	struct hostport ignored;

	return hostport_split(span_of(value), &ignored) == 0;
}

/* The names that the API server lets a Node have: DNS names in lower case. */
static bool is_node(const char *value)
{
	return hostport_is_host(span_of(value)) &&
	       strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(value);
}

static const struct {
	const char *unit;
	uint64_t usec;
} units[] = { { "s", 1000000 }, { "ms", 1000 }, { "m", 60000000 }, { "h", 3600000000 } };

/* "60s", "500ms", "2m", "1h": a whole number and its unit. */
static bool read_duration(const char *value, uint64_t *ret_usec)
{
	size_t digits = strspn(value, "0123456789");
	uint64_t number;

	if (digits == 0 || digits > 9)
		return false;
	number = strtoull(value, NULL, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(value + digits, units[i].unit) != 0)
			continue;
		*ret_usec = number * units[i].usec;
		return *ret_usec <= CONFIG_TIMEOUT_MAX;
	}
	return false;
}

static bool is_duration(const char *value)
{
	uint64_t ignored;

	return read_duration(value, &ignored);
}

static bool is_any(const char *value)
{
	(void)value;
	return true;
}

#define TEXT(field) offsetof(struct config, field), sizeof(((struct config *)NULL)->field)

static const struct item items[] = {
	[ITEM_VIP] = { "vip", TEXT(vip), is_vip, "HOST, HOST:PORT or [IPV6]:PORT, port 1-65535" },
	[ITEM_MODE] = { "mode", 0, sizeof("recover"), is_mode, "recover, sync, observe" },
	[ITEM_NODE] = { "node", TEXT(node), is_node,
	                "a Node's name, as kubectl get nodes prints it" },
	[ITEM_KUBECONFIG] = { "kubeconfig", TEXT(kubeconfig), is_any, "" },
	[ITEM_RUNTIME_DIR] = { "runtime-dir", TEXT(runtime_dir), is_any, "" },
	[ITEM_STATE_DIR] = { "state-dir", TEXT(state_dir), is_any, "" },
	[ITEM_METRICS_DIR] = { "metrics-dir", TEXT(metrics_dir), is_any, "" },
	[ITEM_HOST_ROOT] = { "host-root", TEXT(host_root), is_any, "" },
	[ITEM_CONFIG] = { "config", TEXT(file), is_any, "" },
	[ITEM_JSON] = { .name = "json", .only = CONFIG_JSON },
	[ITEM_WATCH] = { .name = "watch", .only = CONFIG_WATCH },
	[ITEM_TIMEOUT] = { "timeout", 0, sizeof("604800000ms"), is_duration,
	                   "500ms, 60s, 2m, 1h, up to a week; 0s asks once", CONFIG_TIMEOUT },
	[ITEM_DRY_RUN] = { .name = "dry-run", .only = CONFIG_DRY_RUN },
	[ITEM_ALL_SECRETS] = { .name = "all-secrets", .only = CONFIG_ALL_SECRETS },
	[ITEM_UNDO] = { .name = "undo", .only = CONFIG_SETUP },
	[ITEM_OUT] = { "out", TEXT(out), is_any, "", CONFIG_SETUP },
	[ITEM_HELP] = { .name = "help" },
};
_Static_assert(sizeof(items) / sizeof(items[0]) == ITEM_COUNT, "one row an item");

static char *text_of(struct config *config, enum item_id id)
{
	return (char *)config + items[id].offset;
}

/* 'unknown key "vpi"; allowed: vip, mode, ...': of the first count items, those that this command
 * may have. place may be "". */
static int unknown(struct failure *failure, const char *place, const char *kind, struct span name,
                   const char *dashes, size_t count, unsigned may)
{
	char allowed[200] = "";
	char shown[VALUE_SIZE];
	size_t used = 0;

	failure_quote(shown, sizeof(shown), name.ptr, name.len);
	for (size_t i = 0; i < count && used < sizeof(allowed); i++) {
		if (items[i].only & ~may)
			continue;
		used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s%s",
		                         i > 0 ? ", " : "", dashes, items[i].name);
	}
	return failure_set(failure, FAILURE_BAD_DATA, -EINVAL, "%sunknown %s \"%s\"; allowed: %s",
	                   place, kind, shown, allowed);
}

static bool find_item(struct span name, size_t count, enum item_id *ret)
{
	for (size_t i = 0; i < count; i++)
		if (span_equals(name, items[i].name)) {
			*ret = (enum item_id)i;
			return true;
		}
	return false;
}

/* Puts value in its place; "" takes back what was there. place is what a message starts with. */
static int set_value(struct config *config, enum item_id id, const char *value, const char *place,
                     struct failure *failure)
{
	const struct item *item = &items[id];
	size_t len = strlen(value);
	char shown[VALUE_SIZE];

	if (id != ITEM_MODE && id != ITEM_TIMEOUT && len >= item->room)
		return failure_set(failure, FAILURE_TOO_BIG, -EINVAL, "%s: longer than %zu bytes",
		                   place, item->room - 1);
	if (len > 0 && !item->fits(value)) {
		failure_quote(shown, sizeof(shown), value, len);
		return failure_set(failure, FAILURE_BAD_DATA, -EINVAL,
		                   "%s: \"%s\" is not allowed; allowed: %s", place, shown,
		                   item->allowed);
	}
	if (id == ITEM_TIMEOUT)
		(void)read_duration(value, &config->timeout_usec);
	else if (id == ITEM_MODE)
		config->mode = len > 0 ? (enum config_mode)mode_of(value) : CONFIG_MODE_RECOVER;
	else
		memcpy(text_of(config, id), value, len + 1);
	return 0;
}

/* Reads the value of the flag at argv[*at], from behind its '=' or from the next argument. */
static int take_flag_value(enum item_id id, const char *equals, int argc, char **argv, int *at,
                           const char **ret, struct failure *failure)
{
	const char *name = items[id].name;

	if (items[id].room == 0) {
		if (equals)
			return failure_set(failure, FAILURE_BAD_DATA, -EINVAL,
			                   "--%s takes no value", name);
		*ret = "";
		return 0;
	}
	if (equals) {
		*ret = equals + 1;
		return 0;
	}
	if (*at + 1 >= argc || strncmp(argv[*at + 1], "--", 2) == 0)
		return failure_set(failure, FAILURE_BAD_DATA, -EINVAL,
		                   "--%s needs a value: --%s VALUE or --%s=VALUE", name, name,
		                   name);
	*ret = argv[++*at];
	return 0;
}

static int take_flag(struct flags *flags, int argc, char **argv, int *at, struct failure *failure)
{
	const char *argument = argv[*at];
	const char *equals = strchr(argument, '=');
	struct span word = { argument, equals ? (size_t)(equals - argument) : strlen(argument) };
	char shown[VALUE_SIZE];
	enum item_id id;

	if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0') {
		failure_quote(shown, sizeof(shown), argument, strlen(argument));
		return failure_set(
		    failure, FAILURE_BAD_DATA, -EINVAL,
		    "unexpected argument \"%s\"; flags are --KEY VALUE or --KEY=VALUE", shown);
	}
	if (!find_item((struct span){ word.ptr + 2, word.len - 2 }, ITEM_COUNT, &id) ||
	    (items[id].only & ~flags->may))
		return unknown(failure, "", "flag", word, "--", ITEM_COUNT, flags->may);
	if (flags->value[id])
		return failure_set(failure, FAILURE_BAD_DATA, -EINVAL,
		                   "--%s is given twice; keep one", items[id].name);
	return take_flag_value(id, equals, argc, argv, at, &flags->value[id], failure);
}

static int read_flags(struct flags *flags, int argc, char **argv, struct failure *failure)
{
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++)
		rc = take_flag(flags, argc, argv, &i, failure);
	return rc;
}

static int apply_flags(struct config *config, const struct flags *flags, struct failure *failure)
{
	char place[32];
	int rc = 0;

	for (size_t i = 0; i < ITEM_COUNT && rc == 0; i++) {
		if (!flags->value[i] || items[i].room == 0)
			continue;
		(void)snprintf(place, sizeof(place), "--%s", items[i].name);
		rc = set_value(config, (enum item_id)i, flags->value[i], place, failure);
	}
	config->json = flags->value[ITEM_JSON];
	config->watch = flags->value[ITEM_WATCH];
	config->dry_run = flags->value[ITEM_DRY_RUN];
	config->undo = flags->value[ITEM_UNDO];
	config->all_secrets = flags->value[ITEM_ALL_SECRETS];
	config->help = flags->value[ITEM_HELP];
	config->timeout_given = flags->value[ITEM_TIMEOUT] && flags->value[ITEM_TIMEOUT][0];
	return rc;
}

/* ---- the file ---- */

static int apply_member(struct config *config, const struct yaml_value *member, const char *label,
                        struct failure *failure)
{
	char place[LABEL_SIZE + 32];
	enum item_id id;

	(void)snprintf(place, sizeof(place), "%s:%u: ", label, member->line);
	if (!find_item(span_of(member->key), KEY_COUNT, &id))
		return unknown(failure, place, "key", span_of(member->key), "", KEY_COUNT, 0);
	(void)snprintf(place, sizeof(place), "%s:%u: %s", label, member->line, items[id].name);
	if (member->kind != YAML_KIND_TEXT)
		return failure_set(failure, FAILURE_BAD_DATA, -EINVAL,
		                   "%s: %s; write a single value, in quotes if it has brackets",
		                   place, yaml_kind_word(member->kind));
	return set_value(config, id, member->text, place, failure);
}

static int apply_tree(struct config *config, const struct yaml_value *tree, const char *label,
                      struct failure *failure)
{
	int rc = 0;

	if (!yaml_is_set(tree))
		return 0;
	if (tree->kind != YAML_KIND_MAP)
		return failure_set(failure, FAILURE_BAD_DATA, -EINVAL,
		                   "%s:%u: %s; write lines of KEY: VALUE", label, tree->line,
		                   yaml_kind_word(tree->kind));
	for (const struct yaml_value *member = tree->first; member && rc == 0;
	     member = member->next)
		rc = apply_member(config, member, label, failure);
	return rc;
}

/* A file that was asked for (not "") must be there; the default one need not. */
static int apply_file(struct config *config, const char *asked, struct failure *failure)
{
	const char *path = asked[0] ? asked : CONFIG_DEFAULT_FILE;
	CLEANUP(secret_free_p) char *bytes = NULL;
	CLEANUP(yaml_free_tree_p) struct yaml_value *tree = NULL;
	char label[LABEL_SIZE];
	size_t len = 0;
	int rc;

	file_label(label, sizeof(label), path);
	rc = file_read_bounded(path, CONFIG_MAX_BYTES, label, &bytes, &len, failure);
	if (rc == -ENOENT && !asked[0])
		return 0;
	if (rc < 0)
		return rc;
	rc = yaml_read((struct span){ bytes, len }, label, &tree, failure);
	if (rc == -EBADMSG) { /* to a person it is one more thing that is not allowed */
		failure->error = EINVAL;
		return -EINVAL;
	}
	return rc < 0 ? rc : apply_tree(config, tree, label, failure);
}

/* ---- the environment ---- */

/* Sets an item that is still unset: to the first entry of a colon list and what follows it. */
static int fall_back(struct config *config, enum item_id id, const char *variable,
                     const char *suffix, struct failure *failure)
{
	const char *list = getenv(variable);
	size_t room = items[id].room;
	char *text = text_of(config, id);
	int len;

	if (text[0] != '\0' || !list)
		return 0;
	list += strspn(list, ":");
	if (list[0] == '\0')
		return 0;
	len = snprintf(text, room, "%.*s%s", (int)strcspn(list, ":"), list, suffix);
	if (len < 0 || (size_t)len >= room)
		return failure_set(failure, FAILURE_TOO_BIG, -EINVAL, "$%s: longer than %zu bytes",
		                   variable, room - 1);
	return 0;
}

static void fall_back_to(struct config *config, enum item_id id, const char *path)
{
	char *text = text_of(config, id);

	if (text[0] == '\0')
		(void)snprintf(text, items[id].room, "%s", path);
}

/* Who makes an account is not that account: what the service is given, and what the file names for it, is not
 * asked for. */
static int choose_admin(struct config *config, struct failure *failure)
{
	int rc = fall_back(config, ITEM_KUBECONFIG, "KUBECONFIG", "", failure);

	if (rc == 0)
		fall_back_to(config, ITEM_KUBECONFIG, K3S_KUBECONFIG);
	return rc;
}

/* The credential that systemd may have handed over counts only if it is there. */
static int choose_kubeconfig(struct config *config, unsigned may, struct failure *failure)
{
	bool unset = config->kubeconfig[0] == '\0';
	int rc =
	    fall_back(config, ITEM_KUBECONFIG, "CREDENTIALS_DIRECTORY", "/kubeconfig", failure);

	if (rc < 0)
		return rc;
	if (unset && access(config->kubeconfig, F_OK) < 0)
		config->kubeconfig[0] = '\0';
	rc = fall_back(config, ITEM_KUBECONFIG, "KUBECONFIG", "", failure);
	if (rc == 0 && (may & CONFIG_K3S) && access(CONFIG_KUBECONFIG, R_OK) < 0 &&
	    access(K3S_KUBECONFIG, R_OK) == 0)
		fall_back_to(config, ITEM_KUBECONFIG, K3S_KUBECONFIG);
	if (rc == 0)
		fall_back_to(config, ITEM_KUBECONFIG, CONFIG_KUBECONFIG);
	return rc;
}

static int choose_dirs(struct config *config, struct failure *failure)
{
	int rc = fall_back(config, ITEM_RUNTIME_DIR, "RUNTIME_DIRECTORY", "", failure);

	if (rc == 0)
		rc = fall_back(config, ITEM_STATE_DIR, "STATE_DIRECTORY", "", failure);
	fall_back_to(config, ITEM_RUNTIME_DIR, "/run/gatewake");
	fall_back_to(config, ITEM_STATE_DIR, "/var/lib/gatewake");
	return rc;
}

/* ---- the door ---- */

int config_read(struct config *config, unsigned may, int argc, char **argv,
                struct failure *ret_failure)
{
	CLEANUP(free_p)
	struct config *out = calloc(1, sizeof(*out)); /* 20 KiB: too much for a stack */
	struct flags flags = { .may = may };
	int rc;

	if (!out)
		return failure_set(ret_failure, FAILURE_LOCAL, -ENOMEM, "out of memory");
	out->timeout_usec = CONFIG_TIMEOUT_USEC;
	rc = read_flags(&flags, argc, argv, ret_failure);
	if (rc == 0)
		rc = apply_file(out, flags.value[ITEM_CONFIG] ?: "", ret_failure);
	if (may & CONFIG_ADMIN)
		out->kubeconfig[0] = '\0';
	if (rc == 0)
		rc = apply_flags(out, &flags, ret_failure);
	if (rc == 0)
		rc = may & CONFIG_ADMIN ? choose_admin(out, ret_failure)
		                        : choose_kubeconfig(out, may, ret_failure);
	if (rc == 0)
		rc = choose_dirs(out, ret_failure);
	if (rc == 0)
		*config = *out;
	return rc;
}

void config_split_vip(const char *vip, uint16_t default_port, char *host, uint16_t *ret_port)
{
	struct hostport endpoint = { 0 };

	(void)hostport_split(span_of(vip), &endpoint); /* checked by config_read() */
	(void)snprintf(host, HOSTPORT_HOST_MAX + 1, "%.*s", (int)endpoint.host.len,
	               endpoint.host.ptr);
	*ret_port = endpoint.port ? endpoint.port : default_port;
}
