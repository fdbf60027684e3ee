/* Names in Unicode -> the ASCII form that is asked for (UTS #46, RFC 5891). */
#ifndef BLOCKLISTS_LIST_IDN_H
#define BLOCKLISTS_LIST_IDN_H

#include <stddef.h>

#define LIST_IDN_MAX 256

/** @param text  UTF-8, any octets
 *  @return the length of what is in out, which ends with NUL; 0: no name, out untouched */
size_t list_idn_to_ascii(const char *text, size_t len, char out[LIST_IDN_MAX]);

#endif
