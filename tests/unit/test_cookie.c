/* DNS cookies: the vectors of RFC 9018 appendix A, and whose cookie proves what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "resolver/cookie.h"

#define NOW 1559731985u

static const struct hash_key root = { { 1, 2 } };

static void from_hex(const char *hex, uint8_t *out)
{
	unsigned octet;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		*out++ = (uint8_t)octet;
}

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_from_text(text, &a), 0);
	return a;
}

static struct hash_key key_of(const char *hex)
{
	uint8_t bytes[16];
	struct hash_key key = { { 0 } };

	from_hex(hex, bytes);
	for (unsigned i = 0; i < 16; i++)
		key.k[i / 8] |= (uint64_t)bytes[i] << 8 * (i % 8);
	return key;
}

static void cookies_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *from, *secret, *client;
		uint32_t time_s;
		const char *server;
	} cases[] = {
		{ "198.51.100.100", "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957",
		  1559731985, "010000005cf79f111f8130c3eee29480" },
		{ "198.51.100.100", "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957",
		  1559734385, "010000005cf7a871d4a564a1442aca77" },
		{ "203.0.113.203", "e5e973e5a6b2a43f48e7dc849e37bfcf", "fc93fc62807ddb86",
		  1559734700, "010000005cf7a9acf73a7810aca2381e" },
		{ "2001:db8:220:1:59de:d0f4:8769:82b8", "dd3bdf9344b678b185a6f5cb60fca715",
		  "22681ab97d52c298", 1559741817, "010000005cf7c57926556bd0934c72f8" },
		{ "2001:db8:220:1:59de:d0f4:8769:82b8", "445536bcd2513298075a5d379663c962",
		  "22681ab97d52c298", 1559741961, "010000005cf7c609a6bb79d16625507a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t client[COOKIE_CLIENT], want[COOKIE_SERVER], got[COOKIE_SERVER];
		struct hash_key secret = key_of(cases[i].secret);
		struct addr from = addr_of(cases[i].from);

		from_hex(cases[i].client, client);
		from_hex(cases[i].server, want);
		cookie_write(&secret, client, &from, cases[i].time_s, got);
		assert_memory_equal(got, want, sizeof(want));
	}
}

static void a_cookie_proves_its_own_address_for_an_hour(void **state)
{
	static const struct {
		int later_s;
		const char *from;
		int flip; /* octet that is changed; -1: none */
		size_t len;
		enum cookie_state state;
		bool is_same;
	} cases[] = {
		{ 0, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_GOOD, true },
		{ COOKIE_RENEW_S - 1, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_GOOD, true },
		{ COOKIE_RENEW_S, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_GOOD, false },
		{ COOKIE_VALID_S, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_GOOD, false },
		{ COOKIE_VALID_S + 1, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_NEW, false },
		{ COOKIE_SECRET_S, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_NEW, false },
		{ -COOKIE_AHEAD_S, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_GOOD, true },
		{ -COOKIE_AHEAD_S - 1, "192.0.2.1", -1, COOKIE_BYTES, COOKIE_NEW, false },
		{ 0, "192.0.2.2", -1, COOKIE_BYTES, COOKIE_NEW, false },
		{ 0, "192.0.2.1", 0, COOKIE_BYTES, COOKIE_NEW, false },	 /* another client's */
		{ 0, "192.0.2.1", 8, COOKIE_BYTES, COOKIE_NEW, false },	 /* version */
		{ 0, "192.0.2.1", 9, COOKIE_BYTES, COOKIE_NEW, false },	 /* reserved */
		{ 0, "192.0.2.1", 15, COOKIE_BYTES, COOKIE_NEW, false }, /* time */
		{ 0, "192.0.2.1", 16, COOKIE_BYTES, COOKIE_NEW, false },
		{ 0, "192.0.2.1", 23, COOKIE_BYTES, COOKIE_NEW, false },
		{ 1, "192.0.2.1", -1, COOKIE_CLIENT, COOKIE_NEW, false },
		{ 1, "192.0.2.1", -1, COOKIE_BYTES - 1, COOKIE_NEW, false },
		{ 1, "192.0.2.1", -1, 40, COOKIE_NEW, false },
	};
	struct addr mine = addr_of("192.0.2.1");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t cookie[40] = { 0 }, out[COOKIE_BYTES];
		struct addr from = addr_of(cases[i].from);

		assert_int_equal(cookie_answer(&root, (const uint8_t *)"clientof", COOKIE_CLIENT,
					       &mine, NOW, cookie), COOKIE_NEW);
		if (cases[i].flip >= 0)
			cookie[cases[i].flip] ^= 1;
		assert_int_equal(cookie_answer(&root, cookie, cases[i].len, &from,
					       NOW + (uint32_t)cases[i].later_s, out),
				 cases[i].state);
		assert_memory_equal(out, cookie, COOKIE_CLIENT);
		assert_int_equal(!memcmp(out, cookie, COOKIE_BYTES), cases[i].is_same);
	}
}

static void what_we_give_is_good_at_once(void **state)
{
	uint8_t cookie[COOKIE_BYTES] = "clientof", out[COOKIE_BYTES];
	struct addr from = addr_of("2001:db8::1");

	(void)state;
	for (uint32_t now = NOW; now < NOW + 3 * COOKIE_SECRET_S; now += COOKIE_VALID_S - 1) {
		if (now != NOW) /* over two changes of the secret */
			assert_int_equal(cookie_answer(&root, cookie, COOKIE_BYTES, &from, now, out),
					 COOKIE_GOOD);
		else
			cookie_answer(&root, cookie, COOKIE_CLIENT, &from, now, out);
		memcpy(cookie, out, sizeof(cookie));
	}
}

static void another_root_is_another_server(void **state)
{
	static const struct hash_key other = { { 1, 3 } };
	uint8_t cookie[COOKIE_BYTES], out[COOKIE_BYTES];
	struct addr from = addr_of("192.0.2.1");

	(void)state;
	cookie_answer(&root, (const uint8_t *)"clientof", COOKIE_CLIENT, &from, NOW, cookie);
	assert_int_equal(cookie_answer(&other, cookie, COOKIE_BYTES, &from, NOW, out), COOKIE_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_are_those_of_the_standard),
		cmocka_unit_test(a_cookie_proves_its_own_address_for_an_hour),
		cmocka_unit_test(what_we_give_is_good_at_once),
		cmocka_unit_test(another_root_is_another_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
