/* Draws charts with fixed coordinates; the page scales them. See page_chart.h. */
#include "cli/page_chart.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/text_buf.h"
#include "lib/util.h"

#define COLUMNS_WIDTH  900
#define COLUMNS_HEIGHT 280
#define COLUMNS_LEFT   52 /* room for the scale */
#define COLUMNS_TOP    12
#define COLUMNS_BOTTOM 28 /* room for labels */
#define GRID_LINES     4
#define BARS_WIDTH     480
#define BARS_ROW       26
#define BARS_LEFT      190
#define LABEL_CHARS    24
#define TIP_CHARS      120

static void PRINTF_LIKE(2, 3) add(struct text_buf *b, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_add_string(b, text);
}

double chart_scale(double most)
{
	static const double steps[] = { 1, 2, 2.5, 5, 10 };
	double power = 1;

	if (most <= 1)
		return 1;
	while (power * 10 < most)
		power *= 10;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i] * power >= most)
			return steps[i] * power;
	}
	return 10 * power;
}

static double sum_of(const struct chart *chart, const struct chart_item *item)
{
	double sum = 0;

	for (size_t i = 0; i < chart->part_count; i++)
		sum += item->parts[i];
	return sum;
}

static double most_of(const struct chart *chart)
{
	double most = 0;

	for (size_t i = 0; i < chart->item_count; i++)
		most = MAX(most, sum_of(chart, &chart->items[i]));
	return most;
}

static void begin(struct text_buf *b, const struct chart *chart, int width, int height)
{
	add(b, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", width, height);
	text_add_html(b, chart->title, TIP_CHARS);
	text_add_string(b, "\">\n");
}

static void add_grid(struct text_buf *b, double scale)
{
	const double height = COLUMNS_HEIGHT - COLUMNS_TOP - COLUMNS_BOTTOM;

	for (int i = 0; i <= GRID_LINES; i++) {
		double y = COLUMNS_HEIGHT - COLUMNS_BOTTOM - height * i / GRID_LINES;
		double value = scale * i / GRID_LINES;

		add(b, "<line class=\"%s\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>",
		    i ? "g" : "g base", COLUMNS_LEFT, y, COLUMNS_WIDTH, y);
		/* a small scale has halves and quarters, which nobody counts */
		if (value == (double)(long long)value)
			add(b, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n",
			    COLUMNS_LEFT - 8, y + 4, value);
	}
}

static void add_column(struct text_buf *b, const struct chart *chart, size_t i, double scale)
{
	const struct chart_item *item = &chart->items[i];
	const double step = (double)(COLUMNS_WIDTH - COLUMNS_LEFT) / (double)chart->item_count;
	const double height = COLUMNS_HEIGHT - COLUMNS_TOP - COLUMNS_BOTTOM;
	const double width = MIN(step * 0.78, 40);
	const double x = COLUMNS_LEFT + step * ((double)i + 0.5) - width / 2;
	double y = COLUMNS_HEIGHT - COLUMNS_BOTTOM;

	text_add_string(b, "<g>");
	if (item->tip) {
		text_add_string(b, "<title>");
		text_add_html(b, item->tip, TIP_CHARS);
		text_add_string(b, "</title>");
	}
	for (size_t k = 0; k < chart->part_count; k++) {
		double part = height * item->parts[k] / scale;

		if (part <= 0)
			continue;
		y -= part;
		add(b, "<rect class=\"c%d\" x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\"/>",
		    chart->first_class + (int)k, x, y, width, part);
	}
	if (chart->label_every && i % chart->label_every == 0) {
		add(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x + width / 2,
		    COLUMNS_HEIGHT - 8);
		text_add_html(b, item->label, LABEL_CHARS);
		text_add_string(b, "</text>");
	}
	text_add_string(b, "</g>\n");
}

void chart_columns(struct text_buf *b, const struct chart *chart)
{
	double scale = chart_scale(most_of(chart));

	begin(b, chart, COLUMNS_WIDTH, COLUMNS_HEIGHT);
	add_grid(b, scale);
	for (size_t i = 0; i < chart->item_count && i < CHART_ITEMS_MAX; i++)
		add_column(b, chart, i, scale);
	text_add_string(b, "</svg>\n");
}

static void add_bar(struct text_buf *b, const struct chart *chart, size_t i, double most)
{
	const struct chart_item *item = &chart->items[i];
	const int y = (int)i * BARS_ROW;
	double x = BARS_LEFT;

	add(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", BARS_LEFT - 8, y + 17);
	text_add_html(b, item->label, LABEL_CHARS);
	text_add_string(b, "</text>");
	add(b, "<rect class=\"track\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"16\"/>", BARS_LEFT,
	    y + 4, BARS_WIDTH - BARS_LEFT);
	for (size_t k = 0; k < chart->part_count; k++) {
		double part = (BARS_WIDTH - BARS_LEFT) * item->parts[k] / most;

		if (part <= 0)
			continue;
		add(b, "<rect class=\"c%d\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"16\"/>",
		    chart->first_class + (int)k, x, y + 4, part);
		x += part;
	}
	text_add_string(b, "\n");
}

void chart_bars(struct text_buf *b, const struct chart *chart)
{
	size_t count = MIN(chart->item_count, (size_t)CHART_ITEMS_MAX);
	double most = most_of(chart);

	begin(b, chart, BARS_WIDTH, (int)count * BARS_ROW);
	for (size_t i = 0; i < count; i++)
		add_bar(b, chart, i, most > 0 ? most : 1);
	text_add_string(b, "</svg>\n");
}
