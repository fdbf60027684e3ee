/* sd_notify: both forms of address, and none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/sd_notify.h"

/** Bind where the variable says, as a service manager does. */
static int manager(const char *variable)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(variable);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, variable, len);
	if (variable[0] == '@')
		un.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&un,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	setenv("NOTIFY_SOCKET", variable, 1);
	return fd;
}

static void expect(int fd, const char *text)
{
	char got[256] = "";

	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_int_equal(strncmp(got, text, strlen(text)), 0);
}

static void manager_hears_us_at_both_forms_of_address(void **state)
{
	char names[2][64];

	(void)state;
	snprintf(names[0], sizeof(names[0]), "/tmp/nameward-notify-%d", (int)getpid());
	snprintf(names[1], sizeof(names[1]), "@nameward-notify-%d", (int)getpid());
	for (int i = 0; i < 2; i++) {
		int fd = manager(names[i]);
		struct sd_notify *n;

		setenv("WATCHDOG_USEC", "1", 1);
		n = sd_notify_open();
		assert_non_null(n);
		assert_null(getenv("NOTIFY_SOCKET")); /* no child speaks for us */
		assert_null(getenv("WATCHDOG_USEC"));
		sd_notify_send(n, "READY=1\nSTATUS=%d", 5);
		expect(fd, "READY=1\nSTATUS=5");
		sd_notify_reloading(n);
		expect(fd, "RELOADING=1\nMONOTONIC_USEC=");
		close(fd);
		sd_notify_send(n, "nobody listens, nothing happens");
		sd_notify_close(n);
	}
	unlink(names[0]);
}

static void without_a_manager_nothing_happens(void **state)
{
	static const char *const bad[] = { "", "/", "@", "relative", "vsock:2:1" };

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_null(sd_notify_open());
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("NOTIFY_SOCKET", bad[i], 1);
		assert_null(sd_notify_open());
		assert_null(getenv("NOTIFY_SOCKET"));
	}
	sd_notify_send(NULL, "x");
	sd_notify_reloading(NULL);
	sd_notify_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manager_hears_us_at_both_forms_of_address),
		cmocka_unit_test(without_a_manager_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
