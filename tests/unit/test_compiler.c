/* Configuration -> index: what the compiler makes of files that are there, or are not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "blocklists/compiler.h"
#include "blocklists/list_index.h"
#include "conf/conf.h"
#include "lib/util.h"

static char folder[] = "/tmp/nameward-compiler-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/** The path of a file in the folder, to be freed; with text, the file is written. */
static char *file_with(const char *name, const char *text)
{
	char *path = malloc(128);
	FILE *f;

	assert_non_null(path);
	snprintf(path, 128, "%s/%s", folder, name);
	if (text) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	return path;
}

static uint64_t find(const struct list_index *x, const char *text)
{
	struct dname d;

	assert_int_equal(dname_from_text(text, &d), 0);
	return list_index_find(x, &d, UINT64_MAX);
}

static struct list_index *compile(struct conf_list *lists, size_t count)
{
	struct conf conf = { .lists = lists, .list_count = count };
	struct list_index *x = NULL;
	int fd = -1, seals;

	assert_int_equal(compiler_build(&conf, &fd), 0);
	seals = fcntl(fd, F_GET_SEALS);
	assert_int_equal(seals & F_SEAL_WRITE, F_SEAL_WRITE);
	assert_int_equal(seals & F_SEAL_SHRINK, F_SEAL_SHRINK);
	assert_int_equal(list_index_open(fd, &x), 0);
	close(fd);
	return x;
}

static void lists_of_a_configuration_become_an_index(void **state)
{
	struct conf_list_name own = { .text = "*.own.example" };
	struct conf_list lists[] = {
		{ .name = "ads", .file = file_with("ads", "0.0.0.0 ads.example\n") },
		{ .name = "own", .names = &own, .name_count = 1 },
		{ .name = "all", .file = file_with("all", "all.example\n"),
		  .format = LIST_DOMAINS, .subdomains = SUBDOMAINS_YES },
	};
	struct list_index *x = compile(lists, ARRAY_SIZE(lists));

	(void)state;
	assert_true(find(x, "ads.example") == 1);
	assert_true(find(x, "www.ads.example") == 0);
	assert_true(find(x, "www.own.example") == 2);
	assert_true(find(x, "www.all.example") == 4);
	assert_string_equal(list_index_stats(x, 2)->name, "all");
	list_index_close(x);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (lists[i].file)
			unlink(lists[i].file);
		free(lists[i].file);
	}
}

static void files_that_cannot_be_read_empty_their_list_alone(void **state)
{
	struct conf_list_name own = { .text = "own.example" };
	struct conf_list lists[] = {
		{ .name = "missing", .file = file_with("missing", NULL) },
		{ .name = "fifo", .file = file_with("fifo", NULL) },
		{ .name = "folder", .file = folder },
		{ .name = "device", .file = "/dev/zero" },
		{ .name = "adblock", .file = file_with("adblock", "||a.example^\n") },
		{ .name = "good", .file = file_with("good", "good.example\n") },
	};
	static const int reasons[] = { -ENOENT, -ENODEV, -EISDIR, -ENODEV,
				       -EPROTONOSUPPORT, 0 };
	struct list_index *x;

	(void)state;
	assert_int_equal(mkfifo(lists[1].file, 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		lists[i].names = &own;
		lists[i].name_count = 1;
	}
	x = compile(lists, ARRAY_SIZE(lists));
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
		assert_int_equal(list_index_stats(x, i)->rc, reasons[i]);
	assert_true(find(x, "own.example") == 63);
	assert_true(find(x, "good.example") == 32);
	list_index_close(x);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (i == 2 || i == 3)
			continue;
		unlink(lists[i].file);
		free(lists[i].file);
	}
}

static void no_lists_make_an_empty_index(void **state)
{
	struct list_index *x = compile(NULL, 0);

	(void)state;
	assert_int_equal(list_index_list_count(x), 0);
	assert_true(find(x, "a.example") == 0);
	list_index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_a_configuration_become_an_index),
		cmocka_unit_test(files_that_cannot_be_read_empty_their_list_alone),
		cmocka_unit_test(no_lists_make_an_empty_index),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
