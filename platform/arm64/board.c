/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/arm64/board.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"

#define PATH_SIZE   (PATH_MAX + 768)
#define FILE_MAX    4096 /* sysfs has no larger ones */
#define NUMBER_MAX  24
#define ENTRIES_MAX 2048 /* of one folder: each pod has an interface */
#define CELSIUS_MAX 200

DEFINE_CLEANUP(DIR, closedir)

/* --- small files --- */

/* Up to the first end that there is: the device tree's strings have a NUL, sysfs's a newline. */
static size_t text_len(const char *bytes, size_t len)
{
	size_t end = strcspn(bytes, "\n");

	end = end < len ? end : len;
	while (end > 0 && bytes[end - 1] == ' ')
		end--;
	return end;
}

/* One line of printable ASCII; false where there is none, or where it does not fit: half a word or
 * half a number is no fact. */
static bool read_text(const char *folder, const char *name, char *ret, size_t size)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	struct failure failure;
	char path[PATH_SIZE];
	size_t len;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path) ||
	    file_read_bounded(path, FILE_MAX, "", &bytes, &len, &failure) < 0)
		return false;
	len = text_len(bytes, len);
	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	memcpy(ret, bytes, len);
	ret[len] = '\0';
	return true;
}

/* Digits and nothing else. */
static bool read_number(const char *folder, const char *name, uint64_t most, uint64_t *ret)
{
	char text[NUMBER_MAX];
	uint64_t number;

	if (!read_text(folder, name, text, sizeof(text)) ||
	    text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	number = strtoull(text, NULL, 10);
	if (errno || number > most)
		return false;
	*ret = number;
	return true;
}

static bool read_unsigned(const char *folder, const char *name, unsigned *ret)
{
	uint64_t number;

	if (!read_number(folder, name, UINT_MAX, &number))
		return false;
	*ret = (unsigned)number;
	return true;
}

/* --- folders --- */

static bool open_folder(const char *folder, const char *below, char *path, DIR **ret)
{
	if ((size_t)snprintf(path, PATH_SIZE, "%s%s", folder, below) >= PATH_SIZE)
		return false;
	*ret = opendir(path);
	return *ret;
}

/* The next entry that begins so; NULL: no more. */
static const char *next_entry(DIR *dir, const char *prefix, unsigned *entries)
{
	const struct dirent *entry;

	while ((*entries)++ < ENTRIES_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			return entry->d_name;
	return NULL;
}

/* Numbers change with the order in which drivers come: a device is found by what its file says. */
static bool find_device(const char *root, const char *class, const char *name, const char *value,
                        char *ret_folder)
{
	CLEANUP(closedir_p) DIR *dir = NULL;
	char path[PATH_SIZE], text[BOARD_TEXT_MAX];
	const char *entry;
	unsigned entries = 0;

	if (!open_folder(root, class, path, &dir))
		return false;
	while ((entry = next_entry(dir, "", &entries))) {
		if ((size_t)snprintf(ret_folder, PATH_SIZE, "%s/%s", path, entry) < PATH_SIZE &&
		    read_text(ret_folder, name, text, sizeof(text)) && strcmp(text, value) == 0)
			return true;
	}
	return false;
}

/* --- the facts --- */

static void know(struct board *self, unsigned fact, bool known)
{
	self->known = known ? self->known | fact : self->known & ~fact;
}

static void read_model(struct board *self, const char *root)
{
	know(self, BOARD_MODEL,
	     read_text(root, "proc/device-tree/model", self->model, sizeof(self->model)));
}

static void read_pages(struct board *self)
{
	long bytes = sysconf(_SC_PAGESIZE);

	know(self, BOARD_PAGES, bytes > 0);
	self->page_bytes = bytes > 0 ? (unsigned)bytes : 0;
}

/* A kernel without that class knows of no clock, and of no lack of one. */
static void read_rtc(struct board *self, const char *root)
{
	CLEANUP(closedir_p) DIR *dir = NULL;
	char path[PATH_SIZE];
	unsigned entries = 0;
	bool known = open_folder(root, "/sys/class/rtc", path, &dir);

	know(self, BOARD_RTC, known);
	self->rtc = known && next_entry(dir, "rtc", &entries);
}

/* 80 C is "80000". Below 0 it has a sign, and is no concern here. */
static void read_heat(struct board *self, const char *root)
{
	char folder[PATH_SIZE];
	uint64_t number = 0;
	bool known = find_device(root, "/sys/class/thermal", "type", "cpu-thermal", folder) &&
	             read_number(folder, "temp", CELSIUS_MAX * 1000, &number);

	know(self, BOARD_HEAT, known);
	self->celsius = (int)(number / 1000);
}

#define WATCHDOG "sys/class/watchdog/watchdog0/"

static void read_watchdog(struct board *self, const char *root)
{
	char state[BOARD_TEXT_MAX] = "";

	know(self, BOARD_WATCHDOG,
	     read_text(root, WATCHDOG "identity", self->watchdog.identity,
	               sizeof(self->watchdog.identity)));
	/* 0: its driver names no limit. */
	know(self, BOARD_WATCHDOG_LIMIT,
	     read_unsigned(root, WATCHDOG "max_timeout", &self->watchdog.limit_s) &&
	             self->watchdog.limit_s > 0);
	know(self, BOARD_WATCHDOG_TIMEOUT,
	     read_unsigned(root, WATCHDOG "timeout", &self->watchdog.timeout_s));
	know(self, BOARD_WATCHDOG_STATE, read_text(root, WATCHDOG "state", state, sizeof(state)));
	self->watchdog.active = strcmp(state, "active") == 0;
}

/* --- interfaces --- */

/* Of all its queues together. */
static bool read_stalls(const char *folder, uint64_t *ret)
{
	CLEANUP(closedir_p) DIR *dir = NULL;
	char path[PATH_SIZE], queue[PATH_SIZE];
	const char *entry;
	unsigned entries = 0;
	uint64_t sum = 0, number;
	bool known = false;

	if (!open_folder(folder, "/queues", path, &dir))
		return false;
	while ((entry = next_entry(dir, "tx-", &entries))) {
		if ((size_t)snprintf(queue, sizeof(queue), "%s/%s", path, entry) >= sizeof(queue) ||
		    !read_number(queue, "tx_timeout", UINT32_MAX, &number))
			continue;
		sum += number;
		known = true;
	}
	*ret = sum;
	return known;
}

static void read_nic(struct board_nic *self, const char *folder)
{
	static const char *const files[BOARD_COUNTER_COUNT] = {
		[BOARD_TX_ERRORS] = "statistics/tx_errors",
		[BOARD_RX_ERRORS] = "statistics/rx_errors",
		[BOARD_RX_MISSED] = "statistics/rx_missed_errors",
		[BOARD_LINK_CHANGES] = "carrier_changes",
	};

	if (read_stalls(folder, &self->count[BOARD_TX_STALLS]))
		self->known |= 1U << BOARD_TX_STALLS;
	for (size_t i = 0; i < BOARD_COUNTER_COUNT; i++)
		/* As far as a double of JSON is exact. */
		if (files[i] && read_number(folder, files[i], UINT64_C(1) << 53, &self->count[i]))
			self->known |= 1U << i;
}

/* Where it belongs by name, so that two looks do not differ by the order alone; NULL: too many. */
static struct board_nic *place_nic(struct board *self, const char *name)
{
	size_t place = 0, last;

	while (place < self->nic_count && strcmp(self->nic[place].name, name) < 0)
		place++;
	if (place == BOARD_NICS_MAX)
		return NULL;
	last = self->nic_count < BOARD_NICS_MAX ? self->nic_count++ : BOARD_NICS_MAX - 1;
	memmove(&self->nic[place + 1], &self->nic[place], (last - place) * sizeof(self->nic[0]));
	self->nic[place] = (struct board_nic){ 0 };
	memcpy(self->nic[place].name, name, strlen(name) + 1);
	return &self->nic[place];
}

/* Those with a device behind them: no bridge, no veth, none of Cilium's. */
static void read_nics(struct board *self, const char *root)
{
	CLEANUP(closedir_p) DIR *dir = NULL;
	char path[PATH_SIZE], folder[PATH_SIZE], device[PATH_SIZE];
	struct board_nic *nic;
	const char *entry;
	unsigned entries = 0;

	self->nic_count = 0;
	if (!open_folder(root, "/sys/class/net", path, &dir))
		return;
	while ((entry = next_entry(dir, "", &entries))) {
		if (strlen(entry) >= BOARD_NAME_MAX ||
		    (size_t)snprintf(folder, sizeof(folder), "%s/%s", path, entry) >=
		            sizeof(folder) ||
		    (size_t)snprintf(device, sizeof(device), "%s/device", folder) >=
		            sizeof(device) ||
		    access(device, F_OK) < 0)
			continue;
		nic = place_nic(self, entry);
		if (nic)
			read_nic(nic, folder);
	}
}

/* --- the door --- */

void board_look(struct board *self, const char *root)
{
	char folder[PATH_SIZE];
	uint64_t number = 0;
	bool known = find_device(root, "/sys/class/hwmon", "name", "rpi_volt", folder) &&
	             read_number(folder, "in0_lcrit_alarm", 1, &number);

	know(self, BOARD_VOLTAGE, known);
	self->under_voltage = known && number;
	self->under_voltage_seen = self->under_voltage_seen || self->under_voltage;
}

void board_read(struct board *self, const char *root)
{
	read_model(self, root);
	read_pages(self);
	read_rtc(self, root);
	read_heat(self, root);
	read_watchdog(self, root);
	read_nics(self, root);
	board_look(self, root);
}
