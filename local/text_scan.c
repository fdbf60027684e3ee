/* Lines and words; see text_scan.h. */
#include "local/text_scan.h"

#include <string.h>

bool text_line(struct text_scan *s, struct span *out)
{
	const char *end;

	if (!s->text.len)
		return false;
	end = memchr(s->text.at, '\n', s->text.len);
	*out = (struct span){ s->text.at, end ? (size_t)(end - s->text.at) : s->text.len };
	s->text.at += out->len + (end ? 1 : 0);
	s->text.len -= out->len + (end ? 1 : 0);
	s->line++;
	if (out->len && out->at[out->len - 1] == '\r')
		out->len--;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static void skip(struct span *s, size_t n)
{
	s->at += n;
	s->len -= n;
}

bool text_word(struct span *rest, struct span *out)
{
	size_t n = 0;

	while (rest->len && is_space(rest->at[0]))
		skip(rest, 1);
	while (n < rest->len && !is_space(rest->at[n]))
		n++;
	*out = (struct span){ rest->at, n };
	skip(rest, n);
	return n > 0;
}

bool text_field(struct span *rest, char separator, struct span *out)
{
	const char *end;

	if (!rest->at)
		return false;
	end = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
	*out = (struct span){ rest->at, end ? (size_t)(end - rest->at) : rest->len };
	if (end)
		skip(rest, out->len + 1);
	else
		*rest = (struct span){ NULL, 0 };
	if (out->len >= 2 && out->at[0] == '"' && out->at[out->len - 1] == '"')
		*out = (struct span){ out->at + 1, out->len - 2 };
	return true;
}

bool span_is(const struct span *s, const char *text)
{
	return strlen(text) == s->len && (!s->len || !memcmp(s->at, text, s->len));
}

bool span_number(const struct span *s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->len; i++) {
		unsigned digit = (unsigned)(s->at[i] - '0');

		if (digit > 9 || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (!s->len)
		return false;
	*out = n;
	return true;
}

bool span_copy(const struct span *s, char *buf, size_t size)
{
	if (s->len >= size || (s->len && memchr(s->at, '\0', s->len)))
		return false;
	if (s->len)
		memcpy(buf, s->at, s->len);
	buf[s->len] = '\0';
	return true;
}
