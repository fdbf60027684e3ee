/* The bytes of an image of local data; for local_build.c and local_image.c alone. Every part
 * begins at a multiple of 8 and follows the one before. */
#ifndef LOCAL_LOCAL_LAYOUT_H
#define LOCAL_LOCAL_LAYOUT_H

#include <stdint.h>

#define LOCAL_MAGIC "nwlocal1"

struct local_head {
	char magic[8]; /* without a NUL */
	uint64_t hash_key[2]; /* of the slots: names are chosen by strangers */
	uint32_t slot_count;  /* a power of two, above name_count */
	uint32_t name_count, record_count, label_count, source_count;
	uint32_t text_bytes;
};

/* Then uint32_t slots[slot_count]: index of a name + 1, 0 free; next slot on a clash. */

struct local_name {
	uint32_t text_at; /* wire form, lower case */
	uint32_t first;	  /* record */
	uint16_t count;
	uint8_t len;
	uint8_t zero[5];
};

struct local_record {
	int64_t until_s; /* wall clock; 0: for ever */
	uint32_t ttl_s;
	uint32_t text_at; /* of the data: an address or a name's wire form */
	uint32_t line;
	uint16_t type, len;
	uint16_t source;
	uint8_t zero[6];
};

/** What a client is called. In the order of their first 17 bytes. */
struct local_label {
	uint8_t kind; /* enum local_label_kind */
	uint8_t id[16];
	uint8_t len; /* of the text */
	uint16_t source;
	uint32_t text_at;
	uint32_t line;
	uint32_t zero;
	int64_t until_s;
};

enum local_label_kind { LABEL_MAC, LABEL_IP4, LABEL_IP6, LABEL_KINDS };

/** A file by its path, or the configuration's file. */
struct local_source {
	uint32_t text_at; /* ends with NUL */
	uint32_t len;	  /* without it */
};

#endif
