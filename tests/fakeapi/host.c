/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/host.h"
#include "tests/fakeapi/objects.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void host_path(const struct world *world, char *path, size_t size, const char *below,
                      const char *file)
{
	(void)snprintf(path, size, "%s/host/%s%s%s", world->options.folder, below,
	               file[0] ? "/" : "", file);
}

static void make_folders(const struct world *world, const char *below)
{
	char path[512];

	host_path(world, path, sizeof(path), below, "");
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	(void)mkdir(path, 0755);
}

static void write_file(const struct world *world, const char *below, const char *file,
                       const char *text)
{
	char path[512], new[520];
	FILE *stream;

	make_folders(world, below);
	host_path(world, path, sizeof(path), below, file);
	(void)snprintf(new, sizeof(new), "%s.new", path);
	stream = fopen(new, "we");
	if (!stream || fputs(text, stream) < 0 || fclose(stream) != 0 || rename(new, path) != 0) {
		(void)fprintf(stderr, "fakeapi: %s cannot be written\n", path);
		abort();
	}
}

void host_show_container(const struct world *world, uint32_t container, bool alive)
{
	char below[160], path[512], id[OBJECTS_CONTAINER_SIZE];

	objects_container_id(container, id);
	(void)snprintf(below, sizeof(below), "sys/fs/cgroup/k8s.io/%s", id);
	if (alive) {
		write_file(world, below, "cgroup.procs", "1\n");
		return;
	}
	host_path(world, path, sizeof(path), below, "cgroup.procs");
	(void)unlink(path);
	host_path(world, path, sizeof(path), below, "");
	(void)rmdir(path);
}

/* This host's clock is right: timesyncd's word for it. */
static void show_synchronised(const struct world *world)
{
	write_file(world, "run/systemd/timesync", "synchronized", "");
}

void host_show_boot(const struct world *world, uint32_t boot)
{
	char id[OBJECTS_UID_SIZE], text[OBJECTS_UID_SIZE + 1];

	objects_boot_id(boot, id);
	(void)snprintf(text, sizeof(text), "%s\n", id);
	write_file(world, "proc/sys/kernel/random", "boot_id", text);
	show_synchronised(world);
}
