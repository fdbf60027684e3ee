/* Errors of configurations: each with its exact place and hint, all of them in one run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "tests/support/conf_text.h"

#define UP "upstream u { server 192.0.2.53 }\n" /* a first line without errors */
#define LEASES "local home.arpa { leases dnsmasq /l }\n"
#define HOST_NAME "letters, digits, '-' and '_', at most 63, and none that means something else"

/* Errors as lines "line:col text [hint]"; owned by the caller. */
static char *brief_errors(const char *text)
{
	char *all = conf_errors_of_text(text), *out = NULL, *line, *rest;
	bool first = true;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	for (line = strtok_r(all, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!strncmp(line, "    hint: ", 10)) {
			fprintf(to, " [%s]", line + 10);
		} else if (strncmp(line, "    ", 4)) {
			char *at = !strncmp(line, "test.conf:", 10) ? line + 10 : line;
			char *error = strstr(at, "error: ");

			fprintf(to, "%s%.*s%s", first ? "" : "\n", (int)(error - at), at,
				error + 7);
			first = false;
		}
	}
	fclose(to);
	free(all);
	return out;
}

struct error_case {
	const char *text, *errors;
};

static void check_cases(const struct error_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *errors = brief_errors(cases[i].text);

		assert_string_equal(errors, cases[i].errors);
		free(errors);
	}
}

static void unknown_words_get_a_hint(void **state)
{
	static const struct error_case cases[] = {
		{ UP "lisen a 127.0.0.1",
		  "2:1: unknown directive 'lisen' [did you mean 'listen'?]" },
		{ UP "xyzzy 1", "2:1: unknown directive 'xyzzy'" },
		{ UP "interface br0",
		  "2:1: unknown directive 'interface' ['interface' belongs into a block: zone]" },
		{ UP "file x",
		  "2:1: unknown directive 'file' ['file' belongs into a block: list, history]" },
		{ UP "cache { sise 1MiB }",
		  "2:9: unknown option 'sise' in cache [did you mean 'size'?]" },
		{ UP "zone z {\n\tinterface a\n\tinclude x\n}",
		  "4:2: unknown option 'include' in zone ['include' stands outside of all blocks]" },
		{ UP "list ads { name x.example }\npolicy default { block asd }",
		  "3:24: unknown list 'asd' [did you mean 'ads'?]" },
		{ UP "group kids { member 192.0.2.1 }\npolicy p { for kid }",
		  "3:16: unknown group 'kid' [did you mean 'kids'?]" },
		{ UP "device laptop { address 192.0.2.1 }\ngroup g { member labtop }",
		  "3:18: unknown device 'labtop' [did you mean 'laptop'?]" },
		{ UP "device tv { address 192.0.2.1 }\npolicy p { for tv }",
		  "3:16: unknown group 'tv' ['tv' is a device, here stands a group]" },
		{ UP "forward x.example uu",
		  "2:19: unknown upstream 'uu' [did you mean 'u'?]" },
		{ UP "zone lan { interface a }\nzone lam extend { gate off }",
		  "3:6: unknown zone 'lam' [did you mean 'lan'?]" },
		{ UP "block-answer nxdomian",
		  "2:14: 'nxdomian' is no value of 'block-answer' [did you mean 'nxdomain'?]" },
		{ UP "block-answer 0.0.0.0",
		  "2:14: '0.0.0.0' is no value of 'block-answer' "
		  "[one of: nxdomain, null, nodata, refused]" },
		{ UP "history { keep lookup 1d }",
		  "2:16: 'keep' is not complete [it is followed by 'lookups' or 'refusals' or "
		  "'hourly' or 'daily']" },
		{ UP "gate { table ip x }",
		  "2:14: 'table' is not complete [it is followed by 'inet']" },
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

static void malformed_values_are_shown(void **state)
{
	static const struct error_case cases[] = {
		{ UP "block-ttl 10",
		  "2:11: '10' is no value of 'block-ttl' "
		  "[a time is a number and ms, s, m, h, d or y: 500ms, 10m, 30d]" },
		{ UP "block-ttl 2d", "2:11: '2d' is out of range "
				     "[block-ttl is from 0s to 1d, in whole seconds]" },
		{ UP "block-ttl 1500ms", "2:11: '1500ms' is out of range "
					 "[block-ttl is from 0s to 1d, in whole seconds]" },
		{ UP "block-ttl 99999999999999999999y",
		  "2:11: '99999999999999999999y' is out of range "
		  "[block-ttl is from 0s to 1d, in whole seconds]" },
		{ UP "cache { size 32MB }",
		  "2:14: '32MB' is no value of 'size' "
		  "[a size is a number and KiB, MiB or GiB: 32MiB; or the word off]" },
		{ UP "cache { size 0KiB }", "2:14: '0KiB' is out of range "
					    "[size is from 64KiB to 64GiB, or the word off]" },
		{ UP "gate { max-leases many }", "2:19: 'many' is no value of 'max-leases' "
						 "[a number has only digits]" },
		{ UP "gate { max-leases -1 }", "2:19: '-1' is no value of 'max-leases' "
					       "[a number has only digits]" },
		{ UP "block-ttl 1s 2s", "2:14: 'block-ttl' has one value" },
		{ UP "block-ttl", "2:1: 'block-ttl' needs a value" },
		{ UP "history { never-record a..b }",
		  "2:24: 'a..b' is no name, address, network or device"
		  " [as in *.x.example, 192.168.1.77 or tv]" },
		{ UP "history { keep lookups }", "2:16: 'keep' needs a value" },
		{ UP "block-ttl { x }", "2:1: 'block-ttl' has no block" },
		{ UP "control \"\"", "2:9: the path is empty" },
		{ UP "gate { table inet 1x }",
		  "2:19: '1x' cannot be a table's name "
		  "[1 to 31 letters, digits and '_', a digit not first]" },
		{ UP "gate { table inet a1234567890123456789012345678901 }",
		  "2:19: 'a1234567890123456789012345678901' cannot be a table's name "
		  "[1 to 31 letters, digits and '_', a digit not first]" },
		{ UP "forward a..b u", "2:9: 'a..b' is no domain name" },
		{ UP "forward a", "2:9: forward has a suffix and the name of an upstream" },
		{ UP "list l { name a..b }",
		  "2:15: 'a..b' is no entry of a list [as in x.example or *.x.example]" },
		{ UP "list l { name x.*.example }",
		  "2:15: 'x.*.example' is no entry of a list [as in x.example or *.x.example]" },
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

#define PIN_HINT "[openssl x509 -in CERT -noout -pubkey | openssl pkey -pubin -outform der | " \
		 "openssl dgst -sha256 -binary | base64]"

static void malformed_addresses_are_shown(void **state)
{
	static const struct error_case cases[] = {
		{ UP "listen 127.0.0.1:53",
		  "2:8: listen needs a name before '127.0.0.1:53' "
		  "[a label stands before the addresses: listen lan 192.0.2.1:53]" },
		{ UP "listen lan", "2:8: listen needs an address behind 'lan'" },
		{ UP "query-group 1st",
		  "2:13: '1st' cannot be a group's name [a group of the system, as in /etc/group]" },
		{ UP "query-group a:b",
		  "2:13: 'a:b' cannot be a group's name [a group of the system, as in /etc/group]" },
		{ "upstream u { server fe80::1 }",
		  "1:21: 'fe80::1' is a link-local address: it needs its interface "
		  "[fe80::1%br-lan]" },
		{ "listen a fe80::1%none0\nupstream u { server fe80::1%none1 fe80::1%none0 }",
		  "2:35: server fe80::1%none0 is an address that nameward listens on "
		  "[it would ask itself for ever]" },
		{ UP "listen lan fe80::1",
		  "2:12: 'fe80::1' is a link-local address: it needs its interface "
		  "[fe80::1%br-lan]" },
		{ UP "listen lan 2001:db8::1%lan0",
		  "2:12: '2001:db8::1%lan0': only a link-local address has an interface" },
		{ UP "listen a fe80::1%lan0 fe80::1%lan1 [fe80::1%lan0]:53",
		  "2:36: address '[fe80::1%lan0]:53' is written twice [first at test.conf:2]" },
		{ UP "listen lan 127.0.0.1:0",
		  "2:12: '127.0.0.1:0' is no address with a port from 1 to 65535 "
		  "[192.0.2.1, 192.0.2.1:53, 2001:db8::1 or [2001:db8::1]:53]" },
		{ UP "listen lan 127.0.0.1:65536 ::1",
		  "2:12: '127.0.0.1:65536' is no address with a port from 1 to 65535 "
		  "[192.0.2.1, 192.0.2.1:53, 2001:db8::1 or [2001:db8::1]:53]" },
		{ "upstream v { server 192.0.2.1 tls }",
		  "1:31: tls needs the name of the server [server 9.9.9.9 tls dns.quad9.net]" },
		{ "upstream v { server 192.0.2.1 tls pin x }",
		  "1:31: tls needs the name of the server [server 9.9.9.9 tls dns.quad9.net]" },
		{ "upstream v { server 192.0.2.1 tls 192.0.2.1 }",
		  "1:35: '192.0.2.1' is no name of a server "
		  "[server 9.9.9.9 tls dns.quad9.net]" },
		{ "upstream v { server 192.0.2.1 tls *.example }",
		  "1:35: '*.example' is no name of a server "
		  "[server 9.9.9.9 tls dns.quad9.net]" },
		{ "upstream v { server 192.0.2.1 tls a.example 192.0.2.2 }",
		  "1:45: '192.0.2.2' stands behind the name "
		  "[server 9.9.9.9 tls dns.quad9.net]" },
		{ "upstream v { server tls a.example }",
		  "1:14: server needs an address before tls "
		  "[server 9.9.9.9 tls dns.quad9.net]" },
		{ "upstream v { server 192.0.2.1 tls a.example pin }",
		  "1:45: pin needs a key: sha256/ and 44 characters" },
		{ "upstream v { server 192.0.2.1 pin x }",
		  "1:31: a pin is of a server that is asked over TLS "
		  "[server ADDRESS tls NAME pin sha256/KEY]" },
		{ "upstream v { server 192.0.2.1 tls a.example pin sha256/x }",
		  "1:49: 'sha256/x' is no pin: it is sha256/ and 44 characters " PIN_HINT },
		{ "upstream v { server 192.0.2.1 tls a.example pin "
		  "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9= }",
		  "1:49: 'sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=' is no pin: it "
		  "is sha256/ and 44 characters " PIN_HINT },
		{ UP "device d { mac 7c:2f:80 }",
		  "2:16: '7c:2f:80' is no hardware address of a device "
		  "[as in 7c:2f:80:00:11:22]" },
		{ UP "device d { mac ff:ff:ff:ff:ff:ff }",
		  "2:16: 'ff:ff:ff:ff:ff:ff' is no hardware address of a device "
		  "[as in 7c:2f:80:00:11:22]" },
		{ UP "device d { address 192.0.2.0/24 }",
		  "2:20: '192.0.2.0/24' is no IP address [a network is a member of a group]" },
		{ UP "group g { member 192.0.2.1/24 }",
		  "2:18: '192.0.2.1/24' is no network "
		  "[bits are set behind the prefix; the network is 192.0.2.0/24]" },
		{ UP "group g { member 192.0.2.0/33 }",
		  "2:18: '192.0.2.0/33' is no network [as in 192.0.2.0/24 or 2001:db8::/32]" },
		{ UP "zone z { interface an-interface-too-long }",
		  "2:20: 'an-interface-too-long' cannot be an interface's name "
		  "[1 to 15 characters, no space, '/', ':' or '*'; or the sign * alone]" },
		{ UP "zone z { interface \"a b\" a/b br0 }",
		  "2:20: 'a b' cannot be an interface's name "
		  "[1 to 15 characters, no space, '/', ':' or '*'; or the sign * alone]\n"
		  "2:26: 'a/b' cannot be an interface's name "
		  "[1 to 15 characters, no space, '/', ':' or '*'; or the sign * alone]" },
		{ UP "zone z { interface br0 * }",
		  "2:24: '*' stands alone in its zone "
		  "[it means each interface that no other zone names]" },
		{ UP "gate { allow udp 1 during }",
		  "2:20: 'during' has the name of one window behind it "
		  "[as in: allow tcp 443 during school]" },
		{ UP "list l { name x.example }\npolicy default { block l during }",
		  "3:26: 'during' has the name of one window behind it "
		  "[as in: block games during school]" },
		{ UP "list l { name x.example }\npolicy default {\n block l during w\n allow l\n}\n"
		     "window w { hours mon }",
		  "5:2: policy 'default' both blocks and allows list 'l'" },
		{ UP "policy default { hours mon 25:00-26:00 }",
		  "2:28: '25:00-26:00': no span of time: as in 08:00-13:00 "
		  "[as in: hours mon-fri 08:00-13:00]" },
		{ UP "gate { allow udp 1 during w x }\nwindow w { hours mon }",
		  "2:29: 'during' has the name of one window behind it "
		  "[as in: allow tcp 443 during school]" },
		{ UP "gate { allow 192.0.2.1 x during w }\nwindow w { hours mon }",
		  "2:24: 'allow' has one value" },
		{ UP "window w {\nhours mon-fry\n}",
		  "3:7: 'mon-fry': no days of the week: as in mon-fri or sat,sun "
		  "[as in: hours mon-fri 08:00-13:00]" },
		{ UP "window w {\nhours mon 8-9\n}",
		  "3:11: '8-9': no span of time: as in 08:00-13:00 "
		  "[as in: hours mon-fri 08:00-13:00]" },
		{ UP "window w {\nhours mon 08:00-09:00 tue\n}",
		  "3:23: 'tue': more than days and times; the next hours go on a line of their "
		  "own [as in: hours mon-fri 08:00-13:00]" },
		{ UP "window w { }", "2:8: window 'w' has no hours" },
		{ UP "gate { allow udp 0 }", "2:18: '0' is no port or range of ports "
					     "[1 to 65535; a range is written 8000-8100]" },
		{ UP "gate { allow udp 9-8 }", "2:18: '9-8' is no port or range of ports "
					       "[1 to 65535; a range is written 8000-8100]" },
		{ UP "gate { allow udp }", "2:14: 'udp' has one port or range behind it "
					   "[as in: allow udp 123]" },
		{ UP "gate { allow icmp 1 }",
		  "2:14: 'icmp' is neither tcp, udp, mac nor a network "
		  "[as in: allow udp 123, or: allow 192.0.2.0/24]" },
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

static void what_is_written_twice_names_both_places(void **state)
{
	static const struct error_case cases[] = {
		{ UP "zone a { interface x }\nzone a { interface y }",
		  "3:6: zone 'a' is written twice "
		  "[first at test.conf:2; to add to it, write: zone a extend {]" },
		{ UP "cache { size off }\ncache { size off }",
		  "3:1: 'cache' is written twice "
		  "[first at test.conf:2; to add to it, write: cache extend {]\n"
		  "3:9: 'size' is written twice [first at test.conf:2]" },
		{ UP "block-ttl 1s\nblock-ttl 1s",
		  "3:1: 'block-ttl' is written twice [first at test.conf:2]" },
		{ UP "history {\n\tkeep lookups 1d\n\tkeep refusals 1d\n\tkeep lookups 2d\n}",
		  "5:2: 'keep' is written twice [first at test.conf:3]" },
		{ UP "zone a {\n interface x\n gate off\n}\nzone a extend { gate observe }",
		  "6:17: 'gate' is written twice [first at test.conf:4]" },
		{ UP "history off\nhistory { file x }", "3:1: 'history' is written twice "
		  "[first at test.conf:2; to add to it, write: history extend {]" },
		{ UP "history { file x }\nhistory off",
		  "3:1: 'history' is written twice [first at test.conf:2]" },
		{ UP "listen a 192.0.2.1\nlisten b 192.0.2.1:53",
		  "3:10: address '192.0.2.1:53' is written twice [first at test.conf:2]" },
		{ UP "zone a { interface x }\nzone b { interface x }",
		  "3:20: interface 'x' is written twice [first in 'a' at test.conf:2]" },
		{ UP "zone a { interface * }\nzone b { interface * }",
		  "3:20: interface '*' is written twice [first in 'a' at test.conf:2]" },
		{ UP "device a { mac 7c:2f:80:00:11:22 }\ndevice b { mac 7C-2F-80-00-11-22 }",
		  "3:16: hardware address '7c:2f:80:00:11:22' is written twice "
		  "[first in 'a' at test.conf:2]" },
		{ UP "device a { address ::1 }\ndevice b { address 0::1 }",
		  "3:20: address '::1' is written twice [first in 'a' at test.conf:2]" },
		{ UP LEASES "device a { dhcp-name Anna }\ndevice b { dhcp-name anna }",
		  "4:22: DHCP name 'anna' is written twice [first in 'a' at test.conf:3]" },
		{ UP "forward x.example u\nforward X.example. u",
		  "3:9: suffix 'x.example' is written twice [first at test.conf:2]" },
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

static void blocks_must_make_sense(void **state)
{
	static const struct error_case cases[] = {
		{ "", "there is no upstream to ask [write one: upstream quad9 { server 9.9.9.9 }]" },
		{ "upstream u {\n}", "1:10: upstream 'u' has no server" },
		{ UP "zone z { gate off }", "2:6: zone 'z' has no interface" },
		{ UP "device d { }", "2:8: device 'd' has neither mac nor address nor dhcp-name" },
		{ UP "device d {\n address ::1\n trust-name on\n}",
		  "4:2: device 'd' has no 'dhcp-name' to trust" },
		{ UP "device d { dhcp-name d }", "2:12: device 'd' has a 'dhcp-name', and no 'leases' "
		  "line says who has it [as in: local home.arpa { leases dnsmasq "
		  "/var/lib/misc/dnsmasq.leases }]" },
		{ UP LEASES "device d {\n dhcp-name d\n mac 7c:2f:80:00:11:22\n gate off\n}",
		  "6:2: device 'd' has a 'dhcp-name', and so no 'gate' of its own [any device can "
		  "take its name: give another block its mac, and the gate there]" },
		{ UP LEASES "device d {\n dhcp-name a.example wpad ''\n}",
		  "4:12: 'a.example' is no name of a host [" HOST_NAME "]\n"
		  "4:22: 'wpad' is no name of a host [" HOST_NAME "]\n"
		  "4:27: '' is no name of a host [" HOST_NAME "]" },
		{ UP "group g { }", "2:7: group 'g' has no member" },
		{ UP "list l {\n file /x\n format owners\n}", "" }, /* it tells, and blocks nothing */
		{ UP "list l {\n file /x\n format owners\n}\npolicy default { block l }",
		  "2:6: list 'l' is of format owners, and has no 'owner', so it would be empty" },
		{ UP "list l {\n file /x\n owner CH\n}",
		  "2:6: list 'l' has owners, and its format is not 'owners'" },
		{ UP "list l { format auto }", "2:6: list 'l' has neither file nor url nor name" },
		{ UP "list l { url ftp://x.example/l }", "2:14: 'ftp://x.example/l' is no URL of http or https [as in https://lists.example/ads.txt, without user and password]" },
		{ UP "list l { url https:// }", "2:14: 'https://' is no URL of http or https [as in https://lists.example/ads.txt, without user and password]" },
		{ UP "list l { url https://me:pw@x.example/l }",
		  "2:14: 'https://me:pw@x.example/l' is no URL of http or https [as in https://lists.example/ads.txt, without user and password]" },
		{ UP "list l { url https://x.example/l y }", "2:34: 'url' has one value" },
		{ UP "list l {\n url https://x.example/l\n refresh 1m\n}", "4:10: '1m' is out of range [refresh is from 1h to 90d, in whole seconds]" },
		{ UP "policy p { }", "2:8: policy 'p' has no 'for' "
				     "[the policy for all others is called default]" },
		{ UP "group g { member ::1 }\npolicy default { for g }",
		  "3:18: policy default has no 'for' [it is for all that no other policy is for]" },
		{ UP "zone internet { interface a }",
		  "2:6: no zone can be called 'internet': reach has that word for what is "
		  "no zone's" },
		{ UP "zone a {\ninterface a\nreach internat b\n}\nzone b { interface b }",
		  "4:7: unknown zone 'internat'" },
		{ UP "zone a {\ninterface *\nreach internet\n}",
		  "4:1: zone 'a' is each interface that no other zone names, the internet's "
		  "too, and can have no 'reach' [give the zone's interfaces by their names]" },
		{ UP "zone a {\ninterface *\nlease-for zone\n}",
		  "4:1: zone 'a' is each interface that no other zone names, and cannot share its "
		  "leases [give the zone's interfaces by their names]" },
		{ UP "zone a {\ninterface a\nreach r\n}\nzone r { interface * }",
		  "4:1: zone 'r' has no interface of its own to reach [what no zone names is "
		  "reached by: reach internet]" },
		{ UP "listen a 127.0.0.1 192.0.2.1:5353 [fe80::1%lo] [::1]\n"
		     "zone a {\ninterface a\nredirect-dns on\n}",
		  "5:1: nothing listens on port 53 of an IPv4 address that devices can be "
		  "redirected to [as in: listen lan 192.168.1.1:53]\n"
		  "5:1: nothing listens on port 53 of an IPv6 address that devices can be "
		  "redirected to [as in: listen lan [fd00::1]:53]" },
		{ UP "listen a 0.0.0.0\nzone a {\ninterface a\nredirect-dns on\n}",
		  "5:1: nothing listens on port 53 of an IPv6 address that devices can be "
		  "redirected to [as in: listen lan [fd00::1]:53]" },
		{ UP "gate { fill x.example inet fw4 }",
		  "2:28: fill has a name, a family, a table and its sets [as in: fill "
		  "*.x.example inet fw4 vpn4 vpn6]" },
		{ UP "gate { fill a.*.example bridge 9x 's;' }",
		  "2:13: 'a.*.example' is no name to fill by [as in x.example or *.x.example]\n"
		  "2:25: 'bridge' is no family of a table [one of: inet, ip, ip6]\n"
		  "2:32: '9x' cannot be the name of a table or set [1 to 63 letters, digits, "
		  "'_', '-' and '.', a letter first]\n"
		  "2:35: 's;' cannot be the name of a table or set [1 to 63 letters, digits, "
		  "'_', '-' and '.', a letter first]" },
		{ UP "gate {\ntable inet fw\nfill a.example ip fw s\nfill a.example inet fw s\n}",
		  "4:1: table inet fw is nameward's own [a table of your own has the sets to "
		  "fill]" },
		{ UP "gate { deny 192.0.2.1/24 }",
		  "2:13: '192.0.2.1/24' is no network [bits are set behind the prefix; the "
		  "network is 192.0.2.0/24]" },
		{ UP "gate { allow mac }", "2:14: 'mac' has one hardware address behind it "
					   "[as in: allow mac 7c:2f:80:00:11:22]" },
		{ UP "gate { allow mac ff:ff:ff:ff:ff:ff }",
		  "2:18: 'ff:ff:ff:ff:ff:ff' is no hardware address of a device [as in "
		  "7c:2f:80:00:11:22]" },
		{ UP "list l { name a.example }\npolicy default {\nblock l\nallow l\n}",
		  "5:1: policy 'default' both blocks and allows list 'l'" },
		{ UP "gate {\nlease-min 1h\nlease-max 1m\n}",
		  "3:1: lease-min (3600s) is longer than lease-max (60s)" },
		{ UP "zone", "2:1: zone needs a name" },
		{ UP "zone a", "2:6: zone needs a block { }" },
		{ UP "gate off", "2:6: 'off' is too much here" },
		{ UP "zone a b { interface x }", "2:8: 'b' is too much here" },
		{ UP "zone a/b { interface x }",
		  "2:6: 'a/b' is not a name "
		  "[a name has 1 to 63 letters, digits, '.', '_' and '-']" },
		{ UP "device 192.0.2.1 { address ::1 }",
		  "2:8: '192.0.2.1' is an address: give the block another name" },
		{ "listen a 192.0.2.1\nupstream u { server 192.0.2.1 192.0.2.2 }",
		  "2:21: server 192.0.2.1 is an address that nameward listens on "
		  "[it would ask itself for ever]" },
		{ "listen a 0.0.0.0\nupstream u { server 127.0.0.1 }",
		  "2:21: server 127.0.0.1 is an address that nameward listens on "
		  "[it would ask itself for ever]" },
		{ "upstream u { server 127.0.0.1 }",
		  "1:21: server 127.0.0.1 is an address that nameward listens on "
		  "[it would ask itself for ever]" },
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

static void a_grammar_error_hides_no_other(void **state)
{
	static const struct error_case cases[] = {
		/* what follows an unclosed block is read as if it had been closed */
		{ UP "zone lan {\n\tinterface a\nzone iot {\n\tinterface b\n\tgate obsreve\n}\n"
		     "gate {\n\tgrace 1x\n}",
		  "2:10: this block is not closed [its '}' is missing]\n"
		  "6:7: 'obsreve' is no value of 'gate' [did you mean 'observe'?]\n"
		  "9:8: '1x' is no value of 'grace' "
		  "[a time is a number and ms, s, m, h, d or y: 500ms, 10m, 30d]" },
		{ UP "list a {\n\tname \"x.example\n}\npolicy default { blok a }",
		  "3:7: this string is not closed [a string ends with \" on the same line]\n"
		  "5:18: unknown option 'blok' in policy [did you mean 'block'?]" },
		/* a list may be in what could not be read: no error that may be wrong */
		{ UP "list \"a {\n\tname x.example\n}\npolicy default { block a }\nblock-ttl x",
		  "2:6: this string is not closed [a string ends with \" on the same line]\n"
		  "6:11: 'x' is no value of 'block-ttl' "
		  "[a time is a number and ms, s, m, h, d or y: 500ms, 10m, 30d]" },
		{ UP "block-ttl 1\x01s",
		  "2:12: control character 0x01 in the text" },
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

static void at_most_64_lists(void **state)
{
	char text[8192] = UP, *errors;
	size_t used = strlen(text);

	(void)state;
	for (int i = 1; i <= 65; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "list l%d { name x.example }\n", i);
	errors = brief_errors(text);
	assert_string_equal(errors, "66:6: more than 64 list blocks");
	free(errors);
}

static void all_errors_are_printed_in_one_run_with_their_lines(void **state)
{
	static const char text[] = "lisen lan 192.0.2.1\n"
				   "upstream u { server 192.0.2.53 }\n"
				   "list ads {\r\n"
				   "\tname *.x.example\r\n"
				   "\tformat \x1b[31mhosts\r\n"
				   "}\n"
				   "policy default {\n"
				   "\tblock\t\xc3\xa4 asd\n"
				   "}\n"
				   "gate {";
	char *errors = conf_errors_of_text(text);

	(void)state;
	assert_string_equal(errors,
			    "test.conf:1:1: error: unknown directive 'lisen'\n"
			    "    lisen lan 192.0.2.1\n"
			    "    ^\n"
			    "    hint: did you mean 'listen'?\n"
			    "test.conf:5:9: error: control character 0x1b in the text\n"
			    "    \tformat ?[31mhosts\n"
			    "    \t       ^\n"
			    "test.conf:8:8: error: unknown list '\xc3\xa4'\n"
			    "    \tblock\t\xc3\xa4 asd\n"
			    "    \t     \t^\n"
			    "test.conf:8:10: error: unknown list 'asd'\n"
			    "    \tblock\t\xc3\xa4 asd\n"
			    "    \t     \t  ^\n"
			    "    hint: did you mean 'ads'?\n"
			    "test.conf:10:6: error: this block is not closed\n"
			    "    gate {\n"
			    "         ^\n"
			    "    hint: its '}' is missing\n");
	free(errors);
}

static void a_long_line_is_shown_around_the_caret(void **state)
{
	char text[4096] = UP "policy default { block", *errors, *line;

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(text, " abc");
	strcat(text, " }");
	errors = conf_errors_of_text(text);
	for (line = strtok(errors, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 170);
	free(errors);
}

static void more_errors_than_kept_are_counted(void **state)
{
	char *text = malloc(8192), *errors;

	(void)state;
	assert_non_null(text);
	strcpy(text, UP);
	for (int i = 0; i < 1500; i++)
		strcat(text, "x\n");
	errors = conf_errors_of_text(text);
	assert_non_null(strstr(errors, "test.conf:1001:1:"));
	assert_null(strstr(errors, "test.conf:1002:1:"));
	assert_non_null(strstr(errors, "\n500 more errors are not shown\n"));
	free(errors);
	free(text);
}

static void local_names_are_checked(void **state)
{
	static const struct error_case cases[] = {
		{ UP "local x..y { }", "2:7: 'x..y' is no suffix of names [as in: local home.arpa {]" },
		{ UP "local a { leases dnsmask /x }",
		  "2:18: 'dnsmask' is no DHCP server whose leases can be read "
		  "[one of: dnsmasq, isc, kea, networkd]" },
		{ UP "local a { leases kea }",
		  "2:18: leases has the name of a DHCP server and a path "
		  "[as in: leases dnsmasq /var/lib/misc/dnsmasq.leases]" },
		{ UP "local a { hosts '' }", "2:17: the path is empty" },
		{ UP "local a { }\nlocal a { }",
		  "3:7: local 'a' is written twice [first at test.conf:2; to add to it, write: "
		  "local a extend {]" },
		{ UP "host nas", "2:6: host needs an address behind 'nas'" },
		{ UP "host nas 192.0.2.256", "2:10: '192.0.2.256' is no address" },
		{ UP "host *.x 192.0.2.1", "2:6: '*.x' is no domain name" },
		{ UP "cname a", "2:7: cname has an alias and the name it stands for" },
		{ UP "cname a A", "2:9: 'a' stands for itself" },
		{ UP "cname a b\ncname A c",
		  "3:7: alias 'a' is written twice [first at test.conf:2]" },
		{ UP "rebind { allow . }", "2:16: '.' is no domain name" },
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_names_are_checked),
		cmocka_unit_test(unknown_words_get_a_hint),
		cmocka_unit_test(malformed_values_are_shown),
		cmocka_unit_test(malformed_addresses_are_shown),
		cmocka_unit_test(what_is_written_twice_names_both_places),
		cmocka_unit_test(blocks_must_make_sense),
		cmocka_unit_test(a_grammar_error_hides_no_other),
		cmocka_unit_test(at_most_64_lists),
		cmocka_unit_test(all_errors_are_printed_in_one_run_with_their_lines),
		cmocka_unit_test(a_long_line_is_shown_around_the_caret),
		cmocka_unit_test(more_errors_than_kept_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
