/* How a report looks: one style sheet, light and dark, from a phone's width up. */
#ifndef CLI_PAGE_STYLE_H
#define CLI_PAGE_STYLE_H

extern const char page_style[];

#endif
