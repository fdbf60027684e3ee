/*
 * What is asked of the history over the control socket: which question that is for dbwriter,
 * and whether this client may ask it. Knows nothing of connections.
 */
#ifndef RESOLVER_HISTORY_REQUEST_H
#define RESOLVER_HISTORY_REQUEST_H

#include <stdbool.h>

#include "lib/msg.h"

struct history_request {
	enum msg_question question;
	char arg[MSG_ASK_ARG_MAX + 1];
	const char *heading; /* of the answer, with its row where dbwriter tells none; static */
};

/** @param words  behind "history", ended by NULL
 *  @param is_trusted  it may change what is recorded
 *  @return NULL, or why not */
const char *history_request_read(char **words, bool is_trusted, struct history_request *out);

#endif
