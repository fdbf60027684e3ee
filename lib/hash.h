/* Keyed hashing for tables that strangers can fill (SipHash-1-3, 64 bits), and for what they
 * must not be able to make themselves (SipHash-2-4). */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k[2];
};

/** A fresh random key from getrandom(2); aborts if the kernel has none. */
void hash_key_init(struct hash_key *key);

/** SipHash-1-3 of len bytes. */
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

/** SipHash-2-4 of len bytes. */
uint64_t hash_bytes_2_4(const struct hash_key *key, const void *data, size_t len);

/** Fill buf from getrandom(2) through a per-process buffer; aborts if the kernel has none. */
void random_bytes(void *buf, size_t len);

/** 32 random bits from the same source. */
uint32_t random_u32(void);

#endif
