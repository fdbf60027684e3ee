/*
 * A pager between a long answer and a terminal: PAGER, else less. It is started when the
 * first byte is written, so that until then an interrupt ends the command as always.
 */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <stdbool.h>
#include <stdio.h>

struct pager;

/** A stream in front of the terminal `out` (borrowed, outlives it).
 *  @retval -ENOENT  no pager is wanted (PAGER is "" or "cat") or there is none
 *  @retval -ENOMEM */
int pager_new(FILE *out, struct pager **pager);

/** The stream to write to; owned by the pager. */
FILE *pager_stream(const struct pager *p);

/** Write what is left, wait for the pager to end, free.
 *  @return whether its user left before the end: then writing has failed with EPIPE */
bool pager_end(struct pager *p);

#endif
