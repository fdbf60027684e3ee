/*
 * Errors of the configuration as text: the place, what is wrong, the source line with a
 * caret, a hint. Knows nothing of what the configuration means.
 */
#include "conf/conf_errors.h"

#include <stdbool.h>
#include <stdlib.h>

#include "conf/conf.h"
#include "conf/conf_bundle.h"

/* Characters of a source line shown; of a longer one, the part around the caret. */
#define SOURCE_CHARS 160

struct entry {
	uint64_t order; /* file, line */
	uint32_t col;
	char *text; /* owned: all lines of it */
};

struct conf_errors {
	struct entry *entries; /* owned, sorted; CONF_ERRORS_MAX of them fit */
	size_t kept;
	size_t count;
};

struct conf_errors *conf_errors_new(void)
{
	struct conf_errors *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->entries = calloc(CONF_ERRORS_MAX, sizeof(e->entries[0]));
	if (!e->entries) {
		free(e);
		return NULL;
	}
	return e;
}

size_t conf_errors_count(const struct conf_errors *e)
{
	return e->count;
}

void conf_errors_print(const struct conf_errors *e, FILE *to)
{
	for (size_t i = 0; i < e->kept; i++)
		fputs(e->entries[i].text, to);
	if (e->count > e->kept)
		fprintf(to, "%zu more errors are not shown\n", e->count - e->kept);
}

void conf_errors_free(struct conf_errors *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->kept; i++)
		free(e->entries[i].text);
	free(e->entries);
	free(e);
}

/* --- text of one error -------------------------------------------------------------- */

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The line'th line of the file and its end, without CR. */
static const char *source_line(const struct conf_file *f, uint32_t line, const char **end)
{
	const char *at = f->text, *stop = f->text + f->len;

	if (f->len >= 3 && !memcmp(at, "\xef\xbb\xbf", 3))
		at += 3;
	while (--line && at < stop) {
		const char *next = memchr(at, '\n', stop - at);

		at = next ? next + 1 : stop;
	}
	*end = memchr(at, '\n', stop - at);
	if (!*end)
		*end = stop;
	if (*end > at && (*end)[-1] == '\r')
		(*end)--;
	return at;
}

/* No control character of the file reaches the terminal; tabs stay, so the caret fits. */
static void print_source(FILE *to, const char *at, const char *end, uint32_t col)
{
	uint32_t from = col > SOURCE_CHARS * 3 / 4 ? col - SOURCE_CHARS / 2 : 1, n = 0;
	const char *p;

	fputs("    ", to);
	for (p = at; p < end; p++) {
		if (!is_continuation(*p))
			n++;
		if (n >= from + SOURCE_CHARS)
			break;
		if (n >= from)
			fputc(((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f ? '?'
										     : *p,
			      to);
	}
	fputs("\n    ", to);
	for (p = at, n = 1; n < col; n++) {
		if (n >= from)
			fputc(p < end && *p == '\t' ? '\t' : ' ', to);
		for (p += p < end; p < end && is_continuation(*p); p++)
			;
	}
	fputs("^\n", to);
}

static void print_entry(FILE *to, const struct conf_spot *at, const char *text,
			const char *hint)
{
	const char *line, *end;

	if (at->file && at->line)
		fprintf(to, "%s:%u:%u: ", at->file->name, at->line, at->col);
	else if (at->file)
		fprintf(to, "%s: ", at->file->name);
	fprintf(to, "error: %s\n", text);
	if (at->file && at->line) {
		line = source_line(at->file, at->line, &end);
		print_source(to, line, end, at->col);
	}
	if (hint && *hint)
		fprintf(to, "    hint: %s\n", hint);
}

static uint64_t order_of(const struct conf_spot *at)
{
	if (!at->file)
		return 0;
	return ((uint64_t)at->file->index + 1) << 32 | at->line;
}

static void insert(struct conf_errors *e, struct entry entry)
{
	size_t i = e->kept;

	while (i > 0 && (e->entries[i - 1].order > entry.order ||
			 (e->entries[i - 1].order == entry.order &&
			  e->entries[i - 1].col > entry.col)))
		i--;
	memmove(&e->entries[i + 1], &e->entries[i], (e->kept - i) * sizeof(entry));
	e->entries[i] = entry;
	e->kept++;
}

void conf_errors_vadd(struct conf_errors *e, const struct conf_spot *at, const char *hint,
		      const char *fmt, va_list args)
{
	struct entry entry = { .order = order_of(at), .col = at->col };
	char text[CONF_ERROR_TEXT_MAX], short_hint[CONF_ERROR_TEXT_MAX];
	size_t len;
	FILE *to;

	e->count++;
	if (e->kept == CONF_ERRORS_MAX)
		return;
	to = open_memstream(&entry.text, &len);
	if (!to)
		return;
	vsnprintf(text, sizeof(text), fmt, args);
	snprintf(short_hint, sizeof(short_hint), "%s", hint ? hint : "");
	print_entry(to, at, text, short_hint);
	if (fclose(to)) {
		free(entry.text);
		return;
	}
	insert(e, entry);
}

void conf_errors_add(struct conf_errors *e, const struct conf_spot *at, const char *hint,
		     const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	conf_errors_vadd(e, at, hint, fmt, args);
	va_end(args);
}

/* --- guesses ------------------------------------------------------------------------ */

/* Optimal string alignment: Levenshtein's distance with swaps of neighbours. */
static unsigned edit_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned rows[3][CONF_NAME_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	for (unsigned j = 0; j <= blen; j++)
		last[j] = j;
	for (unsigned i = 1; i <= alen; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= blen; j++) {
			unsigned cost = last[j - 1] + (a[i - 1] != b[j - 1]);

			cost = MIN(cost, MIN(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				cost = MIN(cost, before[j - 2] + 1);
			now[j] = cost;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[blen];
}

void conf_guess_offer(struct conf_guess *g, const char *candidate)
{
	size_t wlen = strlen(g->word), clen = candidate ? strlen(candidate) : 0;
	unsigned distance;

	if (!clen || !wlen || wlen > CONF_NAME_MAX || clen > CONF_NAME_MAX)
		return;
	distance = edit_distance(g->word, wlen, candidate, clen);
	if (distance > MAX(wlen / 3, (size_t)1) || distance >= MAX(wlen, clen))
		return;
	if (!g->best || distance < g->distance) {
		g->best = candidate;
		g->distance = distance;
	}
}

const char *conf_guess_hint(const struct conf_guess *g, char *buf, size_t size)
{
	if (g->best)
		snprintf(buf, size, "did you mean '%s'?", g->best);
	else
		buf[0] = '\0';
	return buf;
}
