/* Local data at the supervisor: when they are read, and who is given the image. */
#ifndef DAEMON_LOCAL_DATA_H
#define DAEMON_LOCAL_DATA_H

#include <stdbool.h>

struct generation;
struct supervisor;

/** Read the local data of a generation, which is s->next or s->now, and watch its files. What
 *  is being read then is read anew. @return false: it has none, nothing is to come */
bool local_data_read(struct supervisor *s, struct generation *g);

/** Where a generation takes the place of another, which is about to be freed. */
void local_data_moved(struct supervisor *s, const struct generation *from,
		      struct generation *to);

/** The process local is up: give it what it needs. */
void local_data_on_up(struct supervisor *s);

/** A sealed image from it; fd is owned. */
void local_data_take(struct supervisor *s, int fd);

/** It is done, well or badly. */
void local_data_on_done(struct supervisor *s);

#endif
