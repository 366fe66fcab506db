/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/model.h"

#define MSEC       UINT64_C(1000)
#define ENVOY_USEC (475 * MSEC) /* from a copy to HTTPS */

uint32_t model_serves(struct model *model, size_t source, uint64_t now_usec)
{
	struct copied *copied = &model->copied[source];

	if (model->copy[source] && now_usec >= copied->changed_usec + ENVOY_USEC)
		copied->served = copied->holds;
	return copied->served;
}

static void changed(struct model *model, size_t source, uint64_t now_usec)
{
	model->copied[source].changed_usec = now_usec;
	model->revision++;
}

void copy_write(struct model *model, size_t source, uint64_t now_usec)
{
	(void)model_serves(model, source, now_usec);
	if (!model->copy[source])
		model->copy[source] = ++model->next_id;
	model->copied[source].holds = model->source[source].version;
	changed(model, source, now_usec);
}

void copy_delete(struct model *model, size_t source, uint64_t now_usec)
{
	if (!model->copy[source])
		return;
	(void)model_serves(model, source, now_usec);
	model->copy[source] = 0;
	changed(model, source, now_usec);
}

/* The leader has seen its first list: from then on it follows events, an off one faster than it should. */
static void wake_leader(struct model *model, uint64_t now_usec)
{
	for (size_t i = 0; i < MODEL_PODS; i++) {
		struct process *process = &model->pod[i].process;
		uint64_t pause = process->mind == MIND_ON
		                         ? luck_between(&model->luck, 1000 * MSEC, 3000 * MSEC)
		                         : luck_between(&model->luck, 50 * MSEC, 300 * MSEC);

		if (process->container && process->synced && process->mends_usec == MODEL_NEVER)
			process->mends_usec = now_usec + pause;
	}
}

void model_touch(struct model *model, size_t source, uint64_t now_usec)
{
	model->source[source].touched = true;
	model->revision++;
	wake_leader(model, now_usec);
}

void model_rotate(struct model *model, size_t source, uint64_t now_usec)
{
	model->source[source].version++;
	model_touch(model, source, now_usec);
}

void model_lose_copy(struct model *model, size_t source, uint64_t now_usec)
{
	copy_delete(model, source, now_usec);
	model_touch(model, source, now_usec);
}

void model_grant(struct model *model, size_t source, bool granted, uint64_t now_usec)
{
	model->source[source].ungranted = !granted;
	model->source[source].granted_usec = now_usec;
	model->revision++;
}

enum create_end model_create_copy(struct model *model, size_t source, uint64_t now_usec)
{
	if (model->source[source].missing)
		return CREATE_NO_SOURCE;
	if (model->source[source].invalid)
		return CREATE_BAD_SOURCE;
	if (model->copy[source])
		return CREATE_EXISTS;
	copy_write(model, source, now_usec);
	return CREATE_DONE;
}

void model_restart_envoy(struct model *model, uint64_t from_usec)
{
	for (size_t i = 0; i < MODEL_COPIES; i++) {
		model->copied[i].served = 0;
		model->copied[i].changed_usec = from_usec;
	}
}

bool model_copy_needed(const struct model *model, size_t source)
{
	const struct source *is = &model->source[source];

	return !is->missing && !is->invalid && !is->ungranted;
}

bool model_copies_whole(const struct model *model)
{
	for (size_t i = 0; i < MODEL_COPIES; i++)
		if (model_copy_needed(model, i) &&
		    (!model->copy[i] || model->copied[i].holds != model->source[i].version))
			return false;
	return true;
}
