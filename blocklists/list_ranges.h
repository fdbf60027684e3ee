/* The addresses of lists that zones refuse as traffic: out of an index, into a range image.
 * Knows nothing of the text they come from. */
#ifndef BLOCKLISTS_LIST_RANGES_H
#define BLOCKLISTS_LIST_RANGES_H

struct conf;

/**
 * A set for each list and family that a `refuse-list` names, under the list's name. What a list
 * allows itself, and what range_build_add() leaves out, is not in it; the latter is logged.
 *
 * @param index_fd  of an index of conf's lists; stays the caller's
 * @param out_fd    sealed; the caller's
 * @retval -E2BIG   more than RANGE_IMAGE_MAX ranges in all; negative errno; out_fd untouched
 */
int list_ranges_build(const struct conf *conf, int index_fd, int *out_fd);

#endif
