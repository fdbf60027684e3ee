/* wrap: calloc malloc reallocarray strdup strndup */
/* The n-th allocation fails, for each n: -ENOMEM, nothing leaks, nothing is half-built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_bundle.h"
#include "tests/support/test_folder.h"

static const char text[] =
	"listen a 192.0.2.1\nupstream u {\n server 192.0.2.53 192.0.2.54 192.0.2.55\n}\n"
	"forward x.example u\nzone z { interface a b c }\n"
	"device d {\n mac 7c:2f:80:00:11:22\n address 192.0.2.7\n}\n"
	"device e { address 192.0.2.8 }\ngroup g { member d e 192.0.2.0/24 }\n"
	"list l {\n file l.txt\n name a.example b.example\n}\n"
	"list u {\n url https://x.example/u\n}\n"
	"policy p {\n for g\n block l\n}\ngate {\n table inet x\n allow udp 123\n}\n"
	"control x.ctl\nhistory { file h.db }\n";

/* Allocations until one fails; 0: none does. */
static size_t countdown;

static bool fails(void)
{
	return countdown && !--countdown;
}

void *__real_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t len);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t len);

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t len)
{
	return fails() ? NULL : __real_strndup(s, len);
}

/* Load, parse, write, read and parse again. */
static int whole_way(struct conf_errors *errors)
{
	static const struct conf_paths paths = { .main = "main.conf",
						 .drop_ins = "*.inc",
						 .resolv = "resolv.conf" };
	struct conf_bundle *b;
	struct conf *c = NULL, *again = NULL;
	int fd, rc;

	rc = conf_bundle_load_from(&paths, NULL, &b, errors);
	if (rc)
		return rc;
	rc = conf_parse(b, &c, errors);
	fd = rc ? rc : conf_bundle_write(b);
	if (fd >= 0) {
		rc = conf_from_fd(fd, &again);
		close(fd);
	}
	conf_free(again);
	conf_free(c);
	conf_bundle_free(b);
	return rc;
}

static size_t failures_until_success(void)
{
	struct conf_errors *errors = conf_errors_new();
	size_t n = 1;
	int rc;

	assert_non_null(errors);
	for (;; n++) {
		countdown = n;
		rc = whole_way(errors);
		if (!rc)
			break;
		assert_int_equal(rc, -ENOMEM);
	}
	assert_true(countdown > 0); /* it was not swallowed */
	countdown = 0;
	assert_int_equal(conf_errors_count(errors), 0);
	conf_errors_free(errors);
	return n;
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	test_folder_put("main.conf", "include a.inc\n");
	test_folder_put("a.inc", text);
	test_folder_put("b.inc", "zone y { interface y }\n");
	assert_true(failures_until_success() > 200);
}

static void each_allocation_may_fail_for_the_systems_servers(void **state)
{
	(void)state;
	test_folder_put("main.conf", "");
	test_folder_put("resolv.conf", "nameserver 192.0.2.53\n");
	assert_true(failures_until_success() > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(each_allocation_may_fail),
		IN_FOLDER(each_allocation_may_fail_for_the_systems_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
