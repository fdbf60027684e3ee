/* Capabilities by raw system calls. Knows nothing of accounts or of who needs what. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/capability.h"

#define CAPABILITY_MAX 63

int capability_permitted(uint64_t *out)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	*out = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

int capability_set(uint64_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* Fails on a kernel without ambient capabilities, which then has none to clear. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted = (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
	}
	if (syscall(SYS_capset, &head, data) < 0)
		return -errno;
	return 0;
}

int capability_bound(uint64_t keep)
{
	for (unsigned long cap = 0; cap <= CAPABILITY_MAX; cap++) {
		int held;

		if (keep & CAPABILITY(cap))
			continue;
		held = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (held < 0)
			return 0; /* EINVAL: the kernel's last one was before */
		if (held && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	}
	return 0;
}
