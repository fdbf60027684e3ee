/* One child, questions and answers of a fixed size over a socketpair; see owners.h. */
#include "cli/owners.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocklists/list_file.h"
#include "blocklists/owner_table.h"
#include "conf/conf.h"
#include "lib/addr.h"
#include "lib/sandbox.h"

_Static_assert(OWNERS_TEXT_MAX >= OWNER_TEXT_MAX, "an answer has room for an owner");

static const struct sandbox rights = {
	.user = "nameward-list",
	.capabilities = 0,
	.calls = SANDBOX_FILES,
};

struct owners {
	int fd; /* -1: there is nobody to ask */
	pid_t pid;
	struct addr last; /* the question before this one, and its answer */
	char last_text[OWNERS_TEXT_MAX];
};

static bool is_table(const struct conf_list *l)
{
	return l->format == LIST_OWNERS && l->file;
}

bool owners_are_known(const struct conf *conf)
{
	for (size_t i = 0; i < conf->list_count; i++)
		if (is_table(&conf->lists[i]))
			return true;
	return false;
}

/* --- the child ------------------------------------------------------------------------ */

/** Each file once, however many lists pick owners from it. */
static size_t open_tables(const struct conf *conf, struct owner_table **tables)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->list_count; i++) {
		const struct conf_list *l = &conf->lists[i];
		bool is_known = !is_table(l);
		int fd;

		for (size_t k = 0; k < i && !is_known; k++)
			is_known = is_table(&conf->lists[k]) &&
				   !strcmp(conf->lists[k].file, l->file);
		if (is_known || list_file_open(l->file, &fd))
			continue;
		count += !owner_table_open(fd, &tables[count]);
		close(fd);
	}
	return count;
}

/** A table of autonomous systems and one of countries complete one another. */
static void find(struct owner_table *const *tables, size_t count, const struct addr *a,
		 char *buf)
{
	char text[OWNER_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (!owner_table_find(tables[i], a, text) || strstr(buf, text))
			continue;
		if (len + 2 + strlen(text) >= OWNERS_TEXT_MAX)
			break;
		if (len) {
			memcpy(buf + len, ", ", 2);
			len += 2;
		}
		strcpy(buf + len, text);
		len += strlen(text);
	}
}

static int serve(const struct conf *conf, int fd)
{
	struct owner_table *tables[CONF_LISTS_MAX];
	const char *why;
	struct addr a;
	size_t count;

	if (sandbox_enter(&rights, &why))
		return 1;
	count = open_tables(conf, tables);
	while (recv(fd, &a, sizeof(a), 0) == (ssize_t)sizeof(a)) {
		char buf[OWNERS_TEXT_MAX] = "";

		find(tables, count, &a, buf);
		if (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) < 0)
			break;
	}
	while (count)
		owner_table_close(tables[--count]);
	return 0;
}

/* --- the parent ----------------------------------------------------------------------- */

static void begin(struct owners *o, const struct conf *conf)
{
	int fds[2];

	if (!owners_are_known(conf) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return;
	o->pid = fork();
	if (o->pid == 0) {
		close(fds[0]);
		_exit(serve(conf, fds[1]));
	}
	close(fds[1]);
	if (o->pid < 0)
		close(fds[0]);
	else
		o->fd = fds[0];
}

static void end(struct owners *o)
{
	if (o->fd < 0)
		return;
	close(o->fd);
	o->fd = -1;
	while (waitpid(o->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

struct owners *owners_open(const struct conf *conf)
{
	struct owners *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->fd = -1;
	begin(o, conf);
	return o;
}

void owners_close(struct owners *o)
{
	if (!o)
		return;
	end(o);
	free(o);
}

const char *owners_find(struct owners *o, const struct addr *a, char *buf)
{
	char text[OWNERS_TEXT_MAX];

	*buf = '\0';
	if (!o || !addr_is_public(a))
		return buf;
	if (o->fd >= 0 && !addr_equal(a, &o->last)) {
		if (send(o->fd, a, sizeof(*a), MSG_NOSIGNAL) != (ssize_t)sizeof(*a) ||
		    recv(o->fd, text, sizeof(text), 0) != (ssize_t)sizeof(text)) {
			end(o);
			return buf;
		}
		text[sizeof(text) - 1] = '\0';
		memcpy(o->last_text, text, sizeof(text));
		o->last = *a;
	}
	if (o->fd >= 0)
		strcpy(buf, o->last_text);
	return buf;
}

const char *owners_find_text(struct owners *o, const char *text, char *buf)
{
	char word[ADDR_TEXT_MAX];
	size_t len = text ? strcspn(text, " ") : 0;
	struct addr a;

	*buf = '\0';
	if (!len || len >= sizeof(word))
		return buf;
	memcpy(word, text, len);
	word[len] = '\0';
	return addr_from_text(word, &a) ? buf : owners_find(o, &a, buf);
}
