/*
 * Tells that one of some files may have changed: written, replaced by a rename, deleted, made
 * anew, or come to be in a folder that was not there before. Knows nothing of what is in
 * them.
 */
#ifndef DAEMON_FILE_WATCH_H
#define DAEMON_FILE_WATCH_H

#include <stddef.h>

struct event_base;
struct file_watch;

#define FILE_WATCH_SETTLE_MS 200  /* from the first sign of a change to the call */
#define FILE_WATCH_GAP_MS    1000 /* between two calls, however often files change */

/** @param base, arg  borrowed. @retval -ENOMEM */
int file_watch_new(struct event_base *base, void (*on_change)(void *arg), void *arg,
		   struct file_watch **out);

/** NULL is allowed. */
void file_watch_free(struct file_watch *w);

/** Watch these files from now on, instead of those before. Paths are absolute and copied.
 *  @retval 0; -ENOMEM or negative errno: changes may go unnoticed, says the caller */
int file_watch_set(struct file_watch *w, const char *const *paths, size_t count);

#endif
