/*
 * From a port to its holder: /proc/net gives the socket's inode and user, /proc/PID/fd the
 * process that has it open. Only for error messages; what cannot be read is left out.
 */
#include <ctype.h>
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/port_owner.h"
#include "lib/util.h"

#define TCP_STATE_LISTEN 0x0a

struct holder {
	unsigned long inode;
	unsigned uid;
};

/** /proc/net prints each 32-bit word of the address in host order. */
static bool address_from_hex(const char *hex, struct addr *out)
{
	size_t words = strlen(hex) / 8;
	uint32_t w[4] = { 0 };

	if (words != 1 && words != 4)
		return false;
	for (size_t i = 0; i < words; i++)
		if (sscanf(hex + 8 * i, "%8x", &w[i]) != 1)
			return false;
	*out = addr_from_bytes(words == 1 ? AF_INET : AF_INET6, w);
	return true;
}

static bool is_wildcard(const struct addr *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->bytes, zero, sizeof(zero));
}

/** Whether a line of /proc/net/{tcp,udp}{,6} is a socket that keeps us from binding `at`. */
static bool line_conflicts(const char *line, const struct addr_port *at, bool stream,
			   struct holder *out)
{
	char hex[33];
	unsigned port, state, uid;
	unsigned long inode;
	struct addr a;

	if (sscanf(line, " %*d: %32[0-9A-F]:%4x %*[0-9A-F]:%*x %2x %*x:%*x %*x:%*x %*x %u %*u %lu",
		   hex, &port, &state, &uid, &inode) != 5 ||
	    port != at->port || (stream && state != TCP_STATE_LISTEN) ||
	    !address_from_hex(hex, &a))
		return false;
	if (!addr_equal(&a, &at->addr) && !is_wildcard(&a) && !is_wildcard(&at->addr))
		return false;
	out->inode = inode;
	out->uid = uid;
	return true;
}

static bool find_holder(const struct addr_port *at, bool stream, struct holder *out)
{
	static const char *const tables[2][2] = { { "/proc/net/udp", "/proc/net/udp6" },
						  { "/proc/net/tcp", "/proc/net/tcp6" } };
	bool found = false;

	for (size_t i = 0; i < 2 && !found; i++) {
		FILE *f = fopen(tables[stream][i], "re");
		char line[512];

		while (f && !found && fgets(line, sizeof(line), f))
			found = line_conflicts(line, at, stream, out);
		if (f)
			fclose(f);
	}
	return found;
}

static bool process_has(const char *pid, const char *link)
{
	char path[64], target[64];
	bool found = false;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		target[MAX(n, 0)] = '\0';
		found = !strcmp(target, link);
	}
	if (d)
		closedir(d);
	return found;
}

/** The process's name, printable characters only. */
static void read_comm(const char *pid, char *buf, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(buf, (int)size, f))
		snprintf(buf, size, "?");
	if (f)
		fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	for (char *p = buf; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
}

const char *port_owner_describe(const struct addr_port *at, bool stream, char *buf)
{
	char link[64], comm[32];
	const struct passwd *pw;
	struct holder h;
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(buf, PORT_OWNER_MAX, "another process");
	if (!find_holder(at, stream, &h))
		return buf;
	snprintf(link, sizeof(link), "socket:[%lu]", h.inode);
	d = opendir("/proc");
	while (d && !found && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && process_has(e->d_name, link)) {
			read_comm(e->d_name, comm, sizeof(comm));
			snprintf(buf, PORT_OWNER_MAX, "%s (pid %.16s)", comm, e->d_name);
			found = true;
		}
	if (d)
		closedir(d);
	pw = found ? NULL : getpwuid(h.uid);
	if (pw)
		snprintf(buf, PORT_OWNER_MAX, "a process of user %.40s", pw->pw_name);
	return buf;
}
