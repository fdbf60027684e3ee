/* A builder's inside, for local_build.c and local_write.c alone. */
#ifndef LOCAL_LOCAL_BUILD_PARTS_H
#define LOCAL_LOCAL_BUILD_PARTS_H

#include "lib/hash.h"
#include "local/local_build.h"
#include "local/local_image.h"
#include "local/local_layout.h"

#define BUILD_SLOTS (LOCAL_NAMES_MAX * 2) /* a power of two */
#define BUILD_NONE  UINT32_MAX

struct build_name {
	uint32_t text_at;
	uint32_t last; /* record; BUILD_NONE: it has none */
	uint16_t count;
	uint8_t len;
	uint8_t rank;		 /* of its records' source */
	uint64_t owner4, owner6; /* client whose addresses it has; 0: nobody's */
};

struct build_record {
	struct local_record r;
	uint32_t before; /* the one of the same name, or BUILD_NONE */
};

struct local_builder {
	struct hash_key hash;
	struct build_name *names; /* owned, as all below */
	size_t name_count, name_room;
	struct build_record *records;
	size_t record_count, record_room;
	struct local_label *labels;
	size_t label_count, label_room;
	struct local_source *sources;
	size_t source_count, source_room;
	uint8_t *text;
	size_t text_len, text_room;
	struct local_build_stats stats;
	uint32_t slots[BUILD_SLOTS]; /* index of a name + 1; 0: free */
};

#endif
