/*
 * The control sockets: one request line, a table as answer (a header line of column names
 * parted by tabs, integers marked by '#'; rows; then ".ok" or ".err TEXT"). Who may connect
 * may look; only root, and who runs the daemon, may change something, and by the socket for
 * reading nobody. Knows nothing of how the command line prints.
 */
#ifndef RESOLVER_CONTROL_H
#define RESOLVER_CONTROL_H

struct control;
struct resolver;

#define CONTROL_CONNECTIONS 16	/* of one socket; a further one is closed at once */
#define CONTROL_LINE	    2048 /* a request: a name in its longest form, and a client */
#define CONTROL_TIMEOUT_S   10	/* of a connection that does not read or write */
#define CONTROL_ANSWER_S    5	/* for the next piece of an answer from another process */

/** @param r  borrowed, outlives it */
int control_new(struct resolver *r, struct control **out);
void control_free(struct control *c);

enum control_kind {
	CONTROL_FULL,
	CONTROL_READING,
	CONTROL_KINDS,
};

/** Serve a listening UNIX socket (owned); replaces an earlier one of the kind. */
void control_listen(struct control *c, enum control_kind kind, int fd);

/** A MSG_TELL from nftsync or dbwriter: the answer to a relayed question. */
void control_on_tell(struct control *c, const void *message);

#endif
