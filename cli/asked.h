/* Who asked for a name lately, as one sentence from the history. */
#ifndef CLI_ASKED_H
#define CLI_ASKED_H

struct command;

/** Print "Asked N times in 30 days, by: tv 211, phone 3." to c->out; nothing at all where
 *  the history is off, not there, or not readable to this user.
 *  @param name  as the history has it: dname_to_text() of a lower-case name */
void asked_print(const struct command *c, const char *name);

#endif
