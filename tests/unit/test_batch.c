/* Batches: merging, and the messages they become, read back without a kernel. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "lib/util.h"
#include "nftsync/batch.h"
#include "nftsync/nft_compat.h"
#include "nftsync/nl_attr.h"
#include "nftsync/nl_buf.h"

#define ADD NFT_MSG_NEWSETELEM
#define DEL NFT_MSG_DELSETELEM
#define DESTROY COMPAT_MSG_DESTROYSETELEM

static struct batch *make(size_t room)
{
	struct batch *b;

	assert_int_equal(batch_new(room, &b), 0);
	return b;
}

/* kind and family choose the set. */
static struct lease_key key_of(unsigned kind, unsigned family, unsigned n)
{
	struct msg_device d = { .kind = (uint8_t)kind, .id = { 2, 1, 1, 1, 1, 1 } };
	uint8_t addr[16] = { 0x20, 1, 0, 0 };

	store_be32(family == AF_INET ? addr : addr + 12,
		   family == AF_INET ? 0xc6330000u + n : n);
	return lease_key_make(&d, (uint8_t)family, addr);
}

static struct lease_key mac4(unsigned n)
{
	return key_of(DEVICE_MAC, AF_INET, n);
}

/* What a rendered transaction says, in order. */
struct seen {
	unsigned count;
	struct {
		unsigned type, elems;
		char set[16];
		uint64_t timeout, expiration; /* of the last element */
		uint8_t key[LEASE_ELEM_MAX];  /* likewise */
		size_t key_len;
	} messages[64];
	unsigned i;
};

static int on_elem(const struct nlattr *nested, void *arg)
{
	const struct nlattr *a[NFTA_SET_ELEM_EXPIRATION + 1], *k[NFTA_DATA_VALUE + 1];
	struct seen *s = arg;

	nl_attrs_of_nest(nested, a, ARRAY_SIZE(a));
	nl_attrs_of_nest(a[NFTA_SET_ELEM_KEY], k, ARRAY_SIZE(k));
	s->messages[s->i].elems++;
	s->messages[s->i].timeout = nl_attr_be64(a[NFTA_SET_ELEM_TIMEOUT]);
	s->messages[s->i].expiration = nl_attr_be64(a[NFTA_SET_ELEM_EXPIRATION]);
	s->messages[s->i].key_len = mnl_attr_get_payload_len(k[NFTA_DATA_VALUE]);
	memcpy(s->messages[s->i].key, mnl_attr_get_payload(k[NFTA_DATA_VALUE]),
	       s->messages[s->i].key_len);
	return 0;
}

static struct seen read_back(const struct nl_buf *buf)
{
	const struct nlmsghdr *h = (const void *)buf->data;
	struct seen s = { 0 };
	int left = (int)buf->len;

	for (unsigned n = 0; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left), n++) {
		const struct nlattr *a[NFTA_SET_ELEM_LIST_ELEMENTS + 1];

		if (n == 0)
			assert_int_equal(h->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
		if (h->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
			continue;
		if (h->nlmsg_type == NFNL_MSG_BATCH_END)
			break;
		assert_int_equal(h->nlmsg_flags & NLM_F_ACK, 0);
		assert_int_equal(h->nlmsg_flags & NLM_F_EXCL, 0);
		s.i = s.count++;
		nl_attrs_of_message(h, a, ARRAY_SIZE(a));
		assert_string_equal(nl_attr_text(a[NFTA_SET_ELEM_LIST_TABLE]), "t");
		strcpy(s.messages[s.i].set, nl_attr_text(a[NFTA_SET_ELEM_LIST_SET]));
		s.messages[s.i].type = h->nlmsg_type & 0xff;
		nl_attr_each(a[NFTA_SET_ELEM_LIST_ELEMENTS], on_elem, &s);
	}
	assert_int_equal(h->nlmsg_type, NFNL_MSG_BATCH_END);
	assert_int_equal(left, h->nlmsg_len);
	return s;
}

static struct seen render(struct batch *b, struct batch_forms forms, bool fresh, int n)
{
	struct batch_part part = { 0, batch_count(b), (1u << LEASE_SET_COUNT) - 1, BATCH_ALL, fresh };
	struct nl_buf buf = { 0 };
	struct seen s;

	assert_int_equal(batch_render(b, &part, &forms, "t", &buf), n);
	s = read_back(&buf);
	nl_buf_fini(&buf);
	return s;
}

static void forms_by_table(void **state)
{
	static const struct {
		struct batch_forms forms;
		bool del, fresh;
		unsigned types[4];
		bool expiration;
	} cases[] = {
		{ { false, false }, false, false, { ADD, DEL, ADD }, false },
		{ { true, true }, false, false, { ADD }, true },
		{ { false, false }, false, true, { ADD }, false },
		{ { true, true }, false, true, { ADD }, false },
		{ { false, false }, true, false, { ADD, DEL }, false },
		{ { false, true }, true, false, { DESTROY }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct batch *b = make(8);
		struct lease_key key = mac4(1);
		struct seen s;
		size_t index;
		unsigned n = 0;

		if (cases[i].del)
			assert_int_equal(batch_delete(b, &key), 0);
		else
			assert_int_equal(batch_put(b, &key, 5000, &index), 0);
		s = render(b, cases[i].forms, cases[i].fresh, 1);
		while (cases[i].types[n])
			n++;
		assert_int_equal(s.count, n);
		for (unsigned k = 0; k < n; k++)
			assert_int_equal(s.messages[k].type, cases[i].types[k]);
		assert_int_equal(s.messages[n - 1].timeout, cases[i].del ? 0 : 5000);
		assert_int_equal(s.messages[n - 1].expiration, cases[i].expiration ? 5000 : 0);
		batch_free(b);
	}
}

static void each_set_gets_its_own_key(void **state)
{
	static const struct {
		unsigned kind, family;
		const char *set;
		size_t len;
		const char *key;
	} cases[] = {
		{ DEVICE_MAC, AF_INET, "lease4", 12, "\2\1\1\1\1\1\0\0\xc6\x33\0\7" },
		{ DEVICE_MAC, AF_INET6, "lease6", 24,
		  "\2\1\1\1\1\1\0\0\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\7" },
		{ DEVICE_IP4, AF_INET, "lease_ip4", 8, "\2\1\1\1\xc6\x33\0\7" },
		{ DEVICE_IP6, AF_INET6, "lease_ip6", 32,
		  "\2\1\1\1\1\1\0\0\0\0\0\0\0\0\0\0\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\7" },
		{ DEVICE_IFNAME, AF_INET, "lease_if4", 20,
		  "\2\1\1\1\1\1\0\0\0\0\0\0\0\0\0\0\xc6\x33\0\7" },
		{ DEVICE_IFNAME, AF_INET6, "lease_if6", 32,
		  "\2\1\1\1\1\1\0\0\0\0\0\0\0\0\0\0\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\7" },
		{ DEVICE_ROUTER, AF_INET, "lease_own4", 4, "\xc6\x33\0\7" },
		{ DEVICE_ROUTER, AF_INET6, "lease_own6", 16,
		  "\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lease_key key = key_of(cases[i].kind, cases[i].family, 7), back;
		struct batch *b = make(8);
		struct seen s;
		size_t index;

		assert_int_equal(batch_put(b, &key, 1, &index), 0);
		s = render(b, (struct batch_forms){ true, true }, false, 1);
		assert_string_equal(s.messages[0].set, cases[i].set);
		assert_int_equal(s.messages[0].key_len, cases[i].len);
		assert_memory_equal(s.messages[0].key, cases[i].key, cases[i].len);
		assert_int_equal(lease_elem_read(lease_set_by_name(cases[i].set), cases[i].key,
						 cases[i].len, &back), 0);
		assert_memory_equal(&back, &key, sizeof(key));
		assert_int_equal(lease_elem_read(i, cases[i].key, cases[i].len - 1, &back),
				 -EINVAL);
		batch_free(b);
	}
}

static void duplicates_are_merged(void **state)
{
	struct batch *b = make(8);
	struct lease_key one = mac4(1), two = mac4(2);
	struct seen s;
	size_t a, c;

	(void)state;
	assert_int_equal(batch_put(b, &one, 900, &a), 0);
	assert_int_equal(batch_put(b, &one, 100, &c), 0);
	assert_int_equal(a, c);
	assert_int_equal(batch_at(b, a)->timeout_ms, 900);
	assert_int_equal(batch_delete(b, &two), 0);
	assert_int_equal(batch_put(b, &two, 50, &c), 0);
	assert_int_equal(batch_at(b, c)->timeout_ms, 50); /* the later wish counts */
	assert_int_equal(batch_delete(b, &one), 0);
	assert_int_equal(batch_count(b), 2);
	s = render(b, (struct batch_forms){ true, true }, false, 2);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.messages[0].type, DESTROY); /* deletes make room first */
	assert_int_equal(s.messages[1].type, ADD);
	batch_free(b);
}

static void long_lists_are_cut(void **state)
{
	struct batch *b = make(1201);
	struct lease_key key;
	struct seen s;
	size_t index;

	(void)state;
	for (unsigned i = 0; i < 1201; i++) {
		key = key_of(DEVICE_IP6, AF_INET6, i); /* the longest elements */
		assert_int_equal(batch_put(b, &key, 1000, &index), 0);
	}
	key = mac4(1);
	assert_int_equal(batch_put(b, &key, 1, &index), -ENOSPC);
	assert_int_equal(batch_delete(b, &key), -ENOSPC);
	s = render(b, (struct batch_forms){ true, true }, false, 1201);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.messages[0].elems, BATCH_MESSAGE_ELEMS);
	assert_int_equal(s.messages[2].elems, 201);
	s = render(b, (struct batch_forms){ false, false }, false, 1201);
	assert_int_equal(s.count, 9);
	assert_int_equal(s.messages[2].type, ADD); /* all adds, then all deletes, then adds */
	assert_int_equal(s.messages[5].type, DEL);
	assert_int_equal(s.messages[8].type, ADD);
	batch_free(b);
}

static void parts_choose_by_set_and_operation(void **state)
{
	static const struct {
		struct batch_part part;
		int n;
	} cases[] = {
		{ { 0, 4, 15, BATCH_ALL, false }, 4 },	 { { 0, 4, 1, BATCH_ALL, false }, 2 },
		{ { 0, 4, 2, BATCH_PUTS, false }, 1 },	 { { 0, 4, 15, BATCH_DELETES, false }, 2 },
		{ { 2, 4, 1, BATCH_ALL, false }, 0 },	 { { 0, 1, 15, BATCH_DELETES, false }, 0 },
	};
	struct batch_forms forms = { true, true };
	struct nl_buf buf = { 0 };
	struct batch *b = make(8);
	size_t index;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct lease_key key = key_of(DEVICE_MAC, i < 2 ? AF_INET : AF_INET6, i);

		if (i % 2)
			assert_int_equal(batch_delete(b, &key), 0);
		else
			assert_int_equal(batch_put(b, &key, 1, &index), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(batch_render(b, &cases[i].part, &forms, "t", &buf), cases[i].n);
		assert_int_equal(buf.len == 0, cases[i].n == 0);
	}
	nl_buf_fini(&buf);
	batch_free(b);
}

static void reset_batch_is_empty(void **state)
{
	struct batch *b = make(300);

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 300; i++) {
			struct lease_key key = mac4(i * (round + 1));
			size_t index;

			assert_int_equal(batch_put(b, &key, i + 1, &index), 0);
			assert_int_equal(index, i);
		}
		batch_reset(b);
		assert_int_equal(batch_count(b), 0);
	}
	batch_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_by_table),
		cmocka_unit_test(each_set_gets_its_own_key),
		cmocka_unit_test(duplicates_are_merged),
		cmocka_unit_test(long_lists_are_cut),
		cmocka_unit_test(parts_choose_by_set_and_operation),
		cmocka_unit_test(reset_batch_is_empty),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
