/* Compiles and runs regular expressions within limits; see list_regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "blocklists/list_regex.h"

#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_line.h"
#include "blocklists/list_side.h"
#include "lib/util.h"

#define NEST_MAX       20
#define CODE_BYTES_MAX 16384	    /* of one */
#define SET_BYTES_MAX  (4u << 20)   /* of all */
#define HEAP_KIB       256	    /* of a match */

struct list_regexes {
	pcre2_compile_context *compile; /* owned, as all below */
	pcre2_match_context *match;
	pcre2_match_data *data;
	uint64_t given_up;
	unsigned steps; /* left to the match that runs */
	size_t bytes;
	size_t count;
	pcre2_code *codes[];
};

/** PCRE2's own limit begins anew at each octet that a match may begin with, of which a name has
 *  253. So we count. */
static int on_step(pcre2_callout_block *block, void *arg)
{
	struct list_regexes *set = arg;

	(void)block;
	if (!set->steps)
		return PCRE2_ERROR_MATCHLIMIT;
	set->steps--;
	return 0;
}

int list_regexes_new(size_t count, struct list_regexes **out)
{
	struct list_regexes *set = calloc(1, sizeof(*set) + count * sizeof(set->codes[0]));

	if (!set)
		return -ENOMEM;
	set->count = count;
	set->compile = pcre2_compile_context_create(NULL);
	set->match = pcre2_match_context_create(NULL);
	set->data = pcre2_match_data_create(1, NULL);
	if (!set->compile || !set->match || !set->data) {
		list_regexes_free(set);
		return -ENOMEM;
	}
	pcre2_set_parens_nest_limit(set->compile, NEST_MAX);
	pcre2_set_max_pattern_length(set->compile, LIST_SIDE_TEXT);
	pcre2_set_heap_limit(set->match, HEAP_KIB);
	pcre2_set_match_limit(set->match, LIST_REGEX_STEPS_ONE);
	pcre2_set_depth_limit(set->match, LIST_REGEX_STEPS_ONE);
	pcre2_set_callout(set->match, on_step, set);
	*out = set;
	return 0;
}

void list_regexes_free(struct list_regexes *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		pcre2_code_free(set->codes[i]);
	pcre2_match_data_free(set->data);
	pcre2_match_context_free(set->match);
	pcre2_compile_context_free(set->compile);
	free(set);
}

static int rc_from_pcre2(int error)
{
	switch (error) {
	case PCRE2_ERROR_HEAP_FAILED:
		return -ENOMEM;
	case PCRE2_ERROR_PATTERN_TOO_LARGE:
		return -E2BIG;
	default:
		return -EINVAL;
	}
}

int list_regexes_add(struct list_regexes *set, size_t number, const char *text, size_t len)
{
	const uint32_t options = PCRE2_CASELESS | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF |
				 PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
				 PCRE2_AUTO_CALLOUT;
	pcre2_code *code;
	PCRE2_SIZE at;
	size_t size = 0;
	int error;

	if (number >= set->count || set->codes[number])
		return -EINVAL;
	code = pcre2_compile((PCRE2_SPTR)text, len, options, &error, &at, set->compile);
	if (!code)
		return rc_from_pcre2(error);
	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	if (size > CODE_BYTES_MAX || set->bytes + size > SET_BYTES_MAX) {
		pcre2_code_free(code);
		return -E2BIG;
	}
	set->bytes += size;
	set->codes[number] = code;
	return 0;
}

bool list_regexes_match(struct list_regexes *set, size_t number, const char *name,
			size_t len, unsigned *steps_left)
{
	const pcre2_code *code = number < set->count ? set->codes[number] : NULL;
	unsigned most = MIN(*steps_left, LIST_REGEX_STEPS_ONE);
	int rc;

	if (!code || !*steps_left)
		return false;
	set->steps = most;
	rc = pcre2_match(code, (PCRE2_SPTR)name, len, 0, 0, set->data, set->match);
	*steps_left -= most - set->steps;
	set->given_up += rc < 0 && rc != PCRE2_ERROR_NOMATCH;
	return rc >= 0;
}

uint64_t list_regexes_given_up(const struct list_regexes *set)
{
	return set ? set->given_up : 0;
}

int list_regex_check(const char *text, size_t len)
{
	struct list_regexes *set;
	int rc = list_regexes_new(1, &set);

	if (rc)
		return rc;
	rc = list_regexes_add(set, 0, text, len);
	list_regexes_free(set);
	return rc;
}

/* --- what must be in a name --------------------------------------------------------------- */

/** A literal being looked for: runs at the top level, outside groups, classes and
 *  alternatives. */
struct finder {
	const char *at, *end;
	char run[LIST_SIDE_TEXT];
	size_t len;
	char *best; /* borrowed */
	size_t best_len;
};

static void run_end(struct finder *f)
{
	if (f->len > f->best_len) {
		memcpy(f->best, f->run, f->len);
		f->best_len = f->len;
	}
	f->len = 0;
}

/** Behind a class. The first octet, or the one behind '^', may be ']'. */
static void skip_class(struct finder *f)
{
	const char *p = f->at + 1;

	if (p < f->end && *p == '^')
		p++;
	if (p < f->end && *p == ']')
		p++;
	for (; p < f->end && *p != ']'; p++) {
		const char *close;

		if (*p == '\\')
			p++;
		else if (p + 1 < f->end && p[0] == '[' && p[1] == ':' &&
			 (close = memmem(p, (size_t)(f->end - p), ":]", 2)))
			p = close + 1;
	}
	f->at = p < f->end ? p + 1 : f->end;
}

static void skip_group(struct finder *f)
{
	unsigned depth = 0;

	while (f->at < f->end) {
		char c = *f->at;

		if (c == '[') {
			skip_class(f);
			continue;
		}
		f->at += c == '\\' && f->end - f->at > 1 ? 2 : 1;
		depth += c == '(';
		if (c == ')' && !--depth)
			return;
	}
}

/** Leave f->at behind what is repeated. @retval true  the part before may be absent */
static bool skip_quantifier(struct finder *f, bool *is_repeated)
{
	bool is_optional = false;

	*is_repeated = false;
	while (f->at < f->end && *f->at && strchr("?*+{", *f->at)) {
		const char *p = f->at + 1;

		while (*f->at == '{' && p < f->end && strchr("0123456789, ", *p))
			p++;
		if (*f->at == '{' && (p == f->end || *p++ != '}'))
			break; /* stands for itself, and is in no name */
		*is_repeated = true;
		is_optional |= *f->at != '+';
		f->at = p;
	}
	return is_optional;
}

/** One part at the top level: an octet that stands for itself, or anything else.
 *  @retval 0  anything else */
static char part_take(struct finder *f)
{
	char c = *f->at;

	if (c == '(') {
		skip_group(f);
		return 0;
	}
	if (c == '[') {
		skip_class(f);
		return 0;
	}
	f->at++;
	if (c == '\\' && f->at < f->end) {
		c = *f->at++;
		return c == '.' || c == '-' || c == '_' ? c : 0;
	}
	return c == '.' ? 0 : (char)list_line_octet[(uint8_t)c];
}

/** Whether runs can be told at all: an option, a verb or a quotation changes what is said. */
static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] == '(' && text[i + 1] == '*')
			return false;
		if (text[i] == '(' && text[i + 1] == '?' && i + 2 < len &&
		    !strchr(":=!<>|", text[i + 2]))
			return false;
		if (text[i] == '\\' && strchr("QEcxogkNpP0123456789", text[i + 1]))
			return false;
	}
	return !memchr(text, '\0', len);
}

size_t list_regex_literal(const char *text, size_t len, char *buf)
{
	struct finder f = { .at = text, .end = text + len, .best = buf };

	if (!is_plain(text, len))
		return 0;
	while (f.at < f.end) {
		bool is_repeated, is_optional;
		char c;

		if (*f.at == '|')
			return 0;
		c = part_take(&f);
		is_optional = skip_quantifier(&f, &is_repeated);
		if (c && !is_optional && f.len < sizeof(f.run))
			f.run[f.len++] = c;
		if (!c || is_repeated)
			run_end(&f);
	}
	run_end(&f);
	return f.best_len;
}
