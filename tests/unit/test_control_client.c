/* The client against a scripted daemon: whole answers, broken ones, none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/control_client.h"
#include "lib/util.h"

#define SEEN_MAX 4096

/* What a sink was given, as "|a,b" for the heading and ";x,y" for rows. */
struct seen {
	char text[SEEN_MAX];
	int columns_rc, row_rc;
};

static void note(struct seen *s, char mark, char *const *fields, size_t count)
{
	size_t len = strlen(s->text);

	for (size_t i = 0; i < count && len < SEEN_MAX; i++)
		len += (size_t)snprintf(s->text + len, SEEN_MAX - len, "%c%s",
					i ? ',' : mark, fields[i]);
}

static int on_columns(void *arg, char *const *names, size_t count)
{
	struct seen *s = arg;

	note(s, '|', names, count);
	return s->columns_rc;
}

static int on_row(void *arg, char *const *fields, size_t count)
{
	struct seen *s = arg;

	note(s, ';', fields, count);
	return s->row_rc;
}

static const struct control_sink sink = { on_columns, on_row };

/* Ask a peer that has written `reply` already and closed its sending side. */
static int ask_scripted(const void *reply, size_t len, struct seen *s, char *why)
{
	static const char *const words[] = { "status" };
	int fds[2];
	int rc;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(write(fds[1], reply, len), len);
	assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
	rc = control_ask_fd(fds[0], words, 1, &sink, s, why);
	close(fds[1]);
	return rc;
}

static void answers_are_read_or_refused(void **state)
{
	static const struct {
		const char *reply;
		size_t len; /* 0: strlen */
		int rc;
		const char *seen, *why;
	} cases[] = {
		{ "part\tkey\tvalue#\na\tb\t1\nc\t\t2\n.ok\n", 0, 0,
		  "|part,key,value#;a,b,1;c,,2", "" },
		{ "part\n.ok\n", 0, 0, "|part", "" },
		{ ".ok\n", 0, 0, "", "" },
		{ "rule\n\ttable x\n\n.ok\n", 0, 0, "|rule;\ttable x;", "" },
		{ "a\tb\n.\t1\n.ok\tx\n.ok\nignored\n", 0, 0, "|a,b;.,1;.ok,x", "" },
		{ ".err no such name\n", 0, -EREMOTEIO, "", "no such name" },
		{ "a\n1\n.err half way\n", 0, -EREMOTEIO, "|a;1", "half way" },
		{ ".err\n", 0, -EREMOTEIO, "", "no reason given" },
		{ "a\tb\n1\n.ok\n", 0, -EPROTO, "|a,b", NULL },
		{ "a\tb\n1\t2\t3\n.ok\n", 0, -EPROTO, "|a,b", NULL },
		{ "a\t\tb\n", 0, -EPROTO, "", NULL },
		{ "#\n.ok\n", 0, -EPROTO, "", NULL },
		{ "1\t2\t3\t4\t5\t6\t7\t8\t9\t0\t1\t2\t3\t4\t5\t6\t7\n.ok\n", 0, -EPROTO, "",
		  NULL },
		{ "a\n\0\n.ok\n", 8, -EPROTO, "|a", NULL },
		{ "a\n1\n", 0, -ECONNRESET, "|a;1", NULL },
		{ "a\n1\n.ok", 0, -ECONNRESET, "|a;1", NULL },
		{ "", 0, -ECONNRESET, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].reply);
		char why[CONTROL_WHY_MAX] = "";
		struct seen s = { 0 };

		assert_int_equal(ask_scripted(cases[i].reply, len, &s, why), cases[i].rc);
		assert_string_equal(s.text, cases[i].seen);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			assert_true(why[0] != '\0');
	}
}

static void an_endless_line_is_refused(void **state)
{
	size_t len = 40000;
	char *reply = malloc(len);
	char why[CONTROL_WHY_MAX] = "";
	struct seen s = { 0 };

	(void)state;
	assert_non_null(reply);
	memset(reply, 'x', len);
	assert_int_equal(ask_scripted(reply, len, &s, why), -EPROTO);
	assert_true(why[0] != '\0');
	free(reply);
}

static void a_sink_can_stop_the_reading(void **state)
{
	const char reply[] = "a\n1\n2\n.ok\n";
	char why[CONTROL_WHY_MAX] = "";
	struct seen s = { .row_rc = -EPIPE };

	(void)state;
	assert_int_equal(ask_scripted(reply, strlen(reply), &s, why), -EPIPE);
	assert_string_equal(s.text, "|a;1");
	assert_string_equal(why, "");
}

static void a_word_cannot_smuggle_a_second_request(void **state)
{
	static const char *const bad[] = { "a b", "a\nb", "", "a\tb", "\x7f", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *words[] = { "why", bad[i] };
		char why[CONTROL_WHY_MAX] = "";
		struct seen s = { 0 };
		char byte;
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_int_equal(control_ask_fd(fds[0], words, 2, &sink, &s, why), -EINVAL);
		assert_int_equal(read(fds[1], &byte, 1), 0);
		close(fds[1]);
	}
}

static void the_request_is_one_line(void **state)
{
	static const char *const words[] = { "list", "search", "a\\.b.example" };
	char why[CONTROL_WHY_MAX] = "";
	struct seen s = { 0 };
	char request[64] = "";
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(write(fds[1], ".ok\n", 4), 4);
	assert_int_equal(control_ask_fd(fds[0], words, 3, &sink, &s, why), 0);
	assert_int_equal(read(fds[1], request, sizeof(request) - 1), 25);
	assert_string_equal(request, "list search a\\.b.example\n");
	close(fds[1]);
}

/* A daemon that writes one byte at a time. */
static void pieces_make_a_whole_answer(void **state)
{
	static const char reply[] = "a\tb\n1\t2\n.ok\n";
	static const char *const words[] = { "status" };
	char why[CONTROL_WHY_MAX] = "";
	struct seen s = { 0 };
	int fds[2];
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char request[16]; /* ending with it unread would be a reset */

		for (size_t i = 0; i < strlen(reply); i++)
			if (write(fds[1], reply + i, 1) != 1)
				_exit(1);
		_exit(read(fds[1], request, sizeof(request)) != sizeof("status\n") - 1);
	}
	close(fds[1]);
	assert_int_equal(control_ask_fd(fds[0], words, 1, &sink, &s, why), 0);
	assert_string_equal(s.text, "|a,b;1,2");
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void no_daemon_is_told_apart(void **state)
{
	static const char *const words[] = { "status" };
	char dir[] = "/tmp/control_client_XXXXXX";
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[64], why[CONTROL_WHY_MAX] = "";
	char long_path[200];
	struct seen s = { 0 };
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ctl", dir);
	assert_int_equal(control_ask(path, words, 1, &sink, &s, why), -ECONNREFUSED);
	assert_non_null(strstr(why, "not running"));

	/* a socket file that a dead daemon left behind */
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	assert_int_equal(control_ask(path, words, 1, &sink, &s, why), -ECONNREFUSED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(control_ask(long_path, words, 1, &sink, &s, why), -EINVAL);
}

/* As root nothing is forbidden: the child becomes nobody. */
static void a_forbidden_socket_is_permission(void **state)
{
	static const char *const words[] = { "status" };
	char dir[] = "/tmp/control_client_XXXXXX";
	char path[64], why[CONTROL_WHY_MAX] = "";
	struct seen s = { 0 };
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0), 0);
	snprintf(path, sizeof(path), "%s/ctl", dir);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		_exit(control_ask(path, words, 1, &sink, &s, why) == -EACCES ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read_or_refused),
		cmocka_unit_test(an_endless_line_is_refused),
		cmocka_unit_test(a_sink_can_stop_the_reading),
		cmocka_unit_test(a_word_cannot_smuggle_a_second_request),
		cmocka_unit_test(the_request_is_one_line),
		cmocka_unit_test(pieces_make_a_whole_answer),
		cmocka_unit_test(no_daemon_is_told_apart),
		cmocka_unit_test(a_forbidden_socket_is_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
