/* Files that are written, or read, whole or not at all. */
#ifndef CLI_WHOLE_FILE_H
#define CLI_WHOLE_FILE_H

#include <stddef.h>

/** Replace, or make, the file at path: written beside it, synced and renamed, so that who
 *  reads it, a web server perhaps, always finds a whole one.
 *  @retval negative errno: it is as it was */
int whole_file_write(const char *path, const char *bytes, size_t len);

/** Read a file of at most so many bytes; *bytes is the caller's to free, and ended by NUL.
 *  @retval -EFBIG  it has more; negative errno */
int whole_file_read(const char *path, size_t most, char **bytes, size_t *len);

#endif
