/*
 * Reader of the scfg grammar: a scanner of words and braces, and a builder that hangs
 * directives into blocks. After an error it goes on with what is still plain, so that one
 * run tells all. Knows nothing of what the directives mean.
 */
#include "lib/scfg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum token { TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_LINE, TOKEN_END };

struct scfg {
	struct scfg_node *first;
	char *words; /* owned: text of all words, each with its NUL */
};

struct scan {
	const char *at, *end;
	char *out; /* where the next word goes; always fits: a word is no longer than its
		      source */
	uint32_t line, col;
	uint32_t control_line; /* line of the last control character reported */
	bool bad;	       /* an error was reported in this line */
	scfg_on_error *on_error;
	void *arg;
};

struct build {
	struct scan scan;
	struct scfg_node *block[SCFG_DEPTH_MAX];
	struct scfg_word open[SCFG_DEPTH_MAX]; /* the { of each open block */
	struct scfg_node **tail[SCFG_DEPTH_MAX + 1];
	unsigned depth;
	size_t node_count;
	struct scfg_word words[SCFG_WORDS_MAX]; /* of the directive being read */
	size_t word_count;
	uint32_t closed_line; /* line of the last } */
	bool stop;	      /* a limit was met: no sense in going on */
};

/* --- scanner ------------------------------------------------------------------------ */

static void report(struct scan *s, uint32_t line, uint32_t col, const char *text,
		   const char *hint)
{
	struct scfg_error error = { .line = line, .col = col, .text = text, .hint = hint };

	s->bad = true;
	s->on_error(s->arg, &error);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool at_line_end(const struct scan *s)
{
	if (s->at == s->end || *s->at == '\n')
		return true;
	return *s->at == '\r' && s->end - s->at > 1 && s->at[1] == '\n';
}

static void advance(struct scan *s)
{
	s->at++;
	if (s->at == s->end || !is_continuation(*s->at))
		s->col++;
}

/* One character of a word: kept, or reported and left out. */
static void take(struct scan *s)
{
	char text[64];

	if (!is_control(*s->at)) {
		*s->out++ = *s->at;
	} else if (s->control_line != s->line) {
		s->control_line = s->line;
		snprintf(text, sizeof(text), "control character 0x%02x in the text",
			 (unsigned char)*s->at);
		report(s, s->line, s->col, text, NULL);
	}
	advance(s);
}

static void take_escaped(struct scan *s)
{
	uint32_t col = s->col;

	advance(s);
	if (at_line_end(s))
		report(s, s->line, col, "a backslash at the end of the line",
		       "a directive is one line; write \\\\ for a backslash");
	else
		take(s);
}

/* To the end of the line, but not over a { that ends it: its block is still a block. */
static void skip_line(struct scan *s)
{
	const char *stop, *last;

	for (stop = s->at; stop < s->end && *stop != '\n'; stop++)
		;
	for (last = stop; last > s->at && strchr(" \t\r", last[-1]) && last[-1]; last--)
		;
	if (last > s->at && last[-1] == '{')
		stop = last - 1;
	else if (stop > s->at && stop < s->end && stop[-1] == '\r')
		stop--;
	while (s->at < stop)
		advance(s);
}

/* False if the string had no end; then the line was skipped. */
static bool scan_quoted(struct scan *s, const struct scfg_word *w)
{
	char quote = *s->at;
	struct scan inside;

	advance(s);
	inside = *s;
	while (!at_line_end(s) && *s->at != quote) {
		if (*s->at == '\\' && quote == '"')
			take_escaped(s);
		else
			take(s);
	}
	if (at_line_end(s)) {
		*s = inside;
		report(s, w->line, w->col, "this string is not closed",
		       quote == '"' ? "a string ends with \" on the same line"
				    : "a string ends with ' on the same line");
		skip_line(s);
		return false;
	}
	advance(s);
	if (!at_line_end(s) && !strchr(" \t{}", *s->at))
		report(s, s->line, s->col, "a space is missing after the string", NULL);
	return true;
}

/* Where other configurations end a line, which would be a part of the word here. */
static bool is_semicolon_behind(const struct scan *s)
{
	return *s->at == ';' && (s->at + 1 == s->end || strchr(" \t\r\n{}", s->at[1]));
}

static void scan_atom(struct scan *s)
{
	while (!at_line_end(s) && !(*s->at && strchr(" \t{}", *s->at))) {
		if (*s->at == '"' || *s->at == '\'') {
			report(s, s->line, s->col, "a quote inside a word",
			       "put the whole word into quotes");
			skip_line(s);
			return;
		}
		if (is_semicolon_behind(s))
			report(s, s->line, s->col, "a ';' ends nothing here",
			       "write each directive on a line of its own, without ';'");
		if (*s->at == '\\')
			take_escaped(s);
		else
			take(s);
	}
}

static bool scan_word(struct scan *s, struct scfg_word *w)
{
	w->text = s->out;
	if (*s->at == '"' || *s->at == '\'') {
		if (!scan_quoted(s, w)) {
			s->out = (char *)w->text;
			return false;
		}
	} else {
		scan_atom(s);
	}
	*s->out++ = '\0';
	return true;
}

static enum token scan_line_end(struct scan *s)
{
	if (s->at == s->end)
		return TOKEN_END;
	if (*s->at == '\r')
		s->at++;
	s->at++;
	s->line++;
	s->col = 1;
	return TOKEN_LINE;
}

static enum token scan_token(struct scan *s, struct scfg_word *w)
{
	for (;;) {
		while (!at_line_end(s) && (*s->at == ' ' || *s->at == '\t'))
			advance(s);
		w->line = s->line;
		w->col = s->col;
		if (!at_line_end(s) && *s->at == '#')
			while (!at_line_end(s))
				advance(s);
		if (at_line_end(s))
			return scan_line_end(s);
		if (*s->at == '{' || *s->at == '}') {
			char brace = *s->at;

			advance(s);
			return brace == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
		}
		if (scan_word(s, w))
			return TOKEN_WORD;
	}
}

/* --- builder ------------------------------------------------------------------------ */

static void build_limit(struct build *b, const struct scfg_word *w, const char *text)
{
	report(&b->scan, w->line, w->col, text, NULL);
	b->stop = true;
}

/* Make a node of the words gathered and hang it behind its siblings. */
static int build_node(struct build *b, struct scfg_node **out)
{
	struct scfg_node *n;

	if (b->node_count++ == SCFG_NODES_MAX) {
		build_limit(b, &b->words[0], "more than 65536 directives");
		return 0;
	}
	n = calloc(1, sizeof(*n) + b->word_count * sizeof(n->words[0]));
	if (!n)
		return -ENOMEM;
	memcpy(n->words, b->words, b->word_count * sizeof(n->words[0]));
	n->word_count = b->word_count;
	n->bad = b->scan.bad;
	b->word_count = 0;
	*b->tail[b->depth] = n;
	b->tail[b->depth] = &n->next;
	*out = n;
	return 0;
}

static int on_open(struct build *b, const struct scfg_word *w)
{
	struct scfg_node *n = NULL;
	int rc;

	if (!b->word_count) {
		if (!b->scan.bad)
			report(&b->scan, w->line, w->col,
			       "a block without a name before it", NULL);
		b->words[b->word_count] = *w;
		b->words[b->word_count++].text = "";
	}
	if (b->depth == SCFG_DEPTH_MAX) {
		build_limit(b, w, "blocks are nested deeper than 8");
		return 0;
	}
	rc = build_node(b, &n);
	if (rc || !n)
		return rc;
	n->has_block = true;
	b->block[b->depth] = n;
	b->open[b->depth] = *w;
	b->depth++;
	b->tail[b->depth] = &n->child;
	return 0;
}

static bool opened_on(const struct build *b, uint32_t line)
{
	return b->depth && b->open[b->depth - 1].line == line;
}

static int on_close(struct build *b, const struct scfg_word *w)
{
	struct scfg_node *n;
	int rc = 0;

	if (b->word_count && !opened_on(b, w->line))
		report(&b->scan, w->line, w->col, "'}' behind a directive",
		       "'}' stands on a line of its own");
	if (b->word_count)
		rc = build_node(b, &n);
	if (rc)
		return rc;
	if (b->depth)
		b->depth--;
	else
		report(&b->scan, w->line, w->col, "'}' closes nothing",
		       "no block is open here: is there one '}' too many above?");
	b->closed_line = w->line;
	return 0;
}

static int on_line(struct build *b)
{
	struct scfg_node *n;
	int rc = 0;

	if (b->word_count && opened_on(b, b->words[0].line))
		report(&b->scan, b->words[0].line, b->words[0].col, "text behind '{'",
		       "begin a new line, or close the block on this one");
	if (b->word_count)
		rc = build_node(b, &n);
	b->scan.bad = false;
	return rc;
}

static void on_word(struct build *b, const struct scfg_word *w)
{
	if (!b->word_count && b->closed_line == w->line)
		report(&b->scan, w->line, w->col, "text behind '}'", "begin a new line");
	if (b->word_count == SCFG_WORDS_MAX - 1)
		report(&b->scan, w->line, w->col, "more than 255 words in a line",
		       "repeat the directive on the next line");
	if (b->word_count < SCFG_WORDS_MAX)
		b->words[b->word_count++] = *w;
}

static int build_token(struct build *b, enum token t, const struct scfg_word *w)
{
	switch (t) {
	case TOKEN_WORD:
		on_word(b, w);
		return 0;
	case TOKEN_OPEN:
		return on_open(b, w);
	case TOKEN_CLOSE:
		return on_close(b, w);
	default:
		return on_line(b);
	}
}

static int build_all(struct build *b)
{
	struct scfg_word w = {0};
	enum token t = TOKEN_LINE;
	int rc = 0;

	while (!rc && !b->stop && t != TOKEN_END) {
		t = scan_token(&b->scan, &w);
		rc = build_token(b, t, &w);
	}
	for (unsigned i = 0; !rc && !b->stop && i < b->depth; i++) {
		b->block[i]->unclosed = true;
		report(&b->scan, b->open[i].line, b->open[i].col,
		       "this block is not closed", "its '}' is missing");
	}
	return rc;
}

/* What is not text at all gets one plain error instead of one for each line. */
static bool is_text(struct scan *s, size_t len)
{
	if (len > SCFG_BYTES_MAX) {
		report(s, 1, 1, "the text is longer than 4 MiB", NULL);
		return false;
	}
	if (len >= 2 &&
	    (!memcmp(s->at, "\xff\xfe", 2) || !memcmp(s->at, "\xfe\xff", 2))) {
		report(s, 1, 1, "the text is UTF-16", "save it as UTF-8");
		return false;
	}
	if (len >= 3 && !memcmp(s->at, "\xef\xbb\xbf", 3))
		s->at += 3;
	return true;
}

int scfg_parse(const char *text, size_t len, scfg_on_error *on_error, void *arg,
	       struct scfg **out)
{
	struct scfg *tree = calloc(1, sizeof(*tree));
	struct build *b = calloc(1, sizeof(*b));
	int rc = -ENOMEM;

	if (!tree || !b)
		goto err_free;
	b->scan = (struct scan){.at = text,
				.end = text + len,
				.line = 1,
				.col = 1,
				.on_error = on_error,
				.arg = arg};
	b->tail[0] = &tree->first;
	if (is_text(&b->scan, len)) {
		tree->words = malloc(len + 1);
		if (!tree->words)
			goto err_free;
		b->scan.out = tree->words;
		rc = build_all(b);
		if (rc)
			goto err_free;
	}
	free(b);
	*out = tree;
	return 0;

err_free:
	free(b);
	scfg_free(tree);
	return rc;
}

const struct scfg_node *scfg_first(const struct scfg *s)
{
	return s->first;
}

/* Depth is limited by SCFG_DEPTH_MAX. */
static void free_nodes(struct scfg_node *n)
{
	while (n) {
		struct scfg_node *next = n->next;

		free_nodes(n->child);
		free(n);
		n = next;
	}
}

void scfg_free(struct scfg *s)
{
	if (!s)
		return;
	free_nodes(s->first);
	free(s->words);
	free(s);
}
