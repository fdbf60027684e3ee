/*
 * Become an account with exactly the rights asked for, in the one order that works: what
 * needs root first, then the account, then the capabilities, then the filter. Knows nothing
 * of which process needs what.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/capability.h"
#include "lib/compat.h"
#include "lib/sandbox.h"
#include "lib/syscall_filter.h"

/** What a process may still take when its supervisor is gone; it leaves by itself when it
 *  sees its channel closed, this is for one that hangs. */
#define ORPHAN_LIMIT_S 10

static void on_orphaned(int signal_number)
{
	(void)signal_number;
	alarm(ORPHAN_LIMIT_S); /* SIGALRM is not caught: the end */
}

/** Kernel's word when the parent ends. A change of user clears it, so it comes after. */
static int watch_parent(const char **why)
{
	struct sigaction sa = { .sa_handler = on_orphaned, .sa_flags = SA_RESTART };

	if (sigaction(SIGUSR1, &sa, NULL) < 0 || prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0) < 0) {
		*why = "cannot ask for a signal at the parent's end";
		return -errno;
	}
	return 0;
}

static int set_groups(const struct passwd *pw, bool keep_adm)
{
	gid_t groups[2] = { pw->pw_gid };
	size_t count = 1;

	if (keep_adm) {
		const struct group *adm = getgrnam("adm");

		if (adm)
			groups[count++] = adm->gr_gid;
	}
	if (setgroups(count, groups) < 0)
		return -errno;
	return 0;
}

static int become_user(const struct sandbox *s, const char **why)
{
	const struct passwd *pw;
	int rc;

	errno = 0;
	pw = getpwnam(s->user);
	if (!pw || pw->pw_uid == 0) {
		*why = "its account is missing (etc/users.sh makes it)";
		return errno ? -errno : -ENOENT;
	}
	*why = "cannot set its groups";
	rc = set_groups(pw, s->keep_group_adm);
	if (rc)
		return rc;
	*why = "cannot become its account";
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0 ||
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int drop_rights(const struct sandbox *s, const char **why)
{
	int rc;

	*why = "cannot drop capabilities from the bounding set (CAP_SETPCAP is missing)";
	rc = capability_bound(s->capabilities);
	if (!rc)
		rc = become_user(s, why);
	if (rc)
		return rc;
	*why = "a capability it needs is not to be had (dropped by the service manager?)";
	return capability_set(s->capabilities);
}

int sandbox_enter(const struct sandbox *s, const char **why)
{
	int rc = 0;

	if (geteuid() == 0)
		rc = drop_rights(s, why);
	if (!rc)
		rc = watch_parent(why);
	if (rc)
		return rc;
	*why = "cannot set no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (BUILT_WITH_SANITIZER)
		return 0; /* see compat.h; its leak check also needs a dumpable process */
	*why = "cannot make itself undumpable";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	*why = "cannot load the filter of system calls";
	return syscall_filter_load(s->calls);
}
