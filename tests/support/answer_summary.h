/* What an answer says, as one line to compare with. */
#ifndef TESTS_SUPPORT_ANSWER_SUMMARY_H
#define TESTS_SUPPORT_ANSWER_SUMMARY_H

struct wire_answer;

/** "addr/ttl[h] ..." of all addresses (h: a hint), then "| name ..." of the chain. Borrowed
 *  until the next call. */
const char *answer_summary(const struct wire_answer *a);

#endif
