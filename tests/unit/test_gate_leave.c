/* What the end of the daemon leaves in the real kernel; skipped without root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "nftsync/gate.h"
#include "tests/support/conf_text.h"
#include "tests/support/gate_rig.h"
#include "tests/support/nft_ns.h"

#define UP  "upstream u { server 198.18.0.53 }\nlisten l 0.0.0.0 [::]\n"
#define LAN "zone lan {\n interface lan0\n gate enforce\n redirect-dns on\n}\n"
#define IOT "zone iot {\n interface iot0\n gate enforce\n when-down closed\n}\n"

static void closed_zones_keep_rules_and_leases(void **state)
{
	static const char *const owner[] = { "gate { table-owner off }\n", "gate { table-owner on }\n" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 80);
		char text[512], *listing;
		struct told told;
		struct conf *c;
		struct gate *g;

		if (!nft_ns_enter())
			skip();
		strcpy(text, UP LAN IOT);
		strcat(text, owner[i]);
		c = conf_of_text(text);
		g = gate_rig_load(&told, c);
		assert_string_equal(gate_when_down(g), "closed: iot, open: lan");
		assert_int_equal(gate_rig_claim(g, &key, 300), GATE_WAIT);
		gate_leave(g);
		gate_free(g);
		listing = nft_ns_run("nft list table inet nameward");
		assert_non_null(strstr(listing, "\"iot0\" : goto enforce"));
		assert_non_null(strstr(listing, "\"lan0\" : accept"));
		assert_non_null(strstr(listing, "203.0.113.80"));
		assert_null(strstr(listing, "hook prerouting"));
		free(listing);

		g = gate_rig_load(&told, c); /* the next start */
		assert_int_equal(gate_stats(g)->adopted, 1);
		assert_int_equal(gate_rig_claim(g, &key, 60), GATE_DONE);
		listing = nft_ns_run("nft list table inet nameward");
		assert_non_null(strstr(listing, "\"lan0\" : goto enforce"));
		assert_non_null(strstr(listing, "hook prerouting"));
		free(listing);
		gate_remove(g);
		free(nft_ns_run("! nft list table inet nameward 2>/dev/null"));
		gate_free(g);
		conf_free(c);
	}
}

static void without_a_closed_zone_nothing_stays(void **state)
{
	struct conf *c = conf_of_text(UP LAN);
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = gate_rig_load(&told, c);
	assert_string_equal(gate_when_down(g), "open: lan");
	gate_leave(g);
	free(nft_ns_run("! nft list table inet nameward 2>/dev/null"));
	gate_free(g);
	conf_free(c);
}

static void a_gate_that_never_loaded_leaves_nothing(void **state)
{
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = gate_rig_make(&told);
	assert_string_equal(gate_when_down(g), "-");
	gate_leave(g);
	gate_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_zones_keep_rules_and_leases),
		cmocka_unit_test(without_a_closed_zone_nothing_stays),
		cmocka_unit_test(a_gate_that_never_loaded_leaves_nothing),
	};

	return cmocka_run_group_tests_name("gate_leave", tests, NULL, NULL);
}
