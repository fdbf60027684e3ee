/* What is left out; see privacy.h. */
#include "db/privacy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/addr.h"
#include "lib/dname.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/msg.h"

#define TYPE_CNAME  5
#define LEVEL_HASHED 16 /* added to enum conf_privacy */

struct never {
	bool is_net, below;
	struct addr_net net;
	struct dname name;
};

struct privacy {
	enum conf_privacy level;
	bool hash_clients;
	struct hash_key key;
	size_t never_count;
	struct msg_refused refused;
	uint64_t buf[UINT16_MAX / 8 + 1]; /* a lookup */
	struct never nevers[];
};

/* --- the key ------------------------------------------------------------------------ */

static int read_key(const char *path, struct hash_key *key)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, key, sizeof(*key));
	close(fd);
	return n == sizeof(*key) ? 0 : -EBADMSG;
}

static int write_key(const char *path, const struct hash_key *key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, key, sizeof(*key)) != sizeof(*key) || fsync(fd))
		rc = -EIO;
	close(fd);
	if (rc)
		unlink(path); /* half a key is none */
	return rc;
}

static void find_key(const char *file, struct hash_key *key)
{
	char path[PATH_MAX];
	int rc = -ENAMETOOLONG;

	if (snprintf(path, sizeof(path), "%s.key", file) < (int)sizeof(path))
		rc = read_key(path, key);
	if (rc) {
		hash_key_init(key);
		if (rc == -ENOENT)
			rc = write_key(path, key);
	}
	if (rc)
		log_warning("history: %s: %s: hashes of clients are others after a restart",
			    path, strerror(-rc));
}

/* --- life --------------------------------------------------------------------------- */

int privacy_new(const struct conf_history *h, struct privacy **out)
{
	struct privacy *p = calloc(1, sizeof(*p) + h->never_count * sizeof(p->nevers[0]));

	if (!p)
		return -ENOMEM;
	p->level = h->privacy;
	p->hash_clients = h->hash_clients;
	if (p->hash_clients)
		find_key(h->file, &p->key);
	for (size_t i = 0; i < h->never_count; i++) {
		const struct conf_never *n = &h->nevers[i];

		p->nevers[i] = (struct never){ n->is_net, n->below, n->net, n->name };
	}
	p->never_count = h->never_count;
	*out = p;
	return 0;
}

void privacy_free(struct privacy *p)
{
	free(p);
}

/* --- levels ------------------------------------------------------------------------- */

int64_t privacy_level(const struct privacy *p)
{
	return (int64_t)p->level + (p->hash_clients ? LEVEL_HASHED : 0);
}

const char *privacy_level_text(int64_t level)
{
	static const char *const words[2][3] = {
		{ "clear", "no-answers", "no-names" },
		{ "clients hashed", "no-answers, clients hashed", "no-names, clients hashed" },
	};
	int64_t what = level % LEVEL_HASHED;

	return level < 0 || what > PRIVACY_NO_NAMES ? "unknown" :
						      words[level >= LEVEL_HASHED][what];
}

bool privacy_is_stricter(int64_t level, int64_t than)
{
	return level % LEVEL_HASHED > than % LEVEL_HASHED ||
	       (level >= LEVEL_HASHED && than < LEVEL_HASHED);
}

/* --- what is never recorded --------------------------------------------------------- */

static bool is_never_name(const struct privacy *p, const uint8_t *wire, size_t len)
{
	struct dname name = { .len = (uint8_t)len };

	memcpy(name.wire, wire, len);
	for (size_t i = 0; i < p->never_count; i++) {
		const struct never *n = &p->nevers[i];

		if (!n->is_net && (n->below ? dname_is_under(&name, &n->name) :
					      dname_equal(&name, &n->name)))
			return true;
	}
	return false;
}

static bool is_never_client(const struct privacy *p, const struct addr *a, const char *label,
			    size_t label_len)
{
	char text[256];
	struct dname name;
	bool has_label = label_len && label_len < sizeof(text);

	if (has_label) {
		memcpy(text, label, label_len);
		text[label_len] = '\0';
		has_label = !dname_from_text(text, &name);
	}
	for (size_t i = 0; i < p->never_count; i++) {
		const struct never *n = &p->nevers[i];

		if (n->is_net ? addr_net_has(&n->net, a) :
				has_label && !n->below && dname_equal(&name, &n->name))
			return true;
	}
	return false;
}

static bool leads_over_never(const struct privacy *p, const uint8_t *at, size_t len)
{
	struct msg_rr rr;

	for (const uint8_t *end = at + len; at < end; at += sizeof(rr) + rr.rdata_len) {
		memcpy(&rr, at, sizeof(rr));
		if (rr.type == TYPE_CNAME && is_never_name(p, at + sizeof(rr), rr.rdata_len))
			return true;
	}
	return false;
}

/* --- what is left out --------------------------------------------------------------- */

static void hash_client(const struct privacy *p, struct addr *a, uint8_t *has_mac,
			struct mac *mac)
{
	uint8_t key[1 + sizeof(*a)] = { *has_mac };
	uint64_t hash;

	if (*has_mac)
		memcpy(key + 1, mac, sizeof(*mac));
	else
		memcpy(key + 1, a, sizeof(*a));
	hash = hash_bytes(&p->key, key, sizeof(key));
	*a = (struct addr){ .family = PRIVACY_HASHED };
	memcpy(a->bytes, &hash, sizeof(hash));
	*has_mac = 0;
	memset(mac, 0, sizeof(*mac));
}

const char *privacy_client_text(const struct addr *a, char *buf)
{
	uint64_t hash;

	if (a->family != PRIVACY_HASHED)
		return addr_to_text(a, buf);
	memcpy(&hash, a->bytes, sizeof(hash));
	snprintf(buf, ADDR_TEXT_MAX, "client-%016" PRIx64, hash);
	return buf;
}

/* A copy without what the level leaves out. */
static const struct msg_lookup *leave_out(struct privacy *p, const struct msg_lookup *m)
{
	struct msg_lookup *to = (struct msg_lookup *)p->buf;
	const uint8_t *from = m->data;
	bool no_names = p->level == PRIVACY_NO_NAMES;
	uint8_t *end = to->data;

	*to = *m;
	if (no_names)
		to->qname_len = 0;
	if (p->hash_clients)
		to->device_len = 0;
	/* the entry that matched is a name too: the one asked for, or one of the answer */
	if (no_names || (p->level == PRIVACY_NO_ANSWERS && m->verdict == VERDICT_BLOCKED_CNAME))
		to->pattern_len = 0;
	if (p->level != PRIVACY_CLEAR)
		to->answer_len = 0;
	end = mempcpy(end, from, to->qname_len);
	from += m->qname_len;
	end = mempcpy(end, from, to->device_len);
	from += m->device_len;
	end = mempcpy(end, from, to->list_len);
	from += m->list_len;
	end = mempcpy(end, from, to->pattern_len);
	from += m->pattern_len;
	memcpy(end, from, to->answer_len);
	if (p->hash_clients)
		hash_client(p, &to->client, &to->has_mac, &to->mac);
	return to;
}

const struct msg_lookup *privacy_lookup(struct privacy *p, const struct msg_lookup *m)
{
	const uint8_t *device = m->data + m->qname_len;

	if (p->never_count &&
	    (is_never_client(p, &m->client, (const char *)device, m->device_len) ||
	     is_never_name(p, m->data, m->qname_len) ||
	     leads_over_never(p, device + m->device_len + m->list_len + m->pattern_len,
			      m->answer_len)))
		return NULL;
	if (p->level == PRIVACY_CLEAR && !p->hash_clients)
		return m;
	return leave_out(p, m);
}

const struct msg_refused *privacy_refused(struct privacy *p, const struct msg_refused *m,
					  const char *label)
{
	if (p->never_count &&
	    is_never_client(p, &m->client, label, label ? strlen(label) : 0))
		return NULL;
	if (!p->hash_clients)
		return m;
	p->refused = *m;
	hash_client(p, &p->refused.client, &p->refused.has_mac, &p->refused.mac);
	return &p->refused;
}
