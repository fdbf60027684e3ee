/* Lines on standard error, when nobody reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

static void lost_lines_are_counted_and_told(void **state)
{
	static char buf[1 << 20];
	int saved = dup(STDERR_FILENO), fds[2];
	size_t filled = 0, n;
	ssize_t got;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	while ((got = write(fds[1], buf, 4096)) > 0)
		filled += (size_t)got;
	dup2(fds[1], STDERR_FILENO);
	log_init("test", LOG_LEVEL_INFO);
	for (int i = 0; i < 3; i++)
		log_info("nobody reads this");
	for (n = 0; n < filled; n += (size_t)got)
		assert_true((got = read(fds[0], buf, filled - n)) > 0);
	log_info("first");
	log_info("second");
	dup2(saved, STDERR_FILENO);
	got = read(fds[0], buf, sizeof(buf) - 1);
	assert_true(got > 0);
	buf[got] = '\0';
	assert_string_equal(buf, "test: (3 lines lost) first\ntest: second\n");
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

static void long_line_is_cut_and_ended(void **state)
{
	char text[4096], buf[4096];
	int saved = dup(STDERR_FILENO), fds[2];
	ssize_t got;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log_err("%s", text);
	dup2(saved, STDERR_FILENO);
	got = read(fds[0], buf, sizeof(buf));
	assert_in_range(got, 1000, 1024);
	assert_int_equal(buf[got - 1], '\n');
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

static void text_from_outside_is_escaped_and_bounded(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(log_safe("a\tb\\", buf, sizeof(buf)), "a\\009b\\092");
	assert_true(strlen(log_safe("\n\n\n\n\n\n\n\n", buf, sizeof(buf))) < sizeof(buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_lines_are_counted_and_told),
		cmocka_unit_test(long_line_is_cut_and_ended),
		cmocka_unit_test(text_from_outside_is_escaped_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
