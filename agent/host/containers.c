/* SPDX-License-Identifier: Apache-2.0 */
#include "host/containers.h"

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/identity.h"

#define DEPTH_MAX   10
#define ENTRIES_MAX 50000 /* a busy node has some hundred directories */
#define ID_LEAST    12

DEFINE_CLEANUP(DIR, closedir)

struct search {
	const char *id;
	char path[512];
	unsigned entries;
	bool found;
};

/* False where the path would not fit: such a deep tree is no container's. */
static bool descend(struct search *search, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	if (len + 1 + name_len >= sizeof(search->path))
		return false;
	search->path[len] = '/';
	memcpy(search->path + len + 1, name, name_len + 1);
	return true;
}

/* Leaves search->path at the directory where it ends: found, or the one it was given. */
static bool walk(struct search *search, unsigned depth)
{
	CLEANUP(closedir_p) DIR *dir = opendir(search->path);
	size_t len = strlen(search->path);
	const struct dirent *entry;

	if (!dir)
		return false;
	while (!search->found && search->entries < ENTRIES_MAX && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		search->entries++;
		if (!descend(search, len, entry->d_name))
			continue;
		search->found = strstr(entry->d_name, search->id) != NULL;
		if (!search->found && depth < DEPTH_MAX)
			(void)walk(search, depth + 1);
		if (!search->found)
			search->path[len] = '\0';
	}
	return true;
}

/* Reads the head of one file of a cgroup; false where there is no such file. */
static bool read_head(const char *cgroup, const char *file, char *head, size_t size)
{
	CLEANUP(fclose_p) FILE *stream = NULL;
	char path[600];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	stream = fopen(path, "re");
	if (!stream)
		return false;
	len = fread(head, 1, size - 1, stream);
	head[len] = '\0';
	return true;
}

/* The directory may outlive its last process by a moment: v2 says so in cgroup.events, for all below
 * it as well; v1 only in the list of processes. */
static bool has_processes(const char *cgroup)
{
	char head[256];

	if (read_head(cgroup, "cgroup.events", head, sizeof(head)))
		return strstr(head, "populated 1") != NULL;
	return read_head(cgroup, "cgroup.procs", head, sizeof(head)) && head[0] != '\0';
}

static size_t place_of(struct containers *self, uint32_t identity)
{
	for (size_t i = 0; i < CONTAINERS_MAX; i++)
		if (self->found[i].identity == identity)
			return i;
	return self->next++ % CONTAINERS_MAX;
}

enum life containers_look(struct containers *self, const char *id)
{
	struct search search = { .id = id };
	uint32_t identity = identity_of(id);
	size_t place;

	if (strlen(id) < ID_LEAST)
		return LIFE_UNKNOWN;
	place = place_of(self, identity);
	if (self->found[place].identity == identity && has_processes(self->found[place].path))
		return LIFE_ALIVE;
	self->found[place].identity = 0;
	(void)snprintf(search.path, sizeof(search.path), "%s/sys/fs/cgroup", self->root);
	if (!walk(&search, 0) || search.entries == 0 || search.entries >= ENTRIES_MAX)
		return LIFE_UNKNOWN;
	if (!search.found || !has_processes(search.path))
		return LIFE_GONE;
	self->found[place].identity = identity;
	memcpy(self->found[place].path, search.path, sizeof(search.path));
	return LIFE_ALIVE;
}
