/*
 * The text of a list, line by line, from a file or from memory. Knows nothing of what the
 * lines hold.
 */
#ifndef BLOCKLISTS_LIST_FILE_H
#define BLOCKLISTS_LIST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIST_FILE_MAX (512ull << 20) /* bytes */

/** Open a list's file for reading; the descriptor is the caller's. Symbolic links are
 *  followed; nothing but a regular file is opened, so none can hang or act.
 *  @retval -EISDIR, -ENODEV no regular file; -EFBIG over LIST_FILE_MAX; -errno of open(2) */
int list_file_open(const char *path, int *out);

/** What an error of a list's file is in words, as in list_stats.rc. Borrowed, static. */
const char *list_rc_text(int rc);

/** A text being read; its fields are private. */
struct list_reader {
	int fd; /* borrowed; -1: the text is in memory */
	const char *text;
	char *buf; /* owned */
	size_t at, len; /* the part of text not yet handed out is [at, len) */
	uint64_t offset; /* in the file, of what comes behind text */
};

/** From a descriptor of a regular file, or with fd -1 from memory. Both are borrowed.
 *  @retval -ENOMEM */
int list_reader_init(struct list_reader *r, int fd, const void *bytes, size_t len);

/** The next line without its "\n", borrowed until the next call.
 *  @param text  NULL for a line over LIST_LINE_MAX, which is skipped
 *  @retval 1 a line, 0 the end, -EFBIG over LIST_FILE_MAX, negative errno of read(2) */
int list_reader_next(struct list_reader *r, const char **text, size_t *len);

/** Go back to the first line. */
void list_reader_rewind(struct list_reader *r);

void list_reader_fini(struct list_reader *r);

#endif
