/*
 * Charts as SVG elements inside an HTML page: no script, no font, no reference. Colours come
 * from the page's classes c0, c1... Knows nothing of DNS.
 */
#ifndef CLI_PAGE_CHART_H
#define CLI_PAGE_CHART_H

#include <stddef.h>

struct text_buf;

#define CHART_PARTS_MAX 4
#define CHART_ITEMS_MAX 32

struct chart_item {
	const char *label;	       /* beside it; hostile text is escaped */
	const char *tip;	       /* of a column, shown on pointing; or NULL */
	double parts[CHART_PARTS_MAX]; /* on top of, or behind, each other; not negative */
};

struct chart {
	const char *title; /* for those who do not see it */
	const struct chart_item *items;
	size_t item_count; /* at most CHART_ITEMS_MAX */
	size_t part_count;
	int first_class;   /* of the first part: "c" and this number; they count up */
	size_t label_every; /* of columns; every label is written under its column, or some */
};

/** Standing columns with a scale on the left. */
void chart_columns(struct text_buf *b, const struct chart *chart);

/** Lying bars, one below the other, each with its label on the left. */
void chart_bars(struct text_buf *b, const struct chart *chart);

/** The end of a scale for values up to `most`: 1, 2, 2.5 or 5 times a power of ten; 1 at
 *  least. */
double chart_scale(double most);

#endif
