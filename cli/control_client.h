/*
 * One question to the daemon's control socket, and its answer: a heading, rows, an end.
 * Knows nothing of what is asked.
 */
#ifndef CLI_CONTROL_CLIENT_H
#define CLI_CONTROL_CLIENT_H

#include <stddef.h>

#define CONTROL_COLUMNS_MAX 16
#define CONTROL_WHY_MAX	    512

/** Where the answer goes. A negative result ends the reading and is control_ask's result.
 *  Strings are borrowed for the call; names keep the '#' that marks integers. */
struct control_sink {
	int (*on_columns)(void *arg, char *const *names, size_t count);
	int (*on_row)(void *arg, char *const *fields, size_t count);
};

/**
 * Ask: "word word ...\n" goes out; a heading line, rows of tab-separated fields, then ".ok"
 * or ".err TEXT" come back. An answer of one column is not split at tabs. A line has at most
 * 32 KiB, an answer 256 MiB; silence of 10 s ends it.
 *
 * @param path   the socket; where it may not be used, the one for reading beside it is
 * @param words  verb and arguments: printable ASCII without spaces, at least one character
 * @param why    CONTROL_WHY_MAX bytes; a sentence on every failure but the sink's own
 * @retval 0              answered
 * @retval -EINVAL        a word cannot be sent
 * @retval -ECONNREFUSED  no daemon listens there (also where there is no socket)
 * @retval -EACCES        not allowed to connect
 * @retval -EREMOTEIO     the daemon's own .err: why holds its text
 * @retval -EPROTO        not an answer as above, or over a limit
 * @retval -ECONNRESET    ended before its end
 * @retval -ETIMEDOUT     silence
 */
int control_ask(const char *path, const char *const *words, size_t count,
		const struct control_sink *sink, void *arg, char *why);

/** The same on a connected stream socket, which is closed. */
int control_ask_fd(int fd, const char *const *words, size_t count,
		   const struct control_sink *sink, void *arg, char *why);

#endif
