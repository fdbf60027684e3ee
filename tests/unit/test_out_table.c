/* Tables as people, scripts and spreadsheets see them, with hostile cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli/out_table.h"
#include "cli/text_buf.h"

static const struct table_column lookups[] = {
	{ "time", COLUMN_TIME },    { "name", COLUMN_TEXT }, { "verdict", COLUMN_VERDICT },
	{ "ms", COLUMN_NUMBER },    { "list", COLUMN_TEXT },
};

static const char *const row_a[] = { "1795420800250000", "a.example", "blocked", "1.5", NULL };
static const char *const row_b[] = { "1795420801000000", "long-name.example", "forwarded",
				     "120", "ads" };

static char *render(const struct table_style *style, const struct table_column *columns,
		    size_t count, const char *const *const *rows, size_t row_count)
{
	struct table *t;
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_int_equal(table_new(to, style, columns, count, &t), 0);
	for (size_t i = 0; i < row_count; i++)
		assert_int_equal(table_row(t, rows[i]), 0);
	assert_int_equal(table_flush(t), 0);
	table_free(t);
	fclose(to);
	return text;
}

static void expect(const struct table_style *style, const struct table_column *columns,
		   size_t count, const char *const *const *rows, size_t row_count,
		   const char *wanted)
{
	char *text = render(style, columns, count, rows, row_count);

	assert_string_equal(text, wanted);
	free(text);
}

static const char *const *const two_rows[] = { row_a, row_b };

static void aligned_table_lines_up_numbers_right(void **state)
{
	const struct table_style plain = { .format = TABLE_ALIGNED };

	(void)state;
	expect(&plain, lookups, 5, two_rows, 2,
	       "TIME                 NAME               VERDICT     MS  LIST\n"
	       "2026-11-23 08:00:00  a.example          blocked    1.5  -\n"
	       "2026-11-23 08:00:01  long-name.example  forwarded  120  ads\n");
}

static void colour_is_only_on_verdicts(void **state)
{
	const struct table_style colour = { .format = TABLE_ALIGNED, .colour = true };
	static const struct table_column columns[] = { { "name", COLUMN_TEXT },
						       { "verdict", COLUMN_VERDICT } };
	static const char *const row[] = { "blocked", "blocked-cname" };
	static const char *const *const rows[] = { row };

	(void)state;
	expect(&colour, columns, 2, rows, 1,
	       "NAME     VERDICT\nblocked  \033[31mblocked-cname\033[0m\n");
}

static void json_has_version_time_and_plain_numbers(void **state)
{
	const struct table_style json = { .format = TABLE_JSON };

	(void)state;
	expect(&json, lookups, 5, two_rows, 2,
	       "{\"v\":1,\"time\":\"2026-11-23T08:00:00.250000+00:00\",\"ts\":1795420800250000,"
	       "\"name\":\"a.example\",\"verdict\":\"blocked\",\"ms\":1.5,\"list\":null}\n"
	       "{\"v\":1,\"time\":\"2026-11-23T08:00:01.000000+00:00\",\"ts\":1795420801000000,"
	       "\"name\":\"long-name.example\",\"verdict\":\"forwarded\",\"ms\":120,"
	       "\"list\":\"ads\"}\n");
}

static void csv_follows_rfc_4180(void **state)
{
	const struct table_style csv = { .format = TABLE_CSV };

	(void)state;
	expect(&csv, lookups, 5, two_rows, 2,
	       "time,ts,name,verdict,ms,list\r\n"
	       "2026-11-23T08:00:00.250000+00:00,1795420800250000,a.example,blocked,1.5,\r\n"
	       "2026-11-23T08:00:01.000000+00:00,1795420801000000,long-name.example,forwarded,"
	       "120,ads\r\n");
}

static void hostile_cells_stay_cells(void **state)
{
	static const struct {
		const char *cell;
		const char *aligned, *json, *csv;
	} cases[] = {
		{ "\033[2J", "\\027[2J", "\"\\u001b[2J\"", "\\027[2J" },
		{ "a\nb", "a\\010b", "\"a\\u000ab\"", "a\\010b" },
		{ "a\tb", "a\\009b", "\"a\\u0009b\"", "a\\009b" },
		{ "a\r\n{}", "a\\013\\010{}", "\"a\\u000d\\u000a{}\"", "a\\013\\010{}" },
		{ "\x7f", "\\127", "\"\\u007f\"", "\\127" },
		{ "\xc2\x9b" "31m", "\\194\\15531m", "\"\\u009b31m\"", "\\194\\15531m" },
		{ "\xe2\x80\xae" "moc", "\\226\\128\\174moc", "\"\\u202emoc\"",
		  "\\226\\128\\174moc" },
		{ "\xff", "\\255", "\"\\\\255\"", "\\255" },
		{ "\xc0\xaf", "\\192\\175", "\"\\\\192\\\\175\"", "\\192\\175" },
		{ "\xe2\x82", "\\226\\130", "\"\\\\226\\\\130\"", "\\226\\130" },
		{ "\xed\xa0\x80", "\\237\\160\\128", "\"\\\\237\\\\160\\\\128\"",
		  "\\237\\160\\128" },
		{ "m\xc3\xbcller", "m\xc3\xbcller", "\"m\xc3\xbcller\"", "m\xc3\xbcller" },
		{ "a\\.b", "a\\.b", "\"a\\\\.b\"", "a\\.b" },
		{ "\"},{\"", "\"},{\"", "\"\\\"},{\\\"\"", "\"\"\"},{\"\"\"" },
		{ "a,b", "a,b", "\"a,b\"", "\"a,b\"" },
		{ "=1+1", "=1+1", "\"=1+1\"", "'=1+1" },
		{ "+1", "+1", "\"+1\"", "'+1" },
		{ "-x", "-x", "\"-x\"", "'-x" },
		{ "@cmd,1", "@cmd,1", "\"@cmd,1\"", "\"'@cmd,1\"" },
		{ "", "-", "\"\"", "" },
	};
	static const struct table_column column = { "cell", COLUMN_TEXT };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const row[] = { cases[i].cell };
		const char *const *const rows[] = { row };
		char wanted[256];

		snprintf(wanted, sizeof(wanted), "CELL\n%s\n", cases[i].aligned);
		expect(&(struct table_style){ .format = TABLE_ALIGNED }, &column, 1, rows, 1,
		       wanted);
		snprintf(wanted, sizeof(wanted), "{\"v\":1,\"cell\":%s}\n", cases[i].json);
		expect(&(struct table_style){ .format = TABLE_JSON }, &column, 1, rows, 1,
		       wanted);
		snprintf(wanted, sizeof(wanted), "cell\r\n%s\r\n", cases[i].csv);
		expect(&(struct table_style){ .format = TABLE_CSV }, &column, 1, rows, 1,
		       wanted);
	}
}

static void a_number_that_is_none_is_quoted(void **state)
{
	static const struct {
		const char *cell;
		bool number;
	} cases[] = {
		{ "0", true },	 { "-5", true },   { "10.25", true }, { "01", false },
		{ "1e9", false }, { "", false },   { "-", false },    { "1.", false },
		{ "=1", false },  { "NaN", false }, { "1 ", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(text_is_number(cases[i].cell), cases[i].number);
}

static void an_empty_table_has_its_heading(void **state)
{
	(void)state;
	expect(&(struct table_style){ .format = TABLE_ALIGNED }, lookups, 2, NULL, 0,
	       "TIME  NAME\n");
	expect(&(struct table_style){ .format = TABLE_CSV }, lookups, 2, NULL, 0,
	       "time,ts,name\r\n");
	expect(&(struct table_style){ .format = TABLE_JSON }, lookups, 2, NULL, 0, "");
}

static void lines_keep_their_tabs_and_have_no_heading(void **state)
{
	static const struct table_column column = { "rule", COLUMN_LINE };
	static const char *const line[] = { "\tchain \033x {" };
	static const char *const empty[] = { "" };
	static const char *const *const rows[] = { line, empty };

	(void)state;
	expect(&(struct table_style){ .format = TABLE_ALIGNED }, &column, 1, rows, 2,
	       "\tchain \\027x {\n\n");
}

static void only_a_terminal_cuts_and_only_the_last_column(void **state)
{
	static const struct table_column columns[] = { { "name", COLUMN_TEXT },
						       { "answer", COLUMN_TEXT } };
	static const char *const row[] = { "name", "abcdefghijklmnopqrstuvwxyz" };
	static const char *const *const rows[] = { row };

	(void)state;
	expect(&(struct table_style){ .format = TABLE_ALIGNED, .width = 20 }, columns, 2, rows,
	       1, "NAME  ANSWER\nname  abcdefghijklm…\n");
	expect(&(struct table_style){ .format = TABLE_ALIGNED }, columns, 2, rows, 1,
	       "NAME  ANSWER\nname  abcdefghijklmnopqrstuvwxyz\n");
}

static void a_long_table_streams(void **state)
{
	static const struct table_column column = { "n", COLUMN_NUMBER };
	struct table *t;
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	const char *cell = "7";

	(void)state;
	assert_int_equal(table_new(to, &(struct table_style){ .format = TABLE_ALIGNED },
				   &column, 1, &t), 0);
	for (int i = 0; i < 499; i++)
		assert_int_equal(table_row(t, &cell), 0);
	fflush(to);
	assert_int_equal(len, 0);
	assert_int_equal(table_row(t, &cell), 0);
	cell = "1000";
	assert_int_equal(table_row(t, &cell), 0);
	fflush(to);
	assert_int_equal(len, 2 + 500 * 2 + 5);
	table_free(t);
	fclose(to);
	free(text);
}

static void an_endless_table_keeps_room_and_widens(void **state)
{
	static const struct table_column columns[] = { { "name", COLUMN_TEXT },
						       { "n", COLUMN_NUMBER } };
	const struct table_style plain = { .format = TABLE_ALIGNED };
	const char *narrow[] = { "a", "1" };
	const char *wide[] = { "12345678", "10" };
	struct table *t;
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(table_new(to, &plain, columns, 2, &t), 0);
	table_keep_width(t, 0, 6);
	assert_int_equal(table_flush(t), 0);
	assert_int_equal(table_row(t, narrow), 0);
	assert_int_equal(table_row(t, wide), 0);
	assert_int_equal(table_row(t, narrow), 0);
	assert_int_equal(table_flush(t), 0);
	assert_string_equal(text, "NAME    N\na       1\n12345678  10\na          1\n");
	table_free(t);
	fclose(to);
	free(text);
}

static void a_full_disk_is_reported(void **state)
{
	static const struct table_column column = { "n", COLUMN_TEXT };
	const struct table_style json = { .format = TABLE_JSON };
	FILE *to = fopen("/dev/full", "w");
	const char *cell = "x";
	struct table *t;
	int rc = 0;

	(void)state;
	assert_non_null(to);
	assert_int_equal(table_new(to, &json, &column, 1, &t), 0);
	for (int i = 0; i < 10000 && rc == 0; i++)
		rc = table_row(t, &cell);
	assert_int_equal(rc, -ENOSPC);
	table_free(t);
	fclose(to);
}

static void too_many_columns_are_refused(void **state)
{
	static struct table_column columns[TABLE_COLUMNS_MAX + 1];
	const struct table_style json = { .format = TABLE_JSON };
	struct table *t = NULL;

	(void)state;
	assert_int_equal(table_new(stdout, &json, columns, 0, &t), -EINVAL);
	assert_int_equal(table_new(stdout, &json, columns, TABLE_COLUMNS_MAX + 1, &t), -EINVAL);
	assert_null(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned_table_lines_up_numbers_right),
		cmocka_unit_test(colour_is_only_on_verdicts),
		cmocka_unit_test(json_has_version_time_and_plain_numbers),
		cmocka_unit_test(csv_follows_rfc_4180),
		cmocka_unit_test(hostile_cells_stay_cells),
		cmocka_unit_test(a_number_that_is_none_is_quoted),
		cmocka_unit_test(an_empty_table_has_its_heading),
		cmocka_unit_test(lines_keep_their_tabs_and_have_no_heading),
		cmocka_unit_test(only_a_terminal_cuts_and_only_the_last_column),
		cmocka_unit_test(a_long_table_streams),
		cmocka_unit_test(an_endless_table_keeps_room_and_widens),
		cmocka_unit_test(a_full_disk_is_reported),
		cmocka_unit_test(too_many_columns_are_refused),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
