/* See conf_override.h. */
#include "conf/conf_override.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"

#define WHO_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:"

static const char *const actions[OVERRIDE_ACTIONS] = { "allow", "block", "pause" };
static const char *const scopes[OVERRIDE_SCOPES] = { "all", "client", "group", "policy" };

enum word { WORD_ACTION, WORD_SCOPE, WORD_WHO, WORD_UNTIL, WORD_NAME, WORDS };

const char *conf_override_action(enum override_action a)
{
	return actions[a];
}

const char *conf_override_scope(enum override_scope s)
{
	return scopes[s];
}

/* --- text --------------------------------------------------------------------------- */

/* @return its index, or -1 */
static int find_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i], word))
			return (int)i;
	return -1;
}

static int read_words(char *const *words, struct conf_override *out)
{
	int action = find_word(actions, OVERRIDE_ACTIONS, words[WORD_ACTION]);
	int scope = find_word(scopes, OVERRIDE_SCOPES, words[WORD_SCOPE]);
	const char *who = words[WORD_WHO], *name = words[WORD_NAME];
	size_t len = strspn(who, WHO_CHARS);
	char *end;

	if (action < 0 || scope < 0 || !len || len > CONF_NAME_MAX || who[len] ||
	    (scope == OVERRIDE_ALL && strcmp(who, "-") != 0))
		return -EINVAL;
	out->action = (enum override_action)action;
	out->scope = (enum override_scope)scope;
	memcpy(out->who, who, len + 1);
	errno = 0;
	out->until_s = strtoll(words[WORD_UNTIL], &end, 10);
	if (errno || *end || words[WORD_UNTIL][0] < '0' || words[WORD_UNTIL][0] > '9')
		return -EINVAL;
	out->name = (struct dname){ .len = 1 };
	if (action == OVERRIDE_PAUSE)
		return strcmp(name, "-") == 0 ? 0 : -EINVAL;
	if (dname_from_text(name, &out->name) || out->name.len == 1)
		return -EINVAL;
	dname_lower(&out->name);
	return 0;
}

/* One line of len bytes without its end. */
static int parse_line(const char *line, size_t len, struct conf_override *out)
{
	char copy[CONF_OVERRIDE_LINE], *rest = copy, *words[WORDS];

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, line, len);
	copy[len] = '\0';
	for (int i = 0; i < WORDS; i++)
		if (!(words[i] = strsep(&rest, " ")))
			return -EINVAL;
	return rest ? -EINVAL : read_words(words, out);
}

int conf_overrides_parse(const char *text, int64_t now_s, struct conf_overrides *out)
{
	size_t count = 0;

	out->count = 0;
	for (const char *line = text, *end; *line; line = end + 1) {
		struct conf_override o;

		end = strchr(line, '\n');
		if (!end || count == CONF_OVERRIDES_MAX ||
		    parse_line(line, (size_t)(end - line), &o) ||
		    o.until_s > now_s + CONF_OVERRIDE_S_MAX)
			return -EINVAL;
		if (o.until_s > now_s)
			out->items[count++] = o;
	}
	out->count = count;
	return 0;
}

const char *conf_overrides_text(const struct conf_overrides *o, char *buf)
{
	char name[DNAME_TEXT_MAX];
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < o->count; i++) {
		const struct conf_override *x = &o->items[i];

		len += (size_t)snprintf(buf + len, CONF_OVERRIDE_TEXT - len,
					"%s %s %s %" PRId64 " %s\n", actions[x->action],
					scopes[x->scope], x->who, x->until_s,
					x->action == OVERRIDE_PAUSE ?
						"-" : dname_to_text(&x->name, name));
	}
	return buf;
}

int conf_overrides_from_fd(int fd, int64_t now_s, struct conf_overrides **out)
{
	struct conf_overrides *o = malloc(sizeof(*o));
	char *text = malloc(CONF_OVERRIDE_TEXT);
	ssize_t n = 0;
	int rc = o && text ? 0 : -ENOMEM;

	if (!rc && (n = pread(fd, text, CONF_OVERRIDE_TEXT, 0)) < 0)
		rc = -errno;
	if (!rc && n == CONF_OVERRIDE_TEXT)
		rc = -EINVAL;
	if (!rc) {
		text[n] = '\0';
		rc = conf_overrides_parse(text, now_s, o);
	}
	free(text);
	if (rc) {
		free(o);
		return rc;
	}
	free(*out);
	*out = o;
	return 0;
}

/* --- what they say -------------------------------------------------------------------- */

static bool is_of_the_same(const struct conf_override *a, const struct conf_override *b)
{
	return (a->action == OVERRIDE_PAUSE) == (b->action == OVERRIDE_PAUSE) &&
	       a->scope == b->scope && !strcmp(a->who, b->who) && dname_equal(&a->name, &b->name);
}

int conf_overrides_set(struct conf_overrides *o, const struct conf_override *item)
{
	size_t kept = 0, before = o->count;

	for (size_t i = 0; i < before; i++)
		if (!is_of_the_same(&o->items[i], item))
			o->items[kept++] = o->items[i];
	o->count = kept;
	if (!item->until_s)
		return kept < before ? 0 : -ENOENT;
	if (kept == CONF_OVERRIDES_MAX)
		return -ENOSPC;
	o->items[o->count++] = *item;
	return 0;
}
