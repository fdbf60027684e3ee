/* One question to the history, its answer printed as a table; the daemon need not run. */
#ifndef CLI_QUESTION_H
#define CLI_QUESTION_H

struct command;
struct report;
struct report_out;

/** Asks; returns what the question in db/report*.h returns. */
typedef int question_ask(struct report *r, const struct report_out *out, void *arg);

/** Owners of addresses in the answer, where there is a table of them: of those that a column
 *  begins with, else of addr (NULL: none). */
struct question_owners {
	const char *column;
	const char *addr;
};

/** Open the history that c's configuration names, ask, print every column. What goes wrong
 *  is printed. @return an exit status */
int question_print(const struct command *c, question_ask *ask, void *arg);

/** The same with a column `owner`, which is always there for programs. */
int question_print_owned(const struct command *c, question_ask *ask, void *arg,
			 const struct question_owners *owned);

#endif
