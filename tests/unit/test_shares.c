/* Who shares leases with whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <net/if.h>

#include "conf/conf.h"
#include "nftsync/shares.h"
#include "tests/support/conf_text.h"

static const char zones[] =
	"upstream u {\n server 192.0.2.1\n}\n"
	"zone lan {\n interface br-lan lan2\n gate enforce\n}\n"
	"zone iot {\n interface br-iot wlan1 lo\n gate enforce\n lease-for zone\n}\n"
	"zone guest {\n interface guest0\n lease-for zone\n}\n";

static struct shares *make(void)
{
	struct conf *c = conf_of_text(zones);
	struct shares *s;

	assert_int_equal(shares_new(c, &s), 0);
	conf_free(c);
	return s;
}

static struct msg_device interface(const char *name)
{
	struct msg_device d = { .kind = DEVICE_IFNAME };

	strcpy((char *)d.id, name);
	return d;
}

static void each_interface_of_a_sharing_zone_is_one_of_all(void **state)
{
	static const struct {
		const char *name;
		size_t count;
		const char *first;
	} cases[] = {
		{ "br-iot", 3, "br-iot" }, { "wlan1", 3, "br-iot" }, { "lo", 3, "br-iot" },
		{ "guest0", 1, "guest0" }, { "br-lan", 1, "br-lan" }, { "wlan", 1, "wlan" },
	};
	struct shares *s = make();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct msg_device d = interface(cases[i].name);
		const struct msg_device *all;

		assert_int_equal(shares_of(s, &d, &all), cases[i].count);
		assert_string_equal((const char *)all[0].id, cases[i].first);
		assert_int_equal(all[0].kind, DEVICE_IFNAME);
		assert_int_equal(shares_of(NULL, &d, &all), 1);
		assert_ptr_equal(all, &d);
	}
	shares_free(s);
}

static void a_device_is_alone_whatever_its_bytes(void **state)
{
	struct msg_device d = interface("br-iot");
	const struct msg_device *all;
	struct shares *s = make();

	(void)state;
	d.kind = DEVICE_MAC;
	assert_int_equal(shares_of(s, &d, &all), 1);
	assert_ptr_equal(all, &d);
	shares_free(s);
}

static void an_interface_is_known_by_its_number(void **state)
{
	struct shares *s = make();

	(void)state;
	assert_null(shares_by_index(s, if_nametoindex("lo")));
	shares_look(s);
	assert_string_equal((const char *)shares_by_index(s, if_nametoindex("lo"))->id, "lo");
	assert_null(shares_by_index(s, 0));
	assert_null(shares_by_index(NULL, 1));
	shares_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_interface_of_a_sharing_zone_is_one_of_all),
		cmocka_unit_test(a_device_is_alone_whatever_its_bytes),
		cmocka_unit_test(an_interface_is_known_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
