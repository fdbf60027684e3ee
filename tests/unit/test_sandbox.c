/* sandbox: each case forks a child that enters a sandbox and reports what it can still do. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/capability.h"
#include "lib/compat.h"
#include "lib/sandbox.h"
#include "lib/util.h"

#define ACCOUNT "nobody"

/** Run probe(fd) in a child inside the sandbox; returns its wait status. A probe exits 0
 *  where all was as it must be, else with the line's low byte. */
static int run(const struct sandbox *s, void (*probe)(int fd))
{
	int status, fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	assert_true(fd >= 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const char *why = "";

		/* opened here: the numbers of the child, not of the parent */
		close(fd);
		fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
		if (sandbox_enter(s, &why)) {
			fprintf(stderr, "sandbox: %s\n", why);
			_exit(255);
		}
		probe(fd);
		_exit(0);
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#define MUST(condition)                                                                        \
	do {                                                                                   \
		if (!(condition))                                                              \
			_exit(__LINE__ % 250 + 1);                                             \
	} while (0)

static void read_status(int fd, char *buf, size_t size)
{
	ssize_t n = pread(fd, buf, size - 1, 0);

	MUST(n > 0);
	buf[n] = '\0';
}

static uint64_t status_hex(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	MUST(at);
	return strtoull(at + strlen(key), NULL, 16);
}

static void probe_identity(int fd)
{
	const struct passwd *pw = getpwnam("root"); /* no files: the lookup fails softly */
	uid_t r, e, s;
	gid_t groups[8];
	char buf[8192];

	(void)pw;
	MUST(getresuid(&r, &e, &s) == 0 && r == 65534 && e == r && s == r);
	MUST(getgroups(8, groups) == 1 && groups[0] == getegid() && groups[0] != 0);
	read_status(fd, buf, sizeof(buf));
	MUST(status_hex(buf, "CapPrm:\t") == CAPABILITY(CAP_NET_ADMIN));
	MUST(status_hex(buf, "CapEff:\t") == CAPABILITY(CAP_NET_ADMIN));
	MUST(status_hex(buf, "CapBnd:\t") == CAPABILITY(CAP_NET_ADMIN));
	MUST(status_hex(buf, "CapInh:\t") == 0);
	MUST(status_hex(buf, "CapAmb:\t") == 0);
	MUST(status_hex(buf, "NoNewPrivs:\t") == 1);
	MUST(status_hex(buf, "Seccomp:\t") == (BUILT_WITH_SANITIZER ? 0 : 2));
	MUST(setresuid(0, 0, 0) < 0);
}

static void account_and_capabilities_are_exactly_those_asked_for(void **state)
{
	struct sandbox s = { .user = ACCOUNT, .capabilities = CAPABILITY(CAP_NET_ADMIN) };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(run(&s, probe_identity), 0);
}

static void probe_bare(int fd)
{
	char buf[8192];

	read_status(fd, buf, sizeof(buf));
	MUST(status_hex(buf, "CapPrm:\t") == 0);
	MUST(status_hex(buf, "CapBnd:\t") == 0);
	MUST(getgroups(0, NULL) == 2);
}

static void no_capability_and_group_adm(void **state)
{
	struct sandbox s = { .user = ACCOUNT, .keep_group_adm = true };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(run(&s, probe_bare), 0);
}

static void probe_never(int fd)
{
	(void)fd;
	_exit(1);
}

static void missing_account_is_refused(void **state)
{
	struct sandbox s = { .user = "no-such-account" };
	struct sandbox root = { .user = "root" };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(WEXITSTATUS(run(&s, probe_never)), 255);
	assert_int_equal(WEXITSTATUS(run(&root, probe_never)), 255);
}

static void probe_capability(int fd)
{
	struct sandbox s = { .user = ACCOUNT, .capabilities = CAPABILITY(CAP_NET_ADMIN) };
	const char *why = NULL;

	(void)fd;
	MUST(capability_set(CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) |
			    CAPABILITY(CAP_SETPCAP)) == 0);
	MUST(sandbox_enter(&s, &why) == -EPERM);
	MUST(strstr(why, "capability"));
}

static void capability_that_is_not_there_is_an_error(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		probe_capability(-1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void probe_base(int fd)
{
	int pair[2], memfd;
	char c = 'x';
	void *page;

	MUST(open("/etc/passwd", O_RDONLY) < 0 && errno == ENOENT);
	MUST(open("/tmp", O_TMPFILE | O_RDWR, 0600) < 0);
	MUST(socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EACCES);
	MUST(socket(AF_NETLINK, SOCK_RAW, 0) < 0 && errno == EACCES);
	MUST(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EACCES);
	MUST(fork() < 0 && errno == ENOSYS);
	MUST(kill(getppid(), 0) < 0 && errno == ENOSYS);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	     MAP_FAILED);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0);
	MUST(mprotect(page, 4096, PROT_READ) == 0);
	/* what must go on working */
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	MUST(send(pair[0], &c, 1, 0) == 1 && recv(pair[1], &c, 1, 0) == 1);
	memfd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	MUST(memfd >= 0 && ftruncate(memfd, 100) == 0 && lseek(memfd, 0, SEEK_END) == 100);
	MUST(fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	MUST(if_nametoindex("lo") > 0);
	MUST(bind(pair[0], NULL, 0) < 0 && errno == ENOSYS);
	MUST(fd >= 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	free(malloc(10 << 20));
}

static void base_set_opens_neither_files_nor_sockets(void **state)
{
	struct sandbox s = { .user = ACCOUNT };

	(void)state;
	if (BUILT_WITH_SANITIZER)
		skip();
	assert_int_equal(run(&s, probe_base), 0);
}

static void probe_bind(int fd)
{
	struct sockaddr any = { .sa_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)fd;
	MUST(s >= 0 && bind(s, &any, sizeof(any.sa_family)) == 0);
	MUST(connect(s, &any, sizeof(any)) < 0 && errno == ENOSYS);
	MUST(socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EACCES);
	MUST(open("/etc/passwd", O_RDONLY) < 0 && errno == ENOENT);
}

static void bind_set_gives_no_more_than_its_name_says(void **state)
{
	struct sandbox s = { .user = ACCOUNT, .calls = SANDBOX_BIND };

	(void)state;
	if (BUILT_WITH_SANITIZER)
		skip();
	assert_int_equal(run(&s, probe_bind), 0);
}

static void probe_network(int fd)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage any = { .ss_family = AF_INET };

	(void)fd;
	MUST(s >= 0 && bind(s, (void *)&any, sizeof(struct sockaddr_in)) == 0);
	MUST(socket(AF_INET6, SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT);
	MUST(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	MUST(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == ENOSYS);
	MUST(open("/etc/passwd", O_RDONLY) < 0 && errno == ENOENT);
}

static void network_set_gives_sockets_and_no_files(void **state)
{
	struct sandbox s = { .user = ACCOUNT, .calls = SANDBOX_NETWORK };

	(void)state;
	if (BUILT_WITH_SANITIZER)
		skip();
	assert_int_equal(run(&s, probe_network), 0);
}

static void probe_files(int fd)
{
	char path[] = "/tmp/nameward-test-XXXXXX";
	int f = mkstemp(path);

	(void)fd;
	MUST(f >= 0 && unlink(path) == 0 && write(f, "x", 1) == 1 && fdatasync(f) == 0);
	MUST(access("/etc/passwd", R_OK) == 0);
	MUST(socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EACCES);
}

static void files_set_gives_files_and_no_sockets(void **state)
{
	struct sandbox s = { .user = ACCOUNT, .calls = SANDBOX_FILES };

	(void)state;
	if (BUILT_WITH_SANITIZER)
		skip();
	assert_int_equal(run(&s, probe_files), 0);
}

static void probe_execve(int fd)
{
	char *argv[] = { "true", NULL };

	(void)fd;
	execve("/bin/true", argv, environ);
}

static void probe_ptrace(int fd)
{
	(void)fd;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void probe_unshare(int fd)
{
	(void)fd;
	syscall(SYS_unshare, 0);
}

static void probe_bpf(int fd)
{
	(void)fd;
	syscall(SYS_bpf, 0, NULL, 0);
}

static void what_only_an_intruder_calls_kills(void **state)
{
	static void (*const probes[])(int fd) = { probe_execve, probe_ptrace, probe_unshare,
						  probe_bpf };
	struct sandbox s = { .user = ACCOUNT, .calls = SANDBOX_NETWORK | SANDBOX_FILES };

	(void)state;
	if (BUILT_WITH_SANITIZER)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		int status = run(&s, probes[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static void probe_abort(int fd)
{
	(void)fd;
	abort();
}

static void probe_orphan(int fd)
{
	int number = 0;

	(void)fd;
	MUST(prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) == 0 && number == SIGUSR1);
	MUST(raise(SIGUSR1) == 0); /* what the kernel sends when the parent ends */
	MUST(alarm(0) > 0);
}

static void orphan_that_hangs_has_its_days_counted(void **state)
{
	struct sandbox s = { .user = ACCOUNT };

	(void)state;
	assert_int_equal(run(&s, probe_orphan), 0);
}

static void abort_still_ends_a_process(void **state)
{
	struct sandbox s = { .user = ACCOUNT };
	int status;

	(void)state;
	if (BUILT_WITH_SANITIZER)
		skip();
	status = run(&s, probe_abort);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(account_and_capabilities_are_exactly_those_asked_for),
		cmocka_unit_test(no_capability_and_group_adm),
		cmocka_unit_test(missing_account_is_refused),
		cmocka_unit_test(capability_that_is_not_there_is_an_error),
		cmocka_unit_test(base_set_opens_neither_files_nor_sockets),
		cmocka_unit_test(bind_set_gives_no_more_than_its_name_says),
		cmocka_unit_test(network_set_gives_sockets_and_no_files),
		cmocka_unit_test(files_set_gives_files_and_no_sockets),
		cmocka_unit_test(what_only_an_intruder_calls_kills),
		cmocka_unit_test(orphan_that_hangs_has_its_days_counted),
		cmocka_unit_test(abort_still_ends_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
