/* List files: what is opened, and how a text becomes lines. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "blocklists/list_file.h"
#include "blocklists/list_line.h"
#include "lib/util.h"

static int make_folder(void **state)
{
	static char folder[] = "/tmp/nameward-list-XXXXXX";

	*state = mkdtemp(folder);
	return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
	return rmdir(*state);
}

static const char *path_in(void **state, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", (const char *)*state, name);
	return path;
}

static void only_regular_files_are_opened(void **state)
{
	char target[128];
	int fd = -1;

	assert_int_equal(list_file_open(path_in(state, "missing"), &fd), -ENOENT);
	assert_int_equal(list_file_open(*state, &fd), -EISDIR);
	assert_int_equal(list_file_open("/dev/null", &fd), -ENODEV);
	assert_int_equal(list_file_open("/dev/zero", &fd), -ENODEV);
	assert_int_equal(mkfifo(path_in(state, "fifo"), 0600), 0);
	assert_int_equal(list_file_open(path_in(state, "fifo"), &fd), -ENODEV);
	unlink(path_in(state, "fifo"));
	assert_int_equal(symlink("loop", path_in(state, "loop")), 0);
	assert_int_equal(list_file_open(path_in(state, "loop"), &fd), -ELOOP);
	unlink(path_in(state, "loop"));
	assert_int_equal(fd, -1);

	snprintf(target, sizeof(target), "%s", path_in(state, "list"));
	fclose(fopen(target, "w"));
	assert_int_equal(symlink("list", path_in(state, "link")), 0);
	assert_int_equal(list_file_open(path_in(state, "link"), &fd), 0);
	close(fd);
	unlink(path_in(state, "link"));
	assert_int_equal(truncate(target, (off_t)LIST_FILE_MAX), 0);
	assert_int_equal(list_file_open(target, &fd), 0);
	close(fd);
	assert_int_equal(truncate(target, (off_t)LIST_FILE_MAX + 1), 0);
	assert_int_equal(list_file_open(target, &fd), -EFBIG);
	unlink(target);
}

static void every_reason_has_words(void **state)
{
	static const int reasons[] = { 0, -ENODEV, -EFBIG, -E2BIG, -EPROTONOSUPPORT, -ENOENT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		assert_true(strlen(list_rc_text(reasons[i])) > 3);
}

/** A reader of this text, from memory or from a file. */
static void reader_of(struct list_reader *r, const char *text, size_t len, bool is_file)
{
	int fd = -1;

	if (is_file) {
		fd = memfd_create("test", MFD_CLOEXEC);
		assert_int_equal(write(fd, text, len), (ssize_t)len);
	}
	assert_int_equal(list_reader_init(r, fd, text, len), 0);
}

static void reader_end(struct list_reader *r)
{
	const char *text;
	size_t len;

	assert_int_equal(list_reader_next(r, &text, &len), 0);
	assert_int_equal(list_reader_next(r, &text, &len), 0);
	if (r->fd >= 0)
		close(r->fd);
	list_reader_fini(r);
}

static void texts_are_split_at_line_ends(void **state)
{
	static const struct {
		const char *text, *lines[5];
	} rows[] = {
		{ "", { NULL } },
		{ "\n", { "" } },
		{ "a", { "a" } },
		{ "a\n", { "a" } },
		{ "a\nb", { "a", "b" } },
		{ "a\r\nb\r\n", { "a\r", "b\r" } },
		{ "\n\na\n\n", { "", "", "a", "" } },
	};
	struct list_reader r;
	const char *text;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows) * 2; i++) {
		const char *const *lines = rows[i / 2].lines;

		reader_of(&r, rows[i / 2].text, strlen(rows[i / 2].text), i % 2);
		for (unsigned again = 0; again < 2; again++) {
			for (size_t k = 0; lines[k]; k++) {
				assert_int_equal(list_reader_next(&r, &text, &len), 1);
				assert_int_equal(len, strlen(lines[k]));
				assert_memory_equal(text, lines[k], len);
			}
			assert_int_equal(list_reader_next(&r, &text, &len), 0);
			if (!again)
				list_reader_rewind(&r);
		}
		reader_end(&r);
	}
}

/** Lines of these lengths, then a short one, read whole or skipped, in the right order. */
static void lengths_around_the_limits_are_right(void **state)
{
	static const size_t lengths[] = {
		0, 1, LIST_LINE_MAX - 1, LIST_LINE_MAX, LIST_LINE_MAX + 1,
		LIST_LINE_MAX + 65535, LIST_LINE_MAX + 65536, LIST_LINE_MAX + 65537,
		LIST_LINE_MAX * 2, LIST_LINE_MAX * 5 + 3, 3000000,
	};
	char *all = malloc(3000000 + 8);
	struct list_reader r;
	const char *text;
	size_t len;

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < ARRAY_SIZE(lengths) * 4; i++) {
		size_t n = lengths[i / 4];
		bool ends = i % 4 < 2;

		memset(all, 'x', n);
		memcpy(all + n, "\nlast\n", 6);
		reader_of(&r, all, ends ? n + 6 : n, i % 2);
		if (n || ends) {
			assert_int_equal(list_reader_next(&r, &text, &len), 1);
			assert_int_equal(text == NULL, n > LIST_LINE_MAX);
			assert_int_equal(len, text ? n : 0);
		}
		if (ends) {
			assert_int_equal(list_reader_next(&r, &text, &len), 1);
			assert_int_equal(len, 4);
			assert_memory_equal(text, "last", 4);
		}
		reader_end(&r);
	}
	free(all);
}

static void files_and_memory_give_the_same_lines(void **state)
{
	size_t size = 700000, n[2];
	char *all = malloc(size);
	struct list_reader r[2];
	const char *text[2];
	uint64_t random = 88172645463325252ull;
	int rc;

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < size; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		all[i] = (random >> 20) % 40 ? (char)('a' + i % 26) : '\n';
	}
	reader_of(&r[0], all, size, false);
	reader_of(&r[1], all, size, true);
	while ((rc = list_reader_next(&r[0], &text[0], &n[0])) > 0) {
		assert_int_equal(list_reader_next(&r[1], &text[1], &n[1]), 1);
		assert_int_equal(n[0], n[1]);
		assert_memory_equal(text[0], text[1], n[0]);
	}
	assert_int_equal(rc, 0);
	reader_end(&r[0]);
	reader_end(&r[1]);
	free(all);
}

static void a_file_that_grows_past_the_limit_is_given_up(void **state)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct list_reader r;
	const char *text;
	size_t len;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)LIST_FILE_MAX + 1), 0);
	assert_int_equal(list_reader_init(&r, fd, NULL, 0), 0);
	assert_int_equal(list_reader_next(&r, &text, &len), -EFBIG);
	list_reader_fini(&r);
	close(fd);
	fd = open("/", O_RDONLY);
	assert_int_equal(list_reader_init(&r, fd, NULL, 0), 0);
	assert_int_equal(list_reader_next(&r, &text, &len), -EISDIR);
	list_reader_fini(&r);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_regular_files_are_opened),
		cmocka_unit_test(every_reason_has_words),
		cmocka_unit_test(texts_are_split_at_line_ends),
		cmocka_unit_test(lengths_around_the_limits_are_right),
		cmocka_unit_test(files_and_memory_give_the_same_lines),
		cmocka_unit_test(a_file_that_grows_past_the_limit_is_given_up),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
