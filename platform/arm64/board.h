/* SPDX-License-Identifier: Apache-2.0 */
/* board - what a Raspberry Pi, or a board like it, tells of itself: the facts behind a boot that
 * is slow or odd. Small files below a prefix, and the page size: no ioctl, no call of the
 * firmware; and no device is ever opened: opening /dev/watchdog would start it.
 *
 * There is no #ifdef and no stub: the same code is built everywhere and looks for the same files.
 * Elsewhere it finds fewer of them, and a fact that cannot be read is absent. So the tests read a
 * Pi's files on any machine.
 *
 * Under-voltage: the kernel's alarm (hwmon "rpi_volt") tells of the last 2 s only, since at each
 * poll its driver has the firmware forget what was. So it is looked at again and again, and what
 * was seen once is kept here. get_throttled of Raspberry Pi's own kernel is not read: it holds the
 * answer to that same poll, and whoever reads it puts a WARNING with a backtrace into the kernel
 * log and taints the kernel. That the firmware slows a hot CPU down is told by its temperature. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_TEXT_MAX 96
#define BOARD_NAME_MAX 16 /* of an interface: IFNAMSIZ */
#define BOARD_NICS_MAX 4

enum {
	BOARD_MODEL = 1 << 0,
	BOARD_PAGES = 1 << 1,
	BOARD_RTC = 1 << 2,
	BOARD_VOLTAGE = 1 << 3,
	BOARD_HEAT = 1 << 4,
	BOARD_WATCHDOG = 1 << 5,         /* there is one: identity */
	BOARD_WATCHDOG_LIMIT = 1 << 6,   /* limit_s */
	BOARD_WATCHDOG_TIMEOUT = 1 << 7, /* timeout_s */
	BOARD_WATCHDOG_STATE = 1 << 8,   /* active */
};

/* Since the interface is there, which for one that is soldered on is since boot. */
enum board_counter {
	BOARD_TX_STALLS, /* the kernel gave up waiting, and reset the sender */
	BOARD_TX_ERRORS,
	BOARD_RX_ERRORS,
	BOARD_RX_MISSED,
	BOARD_LINK_CHANGES, /* up or down: one at each boot at the least */
};
#define BOARD_COUNTER_COUNT 5

struct board_nic {
	char name[BOARD_NAME_MAX];
	unsigned known; /* 1 << BOARD_TX_STALLS ... */
	uint64_t count[BOARD_COUNTER_COUNT];
};

struct board {          /* zeroed: nothing known, nothing seen */
	unsigned known; /* BOARD_*: the others hold nothing */
	char model[BOARD_TEXT_MAX];
	unsigned page_bytes;
	bool rtc;                /* with or without a battery */
	bool under_voltage;      /* within the last 2 s */
	bool under_voltage_seen; /* at any look since this memory was zeroed; stays, known or not */
	int celsius;             /* the CPU's */
	struct {
		char identity[BOARD_TEXT_MAX];
		unsigned limit_s; /* the longest time that it can be set to */
		unsigned timeout_s;
		bool active;
	} watchdog;
	size_t nic_count; /* real ones, the first by name */
	struct board_nic nic[BOARD_NICS_MAX];
};

/* Reads all of it: root is the prefix of /proc and /sys. About a hundred small files at most. */
void board_read(struct board *self, const char *root);

/* Only what may be over before the next board_read(): the alarm. A dozen small files. */
void board_look(struct board *self, const char *root);
