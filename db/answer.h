/*
 * An answer as one line of text, so that two answers with the same records are one text:
 * "cdn.example.net 192.0.2.1 192.0.2.7 2001:db8::1". Knows nothing of storage.
 */
#ifndef DB_ANSWER_H
#define DB_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#define ANSWER_TEXT_MAX 2048

/** Targets of CNAMEs in the chain's order, then addresses sorted (IPv4 first), then the
 *  types of other records, each once. What does not fit is counted at the end: " +12".
 *
 *  @param rrs   checked sequence of struct msg_rr (msg.h)
 *  @param more  records that had been left out before
 *  @return length of the text in buf (ANSWER_TEXT_MAX bytes); 0 for an empty answer */
size_t answer_to_text(const uint8_t *rrs, size_t len, unsigned more, char *buf);

#endif
