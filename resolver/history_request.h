/*
 * What is asked of the history over the control socket: which question that is for dbwriter.
 * Knows nothing of connections, and of who may ask.
 */
#ifndef RESOLVER_HISTORY_REQUEST_H
#define RESOLVER_HISTORY_REQUEST_H

#include "lib/msg.h"

struct history_request {
	enum msg_question question;
	char arg[MSG_ASK_ARG_MAX + 1];
	const char *heading; /* of the answer, with its row where dbwriter tells none; static */
};

/** @param words  behind "history", ended by NULL
 *  @return NULL, or why not */
const char *history_request_read(char **words, struct history_request *out);

#endif
