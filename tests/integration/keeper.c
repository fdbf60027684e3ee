/*
 * A service manager that keeps descriptors: keeper NAME COMMAND... . Starts the command with
 * NOTIFY_SOCKET (abstract, NAME) and keeps what it sends with FDSTORE=1; on SIGHUP ends it by
 * SIGTERM and starts it again with what it kept; on SIGTERM ends it and leaves. Prints "kept N"
 * before each start.
 *
 * Stands alone: includes nothing of the project.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_MAX 64
#define FIRST_FD 3
#define AWAY	 200 /* where descriptors are kept meanwhile */

static volatile sig_atomic_t again, leave;

static struct {
	int fd[KEPT_MAX];
	char name[KEPT_MAX][128];
	int count;
} kept;

static void on_signal(int number)
{
	if (number == SIGHUP)
		again = 1;
	else
		leave = 1;
}

static int open_notify(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[108];

	if (len > 100)
		exit(2);
	memcpy(un.sun_path + 1, name, len);
	if (bind(fd, (struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len))) {
		perror(name);
		exit(2);
	}
	snprintf(text, sizeof(text), "@%s", name);
	setenv("NOTIFY_SOCKET", text, 1);
	return fd;
}

static void read_word(int notify)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char text[512];
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(notify, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	const char *name;
	int fd;

	if (n <= 0 || !CMSG_FIRSTHDR(&mh) || kept.count == KEPT_MAX)
		return;
	text[n] = '\0';
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&mh)), sizeof(fd));
	name = strstr(text, "FDNAME=");
	kept.fd[kept.count] = AWAY + kept.count;
	dup3(fd, kept.fd[kept.count], O_CLOEXEC);
	close(fd);
	snprintf(kept.name[kept.count++], sizeof(kept.name[0]), "%s", name ? name + 7 : "stored");
}

static void run(char **command)
{
	char names[KEPT_MAX * 130] = "", number[16];

	for (int i = 0; i < kept.count; i++) {
		dup2(kept.fd[i], FIRST_FD + i);
		strcat(names, i ? ":" : "");
		strcat(names, kept.name[i]);
	}
	snprintf(number, sizeof(number), "%d", kept.count);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	execv(command[0], command);
	perror(command[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct pollfd p = { .events = POLLIN };

	if (argc < 3)
		return 2;
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	p.fd = fcntl(open_notify(argv[1]), F_DUPFD_CLOEXEC, AWAY + KEPT_MAX);
	while (!leave) {
		pid_t child;

		printf("kept %d\n", kept.count);
		fflush(stdout);
		child = fork();
		if (!child)
			run(argv + 2);
		for (again = 0; !again && !leave;)
			if (poll(&p, 1, 100) == 1)
				read_word(p.fd);
		kill(child, SIGTERM);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return 0;
}
