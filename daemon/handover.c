/* The sockets over a restart; see handover.h. */
#include "daemon/handover.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/listeners.h"
#include "daemon/sd_notify.h"
#include "lib/log.h"
#include "lib/util.h"

#define FIRST_FD   3 /* SD_LISTEN_FDS_START */
#define SOCKETS_MAX 256
#define PREFIX	   "dns-" /* of the names that we give */
#define STORE_NAME  64

/* A name has no colon: address and port in hexadecimal digits. */
static void name_of(const struct listener_socket *s, char name[STORE_NAME])
{
	int at = snprintf(name, STORE_NAME, PREFIX "%s-%x-%x-", s->stream ? "tcp" : "udp",
			  s->at.port, s->at.scope);

	for (size_t i = 0; i < addr_len(&s->at.addr); i++)
		at += snprintf(name + at, (size_t)(STORE_NAME - at), "%02x", s->at.addr.bytes[i]);
}

static unsigned long number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	return text && *text && !*end ? n : 0;
}

/* The sockets whose names are ours. @return how many */
static size_t sort_out(unsigned long count, const char *names, int *out)
{
	size_t ours = 0;

	for (unsigned long i = 0; i < count; i++) {
		int fd = FIRST_FD + (int)i;

		if (fcntl(fd, F_SETFD, FD_CLOEXEC))
			continue; /* not open */
		if (names && !strncmp(names, PREFIX, strlen(PREFIX)))
			out[ours++] = fd;
		else
			close(fd);
		names = names ? strchr(names, ':') : NULL;
		names = names ? names + 1 : NULL;
	}
	return ours;
}

struct listeners *handover_take(void)
{
	unsigned long count = number_of("LISTEN_FDS");
	struct listeners *l = NULL;
	int fds[SOCKETS_MAX];
	size_t ours = 0;

	if (number_of("LISTEN_PID") == (unsigned long)getpid())
		ours = sort_out(MIN(count, (unsigned long)SOCKETS_MAX), getenv("LISTEN_FDNAMES"), fds);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (!ours)
		return NULL;
	if (listeners_from_fds(fds, ours, &l)) {
		log_err("sockets of the last life: out of memory");
		return NULL;
	}
	log_info("%zu sockets of the last life", listeners_count(l));
	return l;
}

static void let_go(void *arg, const struct listener_socket *s)
{
	char name[STORE_NAME];

	name_of(s, name);
	sd_notify_store(arg, name, -1);
}

void handover_trim(const struct sd_notify *n, struct listeners *l, const struct conf *conf)
{
	listeners_trim(l, conf, let_go, (void *)n);
}

void handover_store(const struct sd_notify *n, const struct listeners *before,
		    const struct listeners *now)
{
	char name[STORE_NAME];

	for (size_t i = 0; before && i < listeners_count(before); i++) {
		if (listeners_have(now, listeners_at(before, i)))
			continue;
		let_go((void *)n, listeners_at(before, i));
	}
	for (size_t i = 0; i < listeners_count(now); i++) {
		const struct listener_socket *s = listeners_at(now, i);

		if (s->kept)
			continue; /* it is there already */
		name_of(s, name);
		sd_notify_store(n, name, s->fd);
	}
}
