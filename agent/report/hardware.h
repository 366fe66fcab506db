/* SPDX-License-Identifier: Apache-2.0 */
/* hardware - what a board has told, for people and for scripts: what is bad about it, one line,
 * one member of the status. Pure: it reads the struct and no file. What is not known is not spoken
 * of. */
#pragma once
#include "platform/arm64/board.h"
#include "report/writer.h"

#define HARDWARE_LINE_MAX   400
#define HARDWARE_CELSIUS    80 /* from here on a Raspberry Pi's firmware slows its CPU down */

enum hardware_fault {
	HARDWARE_UNDER_VOLTAGE = 1 << 0, /* seen, if not now */
	HARDWARE_HOT = 1 << 1,           /* now */
	HARDWARE_STALLED = 1 << 2,       /* an interface, once or more */
};

bool hardware_has_stalled(const struct board_nic *nic);
unsigned hardware_faults(const struct board *board); /* HARDWARE_* */

/* "Raspberry Pi 4 Model B Rev 1.4, 4 KiB pages, no RTC, under-voltage since boot"; may be "". */
void hardware_line(const struct board *board, char *line, size_t size);

/* Writes the member "board", without a comma. numbers: also those that change and are no news. */
void hardware_json(const struct board *board, bool numbers, struct writer *writer);

const char *hardware_counter(enum board_counter counter); /* "tx_stalls", as in the JSON */
