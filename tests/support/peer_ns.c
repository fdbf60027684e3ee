/* See peer_ns.h. */
#include "tests/support/peer_ns.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The other end of the cable: a process in a network namespace of its own. */
struct peer {
	pid_t pid;
	int hold; /* closing it ends the peer */
};

static void run(const char *before, const char *format, va_list args)
{
	char command[1024];
	int n = snprintf(command, sizeof(command), "%s", before);

	vsnprintf(command + n, sizeof(command) - (size_t)n, format, args);
	if (system(command) != 0)
		fail_msg("%s", command);
}

void peer_run(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	run("", format, args);
	va_end(args);
}

void peer_run_there(const struct peer *p, const char *format, ...)
{
	char before[64];
	va_list args;

	snprintf(before, sizeof(before), "nsenter -n -t %d ", (int)p->pid);
	va_start(args, format);
	run(before, format, args);
	va_end(args);
}

static pid_t start_process(int *hold)
{
	int ready[2], end[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready) | pipe(end), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(end[1]);
		if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(end[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*hold = end[1];
	return pid;
}

struct peer *peer_start(void)
{
	struct peer *p;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	assert_non_null(p);
	p->pid = start_process(&p->hold);
	peer_run("ip link set lo up && ip link add lan0 type veth peer name eth0 netns %d",
		 (int)p->pid);
	peer_run("ip addr add " PEER_OURS4 "/24 dev lan0 && ip addr add " PEER_OURS6
		 "/64 dev lan0 nodad && ip link set lan0 up");
	peer_run_there(p, "sh -c 'sysctl -qw net.ipv6.conf.eth0.accept_dad=0 && "
		       "ip link set eth0 address " PEER_ITS_MAC
		       " && ip addr add " PEER_ITS4 "/24 dev eth0 && ip addr add " PEER_ITS6
		       "/64 dev eth0 nodad && ip link set eth0 up'");
	return p;
}

void peer_end(struct peer *p)
{
	int status;

	if (!p)
		return;
	close(p->hold);
	waitpid(p->pid, &status, 0);
	free(p);
}

int peer_socket(const struct peer *p, int family, int type)
{
	char path[64];
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)p->pid);
	there = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(here >= 0 && there >= 0);
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	fd = socket(family, type | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	close(here);
	close(there);
	return fd;
}
