/* Decides between builds that are there and a new one; see list_compile.h. */
#include "blocklists/list_compile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_file.h"
#include "blocklists/list_guard.h"
#include "blocklists/list_image.h"
#include "blocklists/list_parts.h"
#include "blocklists/list_reuse.h"
#include "blocklists/list_store.h"
#include "blocklists/list_why.h"
#include "conf/conf.h"
#include "lib/log.h"
#include "lib/sealed.h"

/** All that a compile looks at. */
struct compile {
	const struct conf *conf;
	const char *folder;		/* of builds; NULL: none are kept */
	const struct list_index *old;	/* in force, or else what was kept; NULL: none */
	struct list_index *stored;	/* owned */
	struct list_index *refused;	/* owned; NULL: nothing is rolled back */
	struct list_guard *guard;	/* owned */
	struct list_source *sources;	/* owned */
	bool is_back;			/* of one at least */
	bool is_last_bad;		/* of what is kept, the last cannot be used */
};

/* --- sources -------------------------------------------------------------------------- */

/** What strangers wrote is guarded; a file that no URL gives is the operator's own. */
static void source_open(const struct conf_list *list, const struct list_index *old,
			const struct list_guard *guard, struct list_source *s)
{
	*s = (struct list_source){
		.name = list->name,
		.fd = -1,
		.format = list->format,
		.subdomains = list->subdomains,
		.owners = (const char *const *)list->owners,
		.owner_count = list->owner_count,
		.guard = list->url ? guard : NULL,
		.names = list->names,
		.name_count = list->name_count,
		.old = old,
	};
	if (list->file)
		s->rc = list_file_open(list->file, &s->fd);
}

static void log_list(const struct conf_list *list, const struct list_stats *s)
{
	char path[512], why[LIST_WHY_MAX];

	log_safe(list->file ? list->file : "no file", path, sizeof(path));
	if (s->rc)
		log_warning("list %s: %s: %s", s->name, path, list_why_text(s, why));
	else if (list->format == LIST_OWNERS && !list->owner_count)
		log_info("list %s: a table of %" PRIu64 " ranges, which blocks nothing", s->name,
			 s->by_kind[LINE_NOT_WANTED]);
	else if (s->invalid + s->unsupported + s->ignored && !s->entries)
		log_warning("list %s: %s: no name in %" PRIu64 " lines", s->name, path,
			    s->lines);
	else if (s->invalid)
		log_info("list %s: %" PRIu64 " names; %" PRIu64
			 " not understood, the first in line %u of %s; %" PRIu64
			 " rules not for DNS or not supported",
			 s->name, s->entries, s->invalid, s->first_invalid_line, path,
			 s->ignored + s->unsupported);
	else if (s->ignored + s->unsupported)
		log_info("list %s: %" PRIu64 " names; %" PRIu64
			 " rules not for DNS, %" PRIu64 " not supported",
			 s->name, s->entries, s->ignored, s->unsupported);
	else
		log_info("list %s: %" PRIu64 " name%s", s->name, s->entries,
			 s->entries == 1 ? "" : "s");
}

static int sources_open(struct compile *c)
{
	size_t count = c->conf->list_count;
	int rc = list_guard_of_conf(c->conf, &c->guard);

	_Static_assert(CONF_LISTS_MAX == LIST_INDEX_LISTS, "a bit for each list");
	c->sources = rc ? NULL : calloc(count + 1, sizeof(*c->sources));
	if (!c->sources)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct list_source *s = &c->sources[i];

		source_open(&c->conf->lists[i], c->old, c->guard, s);
		s->source = list_reuse_hash(s);
		s->is_back = c->refused && list_reuse_is_back(s, c->refused);
		c->is_back |= s->is_back;
	}
	return 0;
}

static void compile_fini(struct compile *c)
{
	for (size_t i = 0; c->sources && i < c->conf->list_count; i++) {
		if (c->sources[i].fd >= 0)
			close(c->sources[i].fd);
	}
	free(c->sources);
	list_guard_free(c->guard);
	list_index_close(c->stored);
	list_index_close(c->refused);
}

/* --- images --------------------------------------------------------------------------- */

/** Stamp and seal an image, and open it as the resolver will. */
static int finish(int fd, enum list_origin origin, const struct list_build_id *before,
		  struct list_index **out)
{
	off_t len = lseek(fd, 0, SEEK_END);
	void *map;
	int rc;

	if (len < 0)
		return -errno;
	map = mmap(NULL, (size_t)len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	list_image_stamp(map, origin, before);
	munmap(map, (size_t)len);
	rc = sealed_finish(fd);
	return rc ? rc : list_index_open(fd, out);
}

/** An index that is there, once more, under another stamp. */
static int serve_again(const struct list_index *x, enum list_origin origin,
		       const struct list_build_id *before, int *out_fd)
{
	int fd = sealed_new("nameward-lists"), rc;
	struct list_index *again = NULL;
	void *map;

	if (fd < 0)
		return fd;
	rc = ftruncate(fd, (off_t)x->len) ? -errno : 0;
	map = rc ? MAP_FAILED
		 : mmap(NULL, x->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!rc && map == MAP_FAILED)
		rc = -errno;
	if (!rc) {
		memcpy(map, x->map, x->len);
		munmap(map, x->len);
		rc = finish(fd, origin, before, &again);
	}
	list_index_close(again);
	if (rc)
		close(fd);
	else
		*out_fd = fd;
	return rc;
}

/** Build anew. An old index that cannot be merged is not worth a failure. */
static int build(struct compile *c, const struct list_build_id *before, int *out_fd,
		 struct list_index **out)
{
	size_t count = c->conf->list_count;
	int fd = sealed_new("nameward-lists"), rc;

	if (fd < 0)
		return fd;
	rc = list_build(c->sources, count, fd);
	if (rc == -EBADMSG) {
		log_warning("the lists of before are damaged: all are read");
		for (size_t i = 0; i < count; i++) {
			c->sources[i].old = NULL;
			c->sources[i].is_back = false;
		}
		rc = ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) ? -errno : 0;
		if (!rc)
			rc = list_build(c->sources, count, fd);
	}
	if (!rc)
		rc = finish(fd, ORIGIN_NEW, before, out);
	if (rc)
		close(fd);
	else
		*out_fd = fd;
	return rc;
}

/* --- what is kept --------------------------------------------------------------------- */

/** @return NULL  there is none that can be used; but for a missing one, that is logged */
static struct list_index *load(const char *folder, enum list_stored which)
{
	static const char *const names[STORED_COUNT] = { "last", "one before the last",
							 "one that was rolled back" };
	struct list_index *x = NULL;
	const char *why;
	int fd = list_store_read(folder, which, &why), rc;

	if (fd >= 0) {
		rc = finish(fd, ORIGIN_NEW, NULL, &x);
		close(fd);
		why = rc == -EBADMSG ? "damaged" : strerror(-rc);
	}
	if (!x && fd != -ENOENT)
		log_warning("builds in lists-folder: the %s: %s: not used", names[which], why);
	return x;
}

/** The build before becomes the last again, if it is wished and can be.
 *  @retval true  it has */
static bool roll_back(const char *folder, const struct list_index *in_force)
{
	struct list_build_id last = { .id = 0 };
	struct list_index *before;
	int rc;

	if (!list_store_is_wished(folder))
		return false;
	rc = list_store_end_wish(folder); /* once is enough, whatever comes of it */
	if (rc) {
		log_err("lists: roll back: the wish cannot be taken: %s", strerror(-rc));
		return false;
	}
	list_store_peek(folder, STORED_LAST, &last);
	if (in_force && last.id != list_index_build(in_force)->id) {
		log_err("lists: roll back: the build in force is not on disk: nothing is done");
		return false;
	}
	before = load(folder, STORED_BEFORE);
	if (!before) {
		log_err("lists: roll back: no build before the last can be used");
		return false;
	}
	list_index_close(before);
	rc = list_store_roll_back(folder);
	if (rc)
		log_err("lists: roll back: %s", strerror(-rc));
	else
		log_warning("lists: rolled back to the build before the last");
	return !rc;
}

static void look_at_kept(struct compile *c, const struct list_index *in_force)
{
	c->old = in_force;
	if (!c->folder)
		return;
	if (roll_back(c->folder, in_force) || !in_force) {
		c->stored = load(c->folder, STORED_LAST);
		c->is_last_bad = !c->stored;
		if (!c->stored)
			c->stored = load(c->folder, STORED_BEFORE);
		if (c->stored)
			c->old = c->stored;
	}
	c->refused = load(c->folder, STORED_REFUSED);
}

/** Whether an index can serve under this configuration: it says "list 3". */
static bool has_lists_of(const struct list_index *x, const struct conf *conf)
{
	if (list_index_list_count(x) != conf->list_count)
		return false;
	for (unsigned i = 0; i < conf->list_count; i++) {
		if (strcmp(list_index_stats(x, i)->name, conf->lists[i].name))
			return false;
	}
	return true;
}

/* --- the decision --------------------------------------------------------------------- */

static void log_lists(const struct conf *conf, const struct list_index *x)
{
	for (unsigned i = 0; i < list_index_list_count(x); i++)
		log_list(&conf->lists[i], list_index_stats(x, i));
}

/** Whether what serves on is not the last on disk: there was no room for it when it was built.
 *  What is there instead stays behind it, if it is a build. */
static bool is_unkept(const struct compile *c, bool *keep_last)
{
	struct list_build_id last = { .id = 0 };

	if (!c->folder)
		return false;
	if (list_store_peek(c->folder, STORED_LAST, &last))
		*keep_last = false;
	return last.id != list_index_build(c->old)->id;
}

static int choose(struct compile *c, bool is_start, struct list_compiled *out)
{
	struct list_build_id before = { .id = 0 };
	bool is_whole = c->old && list_reuse_is_whole(c->sources, c->conf->list_count, c->old);
	bool is_there, is_lost;
	int rc;

	out->is_older = is_start && !is_whole && c->old && has_lists_of(c->old, c->conf);
	out->keep_last = !c->is_back && !c->is_last_bad;
	is_there = is_whole || out->is_older;
	is_lost = is_whole && !is_start && is_unkept(c, &out->keep_last);
	if (c->folder)
		list_store_peek(c->folder, (is_there && !is_lost) || !out->keep_last ?
				STORED_BEFORE : STORED_LAST, &before);
	if (is_there) {
		log_info(is_whole ? "all lists are as they were"
				  : "the lists of before serve until they are read anew");
		rc = serve_again(c->old, is_whole ? ORIGIN_NEW : ORIGIN_OLDER, &before,
				 &out->fd);
		if (!rc && is_lost)
			rc = list_index_open(out->fd, &out->built);
	} else {
		rc = build(c, &before, &out->fd, &out->built);
	}
	if (!rc)
		log_lists(c->conf, out->built ? out->built : c->old);
	return rc;
}

int list_compile(const struct conf *conf, const struct list_index *in_force,
		 struct list_compiled *out)
{
	struct compile c = { .conf = conf, .folder = conf->lists_folder };
	int rc;

	*out = (struct list_compiled){ .fd = -1 };
	look_at_kept(&c, in_force);
	rc = sources_open(&c);
	if (!rc)
		rc = choose(&c, !in_force, out);
	if (!rc && c.folder && !c.is_back && list_store_forget_refused(c.folder) == 0)
		log_info("lists: nothing is rolled back any more");
	compile_fini(&c);
	return rc;
}

void list_compile_keep(const struct conf *conf, const struct list_compiled *c)
{
	int rc;

	if (!c->built || !conf->lists_folder)
		return;
	rc = list_store_write(conf->lists_folder, c->built, c->keep_last);
	if (rc == -ENOENT)
		log_info("lists: there is no %s: the next start begins by reading them",
			 conf->lists_folder);
	else if (rc)
		log_warning("lists: %s: this build is not kept: %s", conf->lists_folder,
			    strerror(-rc));
}

void list_compiled_fini(struct list_compiled *c)
{
	if (c->fd >= 0)
		close(c->fd);
	list_index_close(c->built);
	*c = (struct list_compiled){ .fd = -1 };
}

int list_compile_all(const struct conf *conf, const struct list_index *old, int *out_fd)
{
	struct compile c = { .conf = conf, .old = old };
	struct list_index *x = NULL;
	int rc = sources_open(&c);

	if (!rc)
		rc = build(&c, NULL, out_fd, &x);
	if (!rc)
		log_lists(conf, x);
	list_index_close(x);
	compile_fini(&c);
	return rc;
}
