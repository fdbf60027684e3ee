/* JSON, step by step; see json_scan.h. */
#include "cli/json_scan.h"

#include <string.h>

#include "lib/util.h"

static bool bad(struct json_scan *j)
{
	j->is_bad = true;
	return false;
}

static void skip_space(struct json_scan *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' ||
				  *j->at == '\r'))
		j->at++;
}

/* Take c, with space around it. */
static bool take(struct json_scan *j, char c)
{
	if (j->is_bad)
		return false;
	skip_space(j);
	if (j->at == j->end || *j->at != c)
		return false;
	j->at++;
	skip_space(j);
	return true;
}

static bool take_word(struct json_scan *j, const char *word)
{
	size_t len = strlen(word);

	if (j->is_bad)
		return false;
	skip_space(j);
	if ((size_t)(j->end - j->at) < len || memcmp(j->at, word, len) != 0)
		return false;
	j->at += len;
	return true;
}

/* --- strings -------------------------------------------------------------------------- */

struct text {
	char *to;
	size_t size, len; /* len may pass size */
};

static void add(struct text *t, unsigned char c)
{
	if (t->len + 1 < t->size)
		t->to[t->len] = (char)(c ? c : '?');
	t->len++;
}

static void add_code(struct text *t, uint32_t code)
{
	if (code < 0x80) {
		add(t, (unsigned char)code);
		return;
	}
	if (code < 0x800) {
		add(t, (unsigned char)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		add(t, (unsigned char)(0xe0 | code >> 12));
		add(t, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
	} else {
		add(t, (unsigned char)(0xf0 | code >> 18));
		add(t, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
		add(t, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
	}
	add(t, (unsigned char)(0x80 | (code & 0x3f)));
}

static bool read_hex4(struct json_scan *j, uint32_t *out)
{
	uint32_t value = 0;

	if (j->end - j->at < 4)
		return bad(j);
	for (int i = 0; i < 4; i++) {
		char c = *j->at++;

		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value |= (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return bad(j);
	}
	*out = value;
	return true;
}

/* Behind \u; half of a pair alone becomes U+FFFD. */
static bool read_code(struct json_scan *j, struct text *t)
{
	uint32_t code, low;

	if (!read_hex4(j, &code))
		return false;
	if (code >= 0xd800 && code < 0xdc00 && j->end - j->at >= 6 && j->at[0] == '\\' &&
	    j->at[1] == 'u') {
		const char *before = j->at;

		j->at += 2;
		if (!read_hex4(j, &low))
			return false;
		if (low >= 0xdc00 && low < 0xe000)
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		else
			j->at = before;
	}
	if (code >= 0xd800 && code < 0xe000)
		code = 0xfffd;
	add_code(t, code);
	return true;
}

static bool read_escape(struct json_scan *j, struct text *t)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (j->at == j->end)
		return bad(j);
	if (*j->at == 'u') {
		j->at++;
		return read_code(j, t);
	}
	found = *j->at ? strchr(from, *j->at) : NULL;
	if (!found)
		return bad(j);
	j->at++;
	add(t, (unsigned char)to[found - from]);
	return true;
}

bool json_read_string(struct json_scan *j, char *to, size_t size, size_t *len)
{
	struct text t = { .to = to, .size = size };

	if (j->is_bad)
		return false;
	skip_space(j);
	if (j->at == j->end || *j->at != '"')
		return bad(j);
	j->at++;
	while (j->at < j->end && *j->at != '"') {
		unsigned char c = (unsigned char)*j->at++;

		if (c < ' ')
			return bad(j);
		if (c != '\\')
			add(&t, c);
		else if (!read_escape(j, &t))
			return false;
	}
	if (j->at == j->end)
		return bad(j);
	j->at++;
	if (size)
		to[MIN(t.len, size - 1)] = '\0';
	if (len)
		*len = t.len;
	return true;
}

/* --- other values --------------------------------------------------------------------- */

static bool read_digits(struct json_scan *j, int64_t *value)
{
	const char *from = j->at;

	for (; j->at < j->end && *j->at >= '0' && *j->at <= '9'; j->at++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *j->at - '0', value))
			return bad(j);
	return j->at > from ? true : bad(j);
}

bool json_read_integer(struct json_scan *j, int64_t *out)
{
	int64_t value = 0;
	bool is_negative;

	if (j->is_bad)
		return false;
	skip_space(j);
	is_negative = j->at < j->end && *j->at == '-';
	j->at += is_negative;
	if (!read_digits(j, &value))
		return false;
	if (j->at < j->end && *j->at == '.') {
		const char *from = ++j->at;

		while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
			j->at++;
		if (j->at == from)
			return bad(j);
	}
	if (j->at < j->end && (*j->at == 'e' || *j->at == 'E'))
		return bad(j); /* nobody writes an integer like that */
	*out = is_negative ? -value : value;
	return true;
}

bool json_read_bool(struct json_scan *j, bool *out)
{
	bool is_true = take_word(j, "true");

	if (!is_true && !take_word(j, "false"))
		return bad(j);
	*out = is_true;
	return true;
}

static bool skip_number(struct json_scan *j)
{
	const char *from = j->at;

	while (j->at < j->end && *j->at && strchr("+-.0123456789eE", *j->at))
		j->at++;
	return j->at > from ? true : bad(j);
}

static bool skip_scalar(struct json_scan *j)
{
	if (j->at < j->end && *j->at == '"')
		return json_read_string(j, NULL, 0, NULL);
	if (take_word(j, "true") || take_word(j, "false") || take_word(j, "null"))
		return true;
	return skip_number(j);
}

/* --- objects and arrays --------------------------------------------------------------- */

/* The text before where we are; both kinds of list begin with their bracket. */
static bool is_first(const struct json_scan *j, char bracket)
{
	const char *p = j->at - 1;

	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p--;
	return *p == bracket;
}

bool json_enter_object(struct json_scan *j)
{
	return take(j, '{');
}

bool json_next_key(struct json_scan *j, char *key, size_t size)
{
	if (j->is_bad)
		return false;
	skip_space(j);
	if (take(j, '}'))
		return false;
	if (!is_first(j, '{') && !take(j, ','))
		return bad(j);
	if (!json_read_string(j, key, size, NULL))
		return false;
	return take(j, ':') ? true : bad(j);
}

bool json_enter_array(struct json_scan *j)
{
	return take(j, '[');
}

bool json_next_value(struct json_scan *j)
{
	if (j->is_bad)
		return false;
	skip_space(j);
	if (take(j, ']'))
		return false;
	if (!is_first(j, '[') && !take(j, ','))
		return bad(j);
	return true;
}

/* Levels are counted, not called: a line of brackets costs no stack. */
bool json_skip(struct json_scan *j)
{
	char closers[JSON_DEPTH_MAX], key[1];
	size_t depth = 0;

	do {
		bool is_more = true;

		if (depth)
			is_more = closers[depth - 1] == '}' ? json_next_key(j, key, sizeof(key)) :
							       json_next_value(j);
		if (j->is_bad)
			return false;
		skip_space(j);
		if (!is_more)
			depth--;
		else if (j->at < j->end && (*j->at == '{' || *j->at == '[')) {
			if (depth == JSON_DEPTH_MAX)
				return bad(j);
			closers[depth++] = *j->at++ == '{' ? '}' : ']';
		} else if (!skip_scalar(j)) {
			return false;
		}
	} while (depth);
	return true;
}

bool json_at_end(struct json_scan *j)
{
	skip_space(j);
	return !j->is_bad && j->at == j->end;
}
