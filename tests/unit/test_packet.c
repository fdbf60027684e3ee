/* packet: whole packets by table, and every one of them cut short at every length. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flows/packet.h"
#include "lib/util.h"

#define A4 "\xc0\xa8\x14\x05\xcb\x00\x71\x50" /* 192.168.20.5 to 203.0.113.80 */
#define A6                                                                                     \
	"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05"                                                 \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x50" /* fd00::5 to 2001:db8::50 */
#define PORTS "\xc3\x50\x01\xbb" /* 50000 to 443 */

struct sample {
	const char *what;
	const char *bytes;
	size_t len;
	int rc;
	uint8_t proto;
	uint16_t port;
};
#define S(what, text, ...) { what, text, sizeof(text) - 1, __VA_ARGS__ }

static const struct sample samples[] = {
	S("TCP", "\x45\0\0\x28\0\0\x40\0\x40\x06\0\0" A4 PORTS "\0\0\0\0", 0, IPPROTO_TCP, 443),
	S("UDP", "\x45\0\0\x1c\0\0\0\0\x40\x11\0\0" A4 PORTS "\0\x08\0\0", 0, IPPROTO_UDP, 443),
	S("ICMP", "\x45\0\0\x1c\0\0\0\0\x40\x01\0\0" A4 "\x08\0\0\0\0\0\0\0", 0, IPPROTO_ICMP, 0),
	S("options", "\x46\0\0\x2c\0\0\0\0\x40\x06\0\0" A4 "\x94\x04\0\0" PORTS, 0, IPPROTO_TCP,
	  443),
	S("first fragment", "\x45\0\0\x28\0\0\x20\0\x40\x11\0\0" A4 PORTS, 0, IPPROTO_UDP, 443),
	S("later fragment", "\x45\0\0\x28\0\0\x00\x10\x40\x11\0\0" A4 PORTS, 0, IPPROTO_UDP, 0),
	S("head cut", "\x45\0\0\x28\0\0\x40\0\x40\x06\0\0\xc0\xa8", -EBADMSG, 0, 0),
	S("head length 16", "\x44\0\0\x28\0\0\x40\0\x40\x06\0\0" A4 PORTS, -EBADMSG, 0, 0),
	S("options past the end", "\x4f\0\0\x28\0\0\x40\0\x40\x06\0\0" A4 PORTS, 0, IPPROTO_TCP,
	  0),
	S("version 5", "\x55\0\0\x28\0\0\x40\0\x40\x06\0\0" A4 PORTS, -EBADMSG, 0, 0),
	S("TCP over IPv6", "\x60\0\0\0\0\x14\x06\x40" A6 PORTS, 0, IPPROTO_TCP, 443),
	S("ICMPv6", "\x60\0\0\0\0\x08\x3a\x40" A6 "\x80\0\0\0\0\0\0\0", 0, IPPROTO_ICMPV6, 0),
	S("hop-by-hop and destination options",
	  "\x60\0\0\0\0\x14\x00\x40" A6 "\x3c\0\0\0\0\0\0\0"
	  "\x11\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0" PORTS,
	  0, IPPROTO_UDP, 443),
	S("authentication header",
	  "\x60\0\0\0\0\x14\x33\x40" A6 "\x06\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	  "\0\0\0\0\0\0\0\0" PORTS,
	  0, IPPROTO_TCP, 443),
	S("first IPv6 fragment",
	  "\x60\0\0\0\0\x14\x2c\x40" A6 "\x11\0\0\x01\0\0\0\x01" PORTS, 0, IPPROTO_UDP, 443),
	S("later IPv6 fragment",
	  "\x60\0\0\0\0\x14\x2c\x40" A6 "\x11\0\0\x08\0\0\0\x01" PORTS, 0, IPPROTO_UDP, 0),
	S("extension past the end", "\x60\0\0\0\0\x14\x3c\x40" A6 "\x11\xff\0\0\0\0\0\0" PORTS, 0,
	  IPPROTO_UDP, 0),
	S("encrypted", "\x60\0\0\0\0\x14\x32\x40" A6 PORTS, 0, IPPROTO_ESP, 0),
	S("nothing behind", "\x60\0\0\0\0\0\x3b\x40" A6, 0, IPPROTO_NONE, 0),
	S("IPv6 head cut", "\x60\0\0\0\0\x14\x06\x40", -EBADMSG, 0, 0),
	S("empty", "", -EBADMSG, 0, 0),
};

static void packet_is_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i];
		struct packet p = { 0 };
		char text[ADDR_TEXT_MAX];
		int rc = packet_parse((const uint8_t *)s->bytes, s->len, &p);

		if (rc != s->rc || p.proto != s->proto || p.port != s->port)
			fail_msg("%s: rc %d proto %u port %u", s->what, rc, p.proto, p.port);
		if (rc)
			continue;
		addr_to_text(&p.src, text);
		assert_string_equal(text, p.src.family == AF_INET ? "192.168.20.5" : "fd00::5");
		addr_to_text(&p.dst, text);
		assert_string_equal(text,
				    p.dst.family == AF_INET ? "203.0.113.80" : "2001:db8::50");
	}
}

static void chain_of_extension_headers_is_bounded(void **state)
{
	uint8_t data[40 + 8 * (PACKET_EXTENSIONS_MAX + 2) + 4] = { 0x60 };
	struct packet p;

	(void)state;
	data[6] = IPPROTO_DSTOPTS;
	for (size_t at = 40; at + 8 < sizeof(data); at += 8)
		data[at] = IPPROTO_DSTOPTS;
	assert_int_equal(packet_parse(data, sizeof(data), &p), 0);
	assert_int_equal(p.proto, IPPROTO_DSTOPTS);
	assert_int_equal(p.port, 0);
}

static void packet_cut_anywhere_reads_no_byte_too_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i];

		for (size_t len = 0; len <= s->len; len++) {
			uint8_t *exact = malloc(len ? len : 1); /* the sanitizer's fence */
			struct packet p;
			int rc;

			assert_non_null(exact);
			memcpy(exact, s->bytes, len);
			rc = packet_parse(exact, len, &p);
			free(exact);
			assert_true(rc == 0 || rc == -EBADMSG);
			if (rc == 0 && s->rc == 0)
				assert_true(p.port == 0 || p.port == s->port);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_is_read_or_refused),
		cmocka_unit_test(chain_of_extension_headers_is_bounded),
		cmocka_unit_test(packet_cut_anywhere_reads_no_byte_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
