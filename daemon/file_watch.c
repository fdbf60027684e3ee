/*
 * Watching files by inotify(7); see file_watch.h. Folders are watched, not files: these come
 * and go. After each change everything is watched anew, so that what was made meanwhile is
 * seen: a folder's first file, or the folder itself.
 */
#include "daemon/file_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"

#define IN_FOLDER (IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE | \
		   IN_MOVED_FROM | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define IN_FILE	  (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* Awaited: this name in that folder. */
struct awaited {
	int wd;
	char name[NAME_MAX + 1]; /* "": whatever happens to it */
};

struct file_watch {
	struct event_base *base; /* borrowed */
	void (*on_change)(void *arg);
	void *arg;	   /* borrowed */
	int fd;		   /* of inotify; -1: none */
	struct event *readable, *settle; /* owned; readable NULL: no fd */
	uint64_t last_ms;  /* of the last call */
	char **paths;	   /* owned */
	size_t count;
	struct awaited *awaited; /* owned; up to two for each path */
	size_t awaited_count;
};

static void await(struct file_watch *w, int wd, const char *name)
{
	struct awaited *a = &w->awaited[w->awaited_count++];

	a->wd = wd;
	snprintf(a->name, sizeof(a->name), "%s", name);
}

/* The file in its folder, or the first folder on the way to it that is missing in its own. */
static int watch_path(struct file_watch *w, const char *path)
{
	char folder[PATH_MAX], name[PATH_MAX], *slash;
	struct stat st;
	int wd;

	if (*path != '/' || strlen(path) >= sizeof(folder))
		return -EINVAL;
	if (!lstat(path, &st) && S_ISLNK(st.st_mode)) {
		wd = inotify_add_watch(w->fd, path, IN_FILE);
		if (wd >= 0)
			await(w, wd, "");
	}
	strcpy(folder, path);
	do {
		slash = strrchr(folder, '/');
		strcpy(name, slash + 1);
		slash[slash == folder] = '\0'; /* the root's own slash stays */
		wd = inotify_add_watch(w->fd, folder, IN_FOLDER);
	} while (wd < 0 && errno == ENOENT && folder[1]);
	if (wd < 0)
		return -errno;
	await(w, wd, name);
	return 0;
}

static void schedule(struct file_watch *w)
{
	uint64_t now = clock_mono_ms(), due = now + FILE_WATCH_SETTLE_MS;
	struct timeval tv;

	if (event_pending(w->settle, EV_TIMEOUT, NULL))
		return;
	if (w->last_ms)
		due = MAX(due, w->last_ms + FILE_WATCH_GAP_MS);
	tv = (struct timeval){ (time_t)((due - now) / 1000),
			       (suseconds_t)((due - now) % 1000 * 1000) };
	event_add(w->settle, &tv);
}

static bool is_awaited(const struct file_watch *w, const struct inotify_event *e)
{
	for (size_t i = 0; i < w->awaited_count; i++) {
		const struct awaited *a = &w->awaited[i];

		if (a->wd == e->wd && (!*a->name || !e->len || !strcmp(a->name, e->name)))
			return true;
	}
	return e->mask & IN_Q_OVERFLOW;
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	_Alignas(struct inotify_event) char buf[16384];
	struct file_watch *w = arg;
	ssize_t len;

	(void)events;
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *e = (const void *)(buf + at);

			if (is_awaited(w, e))
				schedule(w);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	}
}

static void disarm(struct file_watch *w)
{
	if (w->readable)
		event_free(w->readable);
	if (w->fd >= 0)
		close(w->fd);
	w->readable = NULL;
	w->fd = -1;
	w->awaited_count = 0;
}

static int arm(struct file_watch *w)
{
	int rc = 0;

	disarm(w);
	if (!w->count)
		return 0;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		return -errno;
	for (size_t i = 0; i < w->count; i++) {
		int one = watch_path(w, w->paths[i]);

		rc = rc ? rc : one;
	}
	w->readable = event_new(w->base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
	if (!w->readable || event_add(w->readable, NULL)) {
		disarm(w);
		return -ENOMEM;
	}
	return rc;
}

static void on_settled(evutil_socket_t fd, short events, void *arg)
{
	struct file_watch *w = arg;
	int rc = arm(w); /* before the files are read, so that a later change is seen */

	(void)fd;
	(void)events;
	if (rc)
		log_err("watching files: %s: changes may go unnoticed until a reload",
			strerror(-rc));
	w->last_ms = clock_mono_ms();
	w->on_change(w->arg); /* may set other files */
}

int file_watch_new(struct event_base *base, void (*on_change)(void *arg), void *arg,
		   struct file_watch **out)
{
	struct file_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->base = base;
	w->on_change = on_change;
	w->arg = arg;
	w->fd = -1;
	w->settle = evtimer_new(base, on_settled, w);
	if (!w->settle) {
		free(w);
		return -ENOMEM;
	}
	*out = w;
	return 0;
}

static void free_paths(struct file_watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->paths[i]);
	free(w->paths);
	free(w->awaited);
	w->paths = NULL;
	w->awaited = NULL;
	w->count = 0;
}

void file_watch_free(struct file_watch *w)
{
	if (!w)
		return;
	disarm(w);
	event_free(w->settle);
	free_paths(w);
	free(w);
}

int file_watch_set(struct file_watch *w, const char *const *paths, size_t count)
{
	disarm(w);
	free_paths(w);
	w->paths = calloc(count + 1, sizeof(*w->paths));
	w->awaited = calloc(2 * count + 1, sizeof(*w->awaited));
	if (!w->paths || !w->awaited)
		return -ENOMEM;
	for (; w->count < count; w->count++) {
		w->paths[w->count] = strdup(paths[w->count]);
		if (!w->paths[w->count])
			return -ENOMEM;
	}
	return arm(w);
}
