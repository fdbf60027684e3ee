/* What a host may be called; see host_label.h. */
#include "lib/host_label.h"

#include <string.h>

#include "lib/util.h"

static char host_char(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 32);
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return c;
	return '\0';
}

size_t host_label(const char *text, size_t len, char label[HOST_LABEL_MAX + 1])
{
	static const char *const refused[] = { "localhost", "wpad", "isatap" };
	const char *dot = len ? memchr(text, '.', len) : NULL;
	size_t n = dot ? (size_t)(dot - text) : len;

	label[0] = '\0';
	if (!n || n > HOST_LABEL_MAX || text[0] == '-' || text[n - 1] == '-')
		return 0;
	for (size_t i = 0; i < n; i++) {
		label[i] = host_char(text[i]);
		if (!label[i]) {
			label[0] = '\0';
			return 0;
		}
	}
	label[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (strcmp(label, refused[i]))
			continue;
		label[0] = '\0';
		return 0;
	}
	return n;
}
