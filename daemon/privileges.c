/*
 * What the supervisor keeps of root. It parses the configuration and fixed-size messages
 * from its children, and nothing else; still it gives away what no part of nameward uses:
 * modules, raw I/O, ptrace, raw sockets, mounts, BPF, the clock and so on. A child started
 * by exec as root gets at most what is kept here, and its sandbox (lib/sandbox.h) drops the
 * rest of that before it reads a byte.
 */
#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/privileges.h"
#include "lib/capability.h"
#include "lib/util.h"

static const uint64_t kept =
	CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) | /* a child becomes its account */
	CAPABILITY(CAP_SETPCAP) |	   /* a child drops its bounding set */
	CAPABILITY(CAP_KILL) |		   /* end a child of another account */
	CAPABILITY(CAP_NET_BIND_SERVICE) | /* a new `listen` line at a reload */
	CAPABILITY(CAP_NET_ADMIN) |	   /* nftsync and flows have it from here */
	CAPABILITY(CAP_CHOWN) |		   /* the history's folder at a reload */
	CAPABILITY(CAP_DAC_OVERRIDE);	   /* configuration in a folder of somebody else */

bool privileges_are_root(void)
{
	return geteuid() == 0;
}

bool privileges_have_net_admin(void)
{
	uint64_t permitted;

	return !capability_permitted(&permitted) && (permitted & CAPABILITY(CAP_NET_ADMIN));
}

const char *privileges_missing_account(void)
{
	static const char *const accounts[] = { "nameward-resolver", "nameward-gate",
						"nameward-db", "nameward-flow",
						"nameward-list", "nameward-local" };

	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++)
		if (!getpwnam(accounts[i]))
			return accounts[i];
	return NULL;
}

int privileges_drop(void)
{
	uint64_t permitted;
	int rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (!privileges_are_root())
		return 0;
	rc = capability_permitted(&permitted);
	if (!rc)
		rc = capability_bound(kept);
	if (!rc)
		rc = capability_set(permitted & kept);
	return rc;
}
