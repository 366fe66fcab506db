/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/model.h"

void path_add(struct path *path, uint64_t from_usec, uint64_t until_usec, enum fault fault)
{
	if (path->count == MODEL_SPELLS || from_usec >= until_usec)
		return;
	path->spell[path->count++] = (struct spell){ from_usec, until_usec, fault };
}

enum fault path_fault(const struct path *path, uint64_t now_usec)
{
	for (size_t i = 0; i < path->count; i++)
		if (path->spell[i].from_usec <= now_usec && now_usec < path->spell[i].until_usec)
			return path->spell[i].fault;
	return FAULT_NONE;
}

uint64_t path_clear_from(const struct path *path, uint64_t now_usec)
{
	uint64_t from = 0;

	if (path_fault(path, now_usec) != FAULT_NONE)
		return MODEL_NEVER;
	for (size_t i = 0; i < path->count; i++)
		if (path->spell[i].until_usec <= now_usec && path->spell[i].until_usec > from)
			from = path->spell[i].until_usec;
	return from;
}

enum fault model_vip(const struct model *model, uint64_t now_usec)
{
	enum fault fault = path_fault(&model->vip, now_usec);

	return fault != FAULT_NONE ? fault : path_fault(&model->api, now_usec);
}

enum fault model_local(const struct model *model, size_t node, uint64_t now_usec)
{
	enum fault fault = path_fault(&model->node[node].local, now_usec);

	return fault != FAULT_NONE ? fault : path_fault(&model->api, now_usec);
}
