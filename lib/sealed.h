/*
 * Memory that one process fills and others then read: a memfd that nobody can change any more.
 * Who maps one that its writer could still change or cut would be at his mercy, so readers ask.
 * Knows nothing of what is in it.
 */
#ifndef LIB_SEALED_H
#define LIB_SEALED_H

#include <stdbool.h>

/** A new one, empty and still open to change. @param name  for /proc
 *  @return its descriptor; negative errno */
int sealed_new(const char *name);

/** From now on its bytes and its size stay as they are. @retval 0; negative errno */
int sealed_finish(int fd);

/** Whether that is so. A file on a disk is not. */
bool sealed_is(int fd);

#endif
