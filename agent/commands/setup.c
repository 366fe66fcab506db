/* SPDX-License-Identifier: Apache-2.0 */
/* setup - gives the service an account of its own, with the least rights that it can work with. Idempotent: what is as
 * it should be is left as it is; what is there and not ours is never touched. */
#include <stdarg.h>
#include <stdlib.h>

#include "base/secret.h"
#include "commands/commands.h"
#include "commands/install.h"
#include "commands/once.h"
#include "commands/survey.h"
#include "engine/provision.h"
#include "host/clock.h"

#define OBJECTS_MAX (2 * SOURCES_MAX + 32)
#define KNOWN_USEC  (5 * SECONDS_USEC) /* until a new Role is known to the API server */

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list args;

	(void)fputs("gatewake setup: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

static const char *word_of(enum provision_fate fate, bool dry_run)
{
	switch (fate) {
	case PROVISION_UNCHANGED:
		return "unchanged";
	case PROVISION_CREATED:
		return dry_run ? "would create" : "created";
	case PROVISION_CHANGED:
		return dry_run ? "would change" : "changed";
	case PROVISION_DELETED:
		return dry_run ? "would delete" : "deleted";
	case PROVISION_FOREIGN:
	case PROVISION_UNSUPPORTED:
	case PROVISION_FAILED:
		break;
	}
	return "failed";
}

static void name_of(const struct manifest_object *object, char *text, size_t size)
{
	(void)snprintf(text, size, "%s %s%s%s", manifest_kind_name(object->kind), object->namespace,
	               object->namespace[0] ? "/" : "", object->name);
}

/* One run of it. */
struct task {
	const struct config *config;
	struct engine *engine;
	struct provision *provision;
	const char *path; /* of the kubeconfig */
	struct manifest *manifest;
	bool policies;    /* this Kubernetes has them */
	unsigned changes; /* in the cluster */
};

static void tell(void *argument, const struct manifest_object *object,
                 const struct provision_end *end)
{
	struct task *task = argument;
	bool dry_run = task->config->dry_run;
	char name[2 * OBJECT_NAME_MAX + 64];

	name_of(object, name, sizeof(name));
	if (end->fate == PROVISION_FAILED) {
		complain("%s: %s", name, end->text);
	} else if (end->fate == PROVISION_FOREIGN) {
		complain("%s is there and is not ours (no label %s=%s), so it is left alone: "
		         "rename or remove it, then run gatewake setup again",
		         name, MANIFEST_LABEL, MANIFEST_LABEL_VALUE);
	} else {
		task->changes += end->fate != PROVISION_UNCHANGED;
		(void)printf("%-*s %s\n", dry_run ? 12 : 10, word_of(end->fate, dry_run), name);
	}
}

/* Before anything is written: so what is in the way is met by nothing half done. */
static bool look(struct task *task, struct held *held)
{
	const struct manifest_object *object;
	struct provision_end end = { 0 };
	bool good = true;

	task->policies = true;
	for (size_t i = 0; i < OBJECTS_MAX && end.fate != PROVISION_FAILED &&
	                   (object = manifest_object(task->manifest, i));
	     i++) {
		provision_look(task->provision, object, &held[i], &end);
		if (end.fate == PROVISION_UNSUPPORTED)
			task->policies = false;
		else if (end.fate != PROVISION_UNCHANGED)
			tell(task, object, &end);
		good = good && end.fate != PROVISION_FAILED && end.fate != PROVISION_FOREIGN;
	}
	return good;
}

static bool apply(struct task *task, const struct held *held)
{
	const struct manifest_object *object;
	struct provision_end end = { 0 };

	for (size_t i = 0; i < OBJECTS_MAX && end.fate != PROVISION_FAILED &&
	                   (object = manifest_object(task->manifest, i));
	     i++) {
		if (!task->policies && manifest_kind_is_policy(object->kind))
			continue;
		provision_apply(task->provision, task->manifest, i, &held[i], task->config->dry_run,
		                &end);
		tell(task, object, &end);
	}
	if (!task->policies)
		(void)printf(
			"this Kubernetes has no ValidatingAdmissionPolicy (1.30 and later have): "
			"the account may delete any pod of the operator's namespace\n");
	return end.fate != PROVISION_FAILED;
}

/* manifest NULL: all that is ours. */
static bool remove_others(struct task *task, const struct manifest *manifest)
{
	const struct provision_hearer hearer = { tell, task };
	struct provision_end end;

	provision_remove(task->provision, manifest, task->config->dry_run, &hearer, &end);
	if (end.fate == PROVISION_FAILED)
		complain("not everything that is needed no more was removed: %s", end.text);
	return end.fate != PROVISION_FAILED;
}

static bool provide(struct task *task)
{
	CLEANUP(free_p) struct held *held = calloc(OBJECTS_MAX, sizeof(*held));

	if (!held) {
		complain("out of memory");
		return false;
	}
	return look(task, held) && apply(task, held) && remove_others(task, task->manifest);
}

/* --- the new credentials --- */

static const struct manifest_object *token_secret(const struct manifest *manifest)
{
	const struct manifest_object *object;
	size_t place = 0;

	while ((object = manifest_object(manifest, place)) && object->kind != MANIFEST_SECRET)
		place++;
	return object;
}

/* Each right is asked for as the new account. */
static bool check(struct provision *account, const struct manifest *manifest)
{
	uint64_t deadline_usec = clock_boottime_usec() + KNOWN_USEC;
	const struct manifest_right *right;
	struct provision_end end;
	unsigned had = 0, count = 0;
	char words[2 * OBJECT_NAME_MAX + 96];
	bool allowed;

	for (; (right = manifest_right(manifest, count)); count++) {
		provision_review(account, right, deadline_usec, &allowed, &end);
		held_right_words(right, words, sizeof(words));
		if (end.fate == PROVISION_FAILED) {
			complain("it could not be asked whether the account may %s: %s; run "
			         "gatewake setup again",
			         words, end.text);
			return false;
		}
		had += allowed;
		if (!allowed)
			complain("the account may not %s", words);
	}
	(void)printf("%-10s %u of %u rights, asked for with the new credentials\n", "checked", had,
	             count);
	return had == count;
}

/* Nobody is to have the token before the policies are in force. */
static bool is_held(struct provision *account, const struct manifest *manifest)
{
	struct provision_end end;

	if (provision_is_held_to(account, manifest, clock_boottime_usec() + KNOWN_USEC, &end))
		return true;
	complain("the policies do not hold the account yet: %s; no kubeconfig was written, run "
	         "gatewake setup again",
	         end.text);
	return false;
}

/* Writes the kubeconfig and, if it is this host's own, tells systemd. */
static bool install(const struct task *task, const char *token)
{
	bool own = !task->config->out[0], file_changed, vrrp_changed = false;

	if (!install_kubeconfig(task->path, own, task->engine->kubeconfig, token, &file_changed))
		return false;
	if (own)
		install_vrrp(&vrrp_changed);
	if (own && (task->changes || file_changed || vrrp_changed))
		install_restart();
	return true;
}

static bool hand_over(struct task *task)
{
	CLEANUP(secret_free_p) char *token = NULL;
	CLEANUP(provision_free_p) struct provision *account = NULL;
	const struct manifest_object *secret = token_secret(task->manifest);
	struct provision_end end;
	bool good;

	if (!provision_token(task->provision, secret, &token, &end)) {
		tell(task, secret, &end);
		return false;
	}
	if (provision_new(task->engine->kubeconfig, token, &account) < 0) {
		complain("out of memory");
		return false;
	}
	good = check(account, task->manifest);
	return (!task->policies || is_held(account, task->manifest)) && install(task, token) &&
	       good;
}

static int set_up(struct task *task)
{
	int code = install_may_write(task->path) ? 0 : EXIT_FAILURE;

	if (code == 0)
		code = survey(task->engine, "setup", &task->manifest);
	if (code)
		return code;
	if (!provide(task))
		return EXIT_FAILURE;
	return task->config->dry_run || hand_over(task) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int undo(struct task *task)
{
	if (!install_may_write(task->path) || !remove_others(task, NULL))
		return EXIT_FAILURE;
	if (task->config->dry_run)
		return EXIT_SUCCESS;
	if (!install_remove_kubeconfig(task->path))
		return EXIT_FAILURE;
	if (task->config->out[0])
		return EXIT_SUCCESS;
	install_remove_vrrp();
	install_restart(); /* or it would go on asking with what is good no more */
	install_tell_of_path();
	return EXIT_SUCCESS;
}

static bool can_begin(const struct config *config, const char *path)
{
	if (!config->out[0] && geteuid() != 0) {
		complain("%s takes root: sudo gatewake setup; or name another file: --out FILE",
		         path);
		return false;
	}
	if (access(config->kubeconfig, R_OK) == 0)
		return true;
	complain("the administrator's kubeconfig %s cannot be read: %s; name another one: "
	         "--kubeconfig FILE",
	         config->kubeconfig, strerror(errno));
	return false;
}

static int run(const struct config *config, const char *argument)
{
	CLEANUP(cycle_free_p) struct engine *engine = NULL;
	CLEANUP(provision_free_p) struct provision *provision = NULL;
	CLEANUP(manifest_free_p) struct manifest *manifest = NULL;
	struct task task = { .config = config,
		             .path = config->out[0] ? config->out : CONFIG_KUBECONFIG };
	int code;

	(void)argument;
	/* To the journal as well, line by line: in order with stderr, and not lost if it is ended half-way. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (!can_begin(config, task.path))
		return EXIT_USAGE;
	code = once_open(config, "setup", 0, &engine);
	if (code)
		return code;
	if (provision_new(engine->kubeconfig, NULL, &provision) < 0) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	task.engine = engine;
	task.provision = provision;
	code = config->undo ? undo(&task) : set_up(&task);
	manifest = task.manifest;
	return code;
}

const struct command command_setup = {
	.name = "setup",
	.summary = "give the service an account with the least rights; or take it back",
	.help = "usage: sudo gatewake setup [--dry-run] [--all-secrets] [--undo] [--out FILE]\n"
		"                           [--timeout 15s] [--KEY VALUE]...\n"
		"\n"
		"Applies what `gatewake rbac` prints, writes the account's kubeconfig, checks\n"
		"each right with it, and restarts the service. Where keepalived runs on this\n"
		"host, the service may also hear its adverts. Run it again when a listener gets\n"
		"a Secret that is not read yet: what is as it should be is left as it is.\n"
		"\n"
		"  --dry-run           only say what would be done\n"
		"  --all-secrets       any Secret may be read, not only those of the listeners\n"
		"  --undo              remove all that it made, and the kubeconfig\n"
		"  --out FILE          for another node: in place of /etc/gatewake/kubeconfig,\n"
		"                      and systemd is left alone\n"
		"  --timeout 15s       give up what is not known by then\n"
		"  --kubeconfig FILE   the administrator's; else $KUBECONFIG,\n"
		"                      /etc/rancher/k3s/k3s.yaml\n"
		"  --vip HOST[:PORT]   as for the service\n"
		"\n"
		"exit: 0 done, 1 not all of it, 2 a flag or the kubeconfig is wrong,\n"
		"3 cannot tell\n",
	.flags = CONFIG_SETUP | CONFIG_ALL_SECRETS | CONFIG_DRY_RUN | CONFIG_TIMEOUT | CONFIG_ADMIN,
	.run = run,
};
