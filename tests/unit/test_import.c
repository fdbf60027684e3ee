/* Importing: what each line of another program becomes, and how the result gets to its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/import_adguard.h"
#include "cli/import_dnsmasq.h"
#include "cli/import_plan.h"
#include "cli/verbs.h"
#include "lib/util.h"
#include "tests/support/cli_world.h"

/* The text of a plan without its first line. */
static char *text_of(struct import_plan *p)
{
	struct text_buf text = { 0 };
	char *body;

	import_text(p, "dnsmasq", &text);
	text_add(&text, "", 1);
	assert_false(text.failed);
	body = strdup(text.len > 1 ? strchr(text.bytes, '\n') + 1 : "");
	text_fini(&text);
	assert_non_null(body);
	return body;
}

static void a_line_is_taken_whole_or_told(void **state)
{
	static const struct {
		const char *line, *text;
	} taken[] = {
		{ "server=9.9.9.9", "upstream imported {\n\tserver 9.9.9.9:53\n}\n" },
		{ "  server = 2620:fe::fe#5353  # why", "upstream imported {\n"
						       "\tserver [2620:fe::fe]:5353\n}\n" },
		{ "server=/Corp.Example./10.0.0.53",
		  "upstream imported-1 {\n\tserver 10.0.0.53:53\n}\n"
		  "forward corp.example imported-1\n" },
		{ "local=/lan/", "local lan {\n}\n" },
		{ "domain=lan", "local lan {\n}\n" },
		{ "addn-hosts=/etc/hosts.lan", "local home.arpa {\n\thosts /etc/hosts.lan\n}\n" },
		{ "dhcp-leasefile=/var/l", "local home.arpa {\n\tleases dnsmasq /var/l\n}\n" },
		{ "dhcp-host=02:00:00:00:00:01,tv", "device tv {\n\tmac 02:00:00:00:00:01\n}\n" },
		{ "dhcp-host=02:00:00:00:00:01,192.168.1.9,tv,12h",
		  "host tv 192.168.1.9\ndevice tv {\n\tmac 02:00:00:00:00:01\n"
		  "\taddress 192.168.1.9\n}\n" },
		{ "host-record=nas,192.168.1.5", "host nas 192.168.1.5\n" },
		{ "host-record=nas,nas.lan,192.168.1.5,fd00::5,300",
		  "host nas 192.168.1.5 fd00::5\nhost nas.lan 192.168.1.5 fd00::5\n" },
		{ "cname=a,b,nas,60", "cname a nas\ncname b nas\n" },
		{ "address=/ads.example/", "list imported-block {\n"
		  "\tname ads.example *.ads.example\n}\n"
		  "# Where there is a policy default already: policy default extend {\n"
		  "policy default {\n\tblock imported-block\n}\n" },
		{ "rebind-domain-ok=plex.direct", "rebind {\n\tallow plex.direct\n}\n" },
		{ "nftset=/v.example/4#inet#fw4#vpn4", "gate {\n\tfill *.v.example inet fw4 vpn4\n}\n" },
	};
	static const char *const left_out[] = {
		"server", "server=", "server=9.9.9.9@eth0", "server=9.9.9.9#0", "server=dns.example",
		"server=/a.example/#", "server=/a b/9.9.9.9", "server=/\"x/9.9.9.9",
		"address=/x.example/192.168.1.1", "address=ads.example", "address=/{/0.0.0.0",
		"local=/a/b/", "host-record=nas", "host-record=192.168.1.5",
		"host-record=a\\b,192.168.1.5", "cname=a", "cname=a b,c", "addn-hosts=hosts",
		"addn-hosts=/a b", "addn-hosts=/a\"b", "dhcp-leasefile=/a{", "dhcp-host=tv",
		"dhcp-host=02:00:00:00:00:01", "dhcp-host=02:00:00:00:00:01,set:x,tv",
		"rebind-domain-ok=/a/b", "nftset=/v/inet#fw4", "nftset=/v/4#inet#a#b,6#inet#a#c",
		"nftset=/v/inet#a;#b", "dhcp-range=1,2", "made-up", "conf-file=/x", "= =", "=",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct import_plan p = { 0 };
		char *text;

		import_dnsmasq_line(&p, "f", 1, taken[i].line);
		assert_int_equal(p.row_count, 1);
		assert_int_equal(p.fates[IMPORT_TAKEN], 1);
		text = text_of(&p);
		assert_string_equal(text, taken[i].text);
		free(text);
		import_fini(&p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		struct import_plan p = { 0 };
		char *text;

		import_dnsmasq_line(&p, "f", 7, left_out[i]);
		text = text_of(&p);
		if (p.row_count != 1 || p.fates[IMPORT_UNMAPPED] != 1 || !p.rows[0].note ||
		    p.rows[0].line != 7 || strcmp(p.rows[0].text, left_out[i]) || *text)
			fail_msg("%s: %s", left_out[i], text);
		free(text);
		import_fini(&p);
	}
}

static void each_line_that_says_something_is_counted(void **state)
{
	static const char text[] = "# nothing\n\n   \t\n#server=1.1.1.1\nserver=9.9.9.9\r\n"
				   "bogus-priv\nnot#acomment\nserver=\0x\nlast=1";
	struct import_plan p = { 0 };

	(void)state;
	import_dnsmasq(&p, "f", text, sizeof(text) - 1);
	assert_int_equal(p.row_count, 5);
	assert_int_equal(p.rows[0].line, 5);
	assert_int_equal(p.rows[4].line, 9);
	assert_int_equal(p.fates[IMPORT_TAKEN], 1);
	assert_int_equal(p.fates[IMPORT_NEEDLESS], 1);
	assert_int_equal(p.fates[IMPORT_UNMAPPED], 3);
	import_fini(&p);
}

static void put(struct cli_world *w, const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->fixture->folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int import(struct cli_world *w, bool apply)
{
	char line[250];

	snprintf(line, sizeof(line), "import dnsmasq %s/in", w->fixture->folder);
	if (apply)
		snprintf(line, sizeof(line), "import dnsmasq %s/in --apply %s/out",
			 w->fixture->folder, w->fixture->folder);
	return cli_world_run(w, &verb_import_dnsmasq, line);
}

static void nothing_is_written_unless_asked_for_and_then_once(void **state)
{
	struct cli_world *w = *state;
	char path[200], line[250];

	put(w, "in", "server=9.9.9.9\nserver=/corp.example/10.0.0.53\nmade-up=\033[2J\n"
		     "host-record=nas,192.168.1.5\naddress=/ads.example/#\n");
	snprintf(path, sizeof(path), "%s/out", w->fixture->folder);
	assert_int_equal(import(w, false), COMMAND_DONE);
	assert_non_null(strstr(w->out, "made-up=\\027[2J"));
	assert_non_null(strstr(w->err, "4 taken, 0 needless, 1 left out; nothing was written"));
	assert_null(fopen(path, "r"));
	assert_int_equal(import(w, true), COMMAND_DONE);
	assert_non_null(strstr(w->err, "written"));
	assert_int_equal(import(w, true), COMMAND_DONE);
	assert_non_null(strstr(w->err, "nothing has changed"));
	/* what came out is a configuration */
	snprintf(line, sizeof(line), "config check %s", path);
	assert_int_equal(cli_world_run(w, &verb_config_check, line), COMMAND_DONE);
	/* another's file is left alone */
	put(w, "out", "listen lan 192.168.1.1\n");
	assert_int_equal(import(w, true), COMMAND_FAILED);
	assert_non_null(strstr(w->err, "not replaced"));
	snprintf(line, sizeof(line), "import dnsmasq %s/none", w->fixture->folder);
	assert_int_equal(cli_world_run(w, &verb_import_dnsmasq, line), COMMAND_FAILED);
}

static void what_contradicts_itself_is_not_written(void **state)
{
	struct cli_world *w = *state;
	char path[200];

	put(w, "in", "dhcp-host=02:00:00:00:00:01,tv\ndhcp-host=02:00:00:00:00:02,tv\n");
	snprintf(path, sizeof(path), "%s/out", w->fixture->folder);
	assert_int_equal(import(w, true), COMMAND_FAILED);
	assert_non_null(strstr(w->err, "the result:"));
	assert_null(fopen(path, "r"));
	put(w, "in", "made-up\n");
	assert_int_equal(import(w, true), COMMAND_FAILED);
	assert_non_null(strstr(w->err, "nothing to take"));
}

/* The tables as Pi-hole documents them; version 5 has no adlist.type. */
static const char gravity_sql[] =
	"CREATE TABLE \"group\" (id INTEGER PRIMARY KEY AUTOINCREMENT, enabled BOOLEAN NOT NULL"
	" DEFAULT 1, name TEXT UNIQUE NOT NULL, description TEXT);"
	"INSERT INTO \"group\" (id, enabled, name) VALUES (0, 1, 'Default'), (1, 1, 'kids');"
	"CREATE TABLE adlist (id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT UNIQUE NOT NULL,"
	" enabled BOOLEAN NOT NULL DEFAULT 1, comment TEXT);"
	"CREATE TABLE adlist_by_group (adlist_id INTEGER NOT NULL, group_id INTEGER NOT NULL,"
	" PRIMARY KEY (adlist_id, group_id));"
	"INSERT INTO adlist (address, enabled) VALUES ('https://lists.example/a.txt', 1),"
	" ('https://lists.example/off.txt', 0), ('file:///etc/x', 1),"
	" ('https://lists.example/kids.txt', 1), ('https://x/ {', 1);"
	"INSERT INTO adlist_by_group VALUES (1, 0), (2, 0), (3, 0), (4, 1), (5, 0);"
	"CREATE TABLE domainlist (id INTEGER PRIMARY KEY AUTOINCREMENT, type INTEGER NOT NULL"
	" DEFAULT 0, domain TEXT NOT NULL, enabled BOOLEAN NOT NULL DEFAULT 1, comment TEXT);"
	"CREATE TABLE domainlist_by_group (domainlist_id INTEGER NOT NULL,"
	" group_id INTEGER NOT NULL, PRIMARY KEY (domainlist_id, group_id));"
	"INSERT INTO domainlist (type, domain) VALUES (0, 'good.example'), (1, 'Bad.example'),"
	" (3, '(\\.|^)tree\\.example$'), (2, '(\\.|^)fine\\.example$'), (3, '^ad[0-9]+\\.'),"
	" (3, '(\\.|^)any.example$'), (3, '(\\.|^)open\\.example'), (1, 'odd\"name'), (9, 'x');"
	"INSERT INTO domainlist_by_group SELECT id, 0 FROM domainlist;"
	"CREATE TABLE client (id INTEGER PRIMARY KEY AUTOINCREMENT, ip TEXT UNIQUE NOT NULL);"
	"CREATE TABLE client_by_group (client_id INTEGER NOT NULL, group_id INTEGER NOT NULL);"
	"INSERT INTO client (ip) VALUES ('192.168.1.7');";

static void piholes_lists_and_names(void **state)
{
	struct cli_world *w = *state;
	char path[200], line[300];

	snprintf(path, sizeof(path), "%s/gravity.db", w->fixture->folder);
	fixture_exec(path, gravity_sql);
	snprintf(line, sizeof(line), "import pihole %s --apply -", path);
	assert_int_equal(cli_world_run(w, &verb_import_pihole, line), COMMAND_DONE);
	assert_string_equal(strchr(w->out, '\n') + 1,
		"list pihole-1 {\n\turl https://lists.example/a.txt\n}\n"
		"list imported-block {\n\tname bad.example\n"
		"\tname tree.example *.tree.example\n}\n"
		"list imported-allow {\n\tname good.example\n"
		"\tname fine.example *.fine.example\n}\n"
		"# Where there is a policy default already: policy default extend {\n"
		"policy default {\n\tblock imported-block pihole-1\n\tallow imported-allow\n}\n");
	/* 5 lists, 9 names, a client and a group: each has its row */
	assert_non_null(strstr(w->err, "5 taken, 1 needless, 10 left out"));
	fixture_exec(path, "ALTER TABLE adlist ADD COLUMN type INTEGER NOT NULL DEFAULT 0;"
			   "UPDATE adlist SET type = 1 WHERE id = 1;");
	assert_int_equal(cli_world_run(w, &verb_import_pihole, line), COMMAND_DONE);
	assert_non_null(strstr(w->out, "\tallow imported-allow pihole-1\n"));
	snprintf(line, sizeof(line), "import pihole %s", path);
	assert_int_equal(cli_world_run(w, &verb_import_pihole, line), COMMAND_DONE);
	assert_non_null(strstr(w->out, "domain 5: ^ad[0-9]+\\."));
	snprintf(line, sizeof(line), "import pihole %s", w->fixture->path);
	assert_int_equal(cli_world_run(w, &verb_import_pihole, line), COMMAND_FAILED);
	assert_non_null(strstr(w->err, "not a gravity database"));
	snprintf(line, sizeof(line), "import pihole %s/none", w->fixture->folder);
	assert_int_equal(cli_world_run(w, &verb_import_pihole, line), COMMAND_FAILED);
}

/* As AdGuard Home writes it, with each way to indent a list that its versions have had. */
static void adguards_yaml(void **state)
{
	static const char yaml[] =
		"http:\n  pprof:\n    port: 6060\n    enabled: false\n  session_ttl: 720h\n"
		"users:\n  - name: admin\n    password: $2a$10$x\nauth_attempts: 5\n"
		"dns:\n  bind_hosts:\n    - 0.0.0.0\n  upstream_dns:\n    - 9.9.9.9\n"
		"    - '[/corp.example/]10.0.0.53:5353'\n    - https://dns.example/dns-query\n"
		"  upstream_dns_file: \"\"\n  allowed_clients: []\n"
		"filters:\n  - enabled: true\n    url: https://lists.example/a.txt\n"
		"    name: A\n    id: 1\n  - enabled: false\n    url: https://lists.example/b.txt\n"
		"    name: B\n    id: 2\nwhitelist_filters:\n- enabled: true\n"
		"  url: https://lists.example/ok.txt\n  name: C\n  id: 3\n"
		"user_rules:\n  - '||ads.example^'\n  - '@@||good.example^'\n"
		"  - '||x.example^$client=tv'\n  - \"it's\"\n"
		"clients:\n  persistent:\n    - name: tv\n      ids:\n        - 192.168.1.7\n"
		"filtering:\n  rewrites:\n    - domain: nas.lan\n      answer: 192.168.1.5\n"
		"    - domain: files.lan\n      answer: nas.lan\n"
		"    - domain: '*.lan'\n      answer: 192.168.1.6\n  blocking_mode: default\n";
	struct import_plan p = { 0 };
	char *text;

	(void)state;
	import_adguard(&p, "f", yaml, sizeof(yaml) - 1);
	text = text_of(&p);
	assert_string_equal(text,
		"upstream imported {\n\tserver 9.9.9.9:53\n}\n"
		"upstream imported-1 {\n\tserver 10.0.0.53:5353\n}\n"
		"forward corp.example imported-1\n"
		"host nas.lan 192.168.1.5\ncname files.lan nas.lan\n"
		"list adguard-1 {\n\turl https://lists.example/a.txt\n}\n"
		"list adguard-3 {\n\turl https://lists.example/ok.txt\n}\n"
		"list imported-block {\n\tname ads.example *.ads.example\n}\n"
		"list imported-allow {\n\tname good.example *.good.example\n}\n"
		"# Where there is a policy default already: policy default extend {\n"
		"policy default {\n\tblock imported-block adguard-1\n"
		"\tallow imported-allow adguard-3\n}\n");
	free(text);
	assert_int_equal(p.fates[IMPORT_TAKEN], 8);
	assert_int_equal(p.fates[IMPORT_NEEDLESS], 1);
	/* port, enabled, session_ttl, admin, auth_attempts, 0.0.0.0, https, $client, it's, tv,
	 * its address, *.lan, blocking_mode */
	assert_int_equal(p.fates[IMPORT_UNMAPPED], 13);
	for (size_t i = 0; i < p.row_count; i++)
		assert_true(p.rows[i].fate != IMPORT_UNMAPPED || p.rows[i].note);
	import_fini(&p);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, cli_world_setup, cli_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_taken_whole_or_told),
		cmocka_unit_test(each_line_that_says_something_is_counted),
		cmocka_unit_test(adguards_yaml),
		TEST(nothing_is_written_unless_asked_for_and_then_once),
		TEST(what_contradicts_itself_is_not_written),
		TEST(piholes_lists_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
