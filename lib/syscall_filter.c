/*
 * The filter of system calls, by libseccomp. Knows nothing of users and capabilities.
 *
 * Three answers to a call that is not on the list:
 * - Killed: what no nameward process ever does, and what somebody who took one over would
 *   try first (another program, another process's memory, modules, mounts, BPF, keys,
 *   io_uring which walks around filters). There is no honest caller to be kind to, and the
 *   supervisor logs the SIGSYS.
 * - ENOENT for opening files, EACCES for sockets, where not asked for: libraries try to read
 *   a configuration file or a time zone and cope when there is none.
 * - ENOSYS for all else: libc takes it as "an older kernel" and falls back to the older call
 *   that is on the list. EPERM would be taken for a failure, and a newer libc that tries a
 *   newer call first would break a filter that was written before it.
 *
 * Memory cannot be mapped or made executable any more: nothing is loaded after the start
 * (linked with -z now, no dlopen).
 */
#include <errno.h>
#include <net/if.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/sandbox.h"
#include "lib/syscall_filter.h"
#include "lib/util.h"

static const char *const base_calls[] = {
	/* memory; mmap and mprotect have rules of their own */
	"brk", "madvise", "mremap", "munmap", "mincore", "membarrier",
	/* descriptors we hold */
	"read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64",
	"pwritev", "pwritev2", "close", "close_range", "dup", "dup2", "dup3", "fcntl", "lseek",
	"fstat", "newfstatat", "fstatfs", "ftruncate", "memfd_create", "pipe", "pipe2",
	/* waiting */
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"epoll_pwait2", "eventfd", "eventfd2", "poll", "ppoll", "select", "pselect6",
	"timerfd_create", "timerfd_settime", "timerfd_gettime", "futex", "nanosleep",
	"clock_nanosleep", "sched_yield", "restart_syscall",
	/* sockets we hold */
	"accept", "accept4", "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmmsg",
	"recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socketpair",
	/* time, randomness, ourselves */
	"clock_getres", "clock_gettime", "gettimeofday", "time", "times", "getrandom", "getcwd",
	"getegid", "geteuid", "getgid", "getgroups", "getpgrp", "getpid", "getppid",
	"getresgid", "getresuid", "getrusage", "gettid", "getuid", "prlimit64", "getrlimit",
	"setrlimit", "prctl", "rseq", "sched_getaffinity", "set_robust_list", "sysinfo",
	"uname", "umask", "capget",
	/* signals and the end; tgkill has a rule of its own */
	"alarm", "setitimer", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "signalfd4", "exit", "exit_group",
};

static const char *const bind_calls[] = { "bind" };

static const char *const network_calls[] = { "bind", "connect", "listen" };

static const char *const file_calls[] = {
	"open", "openat", "openat2", "creat", "access", "faccessat", "faccessat2", "stat",
	"lstat", "statx", "statfs", "readlink", "readlinkat", "getdents64", "mkdir", "mkdirat",
	"rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmod",
	"fchmodat", "chown", "fchown", "fchownat", "truncate", "fallocate", "fadvise64", "flock", "fsync",
	"fdatasync", "sync_file_range", "msync", "utimensat", "copy_file_range", "sendfile",
	"mlock", "munlock",
};

static const char *const open_calls[] = { "open", "openat", "openat2", "creat", "access",
					  "faccessat", "faccessat2", "stat", "lstat", "statx",
					  "readlink", "readlinkat" };

static const char *const killed_calls[] = {
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv",
	"process_vm_writev", "kcmp", "pidfd_getfd", "init_module", "finit_module",
	"delete_module", "kexec_load", "kexec_file_load", "mount", "umount", "umount2",
	"pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount",
	"fspick", "mount_setattr", "unshare", "setns", "bpf", "perf_event_open", "userfaultfd",
	"keyctl", "add_key", "request_key", "io_uring_setup", "io_uring_enter",
	"io_uring_register", "reboot", "swapon", "swapoff", "iopl", "ioperm", "acct",
	"quotactl", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
	"sethostname", "setdomainname", "syslog", "open_by_handle_at", "personality",
	"modify_ldt", "vhangup",
};

/** Add one action for each name that this libseccomp and this architecture know. */
static int add_calls(scmp_filter_ctx ctx, uint32_t action, const char *const *names,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);
		int rc;

		if (nr < 0)
			continue;
		rc = seccomp_rule_add(ctx, action, nr, 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/** Allow one call where argument arg, under mask, equals value. */
static int allow_where(scmp_filter_ctx ctx, const char *name, unsigned arg, uint64_t mask,
		       uint64_t value)
{
	int nr = seccomp_syscall_resolve_name(name);
	struct scmp_arg_cmp cmp = {
		.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value
	};

	return nr < 0 ? 0 : seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, 1, &cmp);
}

/** The calls of which some uses are needed by all, and others by none. */
static int add_base_rules(scmp_filter_ctx ctx)
{
	static const uint32_t ioctls[] = { FIONREAD, FIONBIO, SIOCGIFINDEX, SIOCGIFNAME };
	int rc = allow_where(ctx, "mmap", 2, PROT_EXEC, 0);

	if (!rc)
		rc = allow_where(ctx, "mprotect", 2, PROT_EXEC, 0);
	if (!rc) /* abort(), and nobody else's end */
		rc = allow_where(ctx, "tgkill", 0, UINT32_MAX, (uint32_t)getpid());
	for (size_t i = 0; !rc && i < ARRAY_SIZE(ioctls); i++)
		rc = allow_where(ctx, "ioctl", 1, UINT32_MAX, ioctls[i]);
	return rc;
}

/**
 * Sockets by family. AF_UNIX is for all: if_nametoindex(3), which reading a configuration
 * with a link-local address needs, opens one; without connect and bind it leads nowhere
 * that file permissions would not also forbid.
 */
static int add_socket_rules(scmp_filter_ctx ctx, unsigned calls)
{
	static const int families[] = { AF_INET, AF_INET6, AF_NETLINK };
	struct scmp_arg_cmp above = { .arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX };
	int nr = seccomp_syscall_resolve_name("socket");
	int rc = allow_where(ctx, "socket", 0, UINT32_MAX, AF_UNIX);

	if (!rc && calls & SANDBOX_BIND)
		rc = add_calls(ctx, SCMP_ACT_ALLOW, bind_calls, ARRAY_SIZE(bind_calls));
	if (!rc && !(calls & SANDBOX_NETWORK))
		return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EACCES), nr, 1, &above);
	for (size_t i = 0; !rc && i < ARRAY_SIZE(families); i++)
		rc = allow_where(ctx, "socket", 0, UINT32_MAX, (uint64_t)families[i]);
	return rc ? rc : add_calls(ctx, SCMP_ACT_ALLOW, network_calls,
				   ARRAY_SIZE(network_calls));
}

static int add_rules(scmp_filter_ctx ctx, unsigned calls)
{
	int rc = add_calls(ctx, SCMP_ACT_ALLOW, base_calls, ARRAY_SIZE(base_calls));

	if (!rc)
		rc = add_calls(ctx, SCMP_ACT_KILL_PROCESS, killed_calls,
			       ARRAY_SIZE(killed_calls));
	if (!rc)
		rc = add_base_rules(ctx);
	if (!rc)
		rc = add_socket_rules(ctx, calls);
	if (rc)
		return rc;
	if (calls & SANDBOX_FILES)
		return add_calls(ctx, SCMP_ACT_ALLOW, file_calls, ARRAY_SIZE(file_calls));
	return add_calls(ctx, SCMP_ACT_ERRNO(ENOENT), open_calls, ARRAY_SIZE(open_calls));
}

int syscall_filter_load(unsigned calls)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc;

	if (!ctx)
		return -ENOMEM;
	/* A foreign architecture's calls would be other calls under the same numbers. */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!rc) /* a binary tree: as fast for the last call of the list as for the first */
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!rc)
		rc = add_rules(ctx, calls);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc == -ECANCELED ? -ENOSYS : rc; /* libseccomp's word for the kernel's no */
}
