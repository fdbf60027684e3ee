/* Names at home as others bring them: in force at once, without a generation. */
#ifndef RESOLVER_LOCAL_NAMES_H
#define RESOLVER_LOCAL_NAMES_H

struct local_image;
struct resolver;

/** From now on local data are those; x is the resolver's. NULL: none. What was opened under a
 *  policy that goes by names is judged anew. */
void local_names_set(struct resolver *r, struct local_image *x);

/** The same for an image in a memfd, which is closed. */
void local_names_take(struct resolver *r, int fd);

/** Hear of names by mDNS on this channel, which it owns, from now on; -1: no more. */
void local_names_set_channel(struct resolver *r, int fd);

/** After another configuration: forget what it has no part for. */
void local_names_follow(struct resolver *r);

#endif
