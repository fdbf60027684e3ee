/* Reading one file whole, whatever it turns out to be. */
#ifndef CONF_CONF_FILE_H
#define CONF_CONF_FILE_H

#include <stddef.h>

struct stat;

/** Read a regular file into memory; never waits for a writer or a device.
 *
 * @param max  bytes; a longer file is refused
 * @param text owned by the caller; len bytes and a NUL behind
 * @param st   of the file that was read
 * @retval -EMEDIUMTYPE  a folder, FIFO, socket or device
 * @retval -E2BIG        longer than max
 * @retval -ENOMEM, -errno of open and read; outputs untouched on failure */
int conf_file_read(const char *path, size_t max, char **text, size_t *len,
		   struct stat *st);

#endif
