/* Local data in reports; see report_local.h. */
#include "resolver/report_local.h"

#include <inttypes.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "local/local_image.h"
#include "resolver/clients.h"
#include "resolver/heard.h"
#include "resolver/local_answer.h"
#include "resolver/rebind.h"
#include "resolver/state.h"

#define WHERE_MAX 512

static int64_t now_s(void)
{
	return clock_wall_us() / 1000000;
}

static const char *where_text(const char *path, uint32_t line, char *buf)
{
	char safe[WHERE_MAX - 16];

	snprintf(buf, WHERE_MAX, "%s:%u", log_safe(path, safe, sizeof(safe)), line);
	return buf;
}

static const char *type_name(unsigned type)
{
	return type == TYPE_A ? "A" : type == TYPE_AAAA ? "AAAA" : type == TYPE_PTR ? "PTR" : "CNAME";
}

/* An address, or a name; in buf of DNAME_TEXT_MAX bytes. */
static const char *data_text(unsigned type, const uint8_t *data, size_t len, char *buf)
{
	struct addr a;

	if (type != TYPE_A && type != TYPE_AAAA)
		return dname_wire_to_text(data, len, buf);
	a = addr_from_bytes(type == TYPE_A ? AF_INET : AF_INET6, data);
	return addr_to_text(&a, buf);
}

/* Seconds that clients may still remember it; 0: its lease has ended. */
static int64_t ttl_left(const struct local_rr *rr)
{
	int64_t left = rr->until_s ? rr->until_s - now_s() : rr->ttl_s;

	return left < 0 ? 0 : left < rr->ttl_s ? left : rr->ttl_s;
}

static void print_name(const struct dname *name, const struct local_match *m, FILE *to)
{
	char text[DNAME_TEXT_MAX], data[DNAME_TEXT_MAX], where[WHERE_MAX];

	dname_to_text(name, text);
	for (unsigned i = 0; i < m->count; i++) {
		struct local_rr rr = local_match_at(m, i);

		fprintf(to, "%s\t%s\t%s\t%lld\t%s\n", text, type_name(rr.type),
			data_text(rr.type, rr.data, rr.len, data), (long long)ttl_left(&rr),
			where_text(rr.source, rr.line, where));
	}
}

static void print_client(const struct local_image *x, size_t i, FILE *to)
{
	char id[ADDR_TEXT_MAX], where[WHERE_MAX];
	struct local_label_row row;
	int64_t left;

	local_image_label_at(x, i, &row);
	left = row.until_s ? row.until_s - now_s() : 0;
	if (left < 0)
		return;
	if (row.addr.family)
		addr_to_text(&row.addr, id);
	else
		mac_to_text(&row.mac, id);
	fprintf(to, "%s\tCLIENT\t%s\t%lld\t%s\n", row.text, id, (long long)left,
		where_text(row.source, row.line, where));
}

static void print_heard(const struct heard *h, size_t i, FILE *to)
{
	char id[ADDR_TEXT_MAX];
	struct heard_row row;

	if (!heard_at(h, i, clock_mono_ms(), &row))
		return;
	fprintf(to, "%s\tCLIENT\t%s\t%" PRIu64 "\tmDNS\n", row.name,
		row.has_mac ? mac_to_text(&row.mac, id) : addr_to_text(&row.addr, id),
		row.left_ms / 1000);
}

void report_local_ls(struct resolver *r, FILE *to, const char *arg, const char *unused)
{
	struct local_match m;
	struct dname name;

	(void)unused;
	fprintf(to, "name\ttype\tdata\tttl#\twhere\n");
	if (arg) {
		if (!dname_from_text(arg, &name) && local_image_find(r->local, &name, &m))
			print_name(&name, &m, to);
		return;
	}
	for (size_t i = 0; i < local_image_names(r->local); i++) {
		local_image_name_at(r->local, i, &name, &m);
		print_name(&name, &m, to);
	}
	for (size_t i = 0; i < local_image_labels(r->local); i++)
		print_client(r->local, i, to);
	for (size_t i = 0; i < HEARD_MAX; i++)
		print_heard(clients_heard(r->clients), i, to);
}

void report_heard(const struct resolver *r, FILE *to)
{
	struct heard_stats s;

	if (!r->current || r->current->conf->clients.mdns_names == SWITCH_OFF)
		return;
	heard_get_stats(clients_heard(r->clients), &s);
	fprintf(to, "mdns\theard\t%" PRIu64 "\n", s.said);
	fprintf(to, "mdns\tbelieved\t%" PRIu64 "\n", s.believed);
	fprintf(to, "mdns\tof_others\t%" PRIu64 "\n", s.foreign);
	fprintf(to, "mdns\ttoo_many\t%" PRIu64 "\n", s.full);
}

static void find(const struct resolver *r, const struct dname *name, struct local_answer *a)
{
	struct wire_question q = { .qname = *name, .qtype = TYPE_ANY, .qclass = CLASS_IN };

	local_answer_find(r->local, r->current->conf, &q, now_s(), a);
}

bool report_is_local(const struct resolver *r, const struct dname *name)
{
	struct local_answer a;

	find(r, name, &a);
	return a.kind != LOCAL_PASS;
}

void report_why_local(const struct resolver *r, const struct dname *name, FILE *to)
{
	char data[DNAME_TEXT_MAX], where[WHERE_MAX] = "";
	struct local_answer a;

	find(r, name, &a);
	if (a.file)
		where_text(a.file, a.line, where);
	if (a.kind == LOCAL_EMPTY)
		fprintf(to, "local\t%s: %s\t%s\n", a.why,
			a.rcode == RCODE_NXDOMAIN ? "no such name" : "no records", where);
	for (size_t i = 0; a.kind == LOCAL_RECORDS && i < a.count; i++)
		fprintf(to, "local\t%s: %s %s\t%s\n", a.why, type_name(a.rrs[i].type),
			data_text(a.rrs[i].type, a.rrs[i].data, a.rrs[i].len, data), where);
}

void report_why_rebind(const struct resolver *r, const struct dname *name, FILE *to)
{
	fprintf(to, "rebind\t%s\t\n", rebind_is_exempt(r->current->conf, name) ?
		"may have addresses at home" : "addresses at home are left out");
}
