/* What is answered here: local data out of real texts, special names row by row, suffixes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/sealed.h"
#include "lib/util.h"
#include "local/local_image.h"
#include "local/local_reader.h"
#include "resolver/local_answer.h"
#include "resolver/special.h"
#include "tests/support/conf_text.h"
#include "tests/support/test_folder.h"

#define UP    "upstream u { server 192.0.2.53 }\nupstream v { server 192.0.2.54 }\n"
#define NOW_S 1795800000

static struct conf *conf;
static struct local_image *image;

static void begin(const char *text)
{
	char all[4096];
	int fd;

	snprintf(all, sizeof(all), UP "%s", text);
	conf = conf_of_text(all);
	assert_int_equal(local_reader_build(conf, NULL, NOW_S, &fd), 0);
	assert_int_equal(local_image_open(fd, &image), 0);
	close(fd);
}

static int end(void **state)
{
	(void)state;
	local_image_close(image);
	conf_free(conf);
	image = NULL;
	conf = NULL;
	return 0;
}

static void put_rr(FILE *to, const struct wire_own_rr *rr)
{
	char text[DNAME_TEXT_MAX], addr[ADDR_TEXT_MAX];
	struct addr a;

	if (rr->type == TYPE_A || rr->type == TYPE_AAAA) {
		a = addr_from_bytes(rr->type == TYPE_A ? AF_INET : AF_INET6, rr->data);
		fprintf(to, " %s/%u", addr_to_text(&a, addr), rr->ttl_s);
	} else {
		fprintf(to, " %s%s/%u", rr->type == TYPE_PTR ? "" : "=",
			dname_wire_to_text(rr->data, rr->len, text), rr->ttl_s);
	}
}

/* "-" asked upstream, "NXDOMAIN zone", "NODATA zone", or the records with their TTLs. */
static const char *answer_at(const char *name, unsigned type, int64_t now_s)
{
	static char text[2048];
	struct wire_question q = { .qtype = (uint16_t)type, .qclass = CLASS_IN };
	struct local_answer a;
	char zone[DNAME_TEXT_MAX];
	FILE *to = fmemopen(text, sizeof(text), "w");
	uint8_t wire[LOCAL_ANSWER_BYTES];

	assert_int_equal(dname_from_text(name, &q.qname), 0);
	local_answer_find(image, conf, &q, now_s, &a);
	if (a.kind == LOCAL_PASS) {
		fputc('-', to);
	} else if (a.kind == LOCAL_EMPTY) {
		fprintf(to, "%s %s", a.rcode == RCODE_NXDOMAIN ? "NXDOMAIN" : "NODATA",
			dname_wire_to_text(q.qname.wire + a.apex_at,
					   (size_t)q.qname.len - a.apex_at, zone));
	} else {
		struct wire_answer read;
		size_t len = wire_write_own(&q, a.rrs, a.count, wire, sizeof(wire));

		assert_int_not_equal(len, 0);
		assert_int_equal(wire_parse_answer(wire, len, &q, &read), 0);
		assert_true(read.aa);
		for (size_t i = 0; i < a.count; i++)
			put_rr(to, &a.rrs[i]);
	}
	fputc('\0', to);
	fclose(to);
	return text + (*text == ' ');
}

struct answer_case {
	const char *name;
	unsigned type;
	const char *answer;
};

static void check(const struct answer_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(answer_at(cases[i].name, cases[i].type, NOW_S),
				    cases[i].answer);
}

#define CHECK(cases) check(cases, ARRAY_SIZE(cases))

static void lines_are_answered_under_each_suffix(void **state)
{
	static const struct answer_case cases[] = {
		{ "nas", TYPE_A, "192.168.1.5/60" },
		{ "NAS.Home.arpa", TYPE_AAAA, "fd00::5/60" },
		{ "nas.guest.example", TYPE_A, "192.168.1.5/60" },
		{ "nas.home.arpa", TYPE_ANY, "192.168.1.5/60 fd00::5/60" },
		{ "nas.home.arpa", TYPE_HTTPS, "NODATA home.arpa" },
		{ "nas.home.arpa", TYPE_MX, "NODATA home.arpa" },
		{ "5.1.168.192.in-addr.arpa", TYPE_PTR, "nas.home.arpa/60" },
		{ "files.home.arpa", TYPE_A, "=nas/60 192.168.1.5/60" },
		{ "files", TYPE_CNAME, "=nas/60" },
		{ "files", TYPE_TXT, "=nas/60" },
		{ "gone", TYPE_A, "=nowhere.example/60" },
		{ "a.b.home.arpa", TYPE_A, "192.168.1.6/60" },
		{ "b.home.arpa", TYPE_A, "NODATA home.arpa" },
		{ "c.home.arpa", TYPE_A, "NXDOMAIN home.arpa" },
		{ "home.arpa", TYPE_A, "NODATA home.arpa" },
		{ "home.arpa", TYPE_SOA, "NODATA home.arpa" },
		{ "home.arpa", 43, "-" },
		{ "x.corp.home.arpa", TYPE_A, "-" },
		{ "www.split.example", TYPE_A, "198.18.0.1/60" },
		{ "www.split.example", TYPE_AAAA, "NODATA www.split.example" },
		{ "www.split.example", TYPE_MX, "-" },
		{ "split.example", TYPE_A, "-" },
	};

	(void)state;
	begin("local home.arpa { ttl 60s }\nlocal guest.example { ttl 60s }\n"
	      "forward corp.home.arpa v\n"
	      "host nas 192.168.1.5 fd00::5\nhost a.b.home.arpa 192.168.1.6\n"
	      "host www.split.example 198.18.0.1\ncname files nas\ncname gone nowhere.example\n");
	CHECK(cases);
}

static void a_chain_of_aliases_that_loops_ends(void **state)
{
	struct wire_question q = { .qtype = TYPE_A, .qclass = CLASS_IN };
	struct local_answer a;

	(void)state;
	begin("cname loop1 loop2\ncname loop2 loop1\n");
	assert_int_equal(dname_from_text("loop1", &q.qname), 0);
	local_answer_find(image, conf, &q, NOW_S, &a);
	assert_int_equal(a.kind, LOCAL_RECORDS);
	assert_int_equal(a.count, LOCAL_CHAIN_MAX);
}

static int leave(void **state)
{
	end(NULL);
	return test_folder_leave(state);
}

static void begin_files(const char *hosts, const char *leases, const char *more)
{
	char text[1024];

	test_folder_put("hosts", hosts);
	test_folder_put("leases", leases);
	snprintf(text, sizeof(text), "local home.arpa {\n hosts hosts\n leases dnsmasq leases\n}\n%s",
		 more);
	begin(text);
}

static void files_are_answered_and_the_better_source_holds_a_name(void **state)
{
	static const struct answer_case cases[] = {
		{ "printer.home.arpa", TYPE_A, "192.168.1.9/60" },
		{ "lp.home.arpa", TYPE_A, "192.168.1.9/60" },
		{ "9.1.168.192.in-addr.arpa", TYPE_PTR, "printer.home.arpa/60" },
		{ "router", TYPE_A, "NXDOMAIN ." },		 /* 127.0.1.1 */
		{ "ip6-allnodes", TYPE_AAAA, "NXDOMAIN ." },
		{ "tv.home.arpa", TYPE_A, "192.168.1.50/30" },	 /* the lease ends in 30 s */
		{ "tv.home.arpa", TYPE_AAAA, "fd00::50/60" },
		{ "old.home.arpa", TYPE_A, "NXDOMAIN home.arpa" },
		{ "nas.home.arpa", TYPE_A, "192.168.1.5/60" },	 /* not the client's */
		{ "nas.home.arpa", TYPE_AAAA, "NODATA home.arpa" },
		{ "53.1.168.192.in-addr.arpa", TYPE_PTR, "nas.home.arpa/60" },
		{ "wpad.home.arpa", TYPE_A, "NXDOMAIN home.arpa" },
	};
	static const char hosts[] = "127.0.0.1 localhost\n127.0.1.1 router\nff02::1 ip6-allnodes\n"
				    "192.168.1.9 printer lp # office\n\n x y\n10.0.0.1\n";
	static const char leases[] = "1795800030 7c:2f:80:00:11:50 192.168.1.50 tv *\n"
				   "0 77 fd00::50 tv 00:01\n"
				   "1795800030 7c:2f:80:00:11:51 192.168.1.51 TV *\n"
				   "1795800000 7c:2f:80:00:11:52 192.168.1.52 old *\n"
				   "0 7c:2f:80:00:11:53 192.168.1.53 nas *\n"
				   "0 78 fd00::53 nas 00:02\n"
				   "0 7c:2f:80:00:11:54 192.168.1.54 wpad *\n";
	struct mac mac;

	(void)state;
	begin_files(hosts, leases, "host nas 192.168.1.5\n");
	CHECK(cases);
	assert_string_equal(answer_at("tv.home.arpa", TYPE_A, NOW_S + 29), "192.168.1.50/1");
	assert_string_equal(answer_at("tv.home.arpa", TYPE_A, NOW_S + 30), "NODATA home.arpa");
	mac_from_text("7c:2f:80:00:11:50", &mac);
	assert_string_equal(local_image_label(image, &mac, NULL, NOW_S), "tv");
	assert_string_equal(local_image_label(image, &mac, NULL, NOW_S + 30), "");
}

/* An address that is reserved for a client, and has its name in a hosts file too. */
static void a_client_is_called_what_a_better_source_calls_its_address(void **state)
{
	static const struct {
		const char *mac, *label;
	} cases[] = {
		{ "7c:2f:80:00:11:09", "printer" }, { "7c:2f:80:00:11:10", "" },
		{ "7c:2f:80:00:11:05", "nas" },
	};
	struct addr at = { .family = AF_INET, .bytes = { 192, 168, 1, 9 } };
	struct mac mac;

	(void)state;
	begin_files("192.168.1.9 printer\n192.168.1.5 storage\n",
		    "0 7c:2f:80:00:11:10 192.168.1.10 printer *\n"
		    "0 7c:2f:80:00:11:09 192.168.1.9 Printer *\n"
		    "0 7c:2f:80:00:11:05 192.168.1.5 nas *\n",
		    "host nas 192.168.1.5\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		mac_from_text(cases[i].mac, &mac);
		assert_string_equal(local_image_label(image, &mac, NULL, NOW_S), cases[i].label);
	}
	assert_string_equal(local_image_label(image, NULL, &at, NOW_S), "printer");
}

static void a_file_that_went_bad_keeps_its_names_and_one_that_is_gone_does_not(void **state)
{
	struct local_image *next;
	struct mac mac;
	int fd;

	(void)state;
	begin_files("192.168.1.9 printer\n", "0 7c:2f:80:00:11:50 192.168.1.50 tv *\n", "");
	assert_int_equal(unlink("leases"), 0);
	assert_int_equal(symlink("/dev/zero", "leases"), 0); /* no regular file */
	assert_int_equal(unlink("hosts"), 0);
	assert_int_equal(local_reader_build(conf, image, NOW_S, &fd), 0);
	assert_int_equal(local_image_open(fd, &next), 0);
	close(fd);
	local_image_close(image);
	image = next;
	assert_string_equal(answer_at("tv.home.arpa", TYPE_A, NOW_S), "192.168.1.50/60");
	assert_string_equal(answer_at("tv", TYPE_A, NOW_S), "192.168.1.50/60");
	assert_string_equal(answer_at("printer.home.arpa", TYPE_A, NOW_S), "NXDOMAIN home.arpa");
	mac_from_text("7c:2f:80:00:11:50", &mac);
	assert_string_equal(local_image_label(image, &mac, NULL, NOW_S), "tv");
}

/* Who wrote it could change it behind our check. */
static void an_image_that_can_still_be_changed_is_refused(void **state)
{
	uint8_t bytes[65536];
	struct local_image *x;
	int fd, open_fd = sealed_new("test");
	ssize_t n;

	(void)state;
	begin("host nas.example 192.168.1.5\n");
	assert_int_equal(local_reader_build(conf, NULL, NOW_S, &fd), 0);
	n = pread(fd, bytes, sizeof(bytes), 0);
	assert_true(n > 0 && n < (ssize_t)sizeof(bytes));
	assert_int_equal(write(open_fd, bytes, (size_t)n), n);
	assert_int_equal(local_image_open(open_fd, &x), -EBADMSG);
	assert_int_equal(sealed_finish(open_fd), 0);
	assert_int_equal(local_image_open(open_fd, &x), 0);
	local_image_close(x);
	close(open_fd);
	close(fd);
}

/* --- special names ---------------------------------------------------------------------- */

static void special_names_are_answered_by_their_rfcs(void **state)
{
	static const struct answer_case cases[] = {
		{ "localhost", TYPE_A, "127.0.0.1/3600" },
		{ "x.LOCALHOST", TYPE_AAAA, "::1/3600" },
		{ "localhost", TYPE_MX, "NODATA localhost" },
		{ "x.invalid", TYPE_A, "NXDOMAIN invalid" },
		{ "invalid", TYPE_A, "NODATA invalid" },
		{ "a.b.test", TYPE_TXT, "NXDOMAIN test" },
		{ "notest", TYPE_TXT, "-" },
		{ "x.mytest", TYPE_A, "-" },
		{ "printer.local", TYPE_A, "NXDOMAIN local" },
		{ "abc.onion", TYPE_A, "NXDOMAIN onion" },
		{ "x.alt", TYPE_A, "NXDOMAIN alt" },
		{ "x.home.arpa", TYPE_A, "NXDOMAIN home.arpa" },
		{ "home.arpa", 43, "-" },
		{ "home.arpa", TYPE_NS, "NODATA home.arpa" },
		{ "_dns.resolver.arpa", TYPE_SVCB, "NODATA resolver.arpa" },
		{ "ipv4only.arpa", TYPE_AAAA, "-" },
		{ "use-application-dns.net", TYPE_A, "NODATA use-application-dns.net" },
		{ "mask.icloud.com", TYPE_A, "NODATA mask.icloud.com" },
		{ "example", TYPE_TXT, "-" },
		{ "www.example", TYPE_A, "-" },
		{ "1.0.0.127.in-addr.arpa", TYPE_PTR, "localhost/3600" },
		{ "2.0.0.127.in-addr.arpa", TYPE_PTR, "NXDOMAIN 127.in-addr.arpa" },
		{ "0.127.in-addr.arpa", TYPE_PTR, "NODATA 127.in-addr.arpa" },
		{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", TYPE_PTR,
		  "localhost/3600" },
		{ "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", TYPE_PTR,
		  "NODATA 0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa" },
		{ "1.0.0.10.in-addr.arpa", TYPE_PTR, "NXDOMAIN 10.in-addr.arpa" },
		{ "0.10.in-addr.arpa", TYPE_PTR, "NODATA 10.in-addr.arpa" },
		{ "10.in-addr.arpa", 43, "-" },
		{ "1.0.15.172.in-addr.arpa", TYPE_PTR, "-" },
		{ "1.0.16.172.in-addr.arpa", TYPE_PTR, "NXDOMAIN 16.172.in-addr.arpa" },
		{ "1.0.31.172.in-addr.arpa", TYPE_PTR, "NXDOMAIN 31.172.in-addr.arpa" },
		{ "1.0.32.172.in-addr.arpa", TYPE_PTR, "-" },
		{ "172.in-addr.arpa", TYPE_PTR, "-" },
		{ "1.0.64.100.in-addr.arpa", TYPE_PTR, "NXDOMAIN 64.100.in-addr.arpa" },
		{ "1.0.128.100.in-addr.arpa", TYPE_PTR, "-" },
		{ "1.0.064.100.in-addr.arpa", TYPE_PTR, "-" },
		{ "1.2.168.192.in-addr.arpa", TYPE_PTR, "NXDOMAIN 168.192.in-addr.arpa" },
		{ "1.d.f.ip6.arpa", TYPE_PTR, "NODATA d.f.ip6.arpa" },
		{ "8.8.8.8.in-addr.arpa", TYPE_PTR, "-" },
		{ "com", TYPE_A, "NXDOMAIN ." },
		{ "com", TYPE_NS, "-" },
		{ "com", 43, "-" },
		{ ".", TYPE_A, "-" },
	};

	(void)state;
	begin("");
	CHECK(cases);
}

static void forward_lines_and_switches_take_special_names_away(void **state)
{
	static const struct answer_case cases[] = {
		{ "x.test", TYPE_A, "-" },
		{ "y.home.arpa", TYPE_A, "-" },
		{ "dc.ad.local", TYPE_A, "-" },
		{ "x.local", TYPE_A, "NXDOMAIN local" },
		{ "1.0.0.10.in-addr.arpa", TYPE_PTR, "-" },
		{ "1.0.168.192.in-addr.arpa", TYPE_PTR, "NXDOMAIN 168.192.in-addr.arpa" },
		{ "x.onion", TYPE_A, "NXDOMAIN onion" },
		{ "use-application-dns.net", TYPE_A, "-" },
		{ "mask-h2.icloud.com", TYPE_A, "-" },
		{ "nas", TYPE_A, "-" },
	};

	(void)state;
	begin("forward test v\nforward home.arpa v\nforward ad.local v\n"
	      "forward 10.in-addr.arpa v\nforward onion v\n"
	      "special {\n doh-canary off\n relay-canary off\n single-labels forward\n}\n");
	CHECK(cases);
	assert_int_equal(end(NULL), 0);
	begin("special { private-reverse forward }\n");
	assert_string_equal(answer_at("1.0.168.192.in-addr.arpa", TYPE_PTR, NOW_S), "-");
	assert_string_equal(answer_at("1.0.0.127.in-addr.arpa", TYPE_PTR, NOW_S), "localhost/3600");
}

/* The table itself: each zone is found as itself, and nothing beside it. */
static void each_row_of_the_table_holds_for_its_zone_and_below(void **state)
{
	enum special_answer answer;
	const char *why;
	struct dname zone;
	size_t rows = 0;

	(void)state;
	begin("");
	for (; special_row(rows, &zone, &answer, &why); rows++) {
		struct dname below = { .len = (uint8_t)(zone.len + 2), .wire = { 1, 'X' } };
		struct dname beside = below;
		struct special s;

		assert_int_equal(dname_wire_len(zone.wire, zone.len), zone.len);
		special_find(conf, &zone, &s);
		assert_int_equal(s.answer, answer);
		assert_int_equal(s.apex_at, 0);
		assert_string_equal(s.why, why);
		memcpy(below.wire + 2, zone.wire, zone.len);
		special_find(conf, &below, &s);
		assert_int_equal(s.answer, answer);
		assert_int_equal(s.apex_at, 2);
		beside.len = (uint8_t)(zone.len + 1); /* xlocalhost, x10.in-addr.arpa */
		beside.wire[0] = (uint8_t)(zone.wire[0] + 1);
		memcpy(beside.wire + 2, zone.wire + 1, zone.len - 1u);
		special_find(conf, &beside, &s);
		assert_int_equal(s.answer, SPECIAL_NONE);
	}
	assert_int_equal(rows, 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(lines_are_answered_under_each_suffix, end),
		cmocka_unit_test_teardown(an_image_that_can_still_be_changed_is_refused, end),
		cmocka_unit_test_teardown(a_chain_of_aliases_that_loops_ends, end),
		cmocka_unit_test_setup_teardown(
			files_are_answered_and_the_better_source_holds_a_name, test_folder_enter,
			leave),
		cmocka_unit_test_setup_teardown(
			a_client_is_called_what_a_better_source_calls_its_address,
			test_folder_enter, leave),
		cmocka_unit_test_setup_teardown(
			a_file_that_went_bad_keeps_its_names_and_one_that_is_gone_does_not,
			test_folder_enter, leave),
		cmocka_unit_test_teardown(special_names_are_answered_by_their_rfcs, end),
		cmocka_unit_test_teardown(forward_lines_and_switches_take_special_names_away, end),
		cmocka_unit_test_teardown(each_row_of_the_table_holds_for_its_zone_and_below, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
