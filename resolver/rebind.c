/* Rebinding; see rebind.h. */
#include "resolver/rebind.h"

#include <string.h>

#include "conf/conf.h"
#include "lib/home.h"
#include "lib/util.h"
#include "resolver/note.h"
#include "resolver/special.h"
#include "resolver/wire.h"

enum svcb_key { SVCB_IPV4HINT = 4, SVCB_IPV6HINT = 6 };

bool rebind_is_exempt(const struct conf *conf, const struct dname *name)
{
	struct special s;

	if (conf->rebind.protect == SWITCH_OFF || special_is_forwarded(conf, name, 0))
		return true;
	for (size_t i = 0; i < conf->rebind.allow_count; i++)
		if (dname_is_under(name, &conf->rebind.allows[i]))
			return true;
	special_find(conf, name, &s);
	return s.answer == SPECIAL_PASS;
}

enum rebind_verdict rebind_judge(const struct home *h, const struct note *note,
				 struct addr *out)
{
	unsigned home = 0, others = 0;
	const uint8_t *rdata;
	struct msg_rr rr;
	size_t at = 0;

	out->family = 0;
	while (note_next(note, &at, &rr, &rdata)) {
		struct addr a;

		if (rr.type == TYPE_CNAME)
			continue;
		a = addr_from_bytes(rr.type == TYPE_A ? AF_INET : AF_INET6, rdata);
		if (home_has(h, &a)) {
			home++;
			*out = a;
		} else {
			others++;
		}
	}
	if (home && !others && !note->has_others)
		return REBIND_ALL;
	return home || note->has_others ? REBIND_SOME : REBIND_FINE;
}

static bool has_home(const struct home *h, uint8_t family, const uint8_t *bytes, size_t len)
{
	size_t step = family == AF_INET ? 4 : 16;

	for (size_t at = 0; at + step <= len; at += step) {
		struct addr a = addr_from_bytes(family, bytes + at);

		if (home_has(h, &a))
			return true;
	}
	return false;
}

/* RFC 9460 §2.2: priority, target, parameters. One that is malformed leads home, too. */
static bool service_leads_home(const struct home *h, const uint8_t *rdata, size_t len)
{
	size_t name_len = len > 2 ? dname_wire_len(rdata + 2, len - 2) : 0, at = 2 + name_len;

	if (!name_len)
		return true;
	while (at + 4 <= len) {
		unsigned key = load_be16(rdata + at);
		size_t value_len = load_be16(rdata + at + 2);

		at += 4;
		if (value_len > len - at)
			return true;
		if ((key == SVCB_IPV4HINT && has_home(h, AF_INET, rdata + at, value_len)) ||
		    (key == SVCB_IPV6HINT && has_home(h, AF_INET6, rdata + at, value_len)))
			return true;
		at += value_len;
	}
	return at != len;
}

bool rebind_leaves_out(const void *home, const uint8_t *reply, const struct wire_rr *rr)
{
	const uint8_t *rdata = reply + rr->rdata_at;

	switch (rr->type) {
	case TYPE_A:
		return rr->rdata_len != 4 || has_home(home, AF_INET, rdata, 4);
	case TYPE_AAAA:
		return rr->rdata_len != 16 || has_home(home, AF_INET6, rdata, 16);
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return service_leads_home(home, rdata, rr->rdata_len);
	default:
		return false;
	}
}
