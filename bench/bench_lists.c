/*
 * What the index of lists costs: bytes a name, seconds to build, nanoseconds of CPU a look-up.
 *
 *   bench_lists [N]          N made-up names (default 1000000) in one list
 *   bench_lists N LISTS      the same in LISTS lists, 1.6 of which hold each name, and then a
 *                            build in which the first one has changed
 *   bench_lists FILE...      each file a list, as the compiler would read it
 */
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_file.h"
#include "blocklists/list_image.h"
#include "blocklists/list_parser.h"
#include "blocklists/list_reuse.h"
#include "lib/hash.h"
#include "lib/util.h"

#define QUESTIONS  100000
#define ROUNDS	   10
#define LINE_BYTES 64 /* of a made-up name, at most */

static double now_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, int rc)
{
	fprintf(stderr, "bench_lists: %s: %s\n", what, strerror(-rc));
	exit(1);
}

/** Two to four labels, as lists have them: few top labels, common first ones, letters by
 *  falling frequency. A miss holds what no made-up entry does. */
static size_t make_name(char *out, bool miss)
{
	static const char letters[] = "etaoinsrhldcumfpgwybvkxjqz0123456789-";
	static const char *const tops[] = { "com", "com", "com", "net", "org", "de",
					    "ru", "co.uk", "info", "xyz", "top", "io" };
	static const char *const firsts[] = { "", "", "", "www.", "ads.", "track.",
					      "cdn.", "a1.", "metrics.", "s3-eu." };
	char label[16];
	size_t len = 5 + random_u32() % 11;

	for (size_t i = 0; i < len; i++) {
		uint32_t r = random_u32() % 37;

		label[i] = letters[r * (random_u32() % 37) / 37];
	}
	return (size_t)snprintf(out, LINE_BYTES, "%s%s%.*s.%s",
				firsts[random_u32() % ARRAY_SIZE(firsts)],
				miss ? "q_" : "", (int)len, label,
				tops[random_u32() % ARRAY_SIZE(tops)]);
}

static char *make_list(size_t names, size_t *len)
{
	char *text = malloc((names + 1) * LINE_BYTES);
	size_t at = 0;

	if (!text)
		die("list", -12);
	for (size_t i = 0; i < names; i++) {
		at += make_name(text + at, false);
		text[at++] = '\n';
	}
	text[at] = '\0';
	*len = at;
	return text;
}

/** The made-up names of one of many lists: each of `all` lines, 1.6 times in `lists`. */
static void take_part(const char *all, size_t lists, struct list_source *out)
{
	uint32_t chance = (uint32_t)(1.6 / (double)lists * UINT32_MAX);
	char *text = malloc(strlen(all) + 1), *p = text;

	if (!text)
		die("list", -12);
	for (const char *line = all, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (random_u32() > chance)
			continue;
		memcpy(p, line, (size_t)(end + 1 - line));
		p += end + 1 - line;
	}
	out->len = (size_t)(p - text);
	out->bytes = realloc(text, out->len + 1);
	if (!out->bytes)
		die("list", -12);
	out->source = list_reuse_hash(out);
}

/** A random sample of the names in a list, added to `seen` others. */
static void sample_list(const struct list_source *s, enum list_shape shape,
			struct dname *out, uint64_t *seen)
{
	static struct list_parser p;
	struct list_reader r;
	struct list_entry entry;
	const char *text;
	size_t len;

	if (list_reader_init(&r, s->fd, s->bytes, s->len))
		die("reader", -12);
	list_parser_init(&p, shape);
	while (list_reader_next(&r, &text, &len) > 0) {
		uint64_t at = *seen;

		if (!text)
			continue;
		list_parser_line(&p, text, len);
		if (list_parser_next(&p, &entry) != LINE_ENTRY)
			continue;
		if (at >= QUESTIONS)
			at = (((uint64_t)random_u32() << 32) | random_u32()) % (at + 1);
		if (at < QUESTIONS)
			out[at] = entry.name;
		++*seen;
	}
	list_reader_fini(&r);
}

static void time_find(const struct list_index *x, const struct dname *q, size_t n,
		      const char *what)
{
	uint64_t hits = 0, said[LEVELS];
	double start = 0;

	for (unsigned r = 0; r <= ROUNDS; r++) {
		if (r == 1)
			start = now_s(CLOCK_PROCESS_CPUTIME_ID);
		for (size_t i = 0; i < n; i++)
			hits += !!list_index_find(x, &q[i], UINT64_MAX, said);
	}
	printf("%-8s%8.0f ns (%zu names, %.1f %% found)\n", what,
	       (now_s(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9 / (double)n / ROUNDS, n,
	       100.0 * (double)hits / (double)n / (ROUNDS + 1));
}

static void time_explain(const struct list_index *x, const struct dname *q, size_t n)
{
	static const uint64_t all[LEVELS] = { UINT64_MAX, UINT64_MAX, UINT64_MAX,
					      UINT64_MAX };
	struct list_match match;
	double start = now_s(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += list_index_explain(x, &q[i], UINT64_MAX, all, &match);
	printf("%-8s%8.0f ns (%.1f %% found)\n", "explain",
	       (now_s(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9 / (double)n,
	       100.0 * (double)found / (double)n);
}

static struct list_index *build(const struct list_source *sources, size_t count,
				const char *what)
{
	struct list_index *x;
	struct rusage before, after;
	int fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	double cpu = now_s(CLOCK_PROCESS_CPUTIME_ID), start;
	int rc;

	getrusage(RUSAGE_SELF, &before);
	rc = list_build(sources, count, fd);
	if (rc)
		die("build", rc);
	getrusage(RUSAGE_SELF, &after);
	printf("%-8s%8.2f s CPU, %ld MiB at most, %ld MiB before\n", what,
	       now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, after.ru_maxrss / 1024,
	       before.ru_maxrss / 1024);
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
	start = now_s(CLOCK_PROCESS_CPUTIME_ID);
	rc = list_index_open(fd, &x);
	if (rc)
		die("open", rc);
	printf("%-8s%8.2f ms\n", "open", (now_s(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e3);
	close(fd);
	return x;
}

static void print_size(const struct list_index *x)
{
	double names = (double)list_index_names(x), all = (double)list_index_bytes(x);
	uint64_t entries = 0;

	for (unsigned i = 0; i < list_index_list_count(x); i++)
		entries += list_index_stats(x, i)->entries;
	printf("%-8s%8.2f bytes a name, %.2f with line numbers "
	       "(%.0f names, %" PRIu64 " entries, %.1f MiB)\n",
	       "size", (all - (double)entries * 4 - names / LIST_BLOCK * 4) / names,
	       all / names, names, entries, all / 1048576);
}

static void print_lists(const struct list_index *x)
{
	for (unsigned i = 0; i < list_index_list_count(x); i++) {
		const struct list_stats *s = list_index_stats(x, i);

		printf("  %-40s %8" PRIu64 " entries (%u with all below) %7" PRIu64
		       " duplicates %6" PRIu64 " ignored %6" PRIu64 " unsupported %6" PRIu64
		       " refused%s%s\n",
		       s->name, s->entries, s->subtrees, s->duplicates, s->ignored,
		       s->unsupported, s->invalid, s->rc ? ", " : "", s->rc ? list_rc_text(s->rc) : "");
		for (unsigned k = LINE_IGNORED; k < LINE_KINDS; k++) {
			if (s->by_kind[k])
				printf("    %-34s %6" PRIu64 "\n",
				       list_line_kind_name((enum list_line_kind)k),
				       s->by_kind[k]);
		}
	}
}

static void run(const struct list_source *sources, size_t count)
{
	struct dname *q = malloc(QUESTIONS * sizeof(*q));
	struct list_index *x;
	char name[LINE_BYTES];
	uint64_t seen = 0;

	x = build(sources, count, "build");
	print_size(x);
	if (!q)
		die("questions", -12);
	for (size_t i = 0; i < count; i++) {
		const struct list_stats *s = list_index_stats(x, (unsigned)i);

		if (!s->rc)
			sample_list(&sources[i], (enum list_shape)s->shape, q, &seen);
	}
	if (seen) {
		time_find(x, q, (size_t)MIN(seen, (uint64_t)QUESTIONS), "hit");
		time_explain(x, q, (size_t)MIN(seen, (uint64_t)QUESTIONS));
	}
	for (size_t i = 0; i < QUESTIONS; i++) {
		make_name(name, true);
		if (dname_from_text(name, &q[i]))
			die(name, -22);
	}
	time_find(x, q, QUESTIONS, "miss");
	print_lists(x);
	list_index_close(x);
	free(q);
}

/** In a process of its own, whose memory is what this build takes. */
static void run_rebuild(struct list_source *sources, size_t count, const char *all)
{
	static char names[LIST_INDEX_LISTS][8];
	struct list_index *old;

	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "l%zu", i);
		sources[i] = (struct list_source){ .name = names[i], .fd = -1 };
		take_part(all, count, &sources[i]);
	}
	old = build(sources, count, "all");
	print_size(old);
	for (size_t i = 0; i < count; i++)
		sources[i].old = old;
	take_part(all, count, &sources[0]);
	fflush(stdout);
	if (!fork()) {
		for (size_t i = 1; i < count; i++) { /* nobody reads them */
			free((void *)sources[i].bytes);
			sources[i].bytes = NULL;
			sources[i].len = 0;
		}
		malloc_trim(0);
		list_index_close(build(sources, count, "one"));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	struct list_source sources[LIST_INDEX_LISTS] = { 0 };
	char *end, *text = NULL;
	size_t count = 1, names = argc == 2 || argc == 3 ? strtoul(argv[1], &end, 10) : 1000000;

	if (argc == 3 && names && (count = strtoul(argv[2], &end, 10)) && !*end) {
		run_rebuild(sources, MIN(count, (size_t)LIST_INDEX_LISTS),
			    make_list(names, &sources[0].len));
		return 0;
	}
	if (argc == 1 || (argc == 2 && names && !*end)) {
		sources[0] = (struct list_source){ .name = "made-up", .fd = -1 };
		text = make_list(names, &sources[0].len);
		sources[0].bytes = text;
	} else {
		count = MIN((size_t)argc - 1, (size_t)LIST_INDEX_LISTS);
		for (size_t i = 0; i < count; i++) {
			sources[i] = (struct list_source){ .name = basename(argv[i + 1]) };
			sources[i].fd = -1;
			sources[i].rc = list_file_open(argv[i + 1], &sources[i].fd);
		}
	}
	run(sources, count);
	free(text);
	return 0;
}
