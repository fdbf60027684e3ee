/*
 * What is remembered of a subscription between two updates: a small text file beside the
 * list's copy. Knows nothing of fetching.
 */
#ifndef FETCH_FETCH_STATE_H
#define FETCH_FETCH_STATE_H

#include <stdint.h>

#include "fetch/fetch_get.h"

#define FETCH_ERROR_MAX 255

struct fetch_state {
	char url[FETCH_URL_MAX + 1]; /* that the copy came from */
	struct fetch_validators validators;
	uint64_t hash;	   /* of the copy; 0: there is none */
	uint64_t entries;  /* that were read from it */
	int64_t fetched_s; /* wall clock: the copy came; 0: never */
	int64_t checked_s; /* the server was last asked and answered; 0: never */
	int64_t tried_s;   /* it was last asked */
	char error[FETCH_ERROR_MAX +
		   1]; /* of the last try, in words; empty: it went well */
};

/** "/x/ads.txt" to "/x/ads.txt.state" in buf. @retval -ENAMETOOLONG */
int fetch_state_path(const char *file, char *buf, size_t size);

/** Read what is remembered of the copy in file. What is damaged in it counts as not
 * there.
 *  @retval -ENOENT nothing is; -EACCES; negative errno; out is zeroed then */
int fetch_state_read(const char *file, struct fetch_state *out);

/** Replace it as a whole: a crash leaves the old one or the new one. @retval negative
 * errno */
int fetch_state_write(const char *file, const struct fetch_state *s);

/** The hash of a file, never 0; 0: it cannot be read. */
uint64_t fetch_state_hash(int fd);

#endif
