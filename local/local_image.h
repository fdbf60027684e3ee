/*
 * An image of local data: names with their records, and what clients are called, in one
 * immutable piece of memory that another process made. Everything in it is checked when it
 * is opened. Pure but for open.
 */
#ifndef LOCAL_LOCAL_IMAGE_H
#define LOCAL_LOCAL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

struct local_image;

#define LOCAL_RECORDS_MAX    65536 /* in all; further ones are left out */
#define LOCAL_NAMES_MAX	     131072
#define LOCAL_RRSET_MAX	     64 /* records of one name */
#define LOCAL_IMAGE_MAX	     (64u << 20) /* bytes */
#define LOCAL_LABEL_TEXT_MAX 63

/** Map and check an image; fd stays the caller's.
 *  @retval -EBADMSG  not an image, one that is damaged or not sealed (sealed.h); -ENOMEM, negative errno */
int local_image_open(int fd, struct local_image **out);

/** NULL is allowed. */
void local_image_close(struct local_image *x);

/** One record; everything is borrowed from the image. */
struct local_rr {
	uint16_t type; /* A, AAAA, CNAME or PTR */
	uint16_t len;
	uint32_t ttl_s;
	int64_t until_s; /* wall clock; 0: for ever */
	const uint8_t *data;
	const char *source; /* path */
	uint32_t line;
};

/** A name's records, which may be none: then others lie below it. */
struct local_match {
	const struct local_image *image;
	uint32_t first;
	unsigned count;
};

/** Find a name, in any case. NULL for an image: nothing is there. */
bool local_image_find(const struct local_image *x, const struct dname *name,
		      struct local_match *out);

/** The i-th of a match's records, below count. */
struct local_rr local_match_at(const struct local_match *m, unsigned i);

/** What a client is called: by its MAC address, else by its address; either may be NULL.
 *  "" for unknown. Letters, digits, '-' and '_', at most LOCAL_LABEL_TEXT_MAX. */
const char *local_image_label(const struct local_image *x, const struct mac *mac,
			      const struct addr *addr, int64_t now_s);

/** All names in no order, with at; for listing. i is below local_image_names. */
size_t local_image_names(const struct local_image *x);
size_t local_image_records(const struct local_image *x);
void local_image_name_at(const struct local_image *x, size_t i, struct dname *name,
			 struct local_match *out);

/** All labels, as they were put in. */
struct local_label_row {
	struct mac mac; /* of a MAC's label */
	struct addr addr; /* else; family 0: it is a MAC's */
	const char *text, *source;
	int64_t until_s;
	uint32_t line;
};
size_t local_image_labels(const struct local_image *x);
void local_image_label_at(const struct local_image *x, size_t i, struct local_label_row *out);

#endif
