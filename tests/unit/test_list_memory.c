/* wrap: malloc calloc realloc */
/* A build whose n-th allocation fails says so and leaves nothing behind, for every n. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/util.h"
#include "tests/support/list_support.h"

static long left = -1; /* allocations until one fails; negative: none does */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool is_refused(void)
{
	return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return is_refused() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return is_refused() ? NULL : __real_realloc(p, size);
}

static void every_failed_allocation_is_reported(void **state)
{
	static char text[200000];
	struct list_source s[4];
	struct list_index *x = NULL;
	char *p = text;
	unsigned failed = 0;
	int rc;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		p += sprintf(p, "n%u.m%u.example\n", i, i % 77);
	s[0] = list_support_text("a", text);
	s[1] = list_support_text("b", "a.example\n*.m1.example\nn1.m1.example\n");
	s[2] = list_support_text("c", "||a.example^\n@@||b.example^$important\n");
	s[3] = list_support_text("d", "$TTL 60\na.example CNAME .\n*.a.example CNAME .\n");
	do {
		int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

		left = (long)failed;
		rc = list_build(s, ARRAY_SIZE(s), fd);
		left = -1;
		close(fd);
		assert_true(!rc || rc == -ENOMEM);
		failed += rc != 0;
	} while (rc);
	assert_in_range(failed, 30, 1000);
	x = list_support_index(s, ARRAY_SIZE(s));
	assert_int_equal(list_index_names(x), 5003);
	list_index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failed_allocation_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
