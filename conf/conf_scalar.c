/*
 * Scalars of the option table between text and memory: times, sizes, counts, choices.
 * Knows nothing of where they stand in a file.
 */
#include "conf/conf_option.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

struct unit {
	const char *name;
	uint64_t size;
};

/* Largest first, so that a value is printed in the largest unit that fits it exactly. */
static const struct unit time_units[] = {
	{"y", 31536000000}, /* of 365 days */
	{"d", 86400000},    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

static const struct unit size_units[] = {
	{"GiB", 1073741824},
	{"MiB", 1048576},
	{"KiB", 1024},
};

static const struct unit count_units[] = {{"", 1}};

/* Choices are stored through this type. */
static_assert(sizeof(enum conf_gate_mode) == sizeof(uint32_t), "an enum is 32 bits wide");

/* What a type counts in: its units, and how many of the smallest one are 1 in memory. */
struct measure {
	const struct unit *units;
	size_t unit_count;
	uint64_t scale;
	bool wide; /* uint64_t */
};

static const struct measure measures[TYPE_TYPES] = {
	[TYPE_MS] = {time_units, ARRAY_SIZE(time_units), 1, false},
	[TYPE_SECONDS] = {time_units, ARRAY_SIZE(time_units), 1000, false},
	[TYPE_SECONDS64] = {time_units, ARRAY_SIZE(time_units), 1000, true},
	[TYPE_SIZE] = {size_units, ARRAY_SIZE(size_units), 1, true},
	[TYPE_COUNT] = {count_units, ARRAY_SIZE(count_units), 1, false},
};

bool conf_type_is_scalar(enum conf_type t)
{
	return t < TYPE_LISTEN;
}

/* A decimal number followed by one of the units; in the smallest unit. */
static int read_number(const struct measure *m, const char *text, uint64_t *out)
{
	char *end;
	uint64_t n;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		n = UINT64_MAX;
	for (size_t i = 0; i < m->unit_count; i++) {
		if (strcmp(end, m->units[i].name))
			continue;
		if (n > UINT64_MAX / m->units[i].size)
			*out = UINT64_MAX;
		else
			*out = n * m->units[i].size;
		return 0;
	}
	return -EINVAL;
}

static const char *number_text(const struct measure *m, uint64_t value, char *buf)
{
	const struct unit *u = &m->units[0];

	value *= m->scale;
	while (u < &m->units[m->unit_count - 1] && (!value || value % u->size))
		u++;
	if (!value && m->units == time_units)
		u = &time_units[4]; /* 0s, not 0ms */
	snprintf(buf, CONF_SCALAR_TEXT_MAX, "%llu%s",
		 (unsigned long long)(value / u->size), u->name);
	return buf;
}

static enum conf_scalar_result read_choice(const struct conf_option *o, const char *text,
					   uint64_t *out)
{
	for (unsigned i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], text))
			continue;
		*out = i;
		return SCALAR_OK;
	}
	return SCALAR_MALFORMED;
}

static enum conf_scalar_result read_value(const struct conf_option *o, const char *text,
					  uint64_t *out)
{
	const struct measure *m = &measures[o->type];
	uint64_t n;

	if (o->type == TYPE_CHOICE)
		return read_choice(o, text, out);
	if (o->zero && !strcmp(o->zero, text)) {
		*out = 0;
		return SCALAR_OK;
	}
	if (read_number(m, text, &n))
		return SCALAR_MALFORMED;
	if (n % m->scale || n / m->scale < o->min || n / m->scale > o->max)
		return SCALAR_OUT_OF_RANGE;
	*out = n / m->scale;
	return SCALAR_OK;
}

enum conf_scalar_result conf_scalar_read(const struct conf_option *o, const char *text,
					 void *block)
{
	char *to = (char *)block + o->at;
	enum conf_scalar_result result;
	uint64_t wide;
	uint32_t narrow;

	result = read_value(o, text, &wide);
	if (result != SCALAR_OK)
		return result;
	narrow = (uint32_t)wide;
	if (measures[o->type].wide)
		memcpy(to, &wide, sizeof(wide));
	else
		memcpy(to, &narrow, sizeof(narrow));
	return SCALAR_OK;
}

const char *conf_bound_text(const struct conf_option *o, uint64_t bound, char *buf)
{
	return number_text(&measures[o->type], bound, buf);
}

const char *conf_scalar_text(const struct conf_option *o, const void *block, char *buf)
{
	const char *from = (const char *)block + o->at;
	uint32_t narrow;
	uint64_t wide;

	if (measures[o->type].wide) {
		memcpy(&wide, from, sizeof(wide));
	} else {
		memcpy(&narrow, from, sizeof(narrow));
		wide = narrow;
	}
	if (o->type == TYPE_CHOICE)
		snprintf(buf, CONF_SCALAR_TEXT_MAX, "%s", o->choices[wide]);
	else if (!wide && o->zero)
		snprintf(buf, CONF_SCALAR_TEXT_MAX, "%s", o->zero);
	else
		number_text(&measures[o->type], wide, buf);
	return buf;
}

void conf_scalar_defaults(enum conf_block_id block, void *target)
{
	size_t count;
	const struct conf_option *o = conf_options(&count);

	for (; count; o++, count--) {
		enum conf_scalar_result result;

		if (o->block != block || !o->initial || o->type > TYPE_CHOICE)
			continue;
		result = conf_scalar_read(o, o->initial, target);
		assert(result == SCALAR_OK);
		(void)result;
	}
}
