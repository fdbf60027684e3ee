/* The sockets over a restart: what the manager is given, and what is taken back from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/handover.h"
#include "daemon/listeners.h"
#include "daemon/sd_notify.h"
#include "lib/util.h"

#define KEPT_MAX 8

/* A manager that keeps what it is told to. */
struct manager {
	int fd;
	struct sd_notify *notify;
	struct {
		char name[64];
		int fd;
	} kept[KEPT_MAX];
	unsigned count;
};

static int setup(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct manager *m = calloc(1, sizeof(*m));
	char name[64];
	int len = snprintf(name, sizeof(name), "@nameward-handover-%d", (int)getpid());

	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	memcpy(un.sun_path + 1, name + 1, (size_t)len - 1);
	assert_int_equal(bind(m->fd, (struct sockaddr *)&un,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	m->notify = sd_notify_open();
	assert_non_null(m->notify);
	*state = m;
	return 0;
}

static void forget(struct manager *m, unsigned i)
{
	close(m->kept[i].fd);
	m->kept[i] = m->kept[--m->count];
}

static int teardown(void **state)
{
	struct manager *m = *state;

	while (m->count)
		forget(m, 0);
	sd_notify_close(m->notify);
	close(m->fd);
	free(m);
	return 0;
}

static void obey(struct manager *m, const char *text, int fd)
{
	const char *name = strstr(text, "FDNAME=");

	assert_non_null(name);
	assert_null(strchr(name, ':')); /* sd_pid_notify_with_fds(3) */
	name += strlen("FDNAME=");
	if (!strncmp(text, "FDSTORE=1\n", 10)) {
		assert_true(fd >= 0 && m->count < KEPT_MAX);
		snprintf(m->kept[m->count].name, sizeof(m->kept[0].name), "%s", name);
		m->kept[m->count++].fd = fd;
		return;
	}
	assert_int_equal(strncmp(text, "FDSTOREREMOVE=1\n", 16), 0);
	for (unsigned i = 0; i < m->count; i++) {
		if (strcmp(m->kept[i].name, name) != 0)
			continue;
		forget(m, i);
		return;
	}
	fail_msg("%s is not kept", name);
}

static void read_all(struct manager *m)
{
	for (;;) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
		char text[512];
		struct iovec iov = { text, sizeof(text) - 1 };
		struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				     .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(m->fd, &mh, MSG_CMSG_CLOEXEC);
		int fd = -1;

		if (n < 0)
			return;
		text[n] = '\0';
		if (CMSG_FIRSTHDR(&mh))
			memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&mh)), sizeof(fd));
		obey(m, text, fd);
	}
}

/* --- lives ------------------------------------------------------------------------------------ */

static struct listeners *open_at(const char *const *at, size_t count, const struct listeners *old)
{
	struct conf_listen listens[4] = { 0 };
	struct conf conf = { .listens = listens, .listen_count = count };
	char why[LISTENERS_WHY_MAX];
	struct listeners *l;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(addr_port_from_text(at[i], 53, &listens[i].at), 0);
	if (listeners_open(&conf, old, &l, why))
		fail_msg("%s", why);
	return l;
}

static ino_t inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void sockets_are_kept_as_the_configuration_changes(void **state)
{
	static const char *const before[] = { "127.0.0.1:15381", "[::1]:15381" };
	static const char *const after[] = { "127.0.0.1:15381", "127.0.0.1:15382" };
	struct manager *m = *state;
	struct listeners *l = open_at(before, 2, NULL), *next;

	handover_store(m->notify, NULL, l);
	read_all(m);
	assert_int_equal(m->count, 4); /* UDP and TCP */
	next = open_at(after, 2, l);
	handover_store(m->notify, l, next);
	read_all(m);
	assert_int_equal(m->count, 4); /* two came, two went */
	for (unsigned i = 0; i < m->count; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(m->kept[i].name, m->kept[k].name);
	listeners_close(l);
	listeners_close(next);
}

/* The manager puts them at 3 and up, among others that are not ours. */
static void what_was_kept_is_taken_back_and_the_rest_closed(void **state)
{
	static const char *const at[] = { "127.0.0.1:15381" };
	struct manager *m = *state;
	struct listeners *l = open_at(at, 1, NULL), *back;
	char names[256], text[16];
	ino_t udp = inode(listeners_at(l, 0)->fd);
	int saved[3];

	handover_store(m->notify, NULL, l);
	read_all(m);
	listeners_close(l);
	assert_int_equal(m->count, 2);
	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(3 + i, F_DUPFD_CLOEXEC, 100); /* our own, or none */
	dup2(m->fd, 150);
	dup2(m->kept[0].fd, 151);
	dup2(m->kept[1].fd, 152);
	dup2(150, 3);
	dup2(151, 4);
	dup2(152, 5);
	snprintf(names, sizeof(names), "another:%s:%s", m->kept[0].name, m->kept[1].name);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	back = handover_take();
	assert_non_null(back);
	assert_null(getenv("LISTEN_FDS"));
	assert_int_equal(fcntl(3, F_GETFD), -1); /* another's */
	assert_int_equal(listeners_count(back), 2);
	assert_int_equal(inode(listeners_at(back, 0)->fd), udp);
	assert_true(fcntl(listeners_at(back, 0)->fd, F_GETFD) & FD_CLOEXEC);
	l = open_at(at, 1, back); /* the port is ours, bound though it is */
	assert_true(listeners_at(l, 0)->kept && listeners_at(l, 1)->kept);
	assert_int_equal(inode(listeners_at(l, 0)->fd), udp);
	listeners_close(l);
	listeners_close(back);
	for (int i = 0; i < 3; i++) {
		close(150 + i);
		if (saved[i] < 0)
			continue;
		dup2(saved[i], 3 + i);
		close(saved[i]);
	}
}

static void what_the_configuration_no_longer_names_is_let_go(void **state)
{
	static const char *const at[] = { "127.0.0.1:15381", "127.0.0.1:15382" };
	struct manager *m = *state;
	struct listeners *l = open_at(at, 2, NULL);
	struct conf_listen one = { .at = listeners_at(l, 2)->at };

	handover_store(m->notify, NULL, l);
	handover_trim(m->notify, l, &(struct conf){ .listens = &one, .listen_count = 1 });
	read_all(m);
	assert_int_equal(listeners_count(l), 2);
	assert_int_equal(listeners_at(l, 0)->at.port, 15382);
	assert_int_equal(m->count, 2);
	assert_int_equal(inode(m->kept[0].fd) + inode(m->kept[1].fd),
			 inode(listeners_at(l, 0)->fd) + inode(listeners_at(l, 1)->fd));
	listeners_close(l);
}

static void nothing_is_taken_that_is_not_for_us(void **state)
{
	static const struct {
		const char *fds, *pid;
	} cases[] = {
		{ NULL, NULL }, { "2", NULL }, { "2", "1" }, { "x", "1" }, { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].fds)
			setenv("LISTEN_FDS", cases[i].fds, 1);
		if (cases[i].pid)
			setenv("LISTEN_PID", cases[i].pid, 1);
		assert_null(handover_take());
		assert_null(getenv("LISTEN_FDS"));
		assert_null(getenv("LISTEN_PID"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sockets_are_kept_as_the_configuration_changes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_kept_is_taken_back_and_the_rest_closed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_configuration_no_longer_names_is_let_go,
						setup, teardown),
		cmocka_unit_test(nothing_is_taken_that_is_not_for_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
