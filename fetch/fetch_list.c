/* One subscription's update; see fetch_list.h. */
#include "fetch/fetch_list.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blocklists/list_file.h"
#include "conf/conf.h"
#include "fetch/fetch_check.h"
#include "fetch/fetch_get.h"
#include "fetch/fetch_home.h"
#include "fetch/fetch_state.h"
#include "lib/util.h"

#define COPY_MODE 0644
#define HOST_MAX  256

/* An update under way. */
struct update {
	const struct fetch_list *f;
	const struct conf_list *list;
	struct fetch_report *out;
	struct fetch_state state;
	char new[PATH_MAX]; /* where the body is written */
	int fd;		    /* of it, or -1 */
};

const char *fetch_outcome_word(enum fetch_outcome o)
{
	static const char *const words[] = {
		[FETCH_NOT_DUE] = "not due", [FETCH_UNCHANGED] = "unchanged",
		[FETCH_UPDATED] = "updated", [FETCH_HELD] = "held",
		[FETCH_FAILED] = "failed",
	};

	return words[o];
}

static void end_as(struct update *u, enum fetch_outcome outcome, const char *what,
		   const char *why)
{
	u->out->outcome = outcome;
	snprintf(u->out->detail, sizeof(u->out->detail), "%s%s%s", what,
		 *what ? ": " : "", why);
	snprintf(u->state.error, sizeof(u->state.error), "%s", u->out->detail);
	for (char *c = u->state.error; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
}

static void failed(struct update *u, const char *what, int rc)
{
	end_as(u, FETCH_FAILED, what, strerror(-rc));
}

/* --- what is there --------------------------------------------------------------------
 */

/** What is remembered counts only for the copy that is really there. */
static void look_at_copy(struct update *u)
{
	int fd, rc = list_file_open(u->list->file, &fd);
	uint64_t hash = rc ? 0 : fetch_state_hash(fd);

	if (!rc)
		close(fd);
	fetch_state_read(u->list->file, &u->state);
	if (hash && hash == u->state.hash && !strcmp(u->state.url, u->list->url))
		return;
	u->state.validators = (struct fetch_validators){"", ""};
	u->state.checked_s = 0;
	if (!hash)
		u->state.entries = 0;
	u->state.hash = hash;
}

static bool is_due(const struct update *u)
{
	const struct fetch_state *s = &u->state;
	int64_t age_s = u->f->now_s - s->checked_s;

	return u->f->is_forced || !s->hash || *s->error || age_s < 0 ||
	       age_s >= (int64_t)u->list->refresh_s;
}

/* --- what comes -----------------------------------------------------------------------
 */

static int open_new(struct update *u)
{
	if ((size_t)snprintf(u->new, sizeof(u->new), "%s.new", u->list->file) >=
	    sizeof(u->new))
		return -ENAMETOOLONG;
	unlink(u->new); /* of an update that was cut off */
	u->fd = open(u->new, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     COPY_MODE);
	return u->fd < 0 ? -errno : 0;
}

/** A rename is on the disk when its folder is. */
static int sync_folder(const char *file)
{
	char path[PATH_MAX];
	int fd, rc;

	snprintf(path, sizeof(path), "%s", file);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) ? -errno : 0;
	close(fd);
	return rc;
}

static void hold(struct update *u, const char *why)
{
	char path[PATH_MAX];

	end_as(u, FETCH_HELD, "", why);
	if ((size_t)snprintf(path, sizeof(path), "%s.held", u->list->file) < sizeof(path))
		rename(u->new, path);
}

static int put_in_place(struct update *u)
{
	if (fsync(u->fd) || rename(u->new, u->list->file))
		return -errno;
	return sync_folder(u->list->file);
}

static void remember(struct update *u, const struct fetch_got *got, uint64_t hash)
{
	struct fetch_state *s = &u->state;

	snprintf(s->url, sizeof(s->url), "%s", u->list->url);
	s->validators = got->validators;
	s->hash = hash;
	s->entries = u->out->entries;
	s->fetched_s = s->checked_s = u->f->now_s;
}

static void take_body(struct update *u, const struct fetch_got *got)
{
	char why[FETCH_CHECK_WHY_MAX];
	uint64_t hash = fetch_state_hash(u->fd);
	int rc;

	if (hash && hash == u->state.hash) {
		u->out->entries = u->state.entries;
		u->out->outcome = FETCH_UNCHANGED;
		u->state.validators = got->validators;
		u->state.checked_s = u->f->now_s;
		if (u->state.entries && !strcmp(u->state.url, u->list->url))
			return;
	}
	rc = fetch_check(u->f->conf, u->f->list, u->fd, u->out->before, &u->out->entries,
			 why);
	if (rc == -EKEYREJECTED && !u->f->is_accepted) {
		hold(u, why);
		return;
	}
	if (rc == 0) {
		end_as(u, FETCH_FAILED, "", why);
		return;
	}
	rc = rc < 0 && rc != -EKEYREJECTED ? rc : put_in_place(u);
	if (rc) {
		failed(u, u->list->file, rc);
		return;
	}
	if (u->out->outcome != FETCH_UNCHANGED)
		u->out->outcome = FETCH_UPDATED;
	remember(u, got, hash);
}

static bool may_go_home(const struct update *u)
{
	char host[HOST_MAX];

	return !fetch_url_host(u->list->url, host, sizeof(host)) &&
	       fetch_home_is_meant(u->f->conf, u->f->hosts, host);
}

static void fetch(struct update *u)
{
	const struct fetch_validators *known = &u->state.validators;
	bool is_new = u->f->is_forced || (!*known->etag && !*known->modified);
	struct fetch_get get = {
		.url = u->list->url,
		.known = is_new ? NULL : known,
		.bytes_max = LIST_FILE_MAX,
		.fd = u->fd,
		.hosts = u->f->hosts,
		.may_go_home = may_go_home(u),
		.progress = u->f->progress,
		.arg = u->f->arg,
	};
	struct fetch_got got;
	int rc = fetch_get(&get, &got);

	u->out->bytes = got.bytes;
	if (rc) {
		end_as(u, FETCH_FAILED, "", *got.why ? got.why : strerror(-rc));
		return;
	}
	u->state.error[0] = '\0';
	if (!got.is_unchanged) {
		take_body(u, &got);
		return;
	}
	u->out->outcome = FETCH_UNCHANGED;
	u->out->entries = u->state.entries;
	u->state.checked_s = u->f->now_s;
}

void fetch_list(const struct fetch_list *f, struct fetch_report *out)
{
	struct update u = {
		.f = f, .list = &f->conf->lists[f->list], .out = out, .fd = -1};
	int rc;

	*out = (struct fetch_report){.outcome = FETCH_FAILED};
	look_at_copy(&u);
	out->before = out->entries = u.state.entries;
	if (!is_due(&u)) {
		out->outcome = FETCH_NOT_DUE;
		return;
	}
	u.state.tried_s = f->now_s;
	rc = fetch_url_is_good(u.list->url) ? open_new(&u) : -EINVAL;
	if (rc) {
		failed(&u, rc == -EINVAL ? u.list->url : u.list->file, rc);
	} else {
		fetch(&u);
		close(u.fd);
		unlink(u.new); /* unless it got another name */
	}
	rc = fetch_state_write(u.list->file, &u.state);
	if (rc && out->outcome != FETCH_FAILED)
		failed(&u, "what is remembered of it", rc);
}
