/*
 * A small file of wishes: the command line writes it whole, as root, and the supervisor reads
 * it. Knows nothing of what is in it.
 */
#ifndef CONF_WISH_FILE_H
#define CONF_WISH_FILE_H

#include <stddef.h>

/**
 * Read the whole file, as text that ends with NUL; none is an empty one.
 *
 * @param buf   of size bytes; empty on failure
 * @retval -EPERM   no regular file, or an account other than root and ours could have
 *                  written it
 * @retval -EINVAL  as long as buf or longer, or with a NUL in it
 * @retval negative errno
 */
int wish_file_read(const char *path, char *buf, size_t size);

/** Replace the file whole, and have it on disk; an empty text removes it.
 *  @retval negative errno; the file is as it was */
int wish_file_write(const char *path, const char *text);

#endif
