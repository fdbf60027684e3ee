/* listeners: real sockets on loopback; what stays, what is refused, and in whose name. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "daemon/listeners.h"
#include "daemon/port_owner.h"
#include "lib/util.h"

static struct conf_listen listen_at(const char *text)
{
	struct conf_listen l = { 0 };

	assert_int_equal(addr_port_from_text(text, 53, &l.at), 0);
	return l;
}

static ino_t inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void each_address_has_udp_and_tcp_with_its_options(void **state)
{
	struct conf_listen at[] = { listen_at("127.0.0.1:15361"), listen_at("[::1]:15361"),
				    listen_at("127.0.0.1:15361") };
	struct conf conf = { .listens = at, .listen_count = ARRAY_SIZE(at) };
	char why[LISTENERS_WHY_MAX] = "";
	struct listeners *l;

	(void)state;
	assert_int_equal(listeners_open(&conf, NULL, &l, why), 0);
	assert_int_equal(listeners_count(l), 4); /* the address written twice counts once */
	for (size_t i = 0; i < 4; i++) {
		const struct listener_socket *s = listeners_at(l, i);
		bool v6 = s->at.addr.family == AF_INET6;

		assert_int_equal(s->stream, i % 2);
		assert_false(s->kept);
		assert_true(fcntl(s->fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(s->fd, F_GETFL) & O_NONBLOCK);
		assert_int_equal(option(s->fd, SOL_SOCKET, SO_TYPE),
				 s->stream ? SOCK_STREAM : SOCK_DGRAM);
		assert_int_equal(option(s->fd, SOL_SOCKET, SO_ACCEPTCONN), s->stream);
		if (v6)
			assert_int_equal(option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
		assert_int_equal(v6 ? option(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) :
				      option(s->fd, IPPROTO_IP, IP_PKTINFO),
				 1);
	}
	listeners_close(l);
}

static void address_that_is_not_up_yet_can_be_bound(void **state)
{
	struct conf_listen at[] = { listen_at("192.0.2.77:15361"),
				    listen_at("[2001:db8::77]:15361") };
	struct conf conf = { .listens = at, .listen_count = ARRAY_SIZE(at) };
	char why[LISTENERS_WHY_MAX] = "";
	struct listeners *l;

	(void)state;
	if (listeners_open(&conf, NULL, &l, why))
		fail_msg("%s", why);
	listeners_close(l);
}

static void socket_that_stays_is_the_same_socket(void **state)
{
	struct conf_listen at[] = { listen_at("127.0.0.1:15361"), listen_at("127.0.0.1:15362"),
				    listen_at("127.0.0.1:15363") };
	struct conf before = { .listens = at, .listen_count = 2 };
	struct conf after = { .listens = at + 1, .listen_count = 2 };
	char why[LISTENERS_WHY_MAX];
	struct listeners *old, *new;
	ino_t udp;

	(void)state;
	assert_int_equal(listeners_open(&before, NULL, &old, why), 0);
	udp = inode(listeners_at(old, 2)->fd);
	assert_int_equal(listeners_open(&after, old, &new, why), 0);
	listeners_close(old);
	assert_int_equal(listeners_count(new), 4);
	assert_true(listeners_at(new, 0)->kept && listeners_at(new, 1)->kept);
	assert_false(listeners_at(new, 2)->kept);
	assert_int_equal(inode(listeners_at(new, 0)->fd), udp);
	/* the one left out is free again */
	assert_int_equal(listeners_open(&before, new, &old, why), 0);
	listeners_close(old);
	listeners_close(new);
}

/* lo stands for an interface that comes later. */
static void address_of_an_interface_is_bound_when_that_is_there(void **state)
{
	struct conf_listen at[] = { listen_at("127.0.0.1:15366"), listen_at("[fe80::7]:15366"),
				    listen_at("[fe80::8]:15366") };
	struct conf conf = { .listens = at, .listen_count = ARRAY_SIZE(at) };
	char why[LISTENERS_WHY_MAX] = "", there[] = "lo", later[] = "nosuch0";
	struct listeners *l, *then;

	(void)state;
	at[1].interface = there;
	at[2].interface = later;
	if (listeners_open(&conf, NULL, &l, why))
		fail_msg("%s", why);
	assert_int_equal(listeners_count(l), 4);
	assert_int_equal(listeners_at(l, 2)->at.scope, 1); /* lo's index */
	assert_true(listeners_are_all(l, &conf));
	at[2].interface = there;
	assert_false(listeners_are_all(l, &conf));
	assert_int_equal(listeners_open(&conf, l, &then, why), 0);
	assert_int_equal(listeners_count(then), 6);
	assert_true(listeners_at(then, 3)->kept);
	assert_false(listeners_at(then, 5)->kept);
	assert_true(listeners_are_all(then, &conf));
	listeners_close(l);
	at[1].interface = later; /* it has gone */
	assert_true(listeners_are_all(then, &conf));
	assert_int_equal(listeners_open(&conf, then, &l, why), 0);
	assert_int_equal(listeners_count(l), 4);
	listeners_close(l);
	listeners_close(then);
}

static void taken_port_is_refused_with_its_holder(void **state)
{
	struct conf_listen one[] = { listen_at("127.0.0.1:15361") };
	struct conf_listen all[] = { listen_at("127.0.0.1:15364"), listen_at("0.0.0.0:15361") };
	struct conf conf = { .listens = one, .listen_count = 1 };
	struct conf wide = { .listens = all, .listen_count = 2 };
	char why[LISTENERS_WHY_MAX] = "", self[64];
	struct listeners *holder, *l = NULL;

	(void)state;
	snprintf(self, sizeof(self), "taken by test_listeners (pid %d)", (int)getpid());
	assert_int_equal(listeners_open(&conf, NULL, &holder, why), 0);
	assert_int_equal(listeners_open(&conf, NULL, &l, why), -EADDRINUSE);
	assert_non_null(strstr(why, "UDP 127.0.0.1:15361"));
	assert_non_null(strstr(why, self));
	assert_int_equal(listeners_open(&wide, NULL, &l, why), -EADDRINUSE);
	assert_non_null(strstr(why, self));
	assert_null(l);
	/* an own socket in the way of a reload is not somebody else's */
	assert_int_equal(listeners_open(&wide, holder, &l, why), -EADDRINUSE);
	assert_non_null(strstr(why, "needs a restart"));
	listeners_close(holder);
	/* nothing of the attempts has stayed bound */
	assert_int_equal(listeners_open(&wide, NULL, &l, why), 0);
	listeners_close(l);
}

static void free_port_has_no_owner(void **state)
{
	struct conf_listen l = listen_at("127.0.0.1:15365");
	char text[PORT_OWNER_MAX];

	(void)state;
	assert_string_equal(port_owner_describe(&l.at, false, text), "another process");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_has_udp_and_tcp_with_its_options),
		cmocka_unit_test(address_that_is_not_up_yet_can_be_bound),
		cmocka_unit_test(socket_that_stays_is_the_same_socket),
		cmocka_unit_test(address_of_an_interface_is_bound_when_that_is_there),
		cmocka_unit_test(taken_port_is_refused_with_its_holder),
		cmocka_unit_test(free_port_has_no_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
