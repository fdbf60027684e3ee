/*
 * A report as one HTML file: no script, no reference to anything outside, light and dark,
 * a table beside each chart; at most PAGE_BYTES_MAX. Knows nothing of the database.
 */
#ifndef CLI_PAGE_HTML_H
#define CLI_PAGE_HTML_H

#include <stdint.h>

struct page_data;
struct text_buf;

#define PAGE_BYTES_MAX 200000

/** Add the whole page. @param now_us  unix time: when it was made */
void page_html(struct text_buf *b, const struct page_data *d, int64_t now_us);

#endif
