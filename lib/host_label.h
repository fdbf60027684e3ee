/* What a host may be called, by itself or by others. Pure; any bytes. */
#ifndef LIB_HOST_LABEL_H
#define LIB_HOST_LABEL_H

#include <stddef.h>

#define HOST_LABEL_MAX 63

/** The first label of what a host calls itself, in lower case, if it is one that a host may
 *  have: letters, digits, '-' and '_', no '-' at an end, and none of the names by which
 *  programs find a machine that they then trust (localhost, wpad, isatap).
 *  @return its length; 0: none, label is "" */
size_t host_label(const char *text, size_t len, char label[HOST_LABEL_MAX + 1]);

#endif
