/*
 * Whether a fetched body may take a list's place: it must read as a list, must not have
 * lost most of its entries, and must not block where lists come from. Knows nothing of
 * fetching.
 */
#ifndef FETCH_FETCH_CHECK_H
#define FETCH_FETCH_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;

#define FETCH_CHECK_WHY_MAX 256

/** Fewer entries than this may shrink as they like. */
#define FETCH_SHRINK_MIN 20

/**
 * @param fd     the body; a regular file
 * @param before entries of the copy in force; 0: there is none
 * @param why    FETCH_CHECK_WHY_MAX bytes: a sentence when it may not
 * @param entries  gets how many entries it has, in any case but an error
 * @retval 1 it may; 0 it may not, not even if the operator says so: it is no list
 * @retval -EKEYREJECTED  it may if the operator says so
 * @retval -ENOMEM, negative errno of reading it
 */
int fetch_check(const struct conf *conf, size_t list, int fd, uint64_t before,
		uint64_t *entries, char *why);

#endif
