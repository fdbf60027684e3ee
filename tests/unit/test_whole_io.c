/* Reading and writing all of something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/whole_io.h"

static void what_was_written_is_read_from_anywhere(void **state)
{
	static const struct {
		size_t len;
		uint64_t offset;
		ssize_t want;
	} cases[] = {
		{ 10, 0, 10 }, { 4, 3, 4 }, { 20, 0, 10 }, { 20, 6, 4 }, { 5, 10, 0 }, { 5, 99, 0 },
	};
	int fd = memfd_create("whole", MFD_CLOEXEC);
	char buf[32];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write_whole(fd, "01234", 5), 0);
	assert_int_equal(write_whole(fd, "56789", 5), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_whole_at(fd, buf, cases[i].len, cases[i].offset),
				 cases[i].want);
		assert_memory_equal(buf, "0123456789" + cases[i].offset % 11,
				    (size_t)cases[i].want);
	}
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 10); /* the position stays */
	close(fd);
	assert_int_equal(write_whole(fd, "x", 1), -EBADF);
	assert_int_equal(read_whole_at(fd, buf, 1, 0), -EBADF);
}

#define MUCH (1 << 20) /* more than a pipe holds */

static void *drain(void *arg)
{
	static char buf[MUCH];
	size_t have = 0;
	ssize_t n;

	while ((n = read(*(int *)arg, buf + have, MUCH - have)) > 0)
		have += (size_t)n;
	for (size_t i = 0; i < have; i++)
		if (buf[i] != (char)(i * 7))
			return NULL;
	return have == MUCH ? arg : NULL;
}

static void more_than_fits_is_written_piece_by_piece(void **state)
{
	static char bytes[MUCH];
	pthread_t reader;
	void *got;
	int fds[2];

	(void)state;
	for (size_t i = 0; i < MUCH; i++)
		bytes[i] = (char)(i * 7);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pthread_create(&reader, NULL, drain, &fds[0]), 0);
	assert_int_equal(write_whole(fds[1], bytes, MUCH), 0);
	close(fds[1]);
	assert_int_equal(pthread_join(reader, &got), 0);
	assert_non_null(got);
	close(fds[0]);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(write_whole(fds[1], bytes, MUCH), -EAGAIN); /* it does not wait */
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_from_anywhere),
		cmocka_unit_test(more_than_fits_is_written_piece_by_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
