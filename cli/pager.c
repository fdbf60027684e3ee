/*
 * A stdio stream whose first write starts the pager; see pager.h. While it runs, SIGINT and
 * SIGQUIT are its own: they must not leave it alone with the terminal.
 */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGER_BUFFER 65536

struct pager {
	FILE *stream; /* owned */
	char *buffer; /* owned */
	int terminal;
	const char *command; /* for sh(1) */
	int fd;		     /* to the pager; -1: not started */
	pid_t pid;
	bool is_left;
	struct sigaction old_int, old_quit;
};

/* Root by sudo(8) may be someone who may run only this: no other program, and no shell from
 * within less. */
static bool is_lent_root(void)
{
	return geteuid() == 0 && getenv("SUDO_UID");
}

/* On a terminal that it knows nothing of less only asks whether it may. */
static bool has_less(void)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") != 0 && access("/usr/bin/less", X_OK) == 0;
}

static const char *choose(void)
{
	const char *pager = getenv("PAGER");

	if (!pager || is_lent_root())
		return has_less() ? "less" : NULL;
	return *pager && strcmp(pager, "cat") != 0 ? pager : NULL;
}

static void run_child(const struct pager *p, int from)
{
	if (dup2(from, STDIN_FILENO) < 0 || dup2(p->terminal, STDOUT_FILENO) < 0)
		_exit(127);
	/* quit if it fits, colours, no wrapping, leave the screen as it is */
	setenv("LESS", "FRSX", 0);
	if (is_lent_root())
		setenv("LESSSECURE", "1", 1);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", p->command, (char *)NULL);
	_exit(127);
}

static int start(struct pager *p)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	p->pid = fork();
	if (p->pid == 0)
		run_child(p, fds[0]);
	close(fds[0]);
	if (p->pid < 0) {
		close(fds[1]);
		return -EAGAIN;
	}
	p->fd = fds[1];
	sigaction(SIGINT, &ignore, &p->old_int);
	sigaction(SIGQUIT, &ignore, &p->old_quit);
	return 0;
}

static ssize_t on_write(void *cookie, const char *bytes, size_t len)
{
	struct pager *p = cookie;
	size_t done = 0;

	if (p->fd < 0 && start(p) < 0)
		return 0;
	while (done < len) {
		ssize_t n = write(p->fd, bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			p->is_left = p->is_left || errno == EPIPE;
			return 0; /* errno tells why */
		}
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int pager_new(FILE *out, struct pager **pager)
{
	const cookie_io_functions_t functions = { .write = on_write };
	const char *command = choose();
	struct pager *p;

	if (!command)
		return -ENOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->terminal = fileno(out);
	p->command = command;
	p->fd = -1;
	p->buffer = malloc(PAGER_BUFFER);
	p->stream = p->buffer ? fopencookie(p, "w", functions) : NULL;
	if (!p->stream) {
		free(p->buffer);
		free(p);
		return -ENOMEM;
	}
	setvbuf(p->stream, p->buffer, _IOFBF, PAGER_BUFFER);
	*pager = p;
	return 0;
}

FILE *pager_stream(const struct pager *p)
{
	return p->stream;
}

bool pager_end(struct pager *p)
{
	bool is_left;

	fclose(p->stream);
	if (p->fd >= 0) {
		close(p->fd);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
		sigaction(SIGINT, &p->old_int, NULL);
		sigaction(SIGQUIT, &p->old_quit, NULL);
	}
	is_left = p->is_left;
	free(p->buffer);
	free(p);
	return is_left;
}
