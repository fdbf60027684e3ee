/* Prints a configuration in canonical form: every value, defaults too, in the table's
 * order. */
#include <netinet/in.h>
#include <linux/netfilter.h> /* after netinet: they share types */

#include "conf/conf.h"
#include "conf/conf_option.h"
#include "conf/conf_pin.h"
#include "conf/conf_print.h"
#include "lib/util.h"

void print_word(FILE *to, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-+/:@%,=*[]~";

	if (*text && !text[strspn(text, plain)]) {
		fprintf(to, " %s", text);
		return;
	}
	fputs(" \"", to);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

void print_name(const struct printer *p)
{
	if (p->option->block != CONF_TOP)
		fputc('\t', p->to);
	fputs(p->option->name, p->to);
	if (p->option->key)
		fprintf(p->to, " %s", p->option->key);
}

static void print_scalar(const struct printer *p)
{
	char text[CONF_SCALAR_TEXT_MAX];

	print_name(p);
	fprintf(p->to, " %s\n", conf_scalar_text(p->option, p->block, text));
}

static void print_text(const struct printer *p)
{
	const char *text = *(char *const *)((const char *)p->block + p->option->at);

	if (!text)
		return;
	print_name(p);
	print_word(p->to, text);
	fputc('\n', p->to);
}

static void print_listen(const struct printer *p)
{
	char text[ADDR_PORT_TEXT_MAX];

	for (size_t i = 0; i < p->conf->listen_count; i++) {
		const struct conf_listen *l = &p->conf->listens[i];

		print_name(p);
		print_word(p->to, l->name);
		print_word(p->to, conf_place_to_text(&l->at, l->interface, text));
		fputc('\n', p->to);
	}
}

static void print_forward(const struct printer *p)
{
	char text[DNAME_TEXT_MAX];

	for (size_t i = 0; i < p->conf->forward_count; i++) {
		const struct conf_forward *f = &p->conf->forwards[i];

		print_name(p);
		print_word(p->to, dname_to_text(&f->suffix, text));
		print_word(p->to, p->conf->upstreams[f->upstream].name);
		fputc('\n', p->to);
	}
}

static void print_tls(FILE *to, const struct conf_tls *tls)
{
	char text[CONF_PIN_TEXT_MAX];

	fputs(" tls", to);
	print_word(to, tls->name);
	if (tls->pin_count)
		fputs(" pin", to);
	for (size_t i = 0; i < tls->pin_count; i++)
		fprintf(to, " %s", conf_pin_to_text(&tls->pins[i], text));
}

static void print_server(const struct printer *p)
{
	const struct conf_upstream *u = p->block;
	char text[ADDR_PORT_TEXT_MAX];

	for (size_t i = 0; i < u->server_count; i++) {
		print_name(p);
		print_word(p->to, conf_place_to_text(&u->servers[i].at, u->servers[i].interface, text));
		if (u->servers[i].tls)
			print_tls(p->to, u->servers[i].tls);
		fputc('\n', p->to);
	}
}

static void print_interface(const struct printer *p)
{
	const struct conf_zone *z = p->block;

	for (size_t i = 0; i < z->interface_count; i++) {
		print_name(p);
		print_word(p->to, z->interfaces[i]);
		fputc('\n', p->to);
	}
}

static void print_mac(const struct printer *p)
{
	const struct conf_device *d = p->block;
	char text[MAC_TEXT_MAX];

	for (size_t i = 0; i < d->mac_count; i++) {
		print_name(p);
		fprintf(p->to, " %s\n", mac_to_text(&d->macs[i], text));
	}
}

static void print_address(const struct printer *p)
{
	const struct conf_device *d = p->block;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < d->addr_count; i++) {
		print_name(p);
		fprintf(p->to, " %s\n", addr_to_text(&d->addrs[i], text));
	}
}

static void print_dhcp_name(const struct printer *p)
{
	const struct conf_device *d = p->block;

	for (size_t i = 0; i < d->dhcp_name_count; i++) {
		print_name(p);
		fprintf(p->to, " %s\n", d->dhcp_names[i]);
	}
}

static void print_member(const struct printer *p)
{
	const struct conf_group *g = p->block;
	char text[ADDR_NET_TEXT_MAX];

	for (size_t i = 0; i < g->member_count; i++) {
		const struct conf_member *m = &g->members[i];

		print_name(p);
		print_word(p->to, m->device == SIZE_MAX
					  ? addr_net_to_text(&m->net, text)
					  : p->conf->devices[m->device].name);
		fputc('\n', p->to);
	}
}

static void print_list_name(const struct printer *p)
{
	const struct conf_list *l = p->block;

	for (size_t i = 0; i < l->name_count; i++) {
		print_name(p);
		print_word(p->to, l->names[i].text);
		fputc('\n', p->to);
	}
}

static void print_owner(const struct printer *p)
{
	const struct conf_list *l = p->block;

	for (size_t i = 0; i < l->owner_count; i++) {
		print_name(p);
		print_word(p->to, l->owners[i]);
		fputc('\n', p->to);
	}
}

static void print_allowed(const struct printer *p, const struct conf_gate_allow *a)
{
	char text[MAX(ADDR_NET_TEXT_MAX, MAC_TEXT_MAX)];

	print_name(p);
	if (a->has_mac)
		fprintf(p->to, " mac %s", mac_to_text(&a->mac, text));
	else if (a->net.addr.family)
		fprintf(p->to, " %s", addr_net_to_text(&a->net, text));
	else if (a->port_first == a->port_last)
		fprintf(p->to, " %s %u", a->proto == IPPROTO_TCP ? "tcp" : "udp", a->port_first);
	else
		fprintf(p->to, " %s %u-%u", a->proto == IPPROTO_TCP ? "tcp" : "udp",
			a->port_first, a->port_last);
	print_during(p, a->window);
	fputc('\n', p->to);
}

static void print_allow(const struct printer *p)
{
	const struct conf_zone *z = p->block;
	const struct conf_gate *g = p->block;
	bool in_zone = p->option->block == CONF_ZONE;
	const struct conf_gate_allow *allows = in_zone ? z->allows : g->allows;
	size_t count = in_zone ? z->allow_count : g->allow_count;

	for (size_t i = 0; i < count; i++)
		print_allowed(p, &allows[i]);
}

static void print_nets(const struct printer *p, const struct addr_net *nets, size_t count)
{
	char text[ADDR_NET_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		print_name(p);
		fprintf(p->to, " %s\n", addr_net_to_text(&nets[i], text));
	}
}

static void print_deny(const struct printer *p)
{
	const struct conf_gate *g = p->block;

	print_nets(p, g->denies, g->deny_count);
}

static void print_network(const struct printer *p)
{
	const struct conf_clients *c = p->block;

	print_nets(p, c->nets, c->net_count);
}

static void print_fill(const struct printer *p)
{
	const struct conf_gate *g = p->block;

	for (size_t i = 0; i < g->fill_count; i++) {
		const struct conf_fill *f = &g->fills[i];
		char text[DNAME_TEXT_MAX + 2] = "*.";

		dname_to_text(&f->suffix, text + 2);
		print_name(p);
		print_word(p->to, f->subtree ? text : text + 2);
		fprintf(p->to, " %s %s", f->family == NFPROTO_INET ? "inet" :
					 f->family == NFPROTO_IPV4 ? "ip" : "ip6", f->table);
		for (size_t k = 0; k < f->set_count; k++)
			print_word(p->to, f->sets[k]);
		fputc('\n', p->to);
	}
}

static void print_upstream(const struct printer *p)
{
	const struct conf_policy *policy = p->block;

	if (!policy->has_upstream)
		return;
	print_name(p);
	print_word(p->to, p->conf->upstreams[policy->upstream].name);
	fputc('\n', p->to);
}

static void print_reach(const struct printer *p)
{
	const struct conf_zone *z = p->block;

	if (z->reach_internet) {
		print_name(p);
		fputs(" internet\n", p->to);
	}
	for (size_t i = 0; i < z->reach_count; i++) {
		print_name(p);
		print_word(p->to, p->conf->zones[z->reach[i]].name);
		fputc('\n', p->to);
	}
}

static void print_local_file(const struct printer *p)
{
	static const char *const words[] = { "", " dnsmasq", " isc", " kea", " networkd" };
	const struct conf_local *l = p->block;

	for (size_t i = 0; i < l->file_count; i++) {
		if ((l->files[i].format == LOCAL_HOSTS) != (p->option->type == TYPE_HOSTS))
			continue;
		print_name(p);
		fputs(words[l->files[i].format], p->to);
		print_word(p->to, l->files[i].path);
		fputc('\n', p->to);
	}
}

static void print_host(const struct printer *p)
{
	char name[DNAME_TEXT_MAX], addr[ADDR_TEXT_MAX];

	for (size_t i = 0; i < p->conf->host_count; i++) {
		const struct conf_host *h = &p->conf->hosts[i];

		print_name(p);
		print_word(p->to, dname_to_text(&h->name, name));
		for (size_t k = 0; k < h->addr_count; k++)
			fprintf(p->to, " %s", addr_to_text(&h->addrs[k], addr));
		fputc('\n', p->to);
	}
}

static void print_cname(const struct printer *p)
{
	char text[DNAME_TEXT_MAX];

	for (size_t i = 0; i < p->conf->cname_count; i++) {
		const struct conf_cname *c = &p->conf->cnames[i];

		print_name(p);
		print_word(p->to, dname_to_text(&c->alias, text));
		print_word(p->to, dname_to_text(&c->target, text));
		fputc('\n', p->to);
	}
}

static void print_suffixes(const struct printer *p)
{
	const struct conf_rebind *r = p->block;
	char text[DNAME_TEXT_MAX];

	for (size_t i = 0; i < r->allow_count; i++) {
		print_name(p);
		print_word(p->to, dname_to_text(&r->allows[i], text));
		fputc('\n', p->to);
	}
}

static void print_never(const struct printer *p)
{
	const struct conf_history *h = p->block;

	for (size_t i = 0; i < h->never_count; i++) {
		print_name(p);
		print_word(p->to, h->nevers[i].text);
		fputc('\n', p->to);
	}
}

/* What was included is printed as if it had been written here. */
static void print_nothing(const struct printer *p)
{
	(void)p;
}

static print_option *const printers[TYPE_TYPES] = {
	[TYPE_MS] = print_scalar,
	[TYPE_SECONDS] = print_scalar,
	[TYPE_SECONDS64] = print_scalar,
	[TYPE_SIZE] = print_scalar,
	[TYPE_COUNT] = print_scalar,
	[TYPE_CHOICE] = print_scalar,
	[TYPE_PATH] = print_text,
	[TYPE_URL] = print_text,
	[TYPE_TABLE] = print_text,
	[TYPE_GROUP] = print_text,
	[TYPE_LISTEN] = print_listen,
	[TYPE_FORWARD] = print_forward,
	[TYPE_INCLUDE] = print_nothing,
	[TYPE_SERVER] = print_server,
	[TYPE_INTERFACE] = print_interface,
	[TYPE_MAC] = print_mac,
	[TYPE_ADDRESS] = print_address,
	[TYPE_DHCP_NAME] = print_dhcp_name,
	[TYPE_MEMBER] = print_member,
	[TYPE_NAME] = print_list_name,
	[TYPE_OWNER] = print_owner,
	[TYPE_FOR] = print_for,
	[TYPE_LISTS] = print_lists,
	[TYPE_POLICY_LISTS] = print_policy_lists,
	[TYPE_UPSTREAM] = print_upstream,
	[TYPE_ALLOW] = print_allow,
	[TYPE_HOURS] = print_hours,
	[TYPE_DENY] = print_deny,
	[TYPE_NETWORK] = print_network,
	[TYPE_FILL] = print_fill,
	[TYPE_REACH] = print_reach,
	[TYPE_HOSTS] = print_local_file,
	[TYPE_LEASES] = print_local_file,
	[TYPE_HOST] = print_host,
	[TYPE_CNAME] = print_cname,
	[TYPE_SUFFIXES] = print_suffixes,
	[TYPE_NEVER] = print_never,
};

static void print_block(const struct conf *c, enum conf_block_id id, const void *block,
			FILE *to)
{
	const struct conf_block *b = conf_block(id);
	struct printer p = { .conf = c, .block = block, .to = to };
	size_t count;

	if (id == CONF_HISTORY && !c->history.on) {
		fputs("history off\n", to);
		return;
	}
	fputs(b->name, to);
	if (b->named)
		print_word(to, *(char *const *)block);
	fputs(" {\n", to);
	p.option = conf_options(&count);
	for (; count; p.option++, count--)
		if (p.option->block == id)
			printers[p.option->type](&p);
	fputs("}\n", to);
}

static void print_blocks(const struct conf *c, enum conf_block_id id, FILE *to)
{
	const struct conf_block *b = conf_block(id);
	const char *at = (const char *)c + b->at;
	size_t count;

	if (!b->named) {
		print_block(c, id, at, to);
		return;
	}
	memcpy(&count, (const char *)c + b->count_at, sizeof(count));
	for (size_t i = 0; i < count; i++)
		print_block(c, id, *(char *const *)at + i * b->size, to);
}

void conf_print(const struct conf *c, FILE *to)
{
	struct printer p = { .conf = c, .block = c, .to = to };
	size_t count;

	p.option = conf_options(&count);
	for (; count; p.option++, count--) {
		if (p.option->block != CONF_TOP)
			continue;
		if (p.option->type == TYPE_BLOCK)
			print_blocks(c, p.option->opens, to);
		else
			printers[p.option->type](&p);
	}
}
