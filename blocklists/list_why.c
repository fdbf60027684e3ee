/* One sentence for the log and for `list ls`; see list_why.h. */
#include "blocklists/list_why.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "blocklists/list_file.h"
#include "lib/clock.h"
#include "lib/util.h"

/** "40 s", "3 h" and so on: the largest unit that there are two of. */
static void age_text(uint64_t s, char *out, size_t size)
{
	static const struct {
		unsigned s;
		const char *name;
	} units[] = { { 86400, "days" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t i = 0;

	while (i < ARRAY_SIZE(units) - 1 && s < 2ull * units[i].s)
		i++;
	snprintf(out, size, "%" PRIu64 " %s", s / units[i].s, units[i].name);
}

const char *list_why_text(const struct list_stats *s, char *out)
{
	bool other = s->rc == -EPROTONOSUPPORT;
	uint64_t now_s = (uint64_t)clock_wall_us() / 1000000;
	char kept[96] = "", age[32];

	age_text(now_s - MIN(s->read_s, now_s), age, sizeof(age));
	if (s->kept)
		snprintf(kept, sizeof(kept), "; its %u old name%s, read %s ago, %s in force",
			 s->kept, s->kept == 1 ? "" : "s", age,
			 s->kept == 1 ? "stays" : "stay");
	snprintf(out, LIST_WHY_MAX, "%s%s%s%s",
		 s->is_back ? "Rolled back" : s->rc ? list_rc_text(s->rc) : "",
		 other ? ", but " : "", other ? list_shape_name(s->shape) : "", kept);
	return out;
}
