/*
 * What `nameward log` is asked for, from its options: a range of time, an order, filters.
 * Knows nothing of how the database answers it.
 */
#ifndef CLI_LOG_REQUEST_H
#define CLI_LOG_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"
#include "db/report.h"
#include "lib/addr.h"

#define LOG_LINES_DEFAULT 50
#define LOG_LINES_FOLLOW  10 /* with -f */

/** Ids of the options; a verb's own begin behind them and are left to it. */
enum log_option {
	LOG_CLIENT = 1,
	LOG_NAME,
	LOG_VERDICT,
	LOG_LIST,
	LOG_TYPE,
	LOG_SINCE,
	LOG_UNTIL,
	LOG_LINES,
	LOG_FOLLOW,
	LOG_REVERSE,
	LOG_OPTION_END,
};

struct log_request {
	int64_t since_us; /* first time wanted; 0: from the beginning */
	int64_t until_us; /* first time not wanted; 0: to the end */
	uint64_t lines;	  /* at most, the newest; UINT64_MAX: all */
	bool follow, reverse;
	struct report_filter filters[COMMAND_CHOICES_MAX];
	size_t filter_count;
	/* addresses among the filters in the form that the history has, with room for '!' */
	char addrs[COMMAND_CHOICES_MAX][ADDR_TEXT_MAX + 1];
};

/** From the options of c, whose values are borrowed; what is wrong with them is printed.
 *  r must not move afterwards: its filters point into it.
 *  @param now_us  unix time
 *  @return COMMAND_DONE or another exit status */
int log_request_init(struct log_request *r, const struct command *c, int64_t now_us);

/** Whether an option was given. */
bool log_request_has(const struct command *c, enum log_option id);

#endif
