/*
 * What is printed from the option table: canonical text is a fixed point of parse and print,
 * and the shipped files say what the table says. UPDATE=1 in the environment writes the
 * shipped files anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "conf/conf_doc.h"
#include "conf/conf_file.h"
#include "conf/conf_option.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"

#define UP "upstream u { server 192.0.2.53 }\n"

#define SHIPPED "etc/nameward.conf"
#define MANUAL	"man/nameward.conf.5"

/* All features, unusual spellings and characters. */
static const char big[] =
	"listen \"a b\" 192.0.2.1 [2001:db8::1]:5353\nlisten lan 127.0.0.1:54\n"
	"upstream a {\n server 192.0.2.53:5300 2001:db8::53\n timeout 1500ms\n order spread\n}\n"
	"upstream b { server 192.0.2.54 }\nca-certificates \"my ca.pem\"\n"
	"upstream c {\n server 192.0.2.55 [2001:db8::55]:8853 tls dns.example\n"
	" server 192.0.2.56 tls home.example pin sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n}\n"
	"forward \"a\\\\.b\\\\032c.Example\" a\nforward corp.example b\nforward . b\n"
	"cache {\n size off\n ttl-max 90m\n negative-max 0s\n stale off\n"
	" stale-after 20ms\n prefetch off\n nxdomain-below off\n}\n"
	"window school {\n hours mon-fri 08:00-13:00,14:00-15:00\n hours 22:00-06:00\n}\n"
	"clients {\n network 192.0.2.0/24 2001:db8::/32 192.0.2.77\n others ignore\n rate off\n"
	" burst 7\n connections 1\n mdns-names on\n}\n"
	"zone any { interface * }\n"
	"zone iot {\n interface br-iot wlan0.1 'a{b}'\n gate enforce\n}\n"
	"zone odd {\n interface x#y\n on-failure servfail\n}\n"
	"listen home 192.0.2.2:53 [2001:db8::2]:53\n"
	"zone cams {\n interface cam0\n reach odd internet\n reach cams\n refuse-dot on\n refuse-list more ads\n"
	" redirect-dns on\n when-down closed\n lease-for zone\n allow udp 123 during school\n allow mac 7C:2F:80:00:11:23\n}\n"
	"device radio {\n address 192.0.2.10\n gate observe\n}\n"
	"device tv {\n mac 7C-2F-80-00-11-22\n address 192.0.2.9 2001:db8:0::9\n}\n"
	"device phone {\n dhcp-name Annas-Phone b_2\n trust-name on\n}\n"
	"group g { member tv 192.0.2.0/24 2001:db8::/32 192.0.2.77 }\n"
	"group h { member 198.51.100.1 }\n"
	"list far { url https://x.example/l?a=b }\n"
	"list ads {\n file \"with space \\\" quote.txt\"\n name x.example '*.y.example'\n"
	" format domains\n subdomains no\n}\n"
	"list more { file /m.txt }\nlist own {\n file /o.tsv\n format owners\n owner AS64496 CH\n owner \"Example Net\"\n}\n"
	"policy default { block more }\n"
	"policy p {\n for h g\n block ads\n allow more\n block far during school\n"
	" hours sat 10:00-11:00\n hours 07:00-21:00\n block-ttl 1m\n upstream c\n}\n"
	"block-answer null\nblock-ttl 0s\ncontrol \"c d\"\n"
	"gate {\n table inet _x\n allow tcp 1-65535\n allow udp 53\n allow ::/0\n allow 192.0.2.1\n"
	" allow mac 7c:2f:80:00:11:24\n deny 192.0.2.53 2001:db8:53::/48\n"
	" lease-min 61s\n table-owner off\n fill *.Video.example inet fw4 vpn4 vpn-6\n"
	" fill a.example ip6 t s.1\n}\n"
	"local Home.Arpa {\n leases kea /k.csv\n hosts /h \"a b\"\n leases isc d.leases\n ttl 5m\n}\n"
	"host NAS 192.0.2.5 2001:db8::5\nhost a.home.arpa 192.0.2.6\ncname files.home.arpa Nas\n"
	"special {\n single-labels forward\n doh-canary off\n}\n"
	"rebind {\n allow Plex.direct corp.example\n}\n"
	"history {\n file 'it is'\n keep lookups forever\n privacy no-names\n hash-clients on\n"
	" never-record *.In-addr.arpa 192.0.2.0/24\n never-record tv\n}\n"
	"history extend { max-size unlimited }\n";

static void assert_fixed_point(const char *text)
{
	struct conf *c = conf_of_text(text);
	char *first = conf_text_of(c), *second;

	conf_free(c);
	c = conf_of_text(first);
	second = conf_text_of(c);
	assert_string_equal(first, second);
	conf_free(c);
	free(first);
	free(second);
}

__attribute__((noinline)) static char *text_of_file(const char *path)
{
	char *text = NULL;
	struct stat st;
	size_t len;

	assert_int_equal(conf_file_read(path, 1 << 20, &text, &len, &st), 0);
	return text;
}

static void printing_is_a_fixed_point(void **state)
{
	static const char *const texts[] = { UP, UP "history off\n", UP "policy default { }\n" };
	char *text, *with_upstream;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_fixed_point(texts[i]);
	text = text_of_file("etc/default.conf");
	assert_true(asprintf(&with_upstream, UP "%s", text) > 0);
	assert_fixed_point(with_upstream);
	free(with_upstream);
	free(text);
}

static void printing_keeps_every_value(void **state)
{
	static const char *const lines[] = {
		"listen \"a b\" [2001:db8::1]:5353\n",
		"\ttimeout 1500ms\n",
		"forward \"a\\\\046b\\\\032c.example\" a\n",
		"forward . b\n",
		"\tsize off\n\tttl-max 90m\n\tnegative-max 0s\n\tstale off\n\tstale-after 20ms\n"
		"\tprefetch off\n\tnxdomain-below off\n",
		"window school {\n\thours mon-fri 08:00-13:00\n\thours mon-fri 14:00-15:00\n"
		"\thours mon-sun 22:00-06:00\n}\n",
		"zone iot {\n\tinterface br-iot\n\tinterface wlan0.1\n\tinterface \"a{b}\"\n"
		"\tgate enforce\n\ton-failure servfail\n\twhen-down open\n"
		"\tlease-for device\n",
		"\twhen-down closed\n\tlease-for zone\n\tallow udp 123 during school\n\tallow mac 7c:2f:80:00:11:23\n"
		"\trefuse-dot on\n\trefuse-list ads\n\trefuse-list more\n\tredirect-dns on\n"
		"\treach internet\n\treach odd\n\treach cams\n}\n",
		"\taddress 192.0.2.10\n\ttrust-name off\n\tgate observe\n}\n",
		"\tdhcp-name annas-phone\n\tdhcp-name b_2\n\ttrust-name on\n\tgate zone\n}\n",
		"\tallow mac 7c:2f:80:00:11:24\n\tdeny 192.0.2.53\n\tdeny 2001:db8:53::/48\n"
		"\tfill *.video.example inet fw4 vpn4 vpn-6\n\tfill a.example ip6 t s.1\n",
		"\tinterface \"x#y\"\n\tgate off\n\ton-failure servfail\n",
		"\tmac 7c:2f:80:00:11:22\n\taddress 192.0.2.9\n\taddress 2001:db8::9\n",
		"\tmember tv\n\tmember 192.0.2.0/24\n\tmember 2001:db8::/32\n\tmember 192.0.2.77\n",
		"\tfile \"with space \\\" quote.txt\"\n\tname x.example\n\tname *.y.example\n"
		"\tformat domains\n\tsubdomains no\n",
		"\towner AS64496\n\towner CH\n\towner \"Example Net\"\n",
		"policy p {\n\tfor h\n\tfor g\n\tblock ads\n\tblock far during school\n\tallow more\n"
		"\thours sat 10:00-11:00\n\thours mon-sun 07:00-21:00\n"
		"\tblock-answer null\n\tblock-ttl 1m\n\tupstream c\n}\npolicy default {\n",
		"block-answer null\nblock-ttl 0s\n",
		"\ttable inet _x\n\ttable-owner off\n\tlease-min 61s\n",
		"\tallow tcp 1-65535\n\tallow udp 53\n\tallow ::/0\n\tallow 192.0.2.1\n",
		"\tfile \"it is\"\n",
		"\tkeep lookups forever\n\tkeep refusals 90d\n\tkeep hourly 5y\n"
		"\tkeep daily 2y\n\tmax-size unlimited\n",
		"control \"c d\"\n",
		"local Home.Arpa {\n\thosts /h\n\thosts \"a b\"\n\tleases kea /k.csv\n"
		"\tleases isc d.leases\n\tttl 5m\n}\n",
		"host nas 192.0.2.5 2001:db8::5\nhost a.home.arpa 192.0.2.6\n"
		"cname files.home.arpa nas\n",
		"\tsingle-labels forward\n\tprivate-reverse local\n\tdoh-canary off\n",
		"\tprotect on\n\tallow plex.direct\n\tallow corp.example\n}\n",
	};
	struct conf *c = conf_of_text(big);
	char *printed = conf_text_of(c);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(printed, lines[i]))
			fail_msg("missing:\n%s\nin:\n%s", lines[i], printed);
	conf_free(c);
	free(printed);
	assert_fixed_point(big);
}

/* --- shipped files ------------------------------------------------------------------ */

static char *made_by(void (*print)(FILE *to))
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	print(to);
	assert_int_equal(fclose(to), 0);
	return text;
}

/* The file's text from `from` up to `to` must be `wanted`; with UPDATE=1 it becomes so. */
static void check_shipped(const char *path, const char *from, const char *to,
			  const char *wanted)
{
	char *text = text_of_file(path);
	const char *begin = strstr(text, from), *end;
	FILE *file;

	assert_non_null(begin);
	end = to ? strstr(begin + 1, to) : text + strlen(text);
	assert_non_null(end);
	if (getenv("UPDATE")) {
		file = fopen(path, "w");
		assert_non_null(file);
		fprintf(file, "%.*s%s%s", (int)(begin - text), text, wanted, end);
		assert_int_equal(fclose(file), 0);
	} else if ((size_t)(end - begin) != strlen(wanted) ||
		   memcmp(begin, wanted, strlen(wanted)) != 0) {
		fail_msg("%s is not what the option table says: "
			 "UPDATE=1 build/tests/unit/test_conf_doc", path);
	}
	free(text);
}

static void the_shipped_file_is_what_the_table_says(void **state)
{
	char *wanted = made_by(conf_doc_example);

	(void)state;
	check_shipped(SHIPPED, "", NULL, wanted);
	free(wanted);
}

static void the_manual_is_what_the_table_says(void **state)
{
	char *wanted = made_by(conf_doc_mdoc);

	(void)state;
	check_shipped(MANUAL, ".Sh OPTIONS\n", ".Sh FILES\n", wanted);
	free(wanted);
}

/* UP and the shipped file, with its settings in force if asked for. */
static struct conf *shipped_conf(bool uncommented)
{
	char *text = text_of_file(SHIPPED), *all = NULL, *line, *rest;
	struct conf *c;
	size_t len;
	FILE *to = open_memstream(&all, &len);

	assert_non_null(to);
	if (!uncommented)
		fputs(UP, to);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		bool setting = line[0] == '#' && line[1] && line[1] != ' ';

		fprintf(to, "%s\n", line + (uncommented && setting));
	}
	assert_int_equal(fclose(to), 0);
	c = conf_of_text(all);
	free(all);
	free(text);
	return c;
}

static void the_shipped_file_changes_nothing(void **state)
{
	struct conf *c = shipped_conf(false), *defaults = conf_of_text(UP);
	char *text = conf_text_of(c), *default_text = conf_text_of(defaults);

	(void)state;
	assert_string_equal(text, default_text);
	free(text);
	free(default_text);
	conf_free(c);
	conf_free(defaults);
}

static void the_shipped_settings_are_the_defaults_and_good_examples(void **state)
{
	struct conf *c = shipped_conf(true), *defaults = conf_of_text(UP);
	const struct conf_option *o;
	size_t count, compared = 0;
	char *text;

	(void)state;
	for (o = conf_options(&count); count; o++, count--) {
		size_t at = conf_block(o->block)->at;
		char a[CONF_SCALAR_TEXT_MAX], b[CONF_SCALAR_TEXT_MAX];

		if (conf_block(o->block)->named || o->type > TYPE_CHOICE)
			continue;
		assert_string_equal(conf_scalar_text(o, (char *)c + at, a),
				    conf_scalar_text(o, (char *)defaults + at, b));
		compared++;
	}
	assert_true(compared >= 15);
	assert_string_equal(c->control, defaults->control);
	assert_string_equal(c->history.file, defaults->history.file);
	assert_string_equal(c->gate.table, defaults->gate.table);
	assert_int_equal(c->upstream_count, 3);
	assert_int_equal(c->zone_count, 2);
	assert_int_equal(c->device_count, 3);
	assert_int_equal(c->group_count, 2);
	assert_int_equal(c->list_count, 5);
	assert_int_equal(c->policy_count, 2);
	assert_int_equal(c->gate.allow_count, 3);
	assert_int_equal(c->local_count, 1);
	assert_int_equal(c->host_count + c->cname_count, 2);
	text = conf_text_of(c);
	assert_fixed_point(text);
	free(text);
	conf_free(c);
	conf_free(defaults);
}

/* --- table -------------------------------------------------------------------------- */

static void every_option_can_be_documented(void **state)
{
	char *names = made_by(conf_doc_names);
	const struct conf_option *o;
	size_t count;

	(void)state;
	for (o = conf_options(&count); count; o++, count--) {
		char name[64];

		assert_true(conf_option_slot(o) < CONF_BLOCK_OPTIONS_MAX);
		snprintf(name, sizeof(name), "%s%s%s\n", conf_block(o->block)->name,
			 o->block == CONF_TOP ? "" : ".", o->name);
		assert_non_null(strstr(names, name));
		if (o->type == TYPE_BLOCK) {
			assert_string_equal(conf_block(o->opens)->name, o->name);
			assert_non_null(conf_block(o->opens)->help);
			continue;
		}
		assert_non_null(o->help);
		assert_null(strchr(o->help, '\\')); /* would be an escape in mdoc(7) */
		assert_int_equal(o->help[strlen(o->help) - 1], '.');
		assert_true(o->block != CONF_TOP || o->initial || o->example);
		assert_true(o->type != TYPE_CHOICE || o->choices);
	}
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printing_is_a_fixed_point),
		cmocka_unit_test(printing_keeps_every_value),
		cmocka_unit_test(the_shipped_file_is_what_the_table_says),
		cmocka_unit_test(the_manual_is_what_the_table_says),
		cmocka_unit_test(the_shipped_file_changes_nothing),
		cmocka_unit_test(the_shipped_settings_are_the_defaults_and_good_examples),
		cmocka_unit_test(every_option_can_be_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
