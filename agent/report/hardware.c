/* SPDX-License-Identifier: Apache-2.0 */
#include "report/hardware.h"

#include <stdio.h>
#include <string.h>

#define PAGE_USUAL 4096

static bool is_hot(const struct board *board)
{
	return (board->known & BOARD_HEAT) && board->celsius >= HARDWARE_CELSIUS &&
	       strncmp(board->model, "Raspberry Pi", 12) == 0;
}

bool hardware_has_stalled(const struct board_nic *nic)
{
	return (nic->known & (1U << BOARD_TX_STALLS)) && nic->count[BOARD_TX_STALLS] > 0;
}

unsigned hardware_faults(const struct board *board)
{
	unsigned faults = 0;

	if (board->under_voltage_seen)
		faults |= HARDWARE_UNDER_VOLTAGE;
	if (is_hot(board))
		faults |= HARDWARE_HOT;
	for (size_t i = 0; i < board->nic_count; i++)
		if (hardware_has_stalled(&board->nic[i]))
			faults |= HARDWARE_STALLED;
	return faults;
}

/* --- a line --- */

static const char *comma(const struct writer *writer)
{
	return writer->len ? ", " : "";
}

/* Many drivers name no limit; what the timer is set to is then the best that there is. */
static void put_timer(const struct board *board, struct writer *writer)
{
	const char *kind = !(board->known & BOARD_WATCHDOG_STATE) ? "a"
	                   : board->watchdog.active               ? "an active"
	                                                          : "an idle";

	writer_print(writer, "%s%s watchdog", comma(writer), kind);
	if (board->known & BOARD_WATCHDOG_LIMIT)
		writer_print(writer, " of at most %u s", board->watchdog.limit_s);
	else if (board->known & BOARD_WATCHDOG_TIMEOUT)
		writer_print(writer, " of %u s", board->watchdog.timeout_s);
}

static void put_build(const struct board *board, struct writer *writer)
{
	if (board->known & BOARD_MODEL)
		writer_print(writer, "%s", board->model);
	if (board->known & BOARD_PAGES)
		writer_print(writer, "%s%u KiB pages%s", comma(writer), board->page_bytes / 1024,
		             board->page_bytes == PAGE_USUAL ? ""
		                                             : " (some container images want 4)");
	if (board->known & BOARD_RTC)
		writer_print(writer, "%s%s RTC", comma(writer), board->rtc ? "an" : "no");
	if (board->known & BOARD_WATCHDOG)
		put_timer(board, writer);
}

void hardware_line(const struct board *board, char *line, size_t size)
{
	struct writer writer = { .bytes = line, .size = size };

	line[0] = '\0';
	put_build(board, &writer);
	if (board->under_voltage_seen)
		writer_print(&writer, "%sunder-voltage %s", comma(&writer),
		             board->under_voltage ? "now" : "since boot");
	if (is_hot(board))
		writer_print(&writer, "%sCPU slowed down at %d C", comma(&writer), board->celsius);
	for (size_t i = 0; i < board->nic_count; i++)
		if (hardware_has_stalled(&board->nic[i]))
			writer_print(&writer, "%s%s stalled (%llu)", comma(&writer),
			             board->nic[i].name,
			             (unsigned long long)board->nic[i].count[BOARD_TX_STALLS]);
}

/* --- JSON --- */

const char *hardware_counter(enum board_counter counter)
{
	static const char *const names[] = {
		[BOARD_TX_STALLS] = "tx_stalls",       [BOARD_TX_ERRORS] = "tx_errors",
		[BOARD_RX_ERRORS] = "rx_errors",       [BOARD_RX_MISSED] = "rx_missed",
		[BOARD_LINK_CHANGES] = "link_changes",
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == BOARD_COUNTER_COUNT,
	               "a name for each counter");

	return names[counter];
}

/* Any of them may be the first one of its object. */
static void name_member(struct writer *writer, const char *name)
{
	bool first = writer->len && writer->bytes[writer->len - 1] == '{';

	writer_print(writer, "%s\"%s\":", first ? "" : ",", name);
}

static void put_text(struct writer *writer, const char *name, const char *text)
{
	name_member(writer, name);
	writer_string(writer, text);
}

static void put_number(struct writer *writer, const char *name, uint64_t number)
{
	name_member(writer, name);
	writer_print(writer, "%llu", (unsigned long long)number);
}

static void put_bool(struct writer *writer, const char *name, bool is)
{
	name_member(writer, name);
	writer_print(writer, "%s", is ? "true" : "false");
}

static void put_voltage(const struct board *board, struct writer *writer)
{
	if (!(board->known & BOARD_VOLTAGE) && !board->under_voltage_seen)
		return;
	name_member(writer, "under_voltage");
	writer_print(writer, "{");
	if (board->known & BOARD_VOLTAGE)
		put_bool(writer, "now", board->under_voltage);
	put_bool(writer, "seen", board->under_voltage_seen);
	writer_print(writer, "}");
}

static void put_watchdog(const struct board *board, struct writer *writer)
{
	if (!(board->known & BOARD_WATCHDOG))
		return;
	name_member(writer, "watchdog");
	writer_print(writer, "{");
	put_text(writer, "identity", board->watchdog.identity);
	if (board->known & BOARD_WATCHDOG_LIMIT)
		put_number(writer, "limit_s", board->watchdog.limit_s);
	if (board->known & BOARD_WATCHDOG_TIMEOUT)
		put_number(writer, "timeout_s", board->watchdog.timeout_s);
	if (board->known & BOARD_WATCHDOG_STATE)
		put_bool(writer, "active", board->watchdog.active);
	writer_print(writer, "}");
}

static void put_nics(const struct board *board, bool numbers, struct writer *writer)
{
	if (board->nic_count == 0)
		return;
	name_member(writer, "interfaces");
	for (size_t i = 0; i < board->nic_count; i++) {
		const struct board_nic *nic = &board->nic[i];

		writer_print(writer, i ? ",{" : "[{");
		put_text(writer, "name", nic->name);
		for (enum board_counter j = BOARD_TX_STALLS; j <= BOARD_LINK_CHANGES; j++)
			if ((nic->known & (1U << j)) && (numbers || j == BOARD_TX_STALLS))
				put_number(writer, hardware_counter(j), nic->count[j]);
		writer_print(writer, "}");
	}
	writer_print(writer, "]");
}

void hardware_json(const struct board *board, bool numbers, struct writer *writer)
{
	writer_print(writer, "\"board\":{");
	if (board->known & BOARD_MODEL)
		put_text(writer, "model", board->model);
	if (board->known & BOARD_PAGES)
		put_number(writer, "page_bytes", board->page_bytes);
	if (board->known & BOARD_RTC)
		put_bool(writer, "rtc", board->rtc);
	put_voltage(board, writer);
	if ((board->known & BOARD_HEAT) && numbers)
		put_number(writer, "cpu_celsius", (uint64_t)board->celsius);
	if (is_hot(board) && !numbers)
		put_bool(writer, "hot", true);
	put_watchdog(board, writer);
	put_nics(board, numbers, writer);
	writer_print(writer, "}");
}
