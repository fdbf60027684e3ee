/*
 * Hours of the week: when something holds, as `mon-fri 08:00-13:00` says. One grammar for
 * whatever has hours; pure values and functions, the time is a parameter. Knows nothing of
 * options and blocks.
 *
 * A line is days, times or both, each a word with commas:
 *
 *	mon-fri,sun 07:00-12:00,13:30-21:00
 *	fri-sat 22:00-06:00	until the next morning: Saturday's and Sunday's
 *	sat-sun			whole days
 *	00:00-05:30		each day
 *
 * Times are local, of the zone of this process (TZ, /etc/localtime; call tzset() before a sandbox
 * closes the files). Where clocks are put forward or back hours go by what they show: an hour
 * that is skipped is in no window, one that comes twice is in it twice.
 */
#ifndef CONF_CONF_HOURS_H
#define CONF_CONF_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_HOURS_MAX 32 /* spans of one window */

struct conf_span {
	uint8_t days;	   /* on which it begins: bit 0 Monday to bit 6 Sunday; not 0 */
	uint16_t from_min; /* of the day, 0 to 1439 */
	uint16_t to_min;   /* behind its last minute: above from_min, by 1440 at most */
};

/** A window: the union of its spans. Zeroed it is empty: never. */
struct conf_hours {
	struct conf_span spans[CONF_HOURS_MAX];
	size_t count;
};

/**
 * Add a line.
 *
 * @param words  one or two: days, times
 * @param bad    gets the index of the word that is wrong
 * @param why    gets the reason, constant text: "no day of the week: mon to sun"
 * @retval -EINVAL  see bad and why; h is as it was
 * @retval -ENOSPC  more than CONF_HOURS_MAX spans; h is as it was
 */
int conf_hours_add(struct conf_hours *h, const char *const *words, size_t count, size_t *bad,
		   const char **why);

/** A span as a line that conf_hours_add() reads back to the same, in buf; returns buf. */
#define CONF_SPAN_TEXT_MAX 48
const char *conf_span_text(const struct conf_span *s, char buf[CONF_SPAN_TEXT_MAX]);

/** Whether wall time now_s (seconds since 1970) is in the window. */
bool conf_hours_has(const struct conf_hours *h, int64_t now_s);

/** The next time above now_s from which that is otherwise, a whole minute; INT64_MAX: never.
 *  Costs up to a quarter of a millisecond. After a step of the clock ask again. */
int64_t conf_hours_next(const struct conf_hours *h, int64_t now_s);

#endif
