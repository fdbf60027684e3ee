/* Packets from our own addresses: the filter, run here and taken by the kernel. */
/* wrap: getifaddrs freeifaddrs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/own_source.h"

enum { LO = 1, LAN, WAN };

/* --- a machine for the filter ------------------------------------------------------------------- */

struct packet {
	uint32_t ifindex;
	uint8_t head[40]; /* of IP */
};

static uint32_t read_word(const struct packet *p, uint32_t at)
{
	int offset = (int)at;

	if (offset == SKF_AD_OFF + SKF_AD_IFINDEX)
		return p->ifindex;
	assert_in_range(offset, SKF_NET_OFF, SKF_NET_OFF + 36);
	return load_be32(p->head + (offset - SKF_NET_OFF));
}

/* @return bytes of the packet that stay */
static uint32_t run(const struct sock_filter *f, size_t len, const struct packet *p)
{
	uint32_t a = 0, memory[BPF_MEMWORDS] = { 0 };

	for (size_t at = 0; at < len; at++) {
		switch (f[at].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = read_word(p, f[at].k);
			break;
		case BPF_LD | BPF_MEM:
			a = memory[f[at].k];
			break;
		case BPF_ST:
			memory[f[at].k] = a;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == f[at].k ? f[at].jt : f[at].jf;
			break;
		case BPF_RET | BPF_K:
			return f[at].k;
		default:
			fail();
		}
	}
	fail(); /* it runs over its end */
	return 0;
}

static struct packet packet_from(const char *source, uint32_t ifindex)
{
	struct packet p = { .ifindex = ifindex };
	struct addr a;

	assert_int_equal(addr_from_text(source, &a), 0);
	memcpy(p.head + (a.family == AF_INET ? 12 : 8), a.bytes, addr_len(&a));
	return p;
}

/* --- this machine's addresses -------------------------------------------------------------------- */

#define MANY 300
static struct {
	struct sockaddr_storage ss;
	struct ifaddrs i;
} kernel[2 * MANY];
static size_t kernel_count;

static void has(const struct addr *a)
{
	struct addr_port at = { .addr = *a, .scope = addr_needs_scope(a) ? LAN : 0 };
	size_t n = kernel_count++;

	addr_port_to_sockaddr(&at, &kernel[n].ss);
	kernel[n].i = (struct ifaddrs){ .ifa_addr = (struct sockaddr *)&kernel[n].ss };
	if (n)
		kernel[n - 1].i.ifa_next = &kernel[n].i;
}

static void has_text(const char *text)
{
	struct addr a;

	assert_int_equal(addr_from_text(text, &a), 0);
	has(&a);
}

int __wrap_getifaddrs(struct ifaddrs **out);
int __wrap_getifaddrs(struct ifaddrs **out)
{
	*out = &kernel[0].i;
	errno = ENOMEM;
	return kernel_count ? 0 : -1;
}

void __wrap_freeifaddrs(struct ifaddrs *all);
void __wrap_freeifaddrs(struct ifaddrs *all)
{
	assert_ptr_equal(all, &kernel[0].i);
}

static int setup(void **state)
{
	(void)state;
	kernel_count = 0;
	return 0;
}

/* --- tests ------------------------------------------------------------------------------------------ */

static void what_says_it_is_us_is_taken_from_loopback_alone(void **state)
{
	static const struct {
		const char *source;
		uint32_t ifindex;
		bool taken;
	} cases[] = {
		{ "192.168.77.1", LAN, false },	  { "192.168.77.1", LO, true },
		{ "198.18.0.1", LAN, false },	  { "192.168.77.2", LAN, true },
		{ "77.168.192.1", LAN, true },	  { "fd77::1", LAN, false },
		{ "fd77::1", LO, true },	  { "fd77::2", LAN, true },
		{ "fd77:0:0:1::1", LAN, true },	  { "fd77:0:0:0:1::1", LAN, true },
		{ "fd78::1", LAN, true },	  { "fe80::1", LAN, false },
		{ "fe80::1", WAN, true },	  { "fe80::1", LO, true },
		{ "fe80::2", LAN, true },	  { "fd77::1", WAN, false },
		{ "2001:db8:18::1", LAN, false }, { "2001:db8:18::1:1", LAN, true },
	};
	struct sock_filter program[OWN_SOURCE_PROGRAM];
	struct own_sources own = { .count = 0 };

	(void)state;
	has_text("127.0.0.1");
	has_text("192.168.77.1");
	has_text("fd77::1");
	has_text("fe80::1");
	has_text("198.18.0.1");
	has_text("2001:db8:18::1");
	own_source_read(&own);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct packet p = packet_from(cases[i].source, cases[i].ifindex);
		uint8_t family = strchr(cases[i].source, ':') ? AF_INET6 : AF_INET;
		size_t len = own_source_write(&own, family, program);

		assert_int_equal(run(program, len, &p), cases[i].taken ? UINT32_MAX : 0);
	}
}

static void without_an_address_everything_is_taken(void **state)
{
	struct sock_filter program[OWN_SOURCE_PROGRAM];
	struct own_sources own = { .count = 0 };
	struct packet p = packet_from("192.168.77.1", LAN);

	(void)state;
	own_source_read(&own); /* fails */
	assert_int_equal(own.count, 0);
	assert_int_equal(run(program, own_source_write(&own, AF_INET, program), &p), UINT32_MAX);
	has_text("192.168.77.1");
	own_source_read(&own);
	kernel_count = 0;
	own_source_read(&own); /* fails: it is as before */
	assert_int_equal(run(program, own_source_write(&own, AF_INET, program), &p), 0);
}

static void addresses_are_bounded_and_the_kernel_takes_as_many(void **state)
{
	struct sock_filter program[OWN_SOURCE_PROGRAM];
	struct own_sources own = { .count = 0 };
	struct packet last = packet_from("fe80::7f", LAN), none = packet_from("fe80::80", LAN);
	size_t len;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		has(&(struct addr){ AF_INET, { 10, 0, (uint8_t)(i >> 8), (uint8_t)i } });
		has(&(struct addr){ AF_INET6,
				    { 0xfe, 0x80, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i } });
	}
	own_source_read(&own);
	assert_int_equal(own.count, 2 * OWN_SOURCES_MAX);
	len = own_source_write(&own, AF_INET6, program);
	assert_int_equal(len, OWN_SOURCE_PROGRAM);
	assert_int_equal(run(program, len, &last), 0);
	assert_int_equal(run(program, len, &none), UINT32_MAX);
	assert_true(own_source_write(&own, AF_INET, program) < len);
	for (unsigned i = 0; i < 2; i++) {
		int fd = socket(i ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

		for (unsigned again = 0; again < 3; again++) /* each takes the last one's place */
			assert_int_equal(own_source_shield(&own, i ? AF_INET6 : AF_INET, fd), 0);
		close(fd);
	}
	assert_int_equal(own_source_shield(&own, AF_INET, -1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_says_it_is_us_is_taken_from_loopback_alone, setup),
		cmocka_unit_test_setup(without_an_address_everything_is_taken, setup),
		cmocka_unit_test_setup(addresses_are_bounded_and_the_kernel_takes_as_many, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
