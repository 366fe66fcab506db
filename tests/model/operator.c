/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/operator.h"

#define MSEC       UINT64_C(1000)
#define SECONDS    UINT64_C(1000000)
#define HANDSHAKE  (10 * SECONDS) /* client-go's TLS handshake time-out */
#define LEASE      (15 * SECONDS)
#define EOF_RETRY  (1 * SECONDS)
#define SYNC_RETRY (1 * SECONDS)
#define CONTACT    (60 * SECONDS) /* 1.18.4: without any answer by then it ends */
#define PATIENCE   (30 * SECONDS) /* 1.20.2, for its CRDs */
#define ASK_AGAIN  (3 * SECONDS)

void operator_start(struct model *model, struct process *process, uint64_t now_usec)
{
	*process = (struct process){ .container = ++model->next_id,
		                     .started_usec = now_usec,
		                     .asks_usec = now_usec };
	process->log_usec = MODEL_NEVER;
	process->tries_usec = MODEL_NEVER;
	process->syncs_usec = MODEL_NEVER;
	process->mends_usec = MODEL_NEVER;
}

static void decide(struct model *model, struct process *process, enum mind mind, uint64_t now_usec)
{
	process->mind = mind;
	process->registered = mind == MIND_ON || process->stalled_usec;
	process->asks_usec = MODEL_NEVER;
	process->decided_usec = now_usec;
	/* Written at once, read by others a little later. */
	process->log_usec = now_usec + luck_between(&model->luck, 20 * MSEC, 1500 * MSEC);
	process->tries_usec = now_usec + 26 * MSEC;
	model->lost_races += mind == MIND_OFF;
}

static void refuse(struct model *model, struct process *process, uint64_t now_usec)
{
	if (!model->patient) {
		decide(model, process, MIND_OFF, now_usec);
		return;
	}
	process->gives_up = now_usec - process->started_usec >= PATIENCE;
	process->asks_usec = now_usec + luck_between(&model->luck, MSEC, ASK_AGAIN);
}

static void ask(struct model *model, struct process *process, uint64_t now_usec)
{
	enum fault fault = path_fault(&model->operators, now_usec);

	if (process->stalled_usec) {
		decide(model, process, MIND_OFF, now_usec);
		return;
	}
	switch (fault != FAULT_NONE ? fault : model_vip(model, now_usec)) {
	case FAULT_NONE:
		decide(model, process, MIND_ON, now_usec);
		return;
	case FAULT_EOF:
		process->asks_usec = now_usec + EOF_RETRY;
		return;
	case FAULT_STALL:
		process->stalled_usec = process->asks_usec = now_usec + HANDSHAKE;
		return;
	case FAULT_REFUSED:
		refuse(model, process, now_usec);
		return;
	case FAULT_500:
	case FAULT_401:
	case FAULT_403:
		decide(model, process, MIND_OFF, now_usec);
		return;
	}
}

static void lead(struct model *model, struct process *process, uint64_t now_usec)
{
	uint64_t least = process->mind == MIND_ON ? 7 * SECONDS : 9 * SECONDS;

	model->lease = process->container;
	process->leads = true;
	process->tries_usec = MODEL_NEVER;
	process->syncs_usec = now_usec + luck_between(&model->luck, least, least + SECONDS);
}

static void try_lease(struct model *model, struct process *process, uint64_t now_usec)
{
	process->tries_usec = now_usec + luck_between(&model->luck, 2000 * MSEC, 2400 * MSEC);
	if (model_vip(model, now_usec) != FAULT_NONE) {
		process->gives_up = !process->contacted &&
		                    model_vip(model, now_usec) == FAULT_REFUSED &&
		                    now_usec - process->started_usec >= CONTACT;
		return;
	}
	process->contacted = true;
	if (model->lease == 0) {
		lead(model, process, now_usec);
		return;
	}
	if (model_process(model, model->lease)) { /* it lives, and renews */
		process->dead_holder = 0;
		return;
	}
	if (process->dead_holder != model->lease) {
		process->dead_holder = model->lease;
		process->watches_usec = now_usec;
	} else if (now_usec - process->watches_usec >= LEASE) {
		lead(model, process, now_usec);
	}
}

static void delete_copies(struct model *model, const struct pod *pod, uint64_t now_usec)
{
	if (pod->process.registered)
		return;
	for (size_t i = 0; i < MODEL_COPIES; i++)
		copy_delete(model, i, now_usec);
	model->losses++;
	model->loser = pod;
}

/* It copies without a grant, and whatever the source holds; what is right it adopts. */
static void write_copies(struct model *model, uint64_t now_usec)
{
	for (size_t i = 0; i < MODEL_COPIES; i++) {
		const struct source *source = &model->source[i];
		bool right = model->copy[i] && model->copied[i].holds == source->version;

		model->source[i].touched = false;
		if (source->missing)
			copy_delete(model, i, now_usec);
		else if (right)
			model->adopted++;
		else
			copy_write(model, i, now_usec);
		model->mends += !source->missing && !right;
	}
}

static void sync(struct model *model, struct pod *pod, uint64_t now_usec)
{
	struct process *process = &pod->process;

	if (model_vip(model, now_usec) != FAULT_NONE) {
		process->syncs_usec = now_usec + SYNC_RETRY;
		return;
	}
	process->syncs_usec = MODEL_NEVER;
	process->synced = true;
	if (process->mind == MIND_OFF) {
		delete_copies(model, pod, now_usec);
		return;
	}
	write_copies(model, now_usec);
}

/* Of those that something happened to: on writes what is wrong, off deletes. */
static void mend(struct model *model, struct process *process, uint64_t now_usec)
{
	if (model_vip(model, now_usec) != FAULT_NONE) {
		process->mends_usec = now_usec + SYNC_RETRY;
		return;
	}
	process->mends_usec = MODEL_NEVER;
	if (process->mind == MIND_ON)
		write_copies(model, now_usec);
	for (size_t i = 0; i < MODEL_COPIES; i++) {
		if (!model->source[i].touched || process->mind == MIND_ON)
			continue;
		model->source[i].touched = false;
		if (process->registered || !model->copy[i])
			continue;
		copy_delete(model, i, now_usec);
		model->touch_losses++;
	}
}

void operator_run(struct model *model, struct pod *pod, uint64_t now_usec)
{
	struct process *process = &pod->process;

	if (!process->container)
		return;
	if (process->asks_usec <= now_usec)
		ask(model, process, now_usec);
	if (process->tries_usec <= now_usec)
		try_lease(model, process, now_usec);
	if (process->syncs_usec <= now_usec)
		sync(model, pod, now_usec);
	if (process->mends_usec <= now_usec)
		mend(model, process, now_usec);
}

uint64_t operator_next(const struct process *process)
{
	uint64_t next = process->asks_usec;

	if (!process->container)
		return MODEL_NEVER;
	if (process->tries_usec < next)
		next = process->tries_usec;
	if (process->mends_usec < next)
		next = process->mends_usec;
	return process->syncs_usec < next ? process->syncs_usec : next;
}

void operator_end(struct model *model, struct process *process, bool gracefully, uint64_t now_usec)
{
	if (gracefully && process->leads && model_vip(model, now_usec) == FAULT_NONE)
		model->lease = 0;
	*process = (struct process){ .container = 0 };
}
