/* A decision, step by step; see story.h. */
#include "cli/story.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/text_buf.h"

#define VERDICT_AT    66 /* screen column of the verdict, where the line before is short */
#define RESULT_WIDTH  48 /* a longer result moves its own `where` only */

static char *escaped(const char *s)
{
	struct text_buf b = { 0 };

	text_add_escaped(&b, s, false);
	text_add(&b, "", 1);
	if (b.failed) {
		text_fini(&b);
		return NULL;
	}
	return b.bytes;
}

int story_add(struct story *story, const char *step, const char *result, const char *where)
{
	const char *const texts[STORY_COLUMNS] = { step, result, where };
	struct story_step *s = &story->steps[story->count];

	if (story->count == STORY_STEPS_MAX)
		return -E2BIG;
	story->count++;
	for (size_t i = 0; i < STORY_COLUMNS; i++) {
		s->text[i] = escaped(texts[i] ? texts[i] : "");
		if (!s->text[i])
			return -ENOMEM;
	}
	return 0;
}

int story_tell(struct story *story, const char *step, const char *fmt, ...)
{
	char result[STORY_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(result, sizeof(result), fmt, ap);
	va_end(ap);
	return story_add(story, step, result, "");
}

void story_fini(struct story *story)
{
	for (size_t i = 0; i < story->count; i++) {
		for (size_t k = 0; k < STORY_COLUMNS; k++)
			free(story->steps[i].text[k]);
	}
	story->count = 0;
}

/* --- for people ----------------------------------------------------------------------- */

static void print_verdict(const struct command *c, const char *subject, const char *client,
			  const struct story_step *s)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	const char *colour = "";
	int width;

	if (c->style.colour)
		colour = table_verdict_colour(s->text[STORY_RESULT]);
	width = fprintf(c->out, "%s", subject);
	if (*s->text[STORY_WHERE] && strcmp(subject, s->text[STORY_WHERE]) != 0)
		width += fprintf(c->out, "  %s", s->text[STORY_WHERE]);
	if (client)
		width += fprintf(c->out, "  for %s", client);
	fprintf(c->out, "%*s %s %s%s%s\n", width < VERDICT_AT ? VERDICT_AT - width : 0, "",
		utf8 ? "→" : "->", colour, s->text[STORY_RESULT], *colour ? TABLE_COLOUR_END : "");
}

void story_print(const struct command *c, const char *subject, const char *client,
		 const struct story *story)
{
	size_t step_width = 0;
	size_t result_width = 0;

	print_verdict(c, subject, client, &story->steps[0]);
	for (size_t i = 1; i < story->count; i++) {
		size_t result = text_width(story->steps[i].text[STORY_RESULT]);

		step_width = MAX(step_width, text_width(story->steps[i].text[STORY_STEP]));
		if (result <= RESULT_WIDTH)
			result_width = MAX(result_width, result);
	}
	for (size_t i = 1; i < story->count; i++) {
		char *const *text = story->steps[i].text;
		size_t width = text_width(text[STORY_RESULT]);

		fprintf(c->out, "%3zu %-*s  %s", i, (int)step_width, text[STORY_STEP],
			text[STORY_RESULT]);
		if (*text[STORY_WHERE])
			fprintf(c->out, "%*s  %s",
				width < result_width ? (int)(result_width - width) : 0, "",
				text[STORY_WHERE]);
		fputc('\n', c->out);
	}
}

/* --- for programs --------------------------------------------------------------------- */

int story_rows(const struct command *c, const struct story *story)
{
	static const struct table_column columns[STORY_COLUMNS] = {
		{ "step", COLUMN_TEXT }, { "result", COLUMN_TEXT }, { "where", COLUMN_TEXT },
	};
	struct table *table;
	int rc = table_new(c->out, &c->style, columns, STORY_COLUMNS, &table);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < story->count && rc == 0; i++)
		rc = table_row(table, (const char *const *)story->steps[i].text);
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	return rc;
}
