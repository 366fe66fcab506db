/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/notify.h"
#include "host/state.h"

#define LEDGER_SIZE   128 /* with its NUL */
#define LEDGER_FORMAT "gatewake-ledger 1 %" PRIu32 " %" PRIu32 " %u %u %u %" PRIu64 "\n"
#define LEDGER_SCAN   "gatewake-ledger 1 %" SCNu32 " %" SCNu32 " %u %u %u %" SCNu64

static bool parse(const char *text, struct ledger *ret)
{
	unsigned failed, spent, open;
	struct ledger read = { 0 };

	if (sscanf(text, LEDGER_SCAN, &read.boot, &read.about, &failed, &spent, &open,
	           &read.last_usec) != 6 ||
	    failed > UINT8_MAX || spent > UINT8_MAX)
		return false;
	read.failed = (uint8_t)failed;
	read.spent = (uint8_t)spent;
	read.open = open != 0;
	*ret = read;
	return true;
}

/* --- in memory, where systemd keeps it while the service is started again --- */

static bool recall(struct engine *engine)
{
	char text[LEDGER_SIZE] = "";

	if (engine->ledger_fd < 0 && engine->remembers)
		engine->ledger_fd = notify_kept(LEDGER_FILE);
	return engine->ledger_fd >= 0 && pread(engine->ledger_fd, text, sizeof(text) - 1, 0) > 0 &&
	       parse(text, &engine->core.ledger);
}

static void keep(struct engine *engine, const char text[LEDGER_SIZE])
{
	if (engine->ledger_fd < 0) {
		engine->ledger_fd = memfd_create(LEDGER_FILE, MFD_CLOEXEC);
		if (engine->ledger_fd < 0)
			return;
		(void)notify_keep(engine->ledger_fd, LEDGER_FILE);
	}
	(void)!pwrite(engine->ledger_fd, text, LEDGER_SIZE, 0);
}

/* The one on the disk counts again. */
static void forget(struct engine *engine)
{
	if (engine->ledger_fd >= 0)
		(void)!ftruncate(engine->ledger_fd, 0);
}

/* --- on the disk --- */

void ledger_load(struct engine *engine)
{
	const char *folder = engine->config->state_dir;
	char text[LEDGER_SIZE];
	int len;

	/* It is there only where the other could not be written after it. */
	if (recall(engine))
		return;
	len = state_read(folder, LEDGER_FILE, text, sizeof(text) - 1);
	text[len < 0 ? 0 : len] = '\0';
	if (len == -ENOENT || (len >= 0 && parse(text, &engine->core.ledger)))
		return;
	journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
	              "%s/" LEDGER_FILE " cannot be used (%s): restarts are counted from zero",
	              folder, len < 0 ? strerror(-len) : "not in its format");
}

void ledger_save(struct engine *engine, const struct ledger *ledger)
{
	const char *folder = engine->config->state_dir;
	char text[LEDGER_SIZE] = "";
	int len = snprintf(text, sizeof(text), LEDGER_FORMAT, ledger->boot, ledger->about,
	                   ledger->failed, ledger->spent, ledger->open, ledger->last_usec);
	int r = state_write(folder, LEDGER_FILE, text, (size_t)len, STATE_DURABLE);

	if (r < 0)
		keep(engine, text);
	else
		forget(engine);
	if (r < 0 && !engine->ledger_trouble)
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s/" LEDGER_FILE
		              " cannot be written (%s): restarts are counted in memory only",
		              folder, strerror(-r));
	engine->ledger_trouble = r < 0;
}
