/* SPDX-License-Identifier: Apache-2.0 */
/* Adverts as keepalived 2.2.7 sent them, and as nobody may send them. */
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "host/vrrp.h"

#define ADVERT_MAX 64

struct heard {
	const char *from, *to, *hex;
	uint8_t bytes[ADVERT_MAX];
	size_t len;
};

/* version 2 with auth_pass, every 1 s, 10.77.0.100 */
static const struct heard version2 = {
	"10.77.0.1", "224.0.0.18", "2133ff0101019ae00a4d006467656865696d0000", { 0 }, 0
};
/* version 3, every 0.5 s, 10.77.0.101 */
static const struct heard version3 = {
	"10.77.0.1", "224.0.0.18", "3134ff010032da080a4d0065", { 0 }, 0
};
/* version 3 over IPv6, every 1 s, fe80::77:1 and fd77::100 */
static const struct heard version3_v6 = {
	"fe80::bcd3:6bff:fec0:2ca0",
	"ff02::12",
	"3135ff0200647f90fe800000000000000000000000770001fd770000000000000000000000000100",
	{ 0 },
	0
};

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static struct heard hear(const struct heard *what)
{
	struct heard heard = *what;

	for (const char *at = heard.hex; *at; at += 2)
		heard.bytes[heard.len++] = (uint8_t)(digit(at[0]) << 4 | digit(at[1]));
	return heard;
}

static int parse(const struct heard *heard, unsigned hops, const char *wanted,
                 struct vrrp_advert *ret)
{
	struct address from, to, address;

	assert_true(address_parse(heard->from, &from));
	assert_true(address_parse(heard->to, &to));
	assert_true(address_parse(wanted, &address));
	return vrrp_parse((struct span){ (const char *)heard->bytes, heard->len }, &from, &to, hops,
	                  &address, ret);
}

static void each_version_is_understood(void **state)
{
	static const struct {
		const struct heard *heard;
		const char *wanted;
		struct vrrp_advert says;
	} rows[] = {
		{ &version2, "10.77.0.100", { 2, 51, 255, SECONDS_USEC, true } },
		{ &version2, "10.77.0.101", { 2, 51, 255, SECONDS_USEC, false } },
		{ &version2,
		  "103.101.104.101",
		  { 2, 51, 255, SECONDS_USEC, false } }, /* its password */
		{ &version3, "10.77.0.101", { 3, 52, 255, 500 * MSEC_USEC, true } },
		{ &version3, "fd77::100", { 3, 52, 255, 500 * MSEC_USEC, false } },
		{ &version3_v6, "fd77::100", { 3, 53, 255, SECONDS_USEC, true } },
		{ &version3_v6, "fe80::77:1", { 3, 53, 255, SECONDS_USEC, true } },
		{ &version3_v6, "10.77.0.101", { 3, 53, 255, SECONDS_USEC, false } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct heard heard = hear(rows[i].heard);
		struct vrrp_advert advert;

		assert_int_equal(parse(&heard, 255, rows[i].wanted, &advert), 0);
		assert_int_equal(advert.version, rows[i].says.version);
		assert_int_equal(advert.vrid, rows[i].says.vrid);
		assert_int_equal(advert.priority, rows[i].says.priority);
		assert_int_equal(advert.interval_usec, rows[i].says.interval_usec);
		assert_int_equal(advert.names, rows[i].says.names);
	}
}

/* It came through a router: anybody on the Internet may have sent it. */
static void what_comes_from_afar_is_refused(void **state)
{
	struct heard heard = hear(&version3);
	struct vrrp_advert advert;

	(void)state;
	assert_int_equal(parse(&heard, 254, "10.77.0.101", &advert), -EBADMSG);
	assert_int_equal(parse(&heard, 1, "10.77.0.101", &advert), -EBADMSG);
}

static void a_byte_that_changed_is_noticed(void **state)
{
	static const struct heard *const all[] = { &version2, &version3, &version3_v6 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct heard heard = hear(all[i]);

		for (size_t at = 0; at < heard.len; at++) {
			struct vrrp_advert advert;

			heard.bytes[at] ^= 0x40;
			assert_int_equal(parse(&heard, 255, "10.77.0.100", &advert), -EBADMSG);
			heard.bytes[at] ^= 0x40;
		}
	}
}

static void what_is_cut_is_refused(void **state)
{
	static const struct heard *const all[] = { &version2, &version3, &version3_v6 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct heard heard = hear(all[i]);
		struct vrrp_advert advert;

		while (heard.len-- > 0)
			assert_int_equal(parse(&heard, 255, "10.77.0.100", &advert), -EBADMSG);
	}
}

/* Some routers leave the addresses out of version 3's sum over IPv4 as well. */
static void a_sum_of_the_message_alone_is_one(void **state)
{
	struct heard heard = hear(&version3);
	struct vrrp_advert advert;
	uint32_t sum = 0;

	(void)state;
	heard.bytes[6] = heard.bytes[7] = 0;
	for (size_t i = 0; i < heard.len; i += 2)
		sum += (uint32_t)heard.bytes[i] << 8 | heard.bytes[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	heard.bytes[6] = (uint8_t)(~sum >> 8);
	heard.bytes[7] = (uint8_t)~sum;
	assert_int_equal(parse(&heard, 255, "10.77.0.101", &advert), 0);
}

static int join_new_link(struct vrrp *vrrp, int any)
{
	struct ifreq up = { .ifr_name = "br0", .ifr_flags = IFF_UP };
	int r;

	assert_int_equal(ioctl(any, SIOCBRADDBR, "br0"), 0);
	assert_int_equal(ioctl(any, SIOCSIFFLAGS, &up), 0);
	r = vrrp_join(vrrp, (int)if_nametoindex("br0"));
	up.ifr_flags = 0;
	assert_int_equal(ioctl(any, SIOCSIFFLAGS, &up), 0);
	assert_int_equal(ioctl(any, SIOCBRDELBR, "br0"), 0);
	return r;
}

/* A cable or a driver that flaps: after 20 times the kernel allows no more, until those are left. Last of all here:
 * it goes into a network of its own. */
static void a_link_that_comes_back_often_is_joined(void **state)
{
	CLEANUP(vrrp_free_p) struct vrrp *vrrp = NULL;
	CLEANUP(close_p) int any = -1;
	struct address wanted;
	unsigned joined = 0;

	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		skip();
	assert_true(address_parse("10.77.0.100", &wanted));
	assert_int_equal(vrrp_new(&wanted, &vrrp), 0);
	any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(any >= 0);
	if (ioctl(any, SIOCBRADDBR, "br1") < 0)
		skip();
	while (join_new_link(vrrp, any) == 0)
		assert_true(++joined < 100);
	assert_int_equal(vrrp_leave(vrrp), 0);
	assert_int_equal(join_new_link(vrrp, any), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_version_is_understood),
		cmocka_unit_test(what_comes_from_afar_is_refused),
		cmocka_unit_test(a_byte_that_changed_is_noticed),
		cmocka_unit_test(what_is_cut_is_refused),
		cmocka_unit_test(a_sum_of_the_message_alone_is_one),
		cmocka_unit_test(a_link_that_comes_back_often_is_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
