/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hardware.h"

#include <stdio.h>

#include "report/hardware.h"

#define READ_USEC (30 * SECONDS_USEC) /* drivers come late; counters and the temperature move */
#define LOOK_USEC SECONDS_USEC        /* the alarm is over in 2 s */
#define TOLD      (1U << 31)

void hardware_look(struct engine *engine, uint64_t now_usec)
{
	const char *root = engine->config->host_root;

	if (engine->board_looked_usec && now_usec - engine->board_looked_usec < LOOK_USEC)
		return;
	engine->board_looked_usec = now_usec;
	if (engine->board_read_usec && now_usec - engine->board_read_usec < READ_USEC) {
		board_look(&engine->board, root);
		return;
	}
	engine->board_read_usec = now_usec;
	board_read(&engine->board, root);
}

/* As a field of the journal: "" where it is not known. */
static const char *yes_or_no(bool known, bool is)
{
	return known ? is ? "yes" : "no" : "";
}

void hardware_tell(const struct engine *engine, unsigned *told)
{
	const struct board *board = &engine->board;
	unsigned faults = hardware_faults(board), news = (faults | TOLD) & ~*told;
	char line[HARDWARE_LINE_MAX], pages[24] = "";
	const struct journal_field fields[] = {
		{ "MODEL", board->model },
		{ "PAGE_BYTES", pages },
		{ "RTC", yes_or_no(board->known & BOARD_RTC, board->rtc) },
		{ "UNDER_VOLTAGE",
		  yes_or_no(board->under_voltage_seen || (board->known & BOARD_VOLTAGE),
		            board->under_voltage_seen) },
		{ "HOT", yes_or_no(board->known & BOARD_HEAT, faults & HARDWARE_HOT) },
		{ "STALLED", yes_or_no(board->nic_count, faults & HARDWARE_STALLED) },
		{ "WATCHDOG", board->watchdog.identity },
		{ NULL, NULL },
	};

	if (!news)
		return;
	*told |= news;
	if (board->known & BOARD_PAGES)
		(void)snprintf(pages, sizeof(pages), "%u", board->page_bytes);
	hardware_line(board, line, sizeof(line));
	if (line[0])
		journal_write(&engine->journal, faults ? LOG_WARNING : LOG_INFO,
		              words_of_news(NEWS_BOARD), fields, "board: %s%s", line,
		              faults ? "; what to do: gatewake doctor" : "");
}

/* --- doctor --- */

static void advise(struct advice *ret, const char *object, const char *detail, const char *command)
{
	const struct advice_note note = { ADVICE_BOARD, object, detail, command,
		                          "journalctl -k -b" };

	advice_add(ret, &note);
}

static void advise_nic(const struct board_nic *nic, struct advice *ret)
{
	char object[64], command[96];

	if (!hardware_has_stalled(nic))
		return;
	(void)snprintf(object, sizeof(object), "network interface %s", nic->name);
	(void)snprintf(command, sizeof(command), "journalctl -k -b | grep %s", nic->name);
	advise(ret, object,
	       "stood still since boot, until the kernel reset it: look at its cable and its "
	       "switch port, and keep kernel and firmware up to date",
	       command);
}

void hardware_advise(const struct engine *engine, struct advice *ret)
{
	const struct board *board = &engine->board;
	unsigned faults = hardware_faults(board);
	char heat[160];

	if (faults & HARDWARE_UNDER_VOLTAGE)
		advise(ret, "this board",
		       board->under_voltage
		               ? "has too little voltage now: it is slowed down, and its network, "
		                 "USB and SD card may fail; use the power supply that is made for "
		                 "it, a short cable, and a powered hub for disks"
		               : "had too little voltage since boot: it is slowed down then, and "
		                 "its "
		                 "network, USB and SD card may fail; use the power supply that is "
		                 "made for it, a short cable, and a powered hub for disks",
		       "journalctl -k -b | grep -i 'under-\\?voltage'");
	if (faults & HARDWARE_HOT) {
		(void)snprintf(
			heat, sizeof(heat),
			"is at %d C: from %d C on the firmware slows it down; give it a heat "
			"sink, a fan or more air",
			board->celsius, HARDWARE_CELSIUS);
		advise(ret, "this board's CPU", heat, "cat /sys/class/thermal/thermal_zone*/temp");
	}
	for (size_t i = 0; i < board->nic_count; i++)
		advise_nic(&board->nic[i], ret);
}
