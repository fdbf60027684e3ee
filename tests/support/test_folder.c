/* A temporary folder for each test. */
#include "tests/support/test_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <limits.h>
#include <unistd.h>

static char old_folder[PATH_MAX];

int test_folder_enter(void **state)
{
	char *folder = strdup("/tmp/nameward-test.XXXXXX");

	if (!folder || !getcwd(old_folder, sizeof(old_folder)) || !mkdtemp(folder) ||
	    chdir(folder)) {
		free(folder);
		return -1;
	}
	*state = folder;
	alarm(60);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int test_folder_leave(void **state)
{
	int rc = chdir(old_folder);

	alarm(0);
	rc |= nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return rc;
}

const char *test_folder_old(void)
{
	return old_folder;
}

void test_folder_put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}
