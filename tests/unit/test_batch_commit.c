/* Commits and their errors against a scripted kernel behind sendmsg and recvmsg. */
/* wrap: sendmsg recvmsg */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "lib/util.h"
#include "nftsync/batch_commit.h"
#include "nftsync/netlink.h"
#include "nftsync/nl_attr.h"
#include "nftsync/nl_buf.h"


/* The kernel played here: what it says to the i-th send, or what it finds bad. */
struct kernel {
	int send_errno[8];    /* of the i-th sendmsg; 0: taken */
	int receive_errno[8]; /* of the i-th recvmsg; 0: go on as below */
	int reply[8];	      /* error of the i-th taken message; 0: silence */
	unsigned full_sets;   /* bit i: enum lease_set i answers ENFILE to additions */
	uint32_t bad[16];     /* addresses that answer EINVAL to additions; 0 ends */
	int bad_errno;
	unsigned sends, receives, aborts, deleted;
	int queued[512]; /* errors waiting to be read */
	unsigned queue_len, queue_at;
};

static struct kernel kernel; /* the seam of --wrap has no argument */

static int on_elem(const struct nlattr *nested, void *arg)
{
	const struct nlattr *a[NFTA_SET_ELEM_EXPIRATION + 1], *k[NFTA_DATA_VALUE + 1];
	const uint8_t *key;

	(void)arg;
	nl_attrs_of_nest(nested, a, ARRAY_SIZE(a));
	nl_attrs_of_nest(a[NFTA_SET_ELEM_KEY], k, ARRAY_SIZE(k));
	key = mnl_attr_get_payload(k[NFTA_DATA_VALUE]);
	for (unsigned i = 0; kernel.bad[i]; i++)
		if (load_be32(key + 8) == kernel.bad[i])
			kernel.queued[kernel.queue_len++] = -kernel.bad_errno;
	return 0;
}

static void judge(const struct nlmsghdr *h)
{
	const struct nlattr *a[NFTA_SET_ELEM_LIST_ELEMENTS + 1];

	nl_attrs_of_message(h, a, ARRAY_SIZE(a));
	if ((h->nlmsg_type & 0xff) != NFT_MSG_NEWSETELEM) {
		kernel.deleted++;
		return;
	}
	if (kernel.full_sets & (1u << lease_set_by_name(nl_attr_text(a[NFTA_SET_ELEM_LIST_SET]))))
		kernel.queued[kernel.queue_len++] = -ENFILE;
	nl_attr_each(a[NFTA_SET_ELEM_LIST_ELEMENTS], on_elem, NULL);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *mh, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *mh, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *mh, int flags)
{
	unsigned i = kernel.sends++;
	const struct nlmsghdr *h = mh->msg_iov->iov_base;
	int left = (int)mh->msg_iov->iov_len;

	(void)fd;
	(void)flags;
	if (i < 8 && kernel.send_errno[i]) {
		errno = kernel.send_errno[i];
		return -1;
	}
	kernel.queue_len = kernel.queue_at = 0;
	if (i < 8 && kernel.reply[i])
		kernel.queued[kernel.queue_len++] = -kernel.reply[i];
	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		if (h->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES)
			judge(h);
	kernel.aborts += kernel.queue_len > 0;
	return (ssize_t)mh->msg_iov->iov_len;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *mh, int flags)
{
	unsigned i = kernel.receives++;
	struct nlmsghdr *h = mh->msg_iov->iov_base;
	struct nlmsgerr *err;

	(void)fd;
	assert_true(flags & MSG_DONTWAIT);
	if (i < 8 && kernel.receive_errno[i]) {
		errno = kernel.receive_errno[i];
		return -1;
	}
	if (kernel.queue_at == kernel.queue_len) {
		errno = EAGAIN;
		return -1;
	}
	mnl_nlmsg_put_header(h);
	h->nlmsg_type = NLMSG_ERROR;
	err = mnl_nlmsg_put_extra_header(h, sizeof(*err));
	err->error = kernel.queued[kernel.queue_at++];
	memset(mh->msg_name, 0, mh->msg_namelen);
	mh->msg_flags = 0;
	return h->nlmsg_len;
}

static struct netlink *open_fake(struct kernel k)
{
	struct netlink *nl;

	kernel = k;
	assert_int_equal(netlink_open(&nl), 0);
	return nl;
}

static void errors_of_one_commit_by_table(void **state)
{
	static const struct {
		const char *name;
		struct kernel kernel;
		int rc;
		unsigned sends;
	} cases[] = {
		{ "silence is consent", { .sends = 0 }, 0, 1 },
		{ "no right", { .reply = { EPERM } }, -EPERM, 1 },
		{ "table gone", { .reply = { ENOENT } }, -ENOENT, 1 },
		{ "set full is not out of descriptors", { .reply = { ENFILE } }, -ENOSPC, 1 },
		{ "stale generation, then good", { .reply = { ERESTART } }, 0, 2 },
		{ "stale generation for ever",
		  { .reply = { ERESTART, ERESTART, ERESTART, ERESTART } }, -EAGAIN, 4 },
		{ "send interrupted", { .send_errno = { EINTR } }, 0, 2 },
		{ "send would block once", { .send_errno = { EAGAIN } }, 0, 2 },
		{ "send without buffers", { .send_errno = { ENOBUFS } }, -ENOBUFS, 1 },
		{ "send too long", { .send_errno = { EMSGSIZE } }, -EMSGSIZE, 1 },
		{ "really out of descriptors", { .send_errno = { EMFILE } }, -EMFILE, 1 },
		{ "receive interrupted", { .receive_errno = { EINTR } }, 0, 1 },
		{ "errors overran the socket",
		  { .receive_errno = { ENOBUFS }, .reply = { EINVAL } }, -ENOBUFS, 1 },
	};
	struct nl_buf buf = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct netlink *nl = open_fake(cases[i].kernel);

		print_message("  %s\n", cases[i].name);
		nl_buf_begin(&buf);
		assert_int_equal(nl_buf_end(&buf), 0);
		assert_int_equal(netlink_commit(nl, &buf), cases[i].rc);
		assert_int_equal(kernel.sends, cases[i].sends);
		assert_int_equal(kernel.queue_at, kernel.queue_len); /* nothing left for the next */
		netlink_close(nl);
	}
	nl_buf_fini(&buf);
}

static struct lease_key key_of(uint8_t family, uint32_t n)
{
	struct msg_device d = { .kind = DEVICE_MAC, .id = { 2 } };
	uint8_t addr[16] = { 0x20, 1 };

	store_be32(family == AF_INET ? addr : addr + 12, n);
	return lease_key_make(&d, family, addr);
}

#define BASE 0xc6330000u

/* count additions in lease4, then two deletes there, then 3 additions in lease6. */
static struct batch *make(uint32_t count)
{
	struct lease_key key;
	struct batch *b;
	size_t index;

	assert_int_equal(batch_new(count + 5, &b), 0);
	for (uint32_t i = 0; i < count; i++) {
		key = key_of(AF_INET, BASE + i);
		assert_int_equal(batch_put(b, &key, 1000, &index), 0);
	}
	for (uint32_t i = 0; i < 2; i++) {
		key = key_of(AF_INET, BASE + 0x10000 + i);
		assert_int_equal(batch_delete(b, &key), 0);
	}
	for (uint32_t i = 0; i < 3; i++) {
		key = key_of(AF_INET6, i);
		assert_int_equal(batch_put(b, &key, 1000, &index), 0);
	}
	return b;
}

static int commit(struct batch *b, struct kernel k)
{
	struct netlink *nl = open_fake(k);
	struct batch_forms forms = { true, true };
	struct nl_buf buf = { 0 };
	int rc = batch_commit(b, nl, &forms, "t", &buf);

	netlink_close(nl);
	nl_buf_fini(&buf);
	return rc;
}

static void one_bad_element_fails_alone(void **state)
{
	(void)state;
	for (uint32_t bad = 0; bad < 100; bad += 9) {
		struct batch *b = make(100);

		assert_int_equal(commit(b, (struct kernel){ .bad = { BASE + bad },
							    .bad_errno = EINVAL }), 0);
		for (uint32_t i = 0; i < 105; i++)
			assert_int_equal(batch_at(b, i)->rc, i == bad ? -EINVAL : 0);
		assert_true(kernel.aborts <= BATCH_ABORTS_MAX);
		batch_free(b);
	}
}

static void many_bad_elements_do_not_cost_endless_aborts(void **state)
{
	struct kernel k = { .bad_errno = EINVAL };
	struct batch *b = make(1000);
	unsigned good = 0;

	(void)state;
	for (uint32_t i = 0; i < 15; i++)
		k.bad[i] = BASE + 3 + i * 61;
	assert_int_equal(commit(b, k), 0);
	for (uint32_t i = 0; i < 1005; i++)
		good += !batch_at(b, i)->rc;
	assert_true(kernel.aborts <= 2 * BATCH_ABORTS_MAX);
	assert_true(good > 50); /* those around the first bad one */
	for (uint32_t i = 0; k.bad[i]; i++)
		assert_int_equal(batch_at(b, k.bad[i] - BASE)->rc, -EINVAL);
	batch_free(b);
}

static void full_set_refuses_its_own_additions_only(void **state)
{
	struct batch *b = make(50);

	(void)state;
	assert_int_equal(commit(b, (struct kernel){ .full_sets = 1u << SET_LEASE4 }), 0);
	for (uint32_t i = 0; i < 55; i++)
		assert_int_equal(batch_at(b, i)->rc, i < 50 ? -ENOSPC : 0);
	assert_true(kernel.aborts <= 2);
	assert_true(kernel.deleted > 0);
	batch_free(b);
}

static void no_right_is_not_tried_in_parts(void **state)
{
	struct batch *b = make(50);

	(void)state;
	assert_int_equal(commit(b, (struct kernel){ .reply = { EPERM } }), 0);
	assert_int_equal(kernel.sends, 1);
	assert_int_equal(batch_at(b, 0)->rc, -EPERM);
	assert_int_equal(batch_at(b, 54)->rc, -EPERM);
	batch_free(b);
}

static void lost_table_is_reported_whole(void **state)
{
	struct batch *b = make(50);

	(void)state;
	assert_int_equal(commit(b, (struct kernel){ .reply = { ENOENT } }), -ENOENT);
	assert_int_equal(kernel.sends, 1);
	batch_free(b);
}

static void overrun_is_tried_in_parts(void **state)
{
	struct batch *b = make(50);

	(void)state;
	assert_int_equal(commit(b, (struct kernel){ .receive_errno = { ENOBUFS } }), 0);
	assert_int_equal(kernel.sends, 3); /* the whole, and its halves */
	for (uint32_t i = 0; i < 55; i++)
		assert_int_equal(batch_at(b, i)->rc, 0);
	batch_free(b);
}

static void empty_batch_sends_nothing(void **state)
{
	struct batch *b;

	(void)state;
	assert_int_equal(batch_new(4, &b), 0);
	assert_int_equal(commit(b, (struct kernel){ .sends = 0 }), 0);
	assert_int_equal(kernel.sends, 0);
	batch_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_of_one_commit_by_table),
		cmocka_unit_test(one_bad_element_fails_alone),
		cmocka_unit_test(many_bad_elements_do_not_cost_endless_aborts),
		cmocka_unit_test(full_set_refuses_its_own_additions_only),
		cmocka_unit_test(no_right_is_not_tried_in_parts),
		cmocka_unit_test(lost_table_is_reported_whole),
		cmocka_unit_test(overrun_is_tried_in_parts),
		cmocka_unit_test(empty_batch_sends_nothing),
	};

	return cmocka_run_group_tests_name("batch_commit", tests, NULL, NULL);
}
