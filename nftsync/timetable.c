/* Hours that begin and end; see timetable.h. */
#include "nftsync/timetable.h"

#include <stddef.h>

#include "conf/conf.h"

void timetable_set(struct timetable *t, struct conf *c)
{
	conf_free(t->conf);
	t->conf = c;
	t->is_retry = false;
}

void timetable_settle(struct timetable *t, struct conf *c, int rc)
{
	if (!rc || !t->conf) {
		timetable_set(t, c);
		return;
	}
	conf_free(c);
	t->edge_s = 0; /* it was c's */
}

bool timetable_apply(struct timetable *t, struct conf *c, int64_t now_s)
{
	bool changed;

	t->applied_s = now_s;
	t->edge_s = conf_windows_apply(c, now_s, &changed);
	return changed;
}

bool timetable_look(struct timetable *t, int64_t now_s)
{
	bool is_due = now_s >= t->edge_s || now_s < t->applied_s;

	if (!t->conf)
		return false;
	t->applied_s = now_s;
	if (is_due && timetable_apply(t, t->conf, now_s))
		return true;
	return t->is_retry;
}

void timetable_fini(struct timetable *t)
{
	conf_free(t->conf);
	t->conf = NULL;
}
