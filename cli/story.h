/*
 * A decision as a verdict and the steps that led to it, each with the place it comes from;
 * printed for people, or as rows. Knows nothing of what is decided.
 */
#ifndef CLI_STORY_H
#define CLI_STORY_H

#include <stddef.h>

#include "lib/util.h"

struct command;

#define STORY_STEPS_MAX 64
#define STORY_TEXT_MAX	1536 /* of story_tell; longer is cut */

enum story_column { STORY_STEP, STORY_RESULT, STORY_WHERE, STORY_COLUMNS };

struct story_step {
	char *text[STORY_COLUMNS]; /* owned, escaped for a terminal */
};

/** Zeroed at start. The first step is the verdict: its `where` is shown behind the subject. */
struct story {
	struct story_step steps[STORY_STEPS_MAX];
	size_t count;
};

/** Add a step; NULL stands for "". @retval -E2BIG, -ENOMEM */
int story_add(struct story *story, const char *step, const char *result, const char *where);

/** The same with a formatted result and no place. */
int story_tell(struct story *story, const char *step, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

void story_fini(struct story *story);

/** "SUBJECT  for CLIENT -> VERDICT" and numbered steps, to c->out. @param client or NULL */
void story_print(const struct command *c, const char *subject, const char *client,
		 const struct story *story);

/** All steps as rows step, result, where, in c's format. @return results of out_table.h */
int story_rows(const struct command *c, const struct story *story);

#endif
