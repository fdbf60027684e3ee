/* A child that writes an index into sealed memory; see list_apart.h. */
#include "cli/list_apart.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_index.h"
#include "lib/sandbox.h"
#include "lib/sealed.h"

#define CHILD_SANDBOX 100 /* its exit status; below are errnos */

static const struct sandbox rights = {
	.user = "nameward-list",
	.capabilities = 0,
	.calls = SANDBOX_FILES,
};

static int compile(const struct list_source *s, int fd)
{
	const char *why;

	if (sandbox_enter(&rights, &why))
		return CHILD_SANDBOX;
	return -list_build(s, 1, fd) % CHILD_SANDBOX;
}

/** @retval 0, or negative errno with why */
static int await(pid_t pid, const char **why)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (!WIFEXITED(status)) {
		*why = "it ended by a signal";
		return -EIO;
	}
	if (WEXITSTATUS(status) == CHILD_SANDBOX) {
		*why = "its account is missing (etc/users.sh makes it)";
		return -EPERM;
	}
	if (WEXITSTATUS(status))
		*why = strerror(WEXITSTATUS(status));
	return -WEXITSTATUS(status);
}

int list_apart(const struct list_source *s, struct list_index **out, const char **why)
{
	int fd = sealed_new("nameward-list"), rc;
	pid_t pid;

	*why = "out of memory";
	if (fd < 0)
		return fd;
	pid = fork();
	if (pid == 0)
		_exit(compile(s, fd));
	rc = pid < 0 ? -errno : await(pid, why);
	if (!rc)
		rc = sealed_finish(fd);
	if (!rc)
		rc = list_index_open(fd, out);
	close(fd);
	return rc;
}
