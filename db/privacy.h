/*
 * What is left out of a record before it is kept anywhere, also in memory: answers, names,
 * who asked, or all of it. Knows nothing of storage, but keeps its key in a file.
 */
#ifndef DB_PRIVACY_H
#define DB_PRIVACY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr;
struct conf_history;
struct msg_lookup;
struct msg_refused;
struct privacy;

/** Family of a client's address that is 8 bytes of a hash. */
#define PRIVACY_HASHED 255

/** @param h  copied as far as needed. The key is read from, or written to, FILE.key; where
 *            that fails, clients get hashes that are good until the end of this process.
 *  @retval -ENOMEM */
int privacy_new(const struct conf_history *h, struct privacy **out);
void privacy_free(struct privacy *p);

/** What is to be recorded of a checked record: m itself, or what is left of it in a buffer
 *  that is good until the next call (its qname_len may be 0), or NULL: nothing. */
const struct msg_lookup *privacy_lookup(struct privacy *p, const struct msg_lookup *m);

/** The same; label: of the device in the configuration, or NULL. */
const struct msg_refused *privacy_refused(struct privacy *p, const struct msg_refused *m,
					  const char *label);

/** A level as a number that is stored, and in words. */
int64_t privacy_level(const struct privacy *p);
const char *privacy_level_text(int64_t level);

/** Whether records of that level, kept from before, say more than those of this one. */
bool privacy_is_stricter(int64_t level, int64_t than);

/** Text of a client's address, also of a hashed one; buf: ADDR_TEXT_MAX bytes. */
const char *privacy_client_text(const struct addr *a, char *buf);

#endif
