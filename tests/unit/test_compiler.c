/*
 * Configuration -> index: what the compiler makes of files that are there, or are not; and
 * the process itself, with the test as its supervisor.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "blocklists/compiler.h"
#include "blocklists/list_compile.h"
#include "blocklists/list_index.h"
#include "conf/conf.h"
#include "lib/chan.h"
#include "lib/child.h"
#include "lib/msg.h"
#include "lib/util.h"

#define NOBODY	65534
#define LIMIT_S 10

static char folder[] = "/tmp/nameward-compiler-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/** The path of a file in the folder, to be freed; with text, the file is written. */
static char *file_with(const char *name, const char *text)
{
	char *path = malloc(128);
	FILE *f;

	assert_non_null(path);
	snprintf(path, 128, "%s/%s", folder, name);
	if (text) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	return path;
}

static uint64_t find(const struct list_index *x, const char *text)
{
	struct dname d;

	assert_int_equal(dname_from_text(text, &d), 0);
	return list_index_find(x, &d, UINT64_MAX, NULL);
}

static struct list_index *compile(struct conf_list *lists, size_t count)
{
	struct conf conf = { .lists = lists, .list_count = count };
	struct list_index *x = NULL;
	int fd = -1, seals;

	assert_int_equal(list_compile_all(&conf, NULL, &fd), 0);
	seals = fcntl(fd, F_GET_SEALS);
	assert_int_equal(seals & F_SEAL_WRITE, F_SEAL_WRITE);
	assert_int_equal(seals & F_SEAL_SHRINK, F_SEAL_SHRINK);
	assert_int_equal(list_index_open(fd, &x), 0);
	close(fd);
	return x;
}

static void lists_of_a_configuration_become_an_index(void **state)
{
	struct conf_list_name own = { .text = "*.own.example" };
	struct conf_list lists[] = {
		{ .name = "ads", .file = file_with("ads", "0.0.0.0 ads.example\n") },
		{ .name = "own", .names = &own, .name_count = 1 },
		{ .name = "all", .file = file_with("all", "all.example\n"),
		  .format = LIST_DOMAINS, .subdomains = SUBDOMAINS_YES },
	};
	struct list_index *x = compile(lists, ARRAY_SIZE(lists));

	(void)state;
	assert_true(find(x, "ads.example") == 1);
	assert_true(find(x, "www.ads.example") == 0);
	assert_true(find(x, "www.own.example") == 2);
	assert_true(find(x, "www.all.example") == 4);
	assert_string_equal(list_index_stats(x, 2)->name, "all");
	list_index_close(x);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (lists[i].file)
			unlink(lists[i].file);
		free(lists[i].file);
	}
}

static void files_that_were_never_readable_give_their_list_nothing(void **state)
{
	struct conf_list_name own = { .text = "own.example" };
	struct conf_list lists[] = {
		{ .name = "missing", .file = file_with("missing", NULL) },
		{ .name = "fifo", .file = file_with("fifo", NULL) },
		{ .name = "folder", .file = folder },
		{ .name = "device", .file = "/dev/zero" },
		{ .name = "words", .file = file_with("words", "no names here\n") },
		{ .name = "good", .file = file_with("good", "good.example\n") },
	};
	static const int reasons[] = { -ENOENT, -ENODEV, -EISDIR, -ENODEV,
				       -EPROTONOSUPPORT, 0 };
	struct list_index *x;

	(void)state;
	assert_int_equal(mkfifo(lists[1].file, 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		lists[i].names = &own;
		lists[i].name_count = 1;
	}
	x = compile(lists, ARRAY_SIZE(lists));
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
		assert_int_equal(list_index_stats(x, i)->rc, reasons[i]);
	assert_true(find(x, "own.example") == 63);
	assert_true(find(x, "good.example") == 32);
	list_index_close(x);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (i == 2 || i == 3)
			continue;
		unlink(lists[i].file);
		free(lists[i].file);
	}
}

static void no_lists_make_an_empty_index(void **state)
{
	struct list_index *x = compile(NULL, 0);

	(void)state;
	assert_int_equal(list_index_list_count(x), 0);
	assert_true(find(x, "a.example") == 0);
	list_index_close(x);
}

/** What the supervisor's end has seen. */
struct heard {
	struct event_base *base;
	int index_fd; /* owned; -1: none */
	uint32_t ready;
	bool failed, gone;
};

static void on_heard(void *arg, const void *data, size_t len, int fd)
{
	struct heard *h = arg;

	assert_int_equal(msg_check(data, len, fd >= 0), 0);
	if (msg_type(data) == MSG_INDEX)
		h->index_fd = fd;
	else if (msg_type(data) == MSG_READY)
		h->ready = ((const struct msg_start *)msg_next(data, NULL))->generation;
	else if (msg_type(data) == MSG_FAILED)
		h->failed = true;
	else
		fail_msg("message %d", msg_type(data));
}

static void on_gone(void *arg, int rc)
{
	struct heard *h = arg;

	(void)rc;
	h->gone = true;
	event_base_loopbreak(h->base);
}

/** In the child: only its end of the channel is left, and no right to read all files. */
static void be_compiler(int fd)
{
	if (fd != CHILD_FD) {
		dup2(fd, CHILD_FD);
		close(fd);
	}
	if (!geteuid() && setresuid(NOBODY, NOBODY, NOBODY))
		_exit(99);
	_exit(compiler_main());
}

/** Run the process on a configuration (NULL: send none) and the index in force (-1: none),
 *  until it ends; its exit status. */
static int run_process(const char *text, int old_fd, struct heard *h)
{
	static const struct chan_ops ops = { on_heard, on_gone };
	const struct msg_start start = { .size = sizeof(start), .generation = 7 };
	const struct timeval limit = { .tv_sec = LIMIT_S };
	struct conf_bundle *bundle;
	struct chan *chan;
	int fds[2], status, conf_fd;
	pid_t pid;

	*h = (struct heard){ .base = event_base_new(), .index_fd = -1 };
	assert_int_equal(chan_pair(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		be_compiler(fds[1]);
	close(fds[1]);
	assert_int_equal(chan_open(h->base, fds[0], 65536, &ops, h, &chan), 0);
	if (text) {
		assert_int_equal(conf_bundle_from_text("t", text, strlen(text), &bundle), 0);
		conf_fd = conf_bundle_write(bundle);
		assert_true(conf_fd >= 0);
		assert_int_equal(msg_send(chan, MSG_CONF, NULL, 0, conf_fd), 0);
		close(conf_fd);
		conf_bundle_free(bundle);
	}
	if (old_fd >= 0)
		assert_int_equal(msg_send(chan, MSG_INDEX, NULL, 0, old_fd), 0);
	assert_int_equal(msg_send(chan, MSG_START, &start, sizeof(start), -1), 0);
	event_base_loopexit(h->base, &limit);
	event_base_dispatch(h->base);
	assert_true(h->gone);
	chan_close(chan);
	event_base_free(h->base);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_process_hands_over_an_index_and_ends(void **state)
{
	char *good = file_with("good", "good.example\n");
	char *secret = file_with("secret", "secret.example\n");
	struct list_index *x;
	struct heard h;
	char text[512];

	(void)state;
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(secret, 0), 0);
	snprintf(text, sizeof(text),
		 "listen l 127.0.0.1:5353\nupstream u {\n server 192.0.2.1\n}\n"
		 "list good {\n file %s\n}\nlist secret {\n file %s\n name own.example\n}\n",
		 good, secret);
	assert_int_equal(run_process(text, -1, &h), 0);
	assert_int_equal(h.ready, 7);
	assert_false(h.failed);
	assert_int_equal(list_index_open(h.index_fd, &x), 0);
	close(h.index_fd);
	assert_true(find(x, "good.example") == 1);
	assert_true(find(x, "own.example") == 2);
	assert_true(find(x, "secret.example") == 0);
	assert_int_equal(list_index_stats(x, 0)->rc, 0);
	assert_int_equal(list_index_stats(x, 1)->rc, -EACCES);
	list_index_close(x);
	unlink(good);
	unlink(secret);
	free(good);
	free(secret);
}

static void the_process_keeps_a_list_from_the_index_it_is_given(void **state)
{
	char *path = file_with("ads", "ads.example\n");
	struct list_index *x;
	struct heard h, again;
	int damaged;
	char text[256];

	(void)state;
	assert_int_equal(chmod(folder, 0755), 0);
	snprintf(text, sizeof(text), "listen l 127.0.0.1:5353\nupstream u {\n server 192.0.2.1\n}\n"
		 "list ads {\n file %s\n}\n", path);
	assert_int_equal(run_process(text, -1, &h), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(run_process(text, h.index_fd, &again), 0);
	close(h.index_fd);
	assert_int_equal(list_index_open(again.index_fd, &x), 0);
	close(again.index_fd);
	assert_true(find(x, "ads.example") == 1);
	assert_int_equal(list_index_stats(x, 0)->rc, -ENODEV);
	assert_int_equal(list_index_stats(x, 0)->kept, 1);
	list_index_close(x);

	damaged = memfd_create("damaged", MFD_CLOEXEC); /* then there is nothing to keep */
	assert_true(damaged >= 0);
	assert_int_equal(run_process(text, damaged, &again), 0);
	close(damaged);
	assert_int_equal(again.ready, 7);
	assert_int_equal(list_index_open(again.index_fd, &x), 0);
	close(again.index_fd);
	assert_true(find(x, "ads.example") == 0);
	list_index_close(x);
	unlink(path);
	free(path);
}

static void the_process_fails_without_a_configuration(void **state)
{
	struct heard h;

	(void)state;
	assert_int_equal(run_process(NULL, -1, &h), 0);
	assert_true(h.failed);
	assert_int_equal(h.ready, 0);
	assert_int_equal(h.index_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_a_configuration_become_an_index),
		cmocka_unit_test(files_that_were_never_readable_give_their_list_nothing),
		cmocka_unit_test(no_lists_make_an_empty_index),
		cmocka_unit_test(the_process_hands_over_an_index_and_ends),
		cmocka_unit_test(the_process_keeps_a_list_from_the_index_it_is_given),
		cmocka_unit_test(the_process_fails_without_a_configuration),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
