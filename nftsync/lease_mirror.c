/*
 * Leases in shared memory; see lease_mirror.h. The process may be killed between any two
 * stores: a record counts if its end is not 0, which is stored last and cleared first.
 */
#include "nftsync/lease_mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/util.h"
#include "nftsync/lease_parts.h"

#define FORM 0x6e776c31u /* of the records; memory of another form is empty */

struct record {
	uint64_t end_ms; /* 0: free */
	uint32_t next;	 /* of the free ones, a place */
	struct lease_key key;
};

struct header {
	uint32_t form;
	uint32_t used; /* records from the first on that were ever used */
};

struct lease_mirror {
	struct header *header; /* the mapping; owned */
	struct record *records;
	size_t bytes;
	uint32_t capacity;
	uint32_t free; /* place of the first, or LEASE_NOT_MIRRORED */
};

int lease_mirror_open(int fd, struct lease_mirror **out)
{
	struct lease_mirror *m;
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size < (off_t)(sizeof(struct header) + sizeof(struct record)) ||
	    st.st_size > (off_t)(LEASE_LIMIT * sizeof(struct record)))
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->bytes = (size_t)st.st_size;
	m->header = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m->header == MAP_FAILED) {
		int rc = -errno;

		free(m);
		return rc;
	}
	m->records = (struct record *)(m->header + 1);
	m->capacity = (uint32_t)((m->bytes - sizeof(struct header)) / sizeof(struct record));
	if (m->header->form != FORM || m->header->used > m->capacity)
		lease_mirror_clear(m);
	*out = m;
	return 0;
}

void lease_mirror_close(struct lease_mirror *m)
{
	if (!m)
		return;
	munmap(m->header, m->bytes);
	free(m);
}

/* --- reading -------------------------------------------------------------------------- */

bool lease_mirror_next(const struct lease_mirror *m, size_t *cursor, struct lease_key *key,
		       uint64_t *end_ms)
{
	while (m && *cursor < m->header->used) {
		const struct record *r = &m->records[(*cursor)++];
		const struct lease_key *k = &r->key;

		if (!r->end_ms || k->device.kind >= DEVICE_KIND_COUNT ||
		    (k->addr.family != AF_INET && k->addr.family != AF_INET6))
			continue;
		*key = lease_key_make(&k->device, k->addr.family, k->addr.bytes);
		*end_ms = r->end_ms;
		return true;
	}
	return false;
}

/* --- writing -------------------------------------------------------------------------- */

static struct record *record_at(const struct lease_mirror *m, uint32_t place)
{
	return &m->records[place - 1];
}

static void set_end(struct record *r, uint64_t end_ms)
{
	__atomic_store_n(&r->end_ms, end_ms, __ATOMIC_SEQ_CST);
}

uint32_t lease_mirror_add(struct lease_mirror *m, const struct lease_key *key, uint64_t end_ms)
{
	uint32_t place;
	struct record *r;

	if (!m)
		return LEASE_NOT_MIRRORED;
	place = m->free;
	if (place != LEASE_NOT_MIRRORED)
		m->free = record_at(m, place)->next;
	else if (m->header->used < m->capacity)
		place = m->header->used + 1;
	else
		return LEASE_NOT_MIRRORED;
	r = record_at(m, place);
	r->key = *key;
	set_end(r, end_ms);
	if (place > m->header->used)
		__atomic_store_n(&m->header->used, place, __ATOMIC_SEQ_CST);
	return place;
}

void lease_mirror_set(struct lease_mirror *m, uint32_t place, uint64_t end_ms)
{
	if (m && place != LEASE_NOT_MIRRORED)
		set_end(record_at(m, place), end_ms);
}

void lease_mirror_remove(struct lease_mirror *m, uint32_t place)
{
	if (!m || place == LEASE_NOT_MIRRORED)
		return;
	set_end(record_at(m, place), 0);
	record_at(m, place)->next = m->free;
	m->free = place;
}

void lease_mirror_clear(struct lease_mirror *m)
{
	if (!m)
		return;
	__atomic_store_n(&m->header->used, 0, __ATOMIC_SEQ_CST);
	m->header->form = FORM;
	m->free = LEASE_NOT_MIRRORED;
}

/* A place above `used` may hold an old record: add() stores its end only behind its key, and
 * `used` behind both. */
void lease_set_mirror(struct lease_ledger *l, struct lease_mirror *m)
{
	lease_mirror_clear(m);
	l->mirror = m;
	for (size_t i = 0; i < l->bucket_count; i++) {
		for (struct lease *e = l->buckets[i]; e; e = e->next) {
			struct lease_key key = lease_key_of(e);

			e->place = lease_mirror_add(m, &key, e->by_end.key);
		}
	}
}
