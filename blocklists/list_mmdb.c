/* Reads MaxMind DB files; see list_mmdb.h. */
#include "blocklists/list_mmdb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/sealed.h"
#include "lib/util.h"
#include "lib/whole_io.h"

/* Before the metadata, which is the last thing in a file and this long at most. */
static const char mark[] = "\xab\xcd\xefMaxMind.com";
#define MARK_LEN	(sizeof(mark) - 1)
#define METADATA_MAX	(128u << 10)
#define CHUNK		65536
#define NO_NODE		UINT32_MAX
#define CLOCK_EVERY	16   /* networks: one of a hostile file may cost a lot */
#define TEXT_MAX	1024 /* of an owner; the rest does not count */

struct list_mmdb {
	MMDB_s db;
	uint32_t node4; /* where IPv4 begins in a tree of IPv6; NO_NODE: nowhere */
};

/* --- the file ------------------------------------------------------------------------- */

bool list_mmdb_is(int fd, const void *bytes, size_t len)
{
	size_t tail = METADATA_MAX;
	struct stat st;
	bool is = false;
	char *buf;
	ssize_t n;

	if (fd < 0) {
		tail = MIN(tail, len);
		return memmem((const char *)bytes + len - tail, tail, mark, MARK_LEN);
	}
	if (fstat(fd, &st) || st.st_size < (off_t)MARK_LEN)
		return false;
	buf = malloc(tail);
	if (!buf)
		return false;
	n = read_whole_at(fd, buf, tail, (uint64_t)MAX(st.st_size - (off_t)tail, 0));
	if (n > 0)
		is = memmem(buf, (size_t)n, mark, MARK_LEN);
	free(buf);
	return is;
}

static int copy_file(int fd, int to)
{
	char *buf = malloc(CHUNK);
	uint64_t at = 0;
	ssize_t n = 0;
	int rc = buf ? 0 : -ENOMEM;

	while (!rc && (n = read_whole_at(fd, buf, CHUNK, at)) > 0) {
		at += (uint64_t)n;
		rc = at > LIST_MMDB_MAX ? -EOVERFLOW : write_whole(to, buf, (size_t)n);
	}
	if (n < 0)
		rc = (int)n;
	free(buf);
	return rc;
}

static int rc_of(int status)
{
	switch (status) {
	case MMDB_SUCCESS:
		return 0;
	case MMDB_OUT_OF_MEMORY_ERROR:
		return -ENOMEM;
	case MMDB_FILE_OPEN_ERROR:
	case MMDB_IO_ERROR:
		return -EIO;
	default:
		return -EBADMSG;
	}
}

/** The node that ::/96 leads to: left 96 times. */
static uint32_t find_node4(const MMDB_s *db)
{
	MMDB_search_node_s node;
	uint32_t at = 0;

	if (db->metadata.ip_version != 6)
		return NO_NODE;
	for (unsigned i = 0; i < 96; i++) {
		if (MMDB_read_node(db, at, &node) ||
		    node.left_record_type != MMDB_RECORD_TYPE_SEARCH_NODE)
			return NO_NODE;
		at = (uint32_t)node.left_record;
	}
	return at;
}

static int open_copy(int fd, struct list_mmdb **out)
{
	struct list_mmdb *m = calloc(1, sizeof(*m));
	char path[32];
	int rc;

	if (!m)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* it takes no descriptor */
	rc = rc_of(MMDB_open(path, MMDB_MODE_MMAP, &m->db));
	if (!rc && m->db.metadata.ip_version != 4 && m->db.metadata.ip_version != 6) {
		MMDB_close(&m->db);
		rc = -EBADMSG;
	}
	if (rc) {
		free(m);
		return rc;
	}
	m->node4 = find_node4(&m->db);
	*out = m;
	return 0;
}

int list_mmdb_open(int fd, const void *bytes, size_t len, struct list_mmdb **out)
{
	int copy = sealed_new("nameward-owners");
	int rc = copy < 0 ? copy : 0;

	if (!rc && fd >= 0)
		rc = copy_file(fd, copy);
	else if (!rc)
		rc = len > LIST_MMDB_MAX ? -EOVERFLOW : write_whole(copy, bytes, len);
	if (!rc)
		rc = open_copy(copy, out);
	if (copy >= 0)
		close(copy);
	return rc;
}

void list_mmdb_close(struct list_mmdb *m)
{
	if (!m)
		return;
	MMDB_close(&m->db);
	free(m);
}

/* --- what a network's record says ----------------------------------------------------- */

/** Take the first of some paths that leads to a text; each is a key, or two, and NULL. */
static void take_text(MMDB_entry_s *entry, const char *const (*paths)[3], size_t count,
		      struct list_mmdb_owner *out)
{
	for (size_t i = 0; i < count; i++) {
		MMDB_entry_data_s data;

		if (MMDB_aget_value(entry, &data, paths[i]) || !data.has_data ||
		    data.type != MMDB_DATA_TYPE_UTF8_STRING || !data.data_size)
			continue;
		out->texts[out->owner.count++] =
			(struct list_owner_text){ data.utf8_string,
						  MIN(data.data_size, TEXT_MAX) };
		return;
	}
}

static void take_number(MMDB_entry_s *entry, struct list_owner *o)
{
	static const char *const paths[][2] = { { "autonomous_system_number", NULL },
						{ "asn", NULL } };

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !o->has_number; i++) {
		MMDB_entry_data_s data;

		if (MMDB_aget_value(entry, &data, paths[i]) || !data.has_data)
			continue;
		if (data.type == MMDB_DATA_TYPE_UINT32 || data.type == MMDB_DATA_TYPE_UINT16) {
			o->number = data.type == MMDB_DATA_TYPE_UINT32 ? data.uint32 :
									 data.uint16;
			o->has_number = true;
		} else if (data.type == MMDB_DATA_TYPE_UTF8_STRING) {
			o->has_number = list_owner_number(data.utf8_string, data.data_size,
							  &o->number);
		}
	}
}

/** By the words of MaxMind's own tables, and of others that are made like them. */
static void take_owner(const MMDB_entry_s *at, struct list_mmdb_owner *out)
{
	static const char *const countries[][3] = {
		{ "country", "iso_code", NULL }, { "registered_country", "iso_code", NULL },
		{ "country_code", NULL }, { "country", NULL },
	};
	static const char *const organisations[][3] = {
		{ "autonomous_system_organization", NULL }, { "as_name", NULL },
		{ "organization", NULL },
	};
	MMDB_entry_s entry = *at;

	out->owner = (struct list_owner){ .texts = out->texts };
	take_number(&entry, &out->owner);
	take_text(&entry, countries, ARRAY_SIZE(countries), out);
	take_text(&entry, organisations, ARRAY_SIZE(organisations), out);
}

bool list_mmdb_find(const struct list_mmdb *m, const struct addr *a,
		    struct list_mmdb_owner *out)
{
	const struct addr_port at = { .addr = *a };
	struct sockaddr_storage ss;
	MMDB_lookup_result_s found;
	int status;

	addr_port_to_sockaddr(&at, &ss);
	found = MMDB_lookup_sockaddr(&m->db, (const struct sockaddr *)&ss, &status);
	if (status || !found.found_entry)
		return false;
	take_owner(&found.entry, out);
	return out->owner.has_number || out->owner.count;
}

/* --- all networks --------------------------------------------------------------------- */

struct walk {
	const struct list_mmdb *m;
	const struct list_mmdb_sink *sink;
	unsigned bits;	/* of an address */
	uint64_t left;	/* nodes that may still be read */
	uint64_t networks, until_us;
	uint8_t path[16]; /* bits that led here */
};

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static int take_network(struct walk *w, unsigned depth, const MMDB_entry_s *entry)
{
	bool is_4 = w->bits == 32 || (depth >= 96 && is_zero(w->path, 12));
	unsigned before = is_4 && w->bits == 128 ? 96 : 0;
	struct addr a = { .family = is_4 ? AF_INET : AF_INET6 };
	struct list_mmdb_owner owner;
	enum list_line_kind kind;
	struct list_span span;

	if (++w->networks % CLOCK_EVERY == 0 && clock_mono_us() > w->until_us)
		return -ETIME;
	memcpy(a.bytes, w->path + before / 8, addr_len(&a));
	kind = list_span_net(&a, depth - before, &span);
	take_owner(entry, &owner);
	return w->sink->network(w->sink->arg, kind, &span, &owner.owner);
}

static int walk_node(struct walk *w, uint32_t number, unsigned depth);

/** One side of a node; its bit is in the path. */
static int walk_record(struct walk *w, uint8_t type, uint64_t record,
		       const MMDB_entry_s *entry, unsigned depth)
{
	switch (type) {
	case MMDB_RECORD_TYPE_EMPTY:
		return 0;
	case MMDB_RECORD_TYPE_DATA:
		return take_network(w, depth, entry);
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		return walk_node(w, (uint32_t)record, depth);
	default:
		return -EBADMSG;
	}
}

/** Goes as deep as an address has bits. */
static int walk_node(struct walk *w, uint32_t number, unsigned depth)
{
	uint8_t *byte = &w->path[depth / 8], bit = (uint8_t)(0x80 >> depth % 8);
	MMDB_search_node_s node;
	int rc;

	if (number == w->m->node4 && !is_zero(w->path, sizeof(w->path)))
		return 0; /* 6to4 and the like lead to IPv4 as well */
	if (depth >= w->bits || !w->left-- || MMDB_read_node(&w->m->db, number, &node))
		return -EBADMSG;
	rc = walk_record(w, node.left_record_type, node.left_record, &node.left_record_entry,
			 depth + 1);
	*byte |= bit;
	if (!rc)
		rc = walk_record(w, node.right_record_type, node.right_record,
				 &node.right_record_entry, depth + 1);
	*byte &= (uint8_t)~bit;
	return rc;
}

int list_mmdb_walk(const struct list_mmdb *m, const struct list_mmdb_sink *sink)
{
	struct walk w = {
		.m = m,
		.sink = sink,
		.bits = m->db.metadata.ip_version == 6 ? 128 : 32,
		.left = 2ull * m->db.metadata.node_count + 1, /* a tree: each once */
		.until_us = clock_mono_us() + LIST_MMDB_S * 1000000ull,
	};

	return walk_node(&w, 0, 0);
}
