/* Reads the options of `nameward log`. */
#include "cli/log_request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/when.h"

#define VALUE_MAX 1000 /* a name has 253 octets, each at most \\DDD */

static enum report_field field_of(int option)
{
	switch (option) {
	case LOG_CLIENT:
		return REPORT_CLIENT;
	case LOG_NAME:
		return REPORT_NAME;
	case LOG_VERDICT:
		return REPORT_VERDICT;
	case LOG_LIST:
		return REPORT_LIST;
	default:
		return REPORT_TYPE;
	}
}

static int add_filter(struct log_request *r, const struct command *c,
		      const struct choice *choice)
{
	struct report_filter *f = &r->filters[r->filter_count];
	char *text = r->addrs[r->filter_count];
	bool negated = choice->value[0] == '!';
	size_t len = strlen(choice->value);
	struct addr addr;

	if (len == negated || len > VALUE_MAX)
		return command_usage(c, "a filter needs a value of 1 to %d characters",
				     VALUE_MAX);
	*f = (struct report_filter){ field_of(choice->id), choice->value };
	if (f->field == REPORT_CLIENT &&
	    addr_from_text(choice->value + negated, &addr) == 0) {
		text[0] = '!';
		addr_to_text(&addr, text + negated);
		f->value = text;
	}
	r->filter_count++;
	return COMMAND_DONE;
}

static int set_time(const struct command *c, const struct choice *choice, int64_t now_us,
		    int64_t *out_us)
{
	int rc = when_parse(choice->value, now_us, out_us);

	if (rc == -ERANGE)
		return command_usage(c, "a time out of range");
	if (rc < 0)
		return command_usage(c, "not a time; examples: today, -2h, \"2026-11-23 08:00\"");
	if (*out_us == 0)
		*out_us = 1; /* 0 is no bound, and no lookup is that old */
	return COMMAND_DONE;
}

static int set_lines(struct log_request *r, const struct command *c,
		     const struct choice *choice)
{
	char *end;

	errno = 0;
	r->lines = strtoull(choice->value, &end, 10);
	if (!isdigit((unsigned char)choice->value[0]) || *end || errno)
		return command_usage(c, "-n takes a number");
	return COMMAND_DONE;
}

static int apply_choice(struct log_request *r, const struct command *c,
			const struct choice *choice, int64_t now_us)
{
	switch (choice->id) {
	case LOG_SINCE:
		return set_time(c, choice, now_us, &r->since_us);
	case LOG_UNTIL:
		return set_time(c, choice, now_us, &r->until_us);
	case LOG_LINES:
		return set_lines(r, c, choice);
	case LOG_FOLLOW:
		r->follow = true;
		return COMMAND_DONE;
	case LOG_REVERSE:
		r->reverse = true;
		return COMMAND_DONE;
	case LOG_CLIENT:
	case LOG_NAME:
	case LOG_VERDICT:
	case LOG_LIST:
	case LOG_TYPE:
		return add_filter(r, c, choice);
	default:
		return COMMAND_DONE; /* the verb's own */
	}
}

bool log_request_has(const struct command *c, enum log_option id)
{
	for (size_t i = 0; i < c->choice_count; i++) {
		if (c->choices[i].id == (int)id)
			return true;
	}
	return false;
}

int log_request_init(struct log_request *r, const struct command *c, int64_t now_us)
{
	memset(r, 0, sizeof(*r));
	r->lines = UINT64_MAX;
	for (size_t i = 0; i < c->choice_count; i++) {
		int status = apply_choice(r, c, &c->choices[i], now_us);

		if (status != COMMAND_DONE)
			return status;
	}
	if (r->follow && (r->reverse || r->until_us))
		return command_usage(c, "-f goes neither with -r nor with -U");
	if (!log_request_has(c, LOG_LINES) && !r->since_us && !r->until_us)
		r->lines = r->follow ? LOG_LINES_FOLLOW : LOG_LINES_DEFAULT;
	return COMMAND_DONE;
}
