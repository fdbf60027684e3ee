/* Reading and writing all of something, whatever the kernel does at a time. */
#ifndef LIB_WHOLE_IO_H
#define LIB_WHOLE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Write len bytes at the descriptor's position. @retval negative errno  some may be written */
int write_whole(int fd, const void *bytes, size_t len);

/** Read len bytes, or as many as there are, from an offset; the descriptor's position stays, for
 *  several processes may share it. @return how many; negative errno */
ssize_t read_whole_at(int fd, void *to, size_t len, uint64_t offset);

#endif
