/* SPDX-License-Identifier: Apache-2.0 */
/* world - tests/model behind objects: runs the model at a multiple of real time, shows it as the API's objects and
 * as the host's cgroups, and keeps what the model does not have (the source Secrets, which way a gate fails, what a
 * 1.20 operator makes of that). Not for two threads at once: the caller has the lock. Times are microseconds of the
 * world, which begins healthy at 0. */
#pragma once
#include "tests/fakeapi/store.h"
#include "tests/fakeapi/tls.h"
#include "tests/model/model.h"

#include <stdio.h>

enum gate { GATE_LOCAL, GATE_VIP };
#define GATE_COUNT 2

enum gate_way {
	GATE_OPEN,
	GATE_REFUSED,
	GATE_STALLS,
	GATE_RESETS,
	GATE_HANGS_UP,
	GATE_SILENT,
	GATE_ANSWERS
};

struct gate_fault {
	enum gate_way way;
	unsigned status; /* of GATE_ANSWERS */
};

struct world_options {
	unsigned release;     /* 118 or 120 */
	unsigned speed;       /* of its time */
	bool cross_namespace; /* gamma's Secret is in another namespace than the Gateway */
	const char *folder;   /* the host's tree and all else is written there */
	const char *tapes;    /* the folder of the bed's answers */
	const char *vip;      /* the virtual address */
	const char *address;  /* of all else */
	unsigned ports[GATE_COUNT], gateway_port, metrics_port;
	FILE *events; /* a line for each thing that happens */
};

struct world_source {
	char namespace[64], name[64], hostname[64];
	char copy[256];
	struct tls_identity identity,
		wrong; /* wrong: what its listener serves instead, if asked to */
	bool serves_wrong;
	bool applied; /* by kubectl, which notes all of it in an annotation */
	uint32_t shown,
		holds; /* the copy's UID (0: missing) and the source's version in it, as the store shows them */
};

struct world_pod {
	uint32_t id, version, container, last; /* as shown last; last: the container before */
	bool terminating;
	unsigned restarts, exit_code;
};

struct world {
	struct model model;
	struct store store;
	struct world_options options;
	uint64_t origin_usec; /* of the model, where the world begins */
	struct world_source source[MODEL_COPIES];
	struct world_pod pod[MODEL_PODS];
	struct {
		uint32_t container;
		enum mind mind;
		bool synced, leads;
		uint64_t since_usec;
	} process[MODEL_PODS];
	struct {
		struct gate_fault fault;
		uint64_t until_usec;
	} gate[GATE_COUNT];
	uint32_t boot, shown_boot;
	uint64_t now_usec;
	bool no_policies; /* an API server from before ValidatingAdmissionPolicies */
	char denied[64];  /* so many reviews of rights that hold this text are answered with no */
	unsigned denials;
};

void world_init(struct world *world, const struct world_options *options);

/* Lets time pass, up to now. */
void world_step(struct world *world, uint64_t now_usec);
uint64_t world_next(const struct world *world); /* when something happens by itself */

void world_event(const struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A gate fails for so long (MODEL_NEVER: until told otherwise), or is open again. */
void world_gate(struct world *world, enum gate gate, struct gate_fault fault, uint64_t usec);
struct gate_fault world_fault(const struct world *world, enum gate gate); /* now */

/* The power goes and comes back; the address comes so much later. */
void world_reboot(struct world *world, uint64_t vip_usec);
/* The operator's process is killed; its pod gets a new container. */
void world_kill_operator(struct world *world);
void world_grant(struct world *world, bool granted);
void world_renew(struct world *world, size_t source, bool rsa);
void world_delete_copies(struct world *world);

/* What the API's writes do. The pod's: by its name, once the preconditions are found to hold. */
enum delete_end world_delete_pod(struct world *world, const char *name);
void world_copy_created(struct world *world, const char *name, cJSON *json);

/* What pods/log says; NULL: the kubelet can't be reached. The text is the caller's. */
char *world_log(struct world *world, const char *pod);

/* The bytes of a tape; ends the program where there is none. */
char *world_tape(const struct world *world, const char *name);

size_t world_source_of(const struct world *world, const char *hostname); /* MODEL_COPIES: none */
