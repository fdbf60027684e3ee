/*
 * The process that reads hosts and lease files and hands over an image of them. They are
 * hostile text (clients choose their names), and the resolver may open no file: so it is a
 * process of its own, that lives for one reading.
 */
#ifndef LOCAL_LOCAL_READER_H
#define LOCAL_LOCAL_READER_H

#include <stdint.h>

struct conf;
struct local_image;

/** Entry of the process; its channel is on CHILD_FD. Returns the exit status. */
int local_reader_main(void);

/** Build the image of a configuration's local data, and log what is wrong with each file. One
 *  that is not there holds nothing; one that cannot be read, or is no such file, holds what
 *  it held before.
 *  @param old     the image in force; NULL: none
 *  @param now_s   wall clock
 *  @param out_fd  a sealed memfd, the caller's
 *  @retval -ENOMEM, -EFBIG, negative errno; out_fd untouched */
int local_reader_build(const struct conf *conf, const struct local_image *old, int64_t now_s,
		       int *out_fd);

#endif
