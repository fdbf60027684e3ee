/* Names that hosts give themselves by mDNS: read out of packets, believed or not, and heard on
 * sockets that can send nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "local/mdns_links.h"
#include "local/mdns_read.h"
#include "local/mdns_sockets.h"
#include "resolver/heard.h"
#include "tests/support/dns_message.h"

#define RESPONSE 0x8400
#define L63	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct dns_message m;

/* "name addr ttl" of each that is read, parted by commas. */
static const char *read_names(void)
{
	static char text[4096];
	struct mdns_name names[MDNS_NAMES_MAX];
	uint8_t *exact = malloc(m.len ? m.len : 1); /* so that a byte too far is seen */
	char addr[ADDR_TEXT_MAX];
	int count;

	assert_non_null(exact);
	memcpy(exact, m.bytes, m.len);
	count = mdns_read(exact, m.len, names);
	free(exact);
	snprintf(text, sizeof(text), count < 0 ? "bad" : "");
	for (int i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s %u",
			 i ? "," : "", names[i].name, addr_to_text(&names[i].addr, addr),
			 names[i].ttl_s);
	return text;
}

static void addresses_of_hosts_are_read(void **state)
{
	(void)state;
	dns_start(&m, 0, RESPONSE, 0, 2, 0, 1);
	dns_a(&m, "Annas-Phone.local", 120, "192.168.1.7");
	m.bytes[12 + 19 + 2] |= 0x80; /* flush the cache */
	dns_cname(&m, "_ipp._tcp.local", 12, 4500, "Printer._ipp._tcp.local");
	dns_aaaa(&m, "@12", 0, "fe80::7");
	assert_string_equal(read_names(), "annas-phone 192.168.1.7 120,annas-phone fe80::7 0");

	dns_start(&m, 0, RESPONSE, 1, 0, 1, 0); /* in each section, behind a question */
	dns_question(&m, "x.local", 1);
	dns_a(&m, "@12", 4294967295u, "192.168.1.8");
	assert_string_equal(read_names(), "x 192.168.1.8 4294967295");
}

static void what_is_no_name_of_a_host_is_left_out(void **state)
{
	static const char *const names[] = {
		"local", "a.b.local", "host.example", "host.local.example", ".", "wpad.local",
		"localhost.local", "-x.local", "a\001b.local", "a b.local", "m\303\274ller.local",
		"<b>.local", L63 "a.local",
	};
	static const uint8_t dotted[] = "\4a.bc\5local";

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(names); i++) {
		dns_start(&m, 0, RESPONSE, 0, 1, 0, 0);
		dns_a(&m, names[i], 120, "192.168.1.7");
		if (strcmp(read_names(), "") != 0)
			fail_msg("%s: %s", names[i], read_names());
	}
	dns_start(&m, 0, RESPONSE, 0, 1, 0, 0);
	dns_bytes(&m, dotted, sizeof(dotted)); /* a dot inside of a label */
	dns_bytes(&m, "\0\1\0\1\0\0\0\170\0\4\300\250\1\7", 14);
	assert_string_equal(read_names(), "");
	dns_start(&m, 0, RESPONSE, 0, 1, 0, 0);
	dns_rr(&m, "x.local", 1, 120, 5); /* an address of five octets */
	dns_bytes(&m, "12345", 5);
	assert_string_equal(read_names(), "");
	dns_start(&m, 0, RESPONSE, 0, 1, 0, 0);
	dns_a(&m, "x.local", 120, "192.168.1.7");
	m.bytes[12 + 9 + 3] = 3; /* class CH */
	assert_string_equal(read_names(), "");
}

static void only_responses_count(void **state)
{
	static const uint16_t flags[] = { 0, 0x0400, 0x8800, 0x8401, 0xfc00, 0x840f };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		dns_start(&m, 0, flags[i], 0, 1, 0, 0);
		dns_a(&m, "x.local", 120, "192.168.1.7");
		assert_string_equal(read_names(), "");
	}
}

static void a_packet_that_is_cut_counts_for_nothing(void **state)
{
	size_t whole;

	(void)state;
	dns_start(&m, 0, RESPONSE, 1, 2, 0, 0);
	dns_question(&m, "x.local", 1);
	dns_a(&m, "@12", 120, "192.168.1.7");
	dns_aaaa(&m, "@12", 120, "fe80::7");
	whole = m.len;
	assert_string_equal(read_names(), "x 192.168.1.7 120,x fe80::7 120");
	for (m.len = 0; m.len < whole; m.len++)
		assert_string_equal(read_names(), "bad");
	dns_start(&m, 0, RESPONSE, 0, 65535, 65535, 65535); /* counts that are not true */
	dns_a(&m, "x.local", 120, "192.168.1.7");
	assert_string_equal(read_names(), "bad");
	dns_start(&m, 0, RESPONSE, 0, 1, 0, 0);
	dns_a(&m, "@12", 120, "192.168.1.7"); /* a name that is itself */
	assert_string_equal(read_names(), "bad");
	m.len = MDNS_PACKET_MAX + 1;
	assert_string_equal(read_names(), "bad");
}

static void names_beyond_the_limit_are_left_out(void **state)
{
	char name[32];

	(void)state;
	dns_start(&m, 0, RESPONSE, 0, MDNS_NAMES_MAX + 5, 0, 0);
	for (int i = 0; i < MDNS_NAMES_MAX + 5; i++) {
		snprintf(name, sizeof(name), "h%d.local", i);
		dns_a(&m, name, 120, "192.168.1.7");
	}
	assert_non_null(strstr(read_names(), "h15 "));
	assert_null(strstr(read_names(), "h16 "));
}

/* --- who is believed ---------------------------------------------------------------------- */

static struct heard *heard;

static int setup(void **state)
{
	(void)state;
	return heard_new(&heard);
}

static int teardown(void **state)
{
	(void)state;
	heard_free(heard);
	return 0;
}

static struct addr addr(const char *text)
{
	struct addr a = { 0 };

	assert_int_equal(addr_from_text(text, &a), 0);
	return a;
}

static struct mac mac(uint8_t last)
{
	return (struct mac){ { 2, 0, 0, 0, 0, last } };
}

/* macs: 0: not known */
static void say(const char *from, uint8_t from_mac, const char *about, uint8_t about_mac,
		const char *name, uint32_t ttl_s, uint64_t now_ms)
{
	struct addr a = addr(from), b = addr(about);
	struct mac x = mac(from_mac), y = mac(about_mac);
	struct heard_say s = { &a, &b, from_mac ? &x : NULL, about_mac ? &y : NULL, name, ttl_s };

	heard_put(heard, &s, now_ms);
}

static const char *called(const char *at, uint8_t by_mac, uint64_t now_ms)
{
	struct addr a = addr(at);
	struct mac x = mac(by_mac);

	return heard_find(heard, by_mac ? &x : NULL, &a, now_ms, NULL);
}

#define S 1000ull

static void who_speaks_of_itself_is_believed(void **state)
{
	static const struct {
		const char *from, *about;
		uint8_t from_mac, about_mac;
		bool believed;
	} cases[] = {
		{ "192.168.1.7", "192.168.1.7", 7, 7, true },
		{ "192.168.1.7", "192.168.1.7", 0, 0, true },
		{ "fe80::7", "fd00::7", 7, 7, true },	    /* its other address */
		{ "fe80::7", "fd00::7", 7, 0, false },
		{ "fe80::7", "fd00::7", 0, 7, false },
		{ "fe80::7", "fd00::7", 0, 0, false },
		{ "192.168.1.8", "192.168.1.7", 8, 7, false }, /* another's */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		heard_clear(heard);
		say(cases[i].from, cases[i].from_mac, cases[i].about, cases[i].about_mac, "x", 120, S);
		if (strcmp(called(cases[i].about, 0, S), cases[i].believed ? "x" : "") != 0)
			fail_msg("row %zu", i);
	}
}

static void a_name_follows_its_mac_address(void **state)
{
	(void)state;
	say("192.168.1.7", 7, "192.168.1.7", 7, "phone", 120, S);
	assert_string_equal(called("192.168.1.7", 7, S), "phone");
	assert_string_equal(called("fd00::a1", 7, S), "phone"); /* a privacy address */
	assert_string_equal(called("192.168.1.7", 8, S), "");	/* another device took its address */
	/* one whose MAC address was not known when it spoke */
	say("192.168.1.9", 0, "192.168.1.9", 0, "tv", 120, S);
	assert_string_equal(called("192.168.1.9", 9, 2 * S), "tv");
	assert_string_equal(called("fd00::a2", 9, 2 * S), "tv");
	assert_string_equal(called("192.168.1.9", 8, 2 * S), "");
}

static void a_name_ends(void **state)
{
	(void)state;
	say("192.168.1.7", 0, "192.168.1.7", 0, "routed", 120, S);
	assert_string_equal(called("192.168.1.7", 0, 120 * S), "routed");
	assert_string_equal(called("192.168.1.7", 0, 121 * S), "");
	say("192.168.1.8", 8, "192.168.1.8", 8, "phone", 120, S);
	assert_string_equal(called("192.168.1.8", 8, HEARD_MIN_S * S), "phone");
	assert_string_equal(called("192.168.1.8", 8, (HEARD_MIN_S + 1) * S), "");
	say("192.168.1.8", 8, "192.168.1.8", 8, "phone", UINT32_MAX, S);
	assert_string_equal(called("192.168.1.8", 8, HEARD_MAX_S * S), "phone");
	assert_string_equal(called("192.168.1.8", 8, (HEARD_MAX_S + 1) * S), "");
	say("192.168.1.9", 9, "192.168.1.9", 9, "gone", 120, S);
	say("192.168.1.8", 8, "192.168.1.9", 9, "gone", 0, 2 * S); /* not said by itself */
	assert_string_equal(called("192.168.1.9", 9, 2 * S), "gone");
	say("192.168.1.9", 9, "192.168.1.9", 9, "other", 0, 2 * S);
	assert_string_equal(called("192.168.1.9", 9, 2 * S), "gone");
	say("192.168.1.9", 9, "192.168.1.9", 9, "gone", 0, 2 * S);
	assert_string_equal(called("192.168.1.9", 9, 2 * S), "");
	say("192.168.1.9", 9, "192.168.1.9", 9, "new", 120, 2 * S);
	assert_string_equal(called("192.168.1.9", 9, 2 * S), "new");
}

static void of_two_with_one_name_the_first_has_it(void **state)
{
	(void)state;
	say("192.168.1.7", 7, "192.168.1.7", 7, "laptop", 120, S);
	say("192.168.1.8", 8, "192.168.1.8", 8, "laptop", 120, 2 * S);
	assert_string_equal(called("192.168.1.7", 7, 3 * S), "laptop");
	assert_string_equal(called("192.168.1.8", 8, 3 * S), "");
	say("fe80::7", 7, "fe80::7", 7, "laptop", 120, 3 * S); /* the first one again */
	assert_string_equal(called("fe80::7", 7, 3 * S), "laptop");
	say("192.168.1.7", 7, "192.168.1.7", 7, "laptop", 0, 4 * S);
	assert_string_equal(called("192.168.1.8", 8, 5 * S), "laptop");
	/* a name of its own stays while others are said */
	say("192.168.1.8", 8, "192.168.1.8", 8, "second", 120, 6 * S);
	assert_string_equal(called("192.168.1.8", 8, 7 * S), "laptop");
}

static void a_flood_leaves_those_that_are_there(void **state)
{
	struct heard_stats stats;
	char text[32];

	(void)state;
	say("192.168.1.7", 7, "192.168.1.7", 7, "phone", 120, S);
	for (int i = 0; i < 2 * HEARD_MAX; i++) {
		snprintf(text, sizeof(text), "10.0.%d.%d", i / 250, i % 250 + 1);
		say(text, 0, text, 0, "x", 60, S);
	}
	heard_get_stats(heard, &stats);
	assert_int_equal(stats.full, HEARD_MAX + 1);
	assert_string_equal(called("192.168.1.7", 7, S), "phone");
	say("192.168.1.9", 9, "192.168.1.9", 9, "late", 120, S); /* the kernel has met it */
	assert_string_equal(called("192.168.1.9", 9, S), "late");
	say("192.168.1.8", 0, "192.168.1.8", 0, "later", 120, 62 * S); /* when others have ended */
	assert_string_equal(called("192.168.1.8", 0, 62 * S), "later");
}

/* --- sockets ------------------------------------------------------------------------------ */

static void what_is_heard_can_be_sent_by_nobody(void **state)
{
	struct addr_port to = { .addr = addr("127.0.0.1"), .port = 9 }, from;
	struct mdns_sockets s, beside;
	struct sockaddr_storage sa;
	socklen_t len = addr_port_to_sockaddr(&to, &sa);
	uint32_t ifindex;
	uint8_t buf[16];

	(void)state;
	assert_int_equal(mdns_sockets_open(&s), 0);
	assert_int_equal(mdns_sockets_open(&beside), 0); /* another responder's */
	for (int i = 0; i < MDNS_SOCKETS_MAX; i++) {
		if (s.fds[i] < 0)
			continue;
		assert_int_equal(mdns_sockets_receive(s.fds[i], buf, sizeof(buf), &from, &ifindex),
				 -EAGAIN);
		if (i) {
			to.addr = addr("::1");
			len = addr_port_to_sockaddr(&to, &sa);
		}
		assert_int_equal(sendto(s.fds[i], "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sa, len),
				 -1);
		assert_int_equal(errno, EPIPE);
	}
	mdns_sockets_close(&beside);
	mdns_sockets_close(&s);
}

static void count_loopback(void *arg, uint32_t ifindex, const struct addr *a, uint8_t prefix)
{
	struct addr one = addr("127.0.0.1");

	*(int *)arg += ifindex == 1 && addr_equal(a, &one) && prefix == 8;
}

static void addresses_of_interfaces_are_told(void **state)
{
	int fd = mdns_links_open(), found = 0;
	unsigned said = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(mdns_links_ask(fd, 7), 0); /* it is answered within the call */
	assert_int_equal(mdns_links_read(fd, 8, count_loopback, &found) & LINKS_ALL, 0);
	assert_int_equal(found, 0);
	assert_int_equal(mdns_links_ask(fd, 9), 0);
	for (int i = 0; i < 100 && !(said & LINKS_ALL); i++)
		said |= mdns_links_read(fd, 9, count_loopback, &found);
	assert_true(said & LINKS_ALL);
	assert_int_equal(found, 1);
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_hosts_are_read),
		cmocka_unit_test(what_is_no_name_of_a_host_is_left_out),
		cmocka_unit_test(only_responses_count),
		cmocka_unit_test(a_packet_that_is_cut_counts_for_nothing),
		cmocka_unit_test(names_beyond_the_limit_are_left_out),
		cmocka_unit_test_setup_teardown(who_speaks_of_itself_is_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_follows_its_mac_address, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(of_two_with_one_name_the_first_has_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_leaves_those_that_are_there, setup, teardown),
		cmocka_unit_test(what_is_heard_can_be_sent_by_nobody),
		cmocka_unit_test(addresses_of_interfaces_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
