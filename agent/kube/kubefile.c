/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubefile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int kubefile_reject(const struct kubefile *file, const struct kubefile_entry *entry,
                    const char *field, enum failure_class class, int error, const char *format, ...)
{
	char why[sizeof(file->failure->text)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return failure_set(file->failure, class, error, "%s: %s[%s].%s%s%s: %s", file->label,
	                   entry->list, entry->name, entry->kind, field[0] ? "." : "", field, why);
}

int kubefile_out_of_memory(const struct kubefile *file)
{
	return failure_set(file->failure, FAILURE_LOCAL, -ENOMEM, "%s: out of memory", file->label);
}

/* For faults above the entries. */
__attribute__((format(printf, 2, 3))) static int reject(const struct kubefile *file,
                                                        const char *format, ...)
{
	char why[sizeof(file->failure->text)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return failure_set(file->failure, FAILURE_BAD_DATA, -EBADMSG, "%s: %s", file->label, why);
}

int kubefile_get_text(const struct kubefile *file, const struct kubefile_entry *entry,
                      const char *field, const char **ret_text)
{
	const struct yaml_value *value = yaml_get(entry->fields, field);

	if (value && value->kind != YAML_KIND_TEXT)
		return kubefile_reject(file, entry, field, FAILURE_BAD_DATA, -EBADMSG,
		                       "is %s; it must be a single value",
		                       yaml_kind_word(value->kind));
	*ret_text = yaml_is_set(value) ? value->text : NULL;
	return 0;
}

static int get_list(const struct kubefile *file, const char *key, const struct yaml_value **ret)
{
	const struct yaml_value *list = yaml_get(file->root, key);

	if (!yaml_is_set(list))
		return reject(file, "%s is missing or empty; is this a kubeconfig?", key);
	if (list->kind != YAML_KIND_LIST)
		return reject(file, "%s is %s; it must be a list", key, yaml_kind_word(list->kind));
	*ret = list;
	return 0;
}

static const char *name_of(const struct yaml_value *item)
{
	const struct yaml_value *name = yaml_get(item, "name");

	return name && name->kind == YAML_KIND_TEXT ? name->text : "";
}

static const struct yaml_value *next_named(const struct yaml_value *item, const char *name)
{
	while (item && strcmp(name_of(item), name) != 0)
		item = item->next;
	return item;
}

/* The item of that name; asker is the field that asked for it. */
static int find_item(const struct kubefile *file, const char *list_key, const char *name,
                     const char *asker, const struct yaml_value **ret)
{
	const struct yaml_value *list, *found;
	char shown[KUBEFILE_NAME_SIZE];
	int rc;

	failure_quote(shown, sizeof(shown), name, strlen(name));
	rc = get_list(file, list_key, &list);
	if (rc < 0)
		return rc;
	found = next_named(list->first, name);
	if (!found)
		return reject(file, "%s names \"%s\", which is not in %s", asker, shown, list_key);
	if (next_named(found->next, name))
		return reject(file, "%s has two entries named \"%s\"; keep one", list_key, shown);
	*ret = found;
	return 0;
}

/* *entry comes with list and kind set. */
static int open_entry(const struct kubefile *file, const struct yaml_value *item,
                      struct kubefile_entry *entry)
{
	const char *name = name_of(item);

	failure_quote(entry->name, sizeof(entry->name), name, strlen(name));
	entry->fields = yaml_get(item, entry->kind);
	if (!entry->fields || entry->fields->kind != YAML_KIND_MAP)
		return kubefile_reject(file, entry, "", FAILURE_BAD_DATA, -EBADMSG,
		                       "is missing or no map; copy the file again from the server");
	return 0;
}

/* The name in current-context, "" where there is only one context to mean. */
static int current_name(const struct kubefile *file, const struct yaml_value *contexts,
                        const char **ret)
{
	const struct yaml_value *current = yaml_get(file->root, "current-context");

	if (current && current->kind != YAML_KIND_TEXT)
		return reject(file, "current-context is %s; it must be a single value",
		              yaml_kind_word(current->kind));
	if (!yaml_is_set(current) && contexts->first->next)
		return reject(file,
		              "current-context is not set, and there are several contexts; choose "
		              "one: kubectl config use-context NAME");
	*ret = yaml_is_set(current) ? current->text : "";
	return 0;
}

static int choose_context(const struct kubefile *file, struct kubefile_entry *context)
{
	const struct yaml_value *contexts, *item;
	const char *name = "";
	int rc;

	rc = get_list(file, "contexts", &contexts);
	if (rc == 0)
		rc = current_name(file, contexts, &name);
	if (rc < 0)
		return rc;
	item = contexts->first;
	if (name[0] != '\0')
		rc = find_item(file, "contexts", name, "current-context", &item);
	return rc < 0 ? rc : open_entry(file, item, context);
}

/* Follows one of the context's two names; *entry comes with list and kind set. */
static int follow(const struct kubefile *file, const struct kubefile_entry *context,
                  struct kubefile_entry *entry)
{
	const struct yaml_value *item;
	const char *name;
	char asker[KUBEFILE_NAME_SIZE + 32];
	int rc;

	rc = kubefile_get_text(file, context, entry->kind, &name);
	if (rc < 0)
		return rc;
	if (!name)
		return kubefile_reject(file, context, entry->kind, FAILURE_BAD_DATA, -EBADMSG,
		                       "is not set; name one of %s", entry->list);
	(void)snprintf(asker, sizeof(asker), "contexts[%s].context.%s", context->name, entry->kind);
	rc = find_item(file, entry->list, name, asker, &item);
	return rc < 0 ? rc : open_entry(file, item, entry);
}

int kubefile_follow(const struct kubefile *file, struct kubefile_entry *ret_cluster,
                    struct kubefile_entry *ret_user)
{
	struct kubefile_entry context = { .list = "contexts", .kind = "context" };
	struct kubefile_entry cluster = { .list = "clusters", .kind = "cluster" };
	struct kubefile_entry user = { .list = "users", .kind = "user" };
	int rc;

	if (!file->root || file->root->kind != YAML_KIND_MAP)
		return reject(file, "holds no keys; is this a kubeconfig?");
	rc = choose_context(file, &context);
	if (rc == 0)
		rc = follow(file, &context, &cluster);
	if (rc == 0)
		rc = follow(file, &context, &user);
	if (rc < 0)
		return rc;
	*ret_cluster = cluster;
	*ret_user = user;
	return 0;
}
