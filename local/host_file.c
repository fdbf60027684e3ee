/* hosts(5); see host_file.h. */
#include "local/host_file.h"

#include <stdbool.h>
#include <string.h>

#include "local/text_scan.h"

/* Of this machine, or of one link: no use to others. */
static bool is_ours_alone(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };
	const uint8_t *b = a->bytes;

	if (a->family == AF_INET)
		return b[0] == 127 || (b[0] == 169 && b[1] == 254) || b[0] >= 224;
	return !memcmp(b, one, sizeof(one)) || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
	       b[0] == 0xff;
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

static bool read_name(const struct span *word, struct dname *out)
{
	char text[DNAME_MAX + 2];

	for (size_t i = 0; i < word->len; i++)
		if (!is_host_char(word->at[i]))
			return false;
	if (!span_copy(word, text, sizeof(text)) || dname_from_text(text, out) || out->len == 1)
		return false;
	dname_lower(out);
	return true;
}

int host_file_walk(const char *text, size_t len, host_file_take *take, void *arg)
{
	struct text_scan scan = { .text = { text, len } };
	struct span line, word;

	while (text_line(&scan, &line)) {
		const char *comment = line.len ? memchr(line.at, '#', line.len) : NULL;
		char number[ADDR_TEXT_MAX];
		int first = 1, rc;
		struct dname name;
		struct addr a;

		if (comment)
			line.len = (size_t)(comment - line.at);
		if (!text_word(&line, &word) || !span_copy(&word, number, sizeof(number)) ||
		    addr_from_text(number, &a) || is_ours_alone(&a))
			continue;
		while (text_word(&line, &word)) {
			if (!read_name(&word, &name))
				continue;
			rc = take(arg, &a, &name, first, scan.line);
			if (rc)
				return rc;
			first = 0;
		}
	}
	return 0;
}
