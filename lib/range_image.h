/*
 * Named sets of ranges of addresses in a sealed memfd: made where text is read, used where
 * rights are held. Whoever opens one believes nothing: ranges are sorted, apart from each
 * other, and public, or the image is refused. Knows nothing of lists and of nftables.
 */
#ifndef LIB_RANGE_IMAGE_H
#define LIB_RANGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct range_build;
struct range_image;

#define RANGE_IMAGE_NAME 64	    /* with its NUL */
#define RANGE_IMAGE_SETS 128	    /* of all names, by family */
#define RANGE_IMAGE_MAX	 (1u << 20) /* ranges in all sets together */

/** @retval -ENOMEM */
int range_build_new(struct range_build **out);

/**
 * Begin a set. Ranges of one family follow.
 *
 * @param name    copied, shorter than RANGE_IMAGE_NAME
 * @param family  AF_INET or AF_INET6
 * @retval -E2BIG too many sets; -ENOMEM
 */
int range_build_set(struct range_build *b, const char *name, uint8_t family);

/**
 * Add a range, both ends included, of the set's family. Each begins behind the end of the one
 * before; those that touch become one. A range that is not wholly public, or is wider than any
 * owner's (IPv4 /7, IPv6 /12), is left out.
 *
 * @retval 0        taken, or left out: see range_build_left_out()
 * @retval -EINVAL  not in order
 * @retval -E2BIG   more than RANGE_IMAGE_MAX; -ENOMEM
 */
int range_build_add(struct range_build *b, const struct addr *lo, const struct addr *hi);

/** Ranges of the set at hand that were left out. */
size_t range_build_left_out(const struct range_build *b);

/** @param fd  a sealed memfd; the caller's. @retval negative errno */
int range_build_finish(const struct range_build *b, int *fd);

/** NULL is allowed. */
void range_build_free(struct range_build *b);

/** Map and check. @param fd  stays the caller's
 *  @retval -EBADMSG  malformed, not sealed, or with a range that is refused; negative errno */
int range_image_open(int fd, struct range_image **out);

/** NULL is allowed. */
void range_image_close(struct range_image *x);

/** A set's ranges: first and last address of each, 4 or 16 octets a piece, one behind the
 *  other. @param ranges  borrowed from x. @return how many; 0: there is no such set */
size_t range_image_find(const struct range_image *x, const char *name, uint8_t family,
			const uint8_t **ranges);

#endif
