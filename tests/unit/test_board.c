/* SPDX-License-Identifier: Apache-2.0 */
/* A board's files, as a Pi's kernel shows them, in a folder of the test: what is read of them, and
 * how it is told. */
#include "tests/unit/tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "host/runfile.h"
#include "platform/arm64/board.h"
#include "report/hardware.h"
#include "tests/unit/schema.h"

#define ALARM     "sys/class/hwmon/hwmon1/in0_lcrit_alarm"
#define THROTTLED "sys/devices/platform/soc/soc:firmware/get_throttled"
#define WATCHDOG  "sys/class/watchdog/watchdog0/"
#define ETH0      "sys/class/net/eth0/"

static struct tempdir dir;

static void make_folders(const char *path)
{
	char full[PATH_MAX];

	(void)snprintf(full, sizeof(full), "%s", tempdir_path(&dir, path));
	for (char *slash = full + strlen(dir.path) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(full, 0755);
		*slash = '/';
	}
}

static void put_bytes(const char *path, const void *bytes, size_t len)
{
	make_folders(path);
	(void)tempdir_write(&dir, path, bytes, len);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static int make(void **state)
{
	(void)state;
	tempdir_make(&dir);
	return 0;
}

static int clean(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir.path);
	return system(command);
}

/* The device tree's string ends with a NUL, and with no newline. */
static void put_model(const char *model)
{
	put_bytes("proc/device-tree/model", model, strlen(model) + 1);
}

static void put_interface(const char *name, const char *stalls)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "sys/class/net/%s/device/uevent", name);
	put(path, "");
	(void)snprintf(path, sizeof(path), "sys/class/net/%s/queues/tx-0/tx_timeout", name);
	put(path, stalls);
}

static void put_pi_4(void)
{
	put_model("Raspberry Pi 4 Model B Rev 1.4");
	put("sys/class/rtc/.keep", "");
	put("sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
	put("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
	put(ALARM, "1\n");
	put("sys/class/thermal/cooling_device0/type", "gpio-fan\n");
	put("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
	put("sys/class/thermal/thermal_zone0/temp", "61835\n");
	put(WATCHDOG "identity", "Broadcom BCM2835 Watchdog timer\n");
	put(WATCHDOG "max_timeout", "15\n");
	put(WATCHDOG "timeout", "10\n");
	put(WATCHDOG "state", "active\n");
	put_interface("eth0", "0\n");
	put(ETH0 "queues/tx-1/tx_timeout", "2\n");
	put(ETH0 "queues/tx-4/tx_timeout", "1\n");
	put(ETH0 "queues/rx-0/rps_cpus", "0\n");
	put(ETH0 "statistics/tx_errors", "7\n");
	put(ETH0 "statistics/rx_errors", "5\n");
	put(ETH0 "statistics/rx_missed_errors", "18446\n");
	put(ETH0 "carrier_changes", "4\n");
	put("sys/class/net/lo/carrier_changes", "0\n");
	put("sys/class/net/lxc1234/queues/tx-0/tx_timeout", "9\n");
}

static void put_pi_5(void)
{
	put_model("Raspberry Pi 5 Model B Rev 1.0");
	put("sys/class/rtc/rtc0/name", "rpi-rtc soc@107c000000:rpi_rtc\n");
	put("sys/class/hwmon/hwmon1/name", "rp1_adc\n");
	put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n"); /* not the Pi's */
	put("sys/class/hwmon/hwmon3/name", "rpi_volt\n");
	put("sys/class/hwmon/hwmon3/in0_lcrit_alarm", "0\n");
	put("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
	put("sys/class/thermal/thermal_zone0/temp", "80200\n");
	put(WATCHDOG "identity", "Broadcom BCM2835 Watchdog timer\n");
	put(WATCHDOG "max_timeout", "0\n"); /* its driver names no limit */
	put(WATCHDOG "timeout", "15\n");
	put(WATCHDOG "state", "inactive\n");
	put_interface("eth0", "0\n");
}

static struct board read_board(void)
{
	struct board board = { 0 };

	board_read(&board, dir.path);
	return board;
}

/* --- what is read --- */

static void a_pi_4_tells_what_it_has(void **state)
{
	struct board board;

	(void)state;
	put_pi_4();
	board = read_board();
	assert_string_equal(board.model, "Raspberry Pi 4 Model B Rev 1.4");
	assert_int_equal(board.known, BOARD_MODEL | BOARD_PAGES | BOARD_RTC | BOARD_VOLTAGE |
	                                      BOARD_HEAT | BOARD_WATCHDOG | BOARD_WATCHDOG_LIMIT |
	                                      BOARD_WATCHDOG_TIMEOUT | BOARD_WATCHDOG_STATE);
	assert_int_equal(board.page_bytes, sysconf(_SC_PAGESIZE));
	assert_false(board.rtc);
	assert_true(board.under_voltage);
	assert_true(board.under_voltage_seen);
	assert_int_equal(board.celsius, 61);
	assert_string_equal(board.watchdog.identity, "Broadcom BCM2835 Watchdog timer");
	assert_int_equal(board.watchdog.limit_s, 15);
	assert_int_equal(board.watchdog.timeout_s, 10);
	assert_true(board.watchdog.active);
	assert_int_equal(board.nic_count, 1); /* what has no device behind it is none */
	assert_string_equal(board.nic[0].name, "eth0");
	assert_int_equal(board.nic[0].known, (1 << BOARD_COUNTER_COUNT) - 1);
	assert_int_equal(board.nic[0].count[BOARD_TX_STALLS], 3); /* of all queues */
	assert_int_equal(board.nic[0].count[BOARD_TX_ERRORS], 7);
	assert_int_equal(board.nic[0].count[BOARD_RX_ERRORS], 5);
	assert_int_equal(board.nic[0].count[BOARD_RX_MISSED], 18446);
	assert_int_equal(board.nic[0].count[BOARD_LINK_CHANGES], 4);
}

static void a_pi_5_tells_what_it_has(void **state)
{
	struct board board;

	(void)state;
	put_pi_5();
	board = read_board();
	assert_string_equal(board.model, "Raspberry Pi 5 Model B Rev 1.0");
	assert_true(board.rtc);
	assert_true(board.known & BOARD_VOLTAGE);
	assert_false(board.under_voltage);
	assert_false(board.under_voltage_seen);
	assert_int_equal(board.celsius, 80);
	assert_true(board.known & BOARD_WATCHDOG);
	assert_false(board.known & BOARD_WATCHDOG_LIMIT);
	assert_int_equal(board.watchdog.timeout_s, 15);
	assert_false(board.watchdog.active);
	assert_int_equal(board.nic_count, 1);
	assert_int_equal(board.nic[0].known, 1 << BOARD_TX_STALLS);
}

static void a_machine_with_nothing_knows_only_its_pages(void **state)
{
	struct board board = read_board(), elsewhere = { 0 };

	(void)state;
	assert_int_equal(board.known, BOARD_PAGES);
	assert_int_equal(board.nic_count, 0);
	assert_int_equal(hardware_faults(&board), 0);
	board_read(&elsewhere, "/nonexistent");
	assert_int_equal(elsewhere.known, BOARD_PAGES);
}

static void what_is_no_fact_is_absent(void **state)
{
	static char huge[8192], longest[BOARD_TEXT_MAX], longer[BOARD_TEXT_MAX + 1];
	const struct {
		const char *path, *text;
		unsigned fact;
		bool known;
	} rows[] = {
		{ "proc/device-tree/model", "Raspberry Pi 3 Model B", BOARD_MODEL, true },
		{ "proc/device-tree/model", "", BOARD_MODEL, false },
		{ "proc/device-tree/model", "\n", BOARD_MODEL, false },
		{ "proc/device-tree/model", "Pi\033[2J", BOARD_MODEL, false },
		{ "proc/device-tree/model", "Pi\xff", BOARD_MODEL, false },
		{ "proc/device-tree/model", longest, BOARD_MODEL, true },
		{ "proc/device-tree/model", longer, BOARD_MODEL, false },
		{ "proc/device-tree/model", huge, BOARD_MODEL, false },
		{ ALARM, "0", BOARD_VOLTAGE, true }, /* no newline */
		{ ALARM, "1\n1\n", BOARD_VOLTAGE, true },
		{ ALARM, "2\n", BOARD_VOLTAGE, false },
		{ ALARM, "-1\n", BOARD_VOLTAGE, false },
		{ ALARM, "yes\n", BOARD_VOLTAGE, false },
		{ ALARM, "1x\n", BOARD_VOLTAGE, false },
		{ ALARM, "", BOARD_VOLTAGE, false },
		{ ALARM, huge, BOARD_VOLTAGE, false },
		{ "sys/class/thermal/thermal_zone0/temp", "0\n", BOARD_HEAT, true },
		{ "sys/class/thermal/thermal_zone0/temp", "-40000\n", BOARD_HEAT, false },
		{ "sys/class/thermal/thermal_zone0/temp", "9999999\n", BOARD_HEAT, false },
		{ WATCHDOG "max_timeout", "4294967295\n", BOARD_WATCHDOG_LIMIT, true },
		{ WATCHDOG "max_timeout", "4294967296\n", BOARD_WATCHDOG_LIMIT, false },
		{ WATCHDOG "max_timeout", "99999999999999999999999\n", BOARD_WATCHDOG_LIMIT,
		  false },
		{ WATCHDOG "max_timeout", "15 s\n", BOARD_WATCHDOG_LIMIT, false },
		{ WATCHDOG "identity", "\001\n", BOARD_WATCHDOG, false },
	};

	(void)state;
	memset(huge, '1', sizeof(huge) - 1);
	memset(longest, 'x', sizeof(longest) - 1);
	memset(longer, 'x', sizeof(longer) - 1);
	put_pi_4();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(rows[i].path, rows[i].text);
		if (!(read_board().known & rows[i].fact) == rows[i].known)
			fail_msg("row %zu: %s holding \"%.20s\" is %s", i, rows[i].path,
			         rows[i].text, rows[i].known ? "not known" : "known");
	}
}

/* A folder or a FIFO in a file's place, or a file in a folder's: nothing hangs. */
static void what_is_of_another_kind_is_absent(void **state)
{
	struct board board;

	(void)state;
	put("proc/device-tree/model/x", "");
	put("sys/class/rtc", "");
	put("sys/class/net", "");
	put("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
	assert_int_equal(mkfifo(tempdir_path(&dir, ALARM), 0644), 0);
	(void)alarm(10);
	board = read_board();
	(void)alarm(0);
	assert_int_equal(board.known, BOARD_PAGES);
	assert_int_equal(board.nic_count, 0);
}

static void an_alarm_that_is_over_was_seen(void **state)
{
	struct board board;

	(void)state;
	put_pi_4();
	put(ALARM, "0\n");
	board = read_board();
	assert_false(board.under_voltage_seen);
	put(ALARM, "1\n");
	board_look(&board, dir.path);
	assert_true(board.under_voltage);
	put(ALARM, "0\n");
	board_look(&board, dir.path);
	assert_false(board.under_voltage);
	assert_true(board.under_voltage_seen);
	assert_int_equal(unlink(tempdir_path(&dir, ALARM)), 0);
	board_read(&board, dir.path);
	assert_false(board.known & BOARD_VOLTAGE);
	assert_true(board.under_voltage_seen);
	assert_int_equal(hardware_faults(&board), HARDWARE_UNDER_VOLTAGE | HARDWARE_STALLED);
}

static void what_is_gone_is_not_known_any_more(void **state)
{
	struct board board;

	(void)state;
	put_pi_4();
	board = read_board();
	assert_int_equal(clean(NULL), 0);
	board_read(&board, dir.path);
	assert_int_equal(board.known, BOARD_PAGES);
	assert_int_equal(board.nic_count, 0);
}

static void interfaces_stand_by_name_and_the_first_are_kept(void **state)
{
	/* In whatever order they come, one that is kept comes late, and one that is not. */
	static const char *const names[] = { "wlan0", "wlan1", "wlan2",  "wlan3", "eth1",
		                             "eth0",  "a",     "enp1s0", "usb0",  "usb1",
		                             "usb2",  "usb3",  "usb4",   "usb5",  "usb6" };
	struct board board;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put_interface(names[i], strcmp(names[i], "eth1") == 0 ? "6\n" : "0\n");
	put_interface("0123456789abcdef", "1\n"); /* longer than a name can be */
	board = read_board();
	assert_int_equal(board.nic_count, BOARD_NICS_MAX);
	assert_string_equal(board.nic[0].name, "a");
	assert_string_equal(board.nic[1].name, "enp1s0");
	assert_string_equal(board.nic[2].name, "eth0");
	assert_string_equal(board.nic[3].name, "eth1");
	assert_int_equal(board.nic[3].count[BOARD_TX_STALLS], 6);
	assert_int_equal(board.nic[2].count[BOARD_TX_STALLS], 0);
}

static void no_device_and_no_file_that_warns_is_opened(void **state)
{
	char events[512];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	(void)state;
	put_pi_4();
	put("dev/watchdog", "");
	put("dev/watchdog0", "");
	put(THROTTLED, "50005\n");
	assert_true(inotify_add_watch(fd, tempdir_path(&dir, "dev"), IN_OPEN) >= 0);
	assert_true(inotify_add_watch(fd, tempdir_path(&dir, THROTTLED), IN_OPEN) >= 0);
	(void)read_board();
	assert_int_equal(read(fd, events, sizeof(events)), -1);
	assert_int_equal(errno, EAGAIN);
	put("dev/watchdog", ""); /* what would have been seen */
	assert_true(read(fd, events, sizeof(events)) > 0);
	(void)close(fd);
}

/* --- how it is told --- */

static void a_line_says_what_matters(void **state)
{
	struct board board;
	char line[HARDWARE_LINE_MAX];

	(void)state;
	put_pi_4();
	board = read_board();
	board.page_bytes = 4096; /* whatever this machine has */
	hardware_line(&board, line, sizeof(line));
	assert_string_equal(line, "Raspberry Pi 4 Model B Rev 1.4, 4 KiB pages, no RTC, an active "
	                          "watchdog of at most 15 s, under-voltage now, eth0 stalled (3)");
	assert_int_equal(hardware_faults(&board), HARDWARE_UNDER_VOLTAGE | HARDWARE_STALLED);

	assert_int_equal(clean(NULL), 0);
	tempdir_make(&dir);
	put_pi_5();
	board = read_board();
	board.page_bytes = 16384;
	hardware_line(&board, line, sizeof(line));
	assert_string_equal(line, "Raspberry Pi 5 Model B Rev 1.0, 16 KiB pages (some container "
	                          "images want 4), an RTC, an idle watchdog of 15 s, CPU slowed "
	                          "down at 80 C");
	assert_int_equal(hardware_faults(&board), HARDWARE_HOT);

	board = (struct board){ .known = BOARD_WATCHDOG, .under_voltage_seen = true };
	hardware_line(&board, line, sizeof(line));
	assert_string_equal(line, "a watchdog, under-voltage since boot");
	board.known = 0;
	hardware_line(&board, line, sizeof(line));
	assert_string_equal(line, "under-voltage since boot");
	board = (struct board){ 0 };
	hardware_line(&board, line, sizeof(line));
	assert_string_equal(line, "");
}

/* At which heat a board of another maker is slowed down is not known. */
static void only_a_pi_is_too_hot(void **state)
{
	static const struct {
		const char *model;
		int celsius;
		unsigned faults;
	} rows[] = {
		{ "Raspberry Pi 4 Model B Rev 1.4", 79, 0 },
		{ "Raspberry Pi 4 Model B Rev 1.4", 80, HARDWARE_HOT },
		{ "Radxa ROCK 5B", 90, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct board board = { .known = BOARD_MODEL | BOARD_HEAT,
			               .celsius = rows[i].celsius };

		(void)strcpy(board.model, rows[i].model);
		assert_int_equal(hardware_faults(&board), rows[i].faults);
		board.known &= ~(unsigned)BOARD_HEAT;
		assert_int_equal(hardware_faults(&board), 0);
	}
}

static struct status status_with(const struct board *board)
{
	struct status status = { .version = "0", .mode = "recover", .board = *board };

	(void)strcpy(status.local.layer, "usable");
	(void)strcpy(status.vip.layer, "usable");
	(void)strcpy(status.holder.state, "UNKNOWN");
	(void)strcpy(status.controller.verdict, "HEALTHY");
	(void)strcpy(status.controller.cause, "none");
	return status;
}

/* Written, held against the schema, read back and written again. */
static void goes_round(const struct board *board)
{
	static char once[STATUS_JSON_MAX], twice[STATUS_JSON_MAX];
	struct status status = status_with(board), read;
	struct runfile runfile = { .folder = dir.path };
	struct failure failure;

	assert_true(status_to_json(&status, true, once, sizeof(once)) > 0);
	assert_true(schema_status(once));
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(runfile_read(dir.path, &read, &failure), 0);
	assert_true(status_to_json(&read, true, twice, sizeof(twice)) > 0);
	assert_string_equal(strstr(twice, "\"board\""), strstr(once, "\"board\""));
	assert_int_equal(hardware_faults(&read.board), hardware_faults(board));
	status_clear(&read);
}

static void the_status_holds_it_and_is_read_back(void **state)
{
	static char json[STATUS_JSON_MAX];
	struct board board = { 0 };
	struct status status = status_with(&board);

	(void)state;
	goes_round(&board);
	assert_true(status_to_json(&status, true, json, sizeof(json)) > 0);
	assert_non_null(strstr(json, ",\"board\":{}}\n"));
	put_pi_5();
	board = read_board();
	goes_round(&board);
	put_pi_4();
	put("sys/class/hwmon/hwmon3/name", "nvme\n");
	board = read_board();
	board.page_bytes = 4096;
	goes_round(&board);
	status = status_with(&board);
	assert_true(status_to_json(&status, true, json, sizeof(json)) > 0);
	assert_string_equal(
		strstr(json, ",\"board\""),
		",\"board\":{\"model\":\"Raspberry Pi 4 Model B Rev 1.4\",\"page_bytes\":4096,"
		"\"rtc\":true,\"under_voltage\":{\"now\":true,\"seen\":true},\"cpu_celsius\":61,"
		"\"watchdog\":{\"identity\":\"Broadcom BCM2835 Watchdog timer\",\"limit_s\":15,"
		"\"timeout_s\":10,\"active\":true},\"interfaces\":[{\"name\":\"eth0\","
		"\"tx_stalls\":3,\"tx_errors\":7,\"rx_errors\":5,\"rx_missed\":18446,"
		"\"link_changes\":4}]}}\n");
	board = (struct board){ .under_voltage_seen = true };
	goes_round(&board);
}

/* Counters and the temperature always move: they are written with the next thing that is news. */
static void a_number_that_moves_is_nothing_new(void **state)
{
	struct runfile runfile = { .folder = dir.path };
	struct status status;
	struct board board;
	uint64_t told;

	(void)state;
	put_pi_4();
	board = read_board();
	status = status_with(&board);
	assert_int_equal(runfile_write(&runfile, &status), 0);
	told = runfile.told;
	status.board.celsius++;
	for (size_t i = BOARD_TX_ERRORS; i < BOARD_COUNTER_COUNT; i++)
		status.board.nic[0].count[i]++;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_equal(runfile.told, told);

	status.board.nic[0].count[BOARD_TX_STALLS]++;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_not_equal(runfile.told, told);
	told = runfile.told;
	status.board.celsius = HARDWARE_CELSIUS;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_not_equal(runfile.told, told);
	told = runfile.told;
	status.board.under_voltage = false;
	assert_int_equal(runfile_write(&runfile, &status), 0);
	assert_int_not_equal(runfile.told, told);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pi_4_tells_what_it_has),
		CASE(a_pi_5_tells_what_it_has),
		CASE(a_machine_with_nothing_knows_only_its_pages),
		CASE(what_is_no_fact_is_absent),
		CASE(what_is_of_another_kind_is_absent),
		CASE(an_alarm_that_is_over_was_seen),
		CASE(what_is_gone_is_not_known_any_more),
		CASE(interfaces_stand_by_name_and_the_first_are_kept),
		CASE(no_device_and_no_file_that_warns_is_opened),
		CASE(a_line_says_what_matters),
		CASE(only_a_pi_is_too_hot),
		CASE(the_status_holds_it_and_is_read_back),
		CASE(a_number_that_moves_is_nothing_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
