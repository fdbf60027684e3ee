/* Lease files of DHCP servers, as their leases in words; texts by the servers' own forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "local/lease_file.h"
#include "local/dhcp_leases.h"

typedef int parse(const char *text, size_t len, struct dhcp_leases *to);

/* "address name mac until" of each active lease; "!RC" for a refused text. Freed with free. */
static char *leases_of(parse *fn, const char *text, size_t len)
{
	char *copy = malloc(len + 1), *out = NULL; /* exact, so that a read behind it shows */
	struct dhcp_leases *set;
	size_t size;
	FILE *to = open_memstream(&out, &size);
	int rc;

	copy = realloc(copy, len ? len : 1);
	memcpy(copy, text, len);
	assert_int_equal(dhcp_leases_new(&set), 0);
	rc = fn(copy, len, set);
	if (rc)
		fprintf(to, "!%d", rc);
	for (size_t i = 0; !rc && i < dhcp_leases_count(set); i++) {
		const struct dhcp_lease *l = dhcp_leases_at(set, i);
		char addr[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX] = "-";

		if (!l->is_active)
			continue;
		if (l->has_mac)
			mac_to_text(&l->mac, mac);
		fprintf(to, "%s %s %s %lld\n", addr_to_text(&l->addr, addr), *l->name ? l->name : "*",
			mac, (long long)l->until_s);
	}
	fclose(to);
	dhcp_leases_free(set);
	free(copy);
	return out;
}

struct file_case {
	const char *text, *leases;
};

static void check(parse *fn, const struct file_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(cases[i].text);
		char *got = leases_of(fn, cases[i].text, len);

		assert_string_equal(got, cases[i].leases);
		free(got);
		for (size_t cut = 0; cut < len; cut++) /* nothing is read behind the end */
			free(leases_of(fn, cases[i].text, cut));
	}
}

static void dnsmasq_leases_are_read(void **state)
{
	static const struct file_case cases[] = {
		{ "", "" },
		{ "1795809600 7c:2f:80:00:11:22 192.168.1.5 NAS 01:7c:2f:80:00:11:22\n",
		  "192.168.1.5 nas 7c:2f:80:00:11:22 1795809600\n" },
		{ "0 7c:2f:80:00:11:22 192.168.1.5 * *", "192.168.1.5 * 7c:2f:80:00:11:22 0\n" },
		{ "duid 00:01:00:01:2e:aa\n1795809600 11735 fd00::5 tv 00:01:00:01:2e\r\n",
		  "fd00::5 tv - 1795809600\n" },
		{ "1795809600 20-7c:2f:80:00:11:22 192.168.1.5 ib *\n",
		  "192.168.1.5 ib - 1795809600\n" },
		{ "x 7c:2f:80:00:11:22 192.168.1.5 a *\n1 7c:2f:80:00:11:22 nowhere a *\n"
		  "-1 7c:2f:80:00:11:22 192.168.1.5 a *\n1 7c:2f:80:00:11:22 192.168.1.5\n\n",
		  "" },
		{ "9999999999999999999999 7c:2f:80:00:11:22 192.168.1.5 a *\n", "" },
	};

	(void)state;
	check(lease_file_dnsmasq, cases, ARRAY_SIZE(cases));
}

#define ACTIVE "binding state active; hardware ethernet 7c:2f:80:00:11:22;"

static void isc_leases_are_read_and_later_entries_replace_earlier_ones(void **state)
{
	static const struct file_case cases[] = {
		{ "# comment { ; }\nauthoring-byte-order little-endian;\nserver-duid \"\\001\\\"{\";\n"
		  "lease 192.168.1.5 {\n  starts 5 2026/11/27 19:00:00;\n"
		  "  ends 5 2026/11/27 20:00:00;\n  cltt 5 2026/11/27 19:00:00;\n"
		  "  binding state active;\n  next binding state free;\n"
		  "  rewind binding state free;\n  hardware ethernet 7c:2f:80:00:11:22;\n"
		  "  uid \"\\001|/\\200\\000\\021\\\"\";\n  set vendor-class-identifier = \"x\";\n"
		  "  client-hostname \"nas\";\n}\n",
		  "192.168.1.5 nas 7c:2f:80:00:11:22 1795809600\n" },
		{ "lease 192.168.1.5 { ends never; " ACTIVE " client-hostname \"a\"; }\n"
		  "lease 192.168.1.6 { ends epoch 1795809600; # x\n " ACTIVE " }\n"
		  "lease 192.168.1.5 { ends never; " ACTIVE " client-hostname \"b\"; }\n",
		  "192.168.1.5 b 7c:2f:80:00:11:22 0\n"
		  "192.168.1.6 * 7c:2f:80:00:11:22 1795809600\n" },
		{ "lease 192.168.1.5 { ends never; " ACTIVE " client-hostname \"a\"; }\n"
		  "lease 192.168.1.5 { binding state free; }\n", "" },
		{ "lease 192.168.1.5 { binding state abandoned; client-hostname \"a\"; }\n"
		  "lease 192.168.1.6 { binding state expired; }\n"
		  "lease 192.168.1.7 { binding state backup; }\n"
		  "lease 192.168.1.8 { binding state released; }\n"
		  "lease 192.168.1.9 { binding state reset; }\n", "" },
		{ "ia-na \"\\001\\000{;\" {\n cltt 5 2026/11/27 19:00:00;\n iaaddr fd00::5 {\n"
		  "  binding state active;\n  preferred-life 225;\n  max-life 360;\n"
		  "  ends 5 2026/11/27 20:00:00;\n  set x = \"y\";\n }\n}\n",
		  "fd00::5 * - 1795809600\n" },
		{ "lease 192.168.1.5 { on expiry { client-hostname \"no\"; } " ACTIVE " }\n",
		  "192.168.1.5 * 7c:2f:80:00:11:22 0\n" },
		{ "lease 192.168.1.5 { " ACTIVE " client-hostname \"cut", "" },
		{ "lease nonsense { " ACTIVE " }\nlease { }\n}}}} lease 192.168.1.5 { " ACTIVE " }",
		  "192.168.1.5 * 7c:2f:80:00:11:22 0\n" },
	};

	(void)state;
	check(lease_file_isc, cases, ARRAY_SIZE(cases));
}

#define KEA4 "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n"
#define KEA6 "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len," \
	     "fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source\n"

static void kea_leases_are_read_by_the_names_of_their_columns(void **state)
{
	static const struct file_case cases[] = {
		{ "", "" },
		{ KEA4, "" },
		{ KEA4 "192.168.1.5,7c:2f:80:00:11:22,01:7c,3600,1795809600,1,1,1,nas.lan.,0,,0\n",
		  "192.168.1.5 nas 7c:2f:80:00:11:22 1795809600\n" },
		{ "hostname,address,expire\nnas,192.168.1.5,1795809600\n",
		  "192.168.1.5 nas - 1795809600\n" },
		{ KEA4 "192.168.1.5,7c:2f:80:00:11:22,,3600,1795809600,1,0,0,a,0,,0\n"
		  "192.168.1.5,7c:2f:80:00:11:22,,3600,1795809700,1,0,0,b,0,,0\n"
		  "192.168.1.6,7c:2f:80:00:11:23,,3600,1795809700,1,0,0,c,0,,0\n"
		  "192.168.1.6,7c:2f:80:00:11:23,,0,1795809700,1,0,0,c,0,,0\n"
		  "192.168.1.7,7c:2f:80:00:11:24,,3600,1795809700,1,0,0,d,1,,0\n"
		  "192.168.1.8,7c:2f:80:00:11:25,,3600,1795809700,1,0,0,e,2,,0\n"
		  "192.168.1.9,7c:2f:80:00:11:26,,4294967295,1,1,0,0,f,0,\"{ }\",0\n",
		  "192.168.1.5 b 7c:2f:80:00:11:22 1795809700\n"
		  "192.168.1.9 f 7c:2f:80:00:11:26 0\n" },
		{ KEA6 "fd00::5,00:01:02,3600,1795809600,1,3600,0,7,128,0,0,tv,7c:2f:80:00:11:22,0,,1,2\n"
		  "fd00:1::,00:01:02,3600,1795809600,1,3600,2,7,56,0,0,pd,,0,,1,2\n",
		  "fd00::5 tv 7c:2f:80:00:11:22 1795809600\n" },
		{ "192.168.1.5,7c:2f:80:00:11:22,x\n", "!-93" },
		{ KEA4 ",,,\nx,y\n192.168.1.5,,,a,b,,,,n,0\n", "" },
	};

	(void)state;
	assert_int_equal(EPROTONOSUPPORT, 93);
	check(lease_file_kea, cases, ARRAY_SIZE(cases));
}

#define ND_HEAD "{\"BootID\":\"0123\",\"Address\":[192,168,1,1],\"PrefixLength\":24,\"Leases\":["
#define ND_MAC	"\"HardwareAddressType\":1,\"HardwareAddressLength\":6,\"HardwareAddress\":" \
		"[124,47,128,0,17,34,0,0,0,0,0,0,0,0,0,0]"

static void networkd_leases_are_read(void **state)
{
	static const struct file_case cases[] = {
		{ "", "" },
		{ ND_HEAD "{\"ClientId\":[1,124,47],\"Address\":[192,168,1,5],\"Hostname\":\"nas\","
		  ND_MAC ",\"ExpirationUSec\":7,\"ExpirationRealtimeUSec\":1795809600000000},\n"
		  "{\"Address\":[192,168,1,6],\"ExpirationRealtimeUSec\":1795809600000000}]}\n",
		  "192.168.1.5 nas 7c:2f:80:00:11:22 1795809600\n192.168.1.6 * - 1795809600\n" },
		{ "{\"StaticLeases\":[{\"ClientId\":[1],\"Address\":[192,168,1,7]}]}", "" },
		{ "{\"Address\":[192,168,1,1],\"x\":-1.5e3,\"y\":null,\"z\":[[[]]],\"w\":\"\\\"\"}", "" },
		{ ND_HEAD "{\"Address\":[192,168,1,500],\"ExpirationRealtimeUSec\":1}]}", "" },
		{ "not json", "!-93" },
		{ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
		  "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}", "!-93" },
	};

	(void)state;
	check(lease_file_networkd, cases, ARRAY_SIZE(cases));
}

static void names_of_clients_are_host_names_or_none(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "nas", "nas" }, { "Annas-iPhone", "annas-iphone" }, { "a_b", "a_b" },
		{ "host.evil.example", "host" }, { "", "" }, { ".", "" }, { "-a", "" },
		{ "a-", "" }, { "a b", "" }, { "a\tb", "" }, { "a\\046b", "" }, { "m\303\274ller", "" },
		{ "*", "" }, { "localhost", "" }, { "LocalHost.x", "" }, { "wpad", "" },
		{ "ISATAP", "" }, { "wpad2", "wpad2" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "" },
	};
	char name[HOST_LABEL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(host_label(cases[i].text, strlen(cases[i].text), name),
				 strlen(cases[i].name));
		assert_string_equal(name, cases[i].name);
	}
	assert_int_equal(host_label("a\0b", 3, name), 0);
}

static void leases_beyond_the_limit_are_left_out(void **state)
{
	struct dhcp_lease l = { .addr = { AF_INET, { 10 } } };
	struct dhcp_leases *set;

	(void)state;
	assert_int_equal(dhcp_leases_new(&set), 0);
	for (unsigned i = 0; i < DHCP_LEASES_MAX + 3; i++) {
		store_be32(l.addr.bytes, 0x0a000000 + i);
		assert_int_equal(dhcp_leases_put(set, &l), 0);
	}
	assert_int_equal(dhcp_leases_count(set), DHCP_LEASES_MAX);
	assert_int_equal(dhcp_leases_left_out(set), 3);
	dhcp_leases_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dnsmasq_leases_are_read),
		cmocka_unit_test(isc_leases_are_read_and_later_entries_replace_earlier_ones),
		cmocka_unit_test(kea_leases_are_read_by_the_names_of_their_columns),
		cmocka_unit_test(networkd_leases_are_read),
		cmocka_unit_test(names_of_clients_are_host_names_or_none),
		cmocka_unit_test(leases_beyond_the_limit_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
