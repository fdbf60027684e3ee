/* A whole DNS message as the answer of a lookup that another program recorded. */
#ifndef CLI_PAST_ANSWER_H
#define CLI_PAST_ANSWER_H

#include <stddef.h>
#include <stdint.h>

struct past_lookup;

/** Take the response code and the records of the answer section (RFC 1035 §4.1).
 *  @param to  its rcode and answer are set
 *  @retval -EBADMSG  cut short, or no message; to's answer is then what came before */
int past_answer_take(const uint8_t *packet, size_t len, struct past_lookup *to);

#endif
