/* SPDX-License-Identifier: Apache-2.0 */
/* objects - the world's things as JSON of the API, from the answers that the bed gave. */
#pragma once
#include "tests/fakeapi/world.h"

#define OBJECTS_CONTAINER_SIZE 65
#define OBJECTS_UID_SIZE       40

void objects_pod_name(uint32_t pod, char name[64]);
void objects_container_id(uint32_t container, char id[OBJECTS_CONTAINER_SIZE]);
void objects_boot_id(uint32_t boot, char id[OBJECTS_UID_SIZE]);
void objects_uid(uint32_t number, char uid[OBJECTS_UID_SIZE]);
/* As that release's operator names a copy (facts/cilium.md), not as the agent does: that is what is tested. */
void objects_copy_name(unsigned release, const char *namespace, const char *name, char copy[256]);

void objects_put_fixed(struct world *world); /* all that stays as it is */
void objects_put_node(struct world *world, uint32_t boot);
void objects_put_pod(struct world *world, const struct pod *pod, const struct world_pod *shown);
void objects_put_source(struct world *world, const struct world_source *source);
void objects_put_copy(struct world *world, const struct world_source *source, uint32_t uid);
/* One that was posted; what the API adds is added. */
void objects_put_created(struct world *world, const char *name, cJSON *json, uint32_t uid);
void objects_put_grant(struct world *world);
void objects_put_orphan(struct world *world, unsigned number);

cJSON *objects_status(unsigned code, const char *reason, const char *message, const char *kind,
                      const char *name);
