/* What is remembered of a subscription, and which URLs and bodies are taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "conf/conf.h"
#include "fetch/fetch_check.h"
#include "fetch/fetch_home.h"
#include "fetch/fetch_hosts.h"
#include "fetch/fetch_state.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"
#include "tests/support/test_folder.h"

#define UP "upstream u {\n server 192.0.2.53\n}\n"

static void urls_are_taken_or_refused(void **state)
{
	static const struct {
		const char *url;
		bool good;
		const char *host;
	} cases[] = {
		{"https://Lists.Example/a.txt", true, "lists.example"},
		{"http://lists.example", true, "lists.example"},
		{"https://lists.example:8443/x?y=z", true, "lists.example"},
		{"http://192.0.2.1/x", true, "192.0.2.1"},
		{"http://[2001:db8::1]:8080/x", true, "[2001:db8::1]"},
		{"ftp://lists.example/x", false, NULL},
		{"file:///etc/passwd", false, NULL},
		{"https://user:secret@lists.example/x", false, NULL},
		{"https://user@lists.example/x", false, NULL},
		{"https://lists.example/a b", false, NULL},
		{"https://lists.example/\x01", false, NULL},
		{"lists.example", false, NULL},
		{"", false, NULL},
	};
	char host[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(fetch_url_is_good(cases[i].url), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_int_equal(fetch_url_host(cases[i].url, host, sizeof(host)), 0);
		assert_string_equal(host, cases[i].host);
	}
	assert_int_equal(fetch_url_host(cases[0].url, host, 5), -ENAMETOOLONG);
}

static void what_is_written_is_read_again(void **state)
{
	struct fetch_state s, read;
	const char *file = "ads.txt";

	(void)state;
	memset(&s, 0, sizeof(s));
	strcpy(s.url, "https://lists.example/ads.txt");
	strcpy(s.validators.etag, "W/\"a b\"");
	strcpy(s.error, "the server answered with status 404");
	s.hash = UINT64_MAX;
	s.entries = 1001;
	s.checked_s = 1795420800;
	assert_int_equal(fetch_state_read(file, &read), -ENOENT);
	assert_int_equal(fetch_state_write(file, &s), 0);
	assert_int_equal(fetch_state_read(file, &read), 0);
	assert_memory_equal(&s, &read, sizeof(s));
	memset(s.error, 0, sizeof(s.error));
	assert_int_equal(fetch_state_write(file, &s), 0);
	assert_int_equal(fetch_state_read(file, &read), 0);
	assert_memory_equal(&s, &read, sizeof(s));
}

static void damage_counts_as_not_there(void **state)
{
	static const char *const texts[] = {
		"",	"\n\n\n",	"url\n", "hash x\n", "hash -\nentries 1x\n",
		"etag", "nonsense 1\n",
	};
	const char *file = "bad.txt", *beside = "bad.txt.state";
	static char longest[4 * FETCH_URL_MAX];
	struct fetch_state read;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		test_folder_put(beside, texts[i]);
		assert_int_equal(fetch_state_read(file, &read), 0);
		assert_int_equal(read.hash, 0);
		assert_string_equal(read.url, "");
	}
	memset(longest, 'x', sizeof(longest) - 1);
	memcpy(longest, "url ", 4);
	test_folder_put(beside, longest);
	assert_int_equal(fetch_state_read(file, &read), 0);
	assert_string_equal(read.url, "");
}

static int body(const char *text)
{
	int fd = memfd_create("body", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static void bodies_are_taken_held_or_refused(void **state)
{
	static const struct {
		const char *text;
		uint64_t before;
		int rc;
		uint64_t entries;
		const char *why;
	} cases[] = {
		{"ads.example\nb.example\n", 0, 1, 2, ""},
		{"ads.example\nb.example\n", 4, 1, 2,
		 ""}, /* few may shrink as they like */
		{"ads.example\n", 100, -EKEYREJECTED, 1,
		 "it shrank from 100 to 1 entries"},
		{"", 5, 0, 0, "no entry in 0 lines"},
		{"# none\n", 0, 0, 0, "no entry in 1 lines"},
		{"lists.example\n", 0, -EKEYREJECTED, 1,
		 "it blocks lists.example, where list ads comes from"},
		{"*.example\n", 0, -EKEYREJECTED, 1,
		 "it blocks lists.example, where list ads comes from"},
		{"||lists.example^\n@@||lists.example^\n||x.example^\n", 0, 1, 3, ""},
		{"||lists.example^$important\n@@||lists.example^\n", 0, -EKEYREJECTED, 2,
		 "it blocks lists.example, where list ads comes from"},
		{"||x.example^\n||lists.\n", 0, -EKEYREJECTED, 2,
		 "it blocks lists.example, where list ads comes from"},
		{"||x.example^\n/^li[s]ts/\n", 0, -EKEYREJECTED, 2,
		 "it blocks lists.example, where list ads comes from"},
		{"/^li[s]ts/\n@@||lists.example^\n", 0, 1, 2, ""},
		{"||lists.example^$client=192.0.2.1\n", 0, 1, 1, ""},
	};
	struct conf *c =
		conf_of_text(UP "list ads {\n url https://lists.example/ads.txt\n}\n"
				"policy default {\n block ads\n}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char why[FETCH_CHECK_WHY_MAX] = "";
		uint64_t entries = 0;
		int fd = body(cases[i].text);

		assert_int_equal(fetch_check(c, 0, fd, cases[i].before, &entries, why),
				 cases[i].rc);
		assert_int_equal(entries, cases[i].entries);
		assert_string_equal(why, cases[i].why);
		close(fd);
	}
	conf_free(c);
}

static void a_list_that_only_allows_may_hold_any_host(void **state)
{
	struct conf *c =
		conf_of_text(UP "list good {\n url https://lists.example/good.txt\n}\n"
				"policy default {\n allow good\n}\n");
	char why[FETCH_CHECK_WHY_MAX];
	int fd = body("lists.example\n");
	uint64_t entries;

	(void)state;
	assert_int_equal(fetch_check(c, 0, fd, 0, &entries, why), 1);
	close(fd);
	conf_free(c);
}

/** Of owners that are wanted, and as a table that only tells. */
static void a_table_of_owners_is_judged_by_its_rows(void **state)
{
	static const struct {
		const char *owner, *text;
		int rc;
		uint64_t entries;
	} cases[] = {
		{ "owner CH", "8.8.0.0,8.8.0.9,1,CH\n8.9.0.0,8.9.0.9,2,DE\n", 1, 1 },
		{ "owner FR", "8.8.0.0,8.8.0.9,1,CH\n", 0, 0 },
		{ "", "8.8.0.0,8.8.0.9,1,CH\n8.9.0.0,8.9.0.9,2,DE\n", 1, 2 },
		{ "", "ads.example\n", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256], why[FETCH_CHECK_WHY_MAX];
		int fd = body(cases[i].text);
		uint64_t entries = 0;
		struct conf *c;

		snprintf(text, sizeof(text), UP "list t {\n url https://lists.example/t\n"
			 " format owners\n %s\n}\n", cases[i].owner);
		c = conf_of_text(text);
		assert_int_equal(fetch_check(c, 0, fd, 0, &entries, why), cases[i].rc);
		assert_int_equal(entries, cases[i].entries);
		close(fd);
		conf_free(c);
	}
}

static void hosts_that_the_configuration_names_may_be_at_home(void **state)
{
	static const struct {
		const char *host;
		bool meant;
	} cases[] = {
		{ "192.168.1.5", true }, { "[fd00::1]", true }, { "nas.home.arpa", true },
		{ "nas", true }, { "files.corp.example", true }, { "x.allowed.example", true },
		{ "lists.example", false }, { "home.arpa.lists.example", false },
		{ "nas.lists.example", false }, { "localhost", true }, /* /etc/hosts */
	};
	static const char text[] = UP "upstream corp { server 10.0.0.53 }\n"
				   "forward corp.example corp\nhost nas 192.168.1.5\n"
				   "local home.arpa { hosts /dev/null }\n"
				   "rebind { allow allowed.example }\n";
	struct conf *c = conf_of_text(text);
	struct fetch_hosts *hosts;

	(void)state;
	assert_int_equal(fetch_hosts_open(c, &hosts), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (fetch_home_is_meant(c, hosts, cases[i].host) != cases[i].meant)
			fail_msg("%s", cases[i].host);
	c->rebind.protect = SWITCH_OFF;
	assert_true(fetch_home_is_meant(c, hosts, "lists.example"));
	fetch_hosts_close(hosts);
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_or_refused),
		IN_FOLDER(what_is_written_is_read_again),
		IN_FOLDER(damage_counts_as_not_there),
		cmocka_unit_test(bodies_are_taken_held_or_refused),
		cmocka_unit_test(a_table_of_owners_is_judged_by_its_rows),
		cmocka_unit_test(hosts_that_the_configuration_names_may_be_at_home),
		cmocka_unit_test(a_list_that_only_allows_may_hold_any_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
