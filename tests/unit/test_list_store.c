/*
 * Builds of the index on disk, and which of them serves: whatever is in the folder, it is an
 * index of ours that is taken, or none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "blocklists/list_compile.h"
#include "blocklists/list_image.h"
#include "blocklists/list_store.h"
#include "conf/conf.h"
#include "lib/sealed.h"
#include "lib/util.h"
#include "tests/support/list_support.h"
#include "tests/support/test_folder.h"

static char here[] = ".";

static struct list_index *index_of(const char *text)
{
	const struct list_source s = list_support_text("a", text);

	return list_support_index(&s, 1);
}

static uint64_t id_of(enum list_stored which)
{
	struct list_build_id id = { .id = 0 };

	list_store_peek(".", which, &id);
	return id.id;
}

/* --- files ---------------------------------------------------------------------------- */

static void builds_take_turns(void **state)
{
	struct list_index *x[3];
	uint64_t ids[3];
	const char *why;

	(void)state;
	assert_int_equal(list_store_read(".", STORED_LAST, &why), -ENOENT);
	for (size_t i = 0; i < 3; i++) {
		x[i] = index_of("a.example\n");
		ids[i] = list_index_build(x[i])->id;
		assert_int_equal(list_store_write(".", x[i], true), 0);
		assert_true(id_of(STORED_LAST) == ids[i]);
		assert_true(id_of(STORED_BEFORE) == (i ? ids[i - 1] : 0));
	}
	assert_int_equal(list_store_roll_back("."), 0);
	assert_true(id_of(STORED_LAST) == ids[1]);
	assert_true(id_of(STORED_BEFORE) == 0);
	assert_true(id_of(STORED_REFUSED) == ids[2]);
	assert_int_equal(list_store_write(".", x[0], false), 0);
	assert_true(id_of(STORED_LAST) == ids[0]);
	assert_true(id_of(STORED_BEFORE) == 0);
	assert_int_equal(list_store_forget_refused("."), 0);
	assert_int_equal(list_store_forget_refused("."), -ENOENT);
	assert_int_equal(access("index.new", F_OK), -1);
	for (size_t i = 0; i < 3; i++)
		list_index_close(x[i]);
}

static void a_build_that_cannot_be_written_leaves_the_one_before(void **state)
{
	struct list_index *x = index_of("a.example\n"), *next = index_of("b.example\n");

	(void)state;
	assert_int_equal(list_store_write("./nowhere", x, true), -ENOENT);
	assert_int_equal(list_store_write(".", x, true), 0);
	assert_int_equal(mkdir("index.new", 0755), 0);
	assert_true(list_store_write(".", next, true) < 0);
	assert_true(id_of(STORED_LAST) == list_index_build(x)->id);
	assert_int_equal(rmdir("index.new"), 0);
	list_index_close(x);
	list_index_close(next);
}

/** What a file of the folder may be instead of an index. */
static void damage(uint8_t *image, size_t *len, unsigned how)
{
	struct list_image_head *h = (struct list_image_head *)image;

	switch (how) {
	case 0: /* nothing */
		return;
	case 1:
		*len = 0;
		return;
	case 2:
		*len = sizeof(*h) - 1;
		return;
	case 3:
		(*len)--;
		return;
	case 4:
		image[*len] = 0;
		(*len)++;
		return;
	case 5:
		image[*len / 2] ^= 1;
		return;
	case 6:
		h->magic++;
		return;
	case 7:
		h->magic = __builtin_bswap64(h->magic);
		return;
	case 8:
		h->order = __builtin_bswap32(h->order);
		return;
	case 9:
		h->version--;
		break;
	case 10:
		h->head_bytes -= 8;
		break;
	case 11:
		h->alignment = 4;
		break;
	case 12:
		h->stats_bytes -= 8;
		break;
	case 13:
		h->origin = LIST_ORIGINS;
		break;
	case 14:
		h->names = UINT32_MAX;
		break;
	default:
		h->checksum++;
		return;
	}
	h->checksum = list_image_checksum(image + offsetof(struct list_image_head, bytes),
					  *len - offsetof(struct list_image_head, bytes));
}

static void what_is_no_index_of_ours_is_refused_and_named(void **state)
{
	static const struct {
		int rc;
		const char *why;
	} cases[] = {
		{ 0, NULL },
		{ -EBADMSG, "empty" },
		{ -EBADMSG, "of a size that no index has" },
		{ -EBADMSG, "cut short" },
		{ -EBADMSG, "damaged" },
		{ -EBADMSG, "damaged" },
		{ -EBADMSG, "no index of lists" },
		{ -EBADMSG, "an index of a machine with another byte order" },
		{ -EBADMSG, "an index of another version" },
		{ -EBADMSG, "an index of another version" },
		{ -EBADMSG, "an index of another kind of machine" },
		{ -EBADMSG, "an index of another kind of machine" },
		{ -EBADMSG, "an index of another kind of machine" },
		{ -EBADMSG, "damaged" },
		{ -EBADMSG, "damaged" },
		{ -EBADMSG, "damaged" },
	};
	const struct list_source s = list_support_text("a", "a.example\n*.b.example\n");

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len;
		uint8_t *image = list_support_image(&s, 1, &len);
		const char *why;
		FILE *f = fopen("index", "w");
		int fd;

		image = realloc(image, len + 8);
		assert_non_null(image);
		assert_non_null(f);
		damage(image, &len, i);
		assert_int_equal(fwrite(image, 1, len, f), len);
		assert_int_equal(fclose(f), 0);
		fd = list_store_read(".", STORED_LAST, &why);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		if (cases[i].rc)
			assert_int_equal(fd, cases[i].rc);
		else
			assert_int_equal(close(fd), 0);
		free(image);
	}
}

static void what_is_no_file_is_not_opened(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(mkfifo("index", 0600), 0);
	assert_int_equal(list_store_read(".", STORED_LAST, &why), -EBADMSG);
	assert_string_equal(why, "not a regular file");
	assert_int_equal(unlink("index"), 0);
	assert_int_equal(symlink("/etc/passwd", "index"), 0);
	assert_int_equal(list_store_read(".", STORED_LAST, &why), -ELOOP);
	assert_int_equal(unlink("index"), 0);
	assert_int_equal(mkdir("index", 0755), 0);
	assert_int_equal(list_store_read(".", STORED_LAST, &why), -EBADMSG);
	assert_int_equal(rmdir("index"), 0);
	test_folder_put("index", "");
	assert_int_equal(truncate("index", 1ll << 40), 0); /* without a byte of it on disk */
	assert_int_equal(list_store_read(".", STORED_LAST, &why), -EBADMSG);
	assert_string_equal(why, "of a size that no index has");
	assert_int_equal(list_store_read("./nowhere", STORED_LAST, &why), -ENOENT);
}

static void a_wish_is_there_until_it_is_taken(void **state)
{
	(void)state;
	assert_false(list_store_is_wished("."));
	assert_int_equal(list_store_end_wish("."), -ENOENT);
	assert_int_equal(list_store_wish("."), 0);
	assert_int_equal(list_store_wish("."), 0);
	assert_true(list_store_is_wished("."));
	assert_int_equal(list_store_end_wish("."), 0);
	assert_false(list_store_is_wished("."));
	assert_int_equal(list_store_wish("./nowhere"), -ENOENT);
}

/* --- which of them serves --------------------------------------------------------------- */

/** One list, in file "list". */
struct world {
	struct conf conf;
	struct conf_list list;
	struct list_index *in_force; /* NULL: the daemon has just started */
	bool is_older;
};

static struct world *world_new(void)
{
	static char name[] = "a", file[] = "list";
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->list = (struct conf_list){ .name = name, .file = file };
	w->conf = (struct conf){ .lists = &w->list, .list_count = 1, .lists_folder = here };
	return w;
}

/** A compiler's life: what comes of it is in force. */
static void compile(struct world *w)
{
	struct list_compiled c;
	struct list_index *x;

	assert_int_equal(list_compile(&w->conf, w->in_force, &c), 0);
	assert_true(sealed_is(c.fd));
	assert_int_equal(list_index_open(c.fd, &x), 0);
	list_compile_keep(&w->conf, &c);
	w->is_older = c.is_older;
	assert_int_equal(list_index_origin(x), c.is_older ? ORIGIN_OLDER : ORIGIN_NEW);
	list_compiled_fini(&c);
	list_index_close(w->in_force);
	w->in_force = x;
}

static void compile_list(struct world *w, const char *text)
{
	if (text)
		test_folder_put("list", text);
	else
		unlink("list");
	compile(w);
}

/** The daemon ends, and starts again. */
static void restart(struct world *w, const char *text)
{
	list_index_close(w->in_force);
	w->in_force = NULL;
	compile_list(w, text);
}

static bool has(const struct world *w, const char *text)
{
	struct dname d;

	assert_int_equal(dname_from_text(text, &d), 0);
	return list_index_find(w->in_force, &d, UINT64_MAX, NULL);
}

static uint64_t id_in_force(const struct world *w)
{
	return list_index_build(w->in_force)->id;
}

static void world_free(struct world *w)
{
	list_index_close(w->in_force);
	free(w);
}

static void a_start_serves_what_was_kept_if_the_lists_are_the_same(void **state)
{
	struct world *w = world_new();
	uint64_t id;

	(void)state;
	compile_list(w, "a.example\n");
	assert_false(w->is_older);
	id = id_in_force(w);
	restart(w, "a.example\n");
	assert_false(w->is_older);
	assert_true(id_in_force(w) == id);
	compile_list(w, "a.example\n"); /* a reload, too */
	assert_true(id_in_force(w) == id);
	world_free(w);
}

static void a_start_serves_what_was_kept_until_changed_lists_are_read(void **state)
{
	struct world *w = world_new();
	uint64_t id;

	(void)state;
	compile_list(w, "a.example\n");
	id = id_in_force(w);
	restart(w, "b.example\n");
	assert_true(w->is_older);
	assert_true(has(w, "a.example"));
	compile(w);
	assert_false(w->is_older);
	assert_true(has(w, "b.example"));
	assert_false(has(w, "a.example"));
	assert_true(list_index_before(w->in_force)->id == id);
	world_free(w);
}

static void a_file_that_went_bad_while_nothing_ran_is_kept(void **state)
{
	struct world *w = world_new();

	(void)state;
	compile_list(w, "a.example\n");
	restart(w, NULL);
	compile(w);
	assert_true(has(w, "a.example"));
	assert_int_equal(list_index_stats(w->in_force, 0)->rc, -ENOENT);
	assert_int_equal(list_index_stats(w->in_force, 0)->kept, 1);
	world_free(w);
}

static void an_index_of_another_configuration_does_not_serve(void **state)
{
	static char other[] = "other";
	struct world *w = world_new();

	(void)state;
	compile_list(w, "a.example\n");
	w->list.name = other;
	restart(w, "b.example\n");
	assert_false(w->is_older);
	assert_true(has(w, "b.example"));
	assert_false(has(w, "a.example"));
	world_free(w);
}

static void a_damaged_build_gives_way_to_the_one_before(void **state)
{
	struct world *w = world_new();
	uint64_t first;

	(void)state;
	compile_list(w, "a.example\n");
	first = id_in_force(w);
	compile_list(w, "b.example\n");
	assert_int_equal(truncate("index", 1000), 0);
	restart(w, "b.example\n");
	assert_true(w->is_older);
	assert_true(has(w, "a.example"));
	assert_true(id_of(STORED_BEFORE) == first);
	compile(w);
	assert_true(has(w, "b.example"));
	assert_true(id_of(STORED_LAST) == id_in_force(w));
	assert_int_equal(truncate("index", 1000), 0);
	assert_int_equal(truncate("index.before", 1000), 0);
	restart(w, "c.example\n"); /* then there is nothing but the lists */
	assert_false(w->is_older);
	assert_true(has(w, "c.example"));
	world_free(w);
}

static void a_roll_back_holds_until_the_list_changes(void **state)
{
	struct world *w = world_new();

	(void)state;
	compile_list(w, "good.example\n");
	compile_list(w, "bad.example\n");
	assert_int_equal(list_store_wish("."), 0);
	compile(w);
	assert_true(has(w, "good.example"));
	assert_false(has(w, "bad.example"));
	assert_false(list_store_is_wished("."));
	assert_true(id_of(STORED_REFUSED) != 0);
	assert_int_equal(list_index_stats(w->in_force, 0)->is_back, 1);
	assert_true(list_index_before(w->in_force)->id == 0); /* once is all there is */
	compile(w);
	assert_true(has(w, "good.example"));
	restart(w, "bad.example\n");
	assert_false(w->is_older);
	assert_true(has(w, "good.example"));
	compile_list(w, "better.example\n");
	assert_true(has(w, "better.example"));
	assert_true(id_of(STORED_REFUSED) == 0);
	assert_int_equal(list_index_stats(w->in_force, 0)->is_back, 0);
	assert_true(list_index_before(w->in_force)->id != 0);
	world_free(w);
}

static void a_roll_back_can_be_undone(void **state)
{
	struct world *w = world_new();

	(void)state;
	compile_list(w, "good.example\n");
	compile_list(w, "bad.example\n");
	assert_int_equal(list_store_wish("."), 0);
	compile(w);
	assert_int_equal(list_store_forget_refused("."), 0);
	compile(w);
	assert_true(has(w, "bad.example"));
	assert_false(has(w, "good.example"));
	world_free(w);
}

static void a_roll_back_at_the_start_is_one(void **state)
{
	struct world *w = world_new();

	(void)state;
	compile_list(w, "good.example\n");
	compile_list(w, "bad.example\n");
	assert_int_equal(list_store_wish("."), 0);
	restart(w, "bad.example\n");
	assert_true(has(w, "good.example"));
	compile(w);
	assert_true(has(w, "good.example"));
	assert_false(has(w, "bad.example"));
	world_free(w);
}

static void a_roll_back_to_nothing_changes_nothing(void **state)
{
	struct world *w = world_new();
	uint64_t id;

	(void)state;
	compile_list(w, "a.example\n");
	id = id_in_force(w);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(list_store_wish("."), 0);
		compile(w);
		assert_true(id_in_force(w) == id);
		assert_true(id_of(STORED_LAST) == id);
		assert_false(list_store_is_wished("."));
		test_folder_put("index.before", "not an index");
	}
	world_free(w);
}

/** What is on disk is then not what people see, and want to be rid of. */
static void a_build_that_is_not_on_disk_is_not_rolled_back(void **state)
{
	struct world *w = world_new();
	uint64_t last;

	(void)state;
	compile_list(w, "a.example\n");
	compile_list(w, "b.example\n");
	last = id_in_force(w);
	assert_int_equal(mkdir("index.new", 0755), 0); /* as a full disk */
	compile_list(w, "c.example\n");
	assert_int_equal(rmdir("index.new"), 0);
	assert_true(id_of(STORED_LAST) == last);
	assert_int_equal(list_store_wish("."), 0);
	compile(w);
	assert_true(has(w, "c.example"));
	assert_true(id_of(STORED_REFUSED) == 0);
	assert_true(id_of(STORED_LAST) == id_in_force(w)); /* there is room for it now */
	assert_true(id_of(STORED_BEFORE) == last);
	assert_true(list_index_before(w->in_force)->id == last);
	assert_int_equal(list_store_wish("."), 0);
	compile(w);
	assert_true(has(w, "b.example"));
	world_free(w);
}

/** A file that went bad under the daemon's feet does not go before a good one. */
static void what_serves_is_written_again_if_it_is_not_there(void **state)
{
	struct world *w = world_new();
	uint64_t before;

	(void)state;
	compile_list(w, "a.example\n");
	before = id_in_force(w);
	compile_list(w, "b.example\n");
	for (unsigned i = 0; i < 2; i++) {
		if (i)
			assert_int_equal(unlink("index"), 0);
		else
			assert_int_equal(truncate("index", 10), 0);
		compile(w);
		assert_true(id_of(STORED_LAST) == id_in_force(w));
		assert_true(id_of(STORED_BEFORE) == before);
	}
	world_free(w);
}

static void a_damaged_build_that_was_rolled_back_is_forgotten(void **state)
{
	struct world *w = world_new();

	(void)state;
	compile_list(w, "good.example\n");
	compile_list(w, "bad.example\n");
	assert_int_equal(list_store_wish("."), 0);
	compile(w);
	assert_int_equal(truncate("index.refused", 1000), 0);
	compile(w);
	assert_true(has(w, "bad.example"));
	assert_int_equal(access("index.refused", F_OK), -1);
	assert_int_equal(list_store_wish("."), 0); /* so that it can be rolled back once more */
	compile(w);
	assert_true(has(w, "good.example"));
	world_free(w);
}

static void without_a_folder_lists_are_read(void **state)
{
	static char nowhere[] = "./nowhere";
	struct world *w = world_new();

	(void)state;
	w->conf.lists_folder = nowhere;
	compile_list(w, "a.example\n");
	assert_true(has(w, "a.example"));
	restart(w, "b.example\n");
	assert_false(w->is_older);
	assert_true(has(w, "b.example"));
	w->conf.lists_folder = NULL;
	compile_list(w, "c.example\n");
	assert_true(has(w, "c.example"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(builds_take_turns),
		IN_FOLDER(a_build_that_cannot_be_written_leaves_the_one_before),
		IN_FOLDER(what_is_no_index_of_ours_is_refused_and_named),
		IN_FOLDER(what_is_no_file_is_not_opened),
		IN_FOLDER(a_wish_is_there_until_it_is_taken),
		IN_FOLDER(a_start_serves_what_was_kept_if_the_lists_are_the_same),
		IN_FOLDER(a_start_serves_what_was_kept_until_changed_lists_are_read),
		IN_FOLDER(a_file_that_went_bad_while_nothing_ran_is_kept),
		IN_FOLDER(an_index_of_another_configuration_does_not_serve),
		IN_FOLDER(a_damaged_build_gives_way_to_the_one_before),
		IN_FOLDER(a_roll_back_holds_until_the_list_changes),
		IN_FOLDER(a_roll_back_can_be_undone),
		IN_FOLDER(a_roll_back_at_the_start_is_one),
		IN_FOLDER(a_roll_back_to_nothing_changes_nothing),
		IN_FOLDER(a_build_that_is_not_on_disk_is_not_rolled_back),
		IN_FOLDER(what_serves_is_written_again_if_it_is_not_there),
		IN_FOLDER(a_damaged_build_that_was_rolled_back_is_forgotten),
		IN_FOLDER(without_a_folder_lists_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
