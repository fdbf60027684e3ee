/* Ranges in a memfd: a head, a row for each set, the ranges in the rows' order; see
 * range_image.h. */
#include "lib/range_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/addr.h"
#include "lib/sealed.h"
#include "lib/util.h"
#include "lib/whole_io.h"

#define ROOM_MIN 1024
#define WIDEST4	 7  /* prefix lengths; what is wider belongs to nobody */
#define WIDEST6	 12

static const char magic[8] = "nwranges";

struct head {
	char magic[8];
	uint32_t version, sets;
};

struct row {
	char name[RANGE_IMAGE_NAME];
	uint32_t family, count;
};

struct range_build {
	struct row rows[RANGE_IMAGE_SETS];
	size_t sets, left_out, ranges;
	uint8_t *bytes; /* owned */
	size_t len, room;
};

struct range_image {
	const struct head *head; /* owned mapping */
	size_t bytes;
};

static size_t addr_bytes(uint32_t family)
{
	return family == AF_INET ? 4 : 16;
}

/** The address behind; false: there is none. */
static bool step(uint8_t *a, size_t bytes)
{
	while (bytes--)
		if (++a[bytes])
			return true;
	return false;
}

/** Whether lo is beyond hi, and is not the one behind it. */
static bool is_apart(const uint8_t *hi, const uint8_t *lo, size_t bytes)
{
	uint8_t behind[16];

	memcpy(behind, hi, bytes);
	return step(behind, bytes) && memcmp(lo, behind, bytes) > 0;
}

static bool is_too_wide(const struct addr *lo, const struct addr *hi)
{
	unsigned bits = lo->family == AF_INET ? WIDEST4 : WIDEST6;
	unsigned a = (unsigned)lo->bytes[0] << 8 | lo->bytes[1];
	unsigned b = (unsigned)hi->bytes[0] << 8 | hi->bytes[1];

	return b - a >= 1u << (16 - bits);
}

/* --- building ----------------------------------------------------------------------- */

int range_build_new(struct range_build **out)
{
	struct range_build *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	*out = b;
	return 0;
}

void range_build_free(struct range_build *b)
{
	if (!b)
		return;
	free(b->bytes);
	free(b);
}

int range_build_set(struct range_build *b, const char *name, uint8_t family)
{
	struct row *r = &b->rows[b->sets];

	if (b->sets == RANGE_IMAGE_SETS || strlen(name) >= sizeof(r->name))
		return -E2BIG;
	strcpy(r->name, name);
	r->family = family;
	b->left_out = 0;
	b->sets++;
	return 0;
}

static int reserve(struct range_build *b, size_t more)
{
	size_t room = MAX(b->room * 2, ROOM_MIN);
	uint8_t *bytes;

	if (b->len + more <= b->room)
		return 0;
	bytes = realloc(b->bytes, room);
	if (!bytes)
		return -ENOMEM;
	b->bytes = bytes;
	b->room = room;
	return 0;
}

int range_build_add(struct range_build *b, const struct addr *lo, const struct addr *hi)
{
	struct row *r = &b->rows[b->sets - 1];
	size_t n = addr_bytes(r->family);
	uint8_t *last = r->count ? b->bytes + b->len - n : NULL;

	if (lo->family != r->family || hi->family != r->family ||
	    memcmp(lo->bytes, hi->bytes, n) > 0 ||
	    (last && memcmp(last, lo->bytes, n) >= 0))
		return -EINVAL;
	if (!addr_range_is_public(lo, hi) || is_too_wide(lo, hi)) {
		b->left_out++;
		return 0;
	}
	if (last && !is_apart(last, lo->bytes, n)) {
		memcpy(last, hi->bytes, n);
		return 0;
	}
	if (b->ranges == RANGE_IMAGE_MAX)
		return -E2BIG;
	if (reserve(b, 2 * n))
		return -ENOMEM;
	memcpy(b->bytes + b->len, lo->bytes, n);
	memcpy(b->bytes + b->len + n, hi->bytes, n);
	b->len += 2 * n;
	b->ranges++;
	r->count++;
	return 0;
}

size_t range_build_left_out(const struct range_build *b)
{
	return b->left_out;
}

int range_build_finish(const struct range_build *b, int *out)
{
	struct head head = { .version = 1, .sets = (uint32_t)b->sets };
	int fd = sealed_new("nameward-ranges"), rc;

	if (fd < 0)
		return fd;
	memcpy(head.magic, magic, sizeof(magic));
	rc = write_whole(fd, &head, sizeof(head));
	if (!rc)
		rc = write_whole(fd, b->rows, b->sets * sizeof(b->rows[0]));
	if (!rc)
		rc = write_whole(fd, b->bytes, b->len);
	if (!rc)
		rc = sealed_finish(fd);
	if (rc)
		close(fd);
	else
		*out = fd;
	return rc;
}

/* --- using -------------------------------------------------------------------------- */

static const struct row *rows_of(const struct head *h)
{
	return (const struct row *)(h + 1);
}

static const uint8_t *ranges_of(const struct head *h)
{
	return (const uint8_t *)(rows_of(h) + h->sets);
}

static bool are_ranges_good(const struct row *r, const uint8_t *p)
{
	size_t n = addr_bytes(r->family);

	for (uint32_t i = 0; i < r->count; i++, p += 2 * n) {
		struct addr lo = addr_from_bytes((uint8_t)r->family, p);
		struct addr hi = addr_from_bytes((uint8_t)r->family, p + n);

		if (lo.family != r->family || hi.family != r->family ||
		    memcmp(p, p + n, n) > 0 || (i && !is_apart(p - n, p, n)) ||
		    !addr_range_is_public(&lo, &hi))
			return false;
	}
	return true;
}

static bool is_row_good(const struct row *r)
{
	return (r->family == AF_INET || r->family == AF_INET6) && r->count <= RANGE_IMAGE_MAX &&
	       r->name[0] && memchr(r->name, '\0', sizeof(r->name));
}

static bool is_good(const struct head *h, size_t bytes)
{
	size_t at, count = 0;

	if (bytes < sizeof(*h) || memcmp(h->magic, magic, sizeof(magic)) != 0 ||
	    h->version != 1 || h->sets > RANGE_IMAGE_SETS)
		return false;
	at = sizeof(*h) + h->sets * sizeof(struct row);
	if (bytes < at)
		return false;
	for (uint32_t i = 0; i < h->sets; i++) {
		const struct row *r = &rows_of(h)[i];
		size_t len;

		if (!is_row_good(r))
			return false;
		len = r->count * 2 * addr_bytes(r->family);
		count += r->count;
		if (count > RANGE_IMAGE_MAX || len > bytes - at ||
		    !are_ranges_good(r, (const uint8_t *)h + at))
			return false;
		at += len;
	}
	return at == bytes;
}

int range_image_open(int fd, struct range_image **out)
{
	struct range_image *x;
	struct stat st;
	void *map;

	if (!sealed_is(fd))
		return -EBADMSG;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_size < (off_t)sizeof(struct head))
		return -EBADMSG;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		int rc = -errno;

		free(x);
		return rc;
	}
	x->head = map;
	x->bytes = (size_t)st.st_size;
	if (!is_good(x->head, x->bytes)) {
		range_image_close(x);
		return -EBADMSG;
	}
	*out = x;
	return 0;
}

void range_image_close(struct range_image *x)
{
	if (!x)
		return;
	munmap((void *)x->head, x->bytes);
	free(x);
}

size_t range_image_find(const struct range_image *x, const char *name, uint8_t family,
			const uint8_t **ranges)
{
	const uint8_t *p = ranges_of(x->head);

	for (uint32_t i = 0; i < x->head->sets; i++) {
		const struct row *r = &rows_of(x->head)[i];

		if (r->family == family && !strcmp(r->name, name)) {
			*ranges = p;
			return r->count;
		}
		p += r->count * 2 * addr_bytes(r->family);
	}
	return 0;
}
