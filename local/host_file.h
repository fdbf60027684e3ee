/* hosts(5) files: any bytes, line by line. Pure; knows nothing of files. */
#ifndef LOCAL_HOST_FILE_H
#define LOCAL_HOST_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

/** One name of a line; is_first: the one that the address is called by.
 *  @retval 0 go on; anything else ends the walk and is returned */
typedef int host_file_take(void *arg, const struct addr *a, const struct dname *name,
			   int is_first, uint32_t line);

/** Hand out each name of a text, in lower case. Addresses that mean something to one machine
 *  or one link only (loopback, link-local, multicast) are passed over, and what is no name
 *  of letters, digits, '-', '_' and dots.
 *  @return 0, or what take returned */
int host_file_walk(const char *text, size_t len, host_file_take *take, void *arg);

#endif
