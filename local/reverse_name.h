/* The names under which addresses are looked up (RFC 1035 §3.5, RFC 3596 §2.5). Pure. */
#ifndef LOCAL_REVERSE_NAME_H
#define LOCAL_REVERSE_NAME_H

#include "lib/addr.h"
#include "lib/dname.h"

/** "5.1.168.192.in-addr.arpa" of an address, in lower case. */
void reverse_name(const struct addr *a, struct dname *out);

#endif
