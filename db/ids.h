/*
 * The ids of what a row refers to: who asked, and what came of it. Remembers them by the
 * bytes of the message, so that for most rows no text is made and no dictionary asked.
 * Knows nothing of rows and transactions.
 */
#ifndef DB_IDS_H
#define DB_IDS_H

#include <stdint.h>

#include "db/dict.h"

struct addr;
struct ids;
struct mac;
struct msg_lookup;
struct store;

/** Open all dictionaries. @param s  borrowed; outlives us */
int ids_open(struct store *s, struct ids **out);
void ids_close(struct ids *ids);

/** @param mac    NULL: not known
 *  @param label  of the device, may be empty */
int ids_client(struct ids *ids, const struct addr *addr, const struct mac *mac,
	       const char *label, int64_t *id);

/** Client of a lookup. */
int ids_client_of(struct ids *ids, const struct msg_lookup *m, int64_t *id);

/** Type, class, verdict, rcode, upstream and list entry of a lookup. */
int ids_outcome_of(struct ids *ids, const struct msg_lookup *m, int64_t *id);

/** Type and class of a lookup as an outcome has them. */
int64_t ids_qtype_of(const struct msg_lookup *m);

struct dict *ids_dict(struct ids *ids, enum dict_kind kind);

/** The transaction ended: 0 committed, else rolled back. */
void ids_settle(struct ids *ids, int rc);

/** Forget which messages had which ids; the dictionaries know them still. */
void ids_forget_messages(struct ids *ids);

#endif
