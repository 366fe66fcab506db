/* SPDX-License-Identifier: Apache-2.0 */
/* certs - puts together, from the stores that the watches feed, which source Secrets the listeners of
 * Cilium's class refer to and which listeners there are, and keeps what is known of each: what its
 * source and its copy hold (as digests), what it serves. The engine's evidence points into it. */
#pragma once
#include "cilium/copy.h"
#include "engine/engine.h"
#include "kube/sync.h"
#include "tls/proof.h"

#define CERTS_REFS_MAX   4 /* certificates of one listener */
#define CERTS_BEFORE_MAX 4 /* leaves of a source that are remembered, to tell a stale one */

struct cert_source {
	uint32_t id; /* of "namespace/name" */
	char namespace[COPY_NAMESPACE_MAX + 1], name[COPY_NAME_MAX + 1];
	struct copy_names names;
	enum copy_rule rule; /* COPY_RULE_NONE: not known yet */
	enum copy_obstacle obstacle;
	bool referred, granted; /* as of the last assembly */
	bool idle;              /* not referred by the one before either: its place may be taken */
	bool present, owned;    /* its copy: there, with its owner labels */
	uint64_t gone_usec;
	uint64_t changed_usec; /* what is known of source or copy is old: worth a look */
	uint64_t copied_usec;  /* the copy is another one: worth a proof, whoever made it */
	enum source_state state;
	struct stamp source_at;
	struct source_facts facts; /* of SOURCE_VALID */
	struct digest before[CERTS_BEFORE_MAX];
	size_t before_count;
	char created_uid
		[OBJECT_UID_MAX]; /* of the copy that we made last: what it holds is known */
	bool created;             /* by us, in this life */
	bool copy_known;          /* its copy was read: */
	struct digest copy_data;
	char text[SYNC_TEXT_SIZE]; /* of the last errand, */
	enum sync_errand told;     /* which was that */
	uint32_t version;          /* of the copy */
};

struct cert_listener {
	uint32_t id;
	char gateway[COPY_NAMESPACE_MAX + COPY_NAME_MAX + 2], listener[64],
		hostname[COPY_NAME_MAX + 1];
	char address[COPY_NAME_MAX + 1];
	uint16_t port;
	size_t source_count;
	size_t source[CERTS_REFS_MAX]; /* indices */
	uint32_t version;              /* of what it depends on: another one is a change */
	bool provable, wants_client, referred;
	struct proof_seen seen;
	struct stamp at;
	uint64_t changed_usec;
};

struct certs {
	struct cert_source source[SOURCES_MAX];
	size_t source_count;
	struct cert_listener listener[LISTENERS_MAX];
	size_t listener_count;
	bool truncated;
	uint64_t revision;                /* of the stores, when they were put together last */
	uint64_t config_usec, nodes_usec; /* and begins of the looks that it rests on as well */
	uint32_t release;
	struct evidence_copy copy_items[SOURCES_MAX];
	struct evidence_listener listener_items[LISTENERS_MAX];
};

/* Puts all of it together anew where anything changed, and fills engine->evidence.copies and .listeners. */
void certs_assemble(struct engine *engine, uint64_t now_usec);

struct cert_source *certs_source(const struct engine *engine, uint32_t id);     /* NULL: not known */
struct cert_listener *certs_listener(struct engine *engine, uint32_t id); /* NULL: not known */

/* What an errand found out about a source. */
void certs_take_sync(struct cert_source *source, enum sync_errand errand,
                     const struct sync_end *end, struct stamp at);
