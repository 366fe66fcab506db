/* SPDX-License-Identifier: Apache-2.0 */
/* This host's own tables, whatever they hold, beside what getifaddrs() says; and what of them is kept for later. */
#include <ifaddrs.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "host/addresses.h"
#include "host/clock.h"
#include "host/remember.h"
#include "tests/unit/tempdir.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	return address;
}

static bool is_link_local(const struct sockaddr *of)
{
	const struct sockaddr_in6 *v6 = (const void *)of;

	return of->sa_family == AF_INET6 && v6->sin6_addr.s6_addr[0] == 0xfe;
}

static void each_address_of_this_host_is_its_own(void **state)
{
	CLEANUP(addresses_free_p) struct addresses *addresses = NULL;
	struct ifaddrs *all = NULL;
	char link[ADDRESSES_NAME_MAX];

	(void)state;
	assert_int_equal(addresses_new(&addresses), 0);
	(void)addresses_read(addresses);
	assert_true(addresses_known(addresses));
	assert_int_equal(getifaddrs(&all), 0);
	for (struct ifaddrs *one = all; one; one = one->ifa_next) {
		struct sockaddr_storage socket = { 0 };
		struct address address;

		if (!one->ifa_addr ||
		    (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6) ||
		    is_link_local(one->ifa_addr))
			continue;
		memcpy(&socket, one->ifa_addr,
		       one->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
		                                           : sizeof(struct sockaddr_in6));
		address = address_of_socket(&socket);
		assert_true(addresses_own(addresses, &address));
		if (addresses_here(addresses, &address, link))
			assert_true(if_nametoindex(link) > 0);
	}
	freeifaddrs(all);
}

static void a_foreign_address_is_not_here(void **state)
{
	CLEANUP(addresses_free_p) struct addresses *addresses = NULL;
	struct address foreign = address_of("240.0.0.77"); /* no host's neighbour */
	uint64_t ago_usec;
	int links[8];

	(void)state;
	assert_int_equal(addresses_new(&addresses), 0);
	addresses_want(addresses, &foreign);
	(void)addresses_read(addresses);
	assert_true(addresses_known(addresses));
	assert_false(addresses_here(addresses, &foreign, NULL));
	assert_int_equal(addresses_neighbour(addresses, &ago_usec), NEIGHBOUR_NONE);
	for (size_t i = addresses_links(addresses, AF_INET, links, 8); i-- > 0;)
		assert_int_not_equal(links[i], (int)if_nametoindex("lo"));
	assert_int_equal(addresses_read(addresses) & ADDRESSES_WANTED, 0);
}

static void an_address_is_a_literal(void **state)
{
	static const char *const good[] = { "10.0.0.9", "fd00::1", "::1", "0.0.0.0" };
	static const char *const bad[] = { "",      "10.0.0",      "host", "10.0.0.9:6443",
		                           "[::1]", "fe80::1%eth0" };
	char text[ADDRESS_TEXT_MAX];
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(address_parse(good[i], &address));
		assert_string_equal(address_text(&address, text), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(address_parse(bad[i], &address));
		assert_string_equal(address_text(&address, text), "");
	}
}

static void an_address_is_remembered_and_rubbish_is_not(void **state)
{
	static const char *const rubbish[] = { "", "\n", "a b", "10.0.0.9:99999", "-:1" };
	struct tempdir dir;
	char text[REMEMBER_MAX];

	(void)state;
	tempdir_make(&dir);
	remember_read(dir.path, text);
	assert_string_equal(text, "");
	assert_int_equal(remember_write(dir.path, "[fd00::1]:6443"), 0);
	remember_read(dir.path, text);
	assert_string_equal(text, "[fd00::1]:6443");
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		(void)tempdir_write(&dir, REMEMBER_FILE, rubbish[i], strlen(rubbish[i]));
		remember_read(dir.path, text);
		assert_string_equal(text, "");
	}
	tempdir_remove(&dir);
}

/* A Pi 5 without a battery has a real-time clock that began in 1970 with the power. */
static void a_real_time_clock_that_was_reset_is_no_witness(void **state)
{
	static const char since[] = "sys/class/rtc/rtc0/since_epoch";
	const struct {
		int64_t apart;
		bool right;
	} rows[] = {
		{ -5, true }, { 30, true }, { -3600, false }, { -clock_wall_sec() + 40, false }
	};
	struct clock_watch watch = { 0 };
	struct tempdir dir;
	char text[32];

	(void)state;
	tempdir_make(&dir);
	watch.root = dir.path;
	tempdir_make_folders(&dir, "sys/class/rtc/rtc0");
	assert_false(clock_is_right(&watch)); /* none at all */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text), "%lld\n",
		               (long long)(clock_wall_sec() + rows[i].apart));
		(void)tempdir_write(&dir, since, text, strlen(text));
		assert_int_equal(clock_is_right(&watch), rows[i].right);
	}
	(void)tempdir_write(&dir, since, "\xff\n", 2);
	assert_false(clock_is_right(&watch));
	watch.stepped = true; /* somebody has set it while we looked */
	assert_true(clock_is_right(&watch));
	tempdir_remove_tree(&dir);
}

static void timesyncd_is_believed(void **state)
{
	static const char synchronised[] = "run/systemd/timesync/synchronized";
	struct clock_watch watch = { 0 };
	struct tempdir dir;

	(void)state;
	tempdir_make(&dir);
	watch.root = dir.path;
	tempdir_make_folders(&dir, "run/systemd/timesync");
	assert_false(clock_is_right(&watch));
	(void)tempdir_write(&dir, synchronised, "", 0);
	assert_true(clock_is_right(&watch));
	tempdir_remove_tree(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_of_this_host_is_its_own),
		cmocka_unit_test(a_foreign_address_is_not_here),
		cmocka_unit_test(an_address_is_a_literal),
		cmocka_unit_test(an_address_is_remembered_and_rubbish_is_not),
		cmocka_unit_test(a_real_time_clock_that_was_reset_is_no_witness),
		cmocka_unit_test(timesyncd_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
