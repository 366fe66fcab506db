/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settled.h"

#include "core/asks.h"

#define REFUSALS                                                                                   \
	5 /* in a row, over some 4 s: while the API server starts it refuses for a moment */

/* An endpoint that fails has said at which layer; one that answers has done so twice. */
static bool endpoints_probed(const struct core *core, const struct evidence *evidence)
{
	for (enum endpoint endpoint = ENDPOINT_LOCAL; endpoint <= ENDPOINT_VIP; endpoint++) {
		const struct readiness *readiness = &core->readiness[endpoint];

		if (evidence->endpoint[endpoint].configured &&
		    (readiness->layer == LAYER_UNKNOWN || readiness->state == READINESS_SETTLING))
			return false;
	}
	return true;
}

static bool refused_for_good(const struct core *core)
{
	for (enum order_kind kind = ASK_DEPLOYMENTS; kind <= ASK_NODES; kind++)
		if (core->ask[kind].refused && core->ask[kind].misses >= REFUSALS)
			return true;
	return false;
}

/* Not known, and for a reason that stands by itself. */
static bool unknown_for_good(const struct core *core)
{
	if (core->cause == CAUSE_READ_REFUSED)
		return refused_for_good(core);
	return core->cause == CAUSE_NO_OPERATOR || core->cause == CAUSE_TWO_OPERATORS ||
	       core->cause == CAUSE_TOO_MANY;
}

/* The restart is on its way, or a look at what it needs. */
static bool moves(enum cause cause)
{
	return cause == CAUSE_STALE || cause == CAUSE_CRDS_UNPROVEN || cause == CAUSE_RESTARTING;
}

static bool crds_seen(const struct core *core)
{
	return core->crds_judged_usec || !readiness_usable(&core->readiness[ENDPOINT_VIP]);
}

static bool copies_seen(const struct core *core, const struct policy *policy,
                        const struct evidence *evidence)
{
	if (evidence->copies.refused)
		return true;
	return core->copies.current && copies_pending(core, policy, evidence) == 0 &&
	       !proofs_pending(core, evidence);
}

bool settled(const struct core *core, const struct policy *policy, const struct evidence *evidence)
{
	if (!endpoints_probed(core, evidence))
		return false;
	if (core->verdict == VERDICT_UNKNOWN)
		return unknown_for_good(core);
	if (core->verdict == VERDICT_STARTING || moves(core->cause) || !crds_seen(core))
		return false;
	return core->verdict == VERDICT_DISABLED || copies_seen(core, policy, evidence);
}
