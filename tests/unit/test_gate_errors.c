/* What becomes of leases when the kernel says no, at each kind of transaction: the gate on the
 * real kernel, with errors put in its way. Skipped without root. */
/* wrap: sendmsg recvmsg */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/gate_parts.h"
#include "tests/support/gate_rig.h"
#include "tests/support/nft_ns.h"

/* For ever: until the test lifts it. */
#define EVER 1000000

/* What is put in the way: of transactions only, or of requests only. */
struct fault {
	bool requests;
	int send_errno; /* the call fails, and nothing was sent */
	int reply;	/* the kernel's answer, and nothing was applied */
	int receive_errno;
	unsigned times;
};

static struct fault fault;  /* the seam of --wrap has no argument */
static int pending = -1;    /* the descriptor whose next recvmsg is the reply */
static uint32_t pending_seq;

ssize_t __wrap_sendmsg(int fd, const struct msghdr *mh, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *mh, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *mh, int flags);
ssize_t __real_recvmsg(int fd, struct msghdr *mh, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *mh, int flags)
{
	const struct nlmsghdr *h = mh->msg_iov->iov_base;
	bool is_request = h->nlmsg_type != NFNL_MSG_BATCH_BEGIN;

	if (!fault.times || is_request != fault.requests)
		return __real_sendmsg(fd, mh, flags);
	fault.times--;
	if (fault.send_errno) {
		errno = fault.send_errno;
		return -1;
	}
	pending = fd;
	pending_seq = h->nlmsg_seq;
	return (ssize_t)mh->msg_iov->iov_len;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *mh, int flags)
{
	struct nlmsghdr *h = mh->msg_iov->iov_base;
	struct nlmsgerr *err;

	if (fd != pending)
		return __real_recvmsg(fd, mh, flags);
	pending = -1;
	if (fault.receive_errno) {
		errno = fault.receive_errno;
		return -1;
	}
	mnl_nlmsg_put_header(h);
	h->nlmsg_type = NLMSG_ERROR;
	h->nlmsg_seq = pending_seq;
	err = mnl_nlmsg_put_extra_header(h, sizeof(*err));
	err->error = -fault.reply;
	memset(mh->msg_name, 0, mh->msg_namelen);
	mh->msg_flags = 0;
	return h->nlmsg_len;
}

static const struct {
	const char *name;
	struct fault fault;
	int rc; /* of a claim that meets it */
} faults[] = {
	{ "disturbed once (ERESTART)", { .reply = ERESTART, .times = 1 }, 0 },
	{ "disturbed for ever", { .reply = ERESTART, .times = EVER }, -EAGAIN },
	{ "would block for ever", { .send_errno = EAGAIN, .times = EVER }, -EAGAIN },
	{ "interrupted", { .send_errno = EINTR, .times = 2 }, 0 },
	{ "no buffers", { .send_errno = ENOBUFS, .times = EVER }, -ENOBUFS },
	{ "errors overran the socket", { .receive_errno = ENOBUFS, .times = EVER }, -ENOBUFS },
	{ "no memory", { .reply = ENOMEM, .times = EVER }, -ENOMEM },
	{ "no right", { .reply = EPERM, .times = EVER }, -EPERM },
	{ "set full (ENFILE)", { .reply = ENFILE, .times = EVER }, -ENOSPC },
	{ "no files (ENFILE)", { .send_errno = ENFILE, .times = EVER }, -ENOSPC },
};

static struct gate *begin(size_t i, struct told *told)
{
	struct gate *g;

	if (!nft_ns_enter())
		skip();
	print_message("  %s\n", faults[i].name);
	fault.times = 0;
	pending = -1;
	g = gate_rig_load(told, nft_ns_conf(false));
	gate_rig_fill(g, 40);
	return g;
}

/* Some ticks later, without the fault, ledger and kernel agree, and the gate works. */
static void assert_mended(struct gate *g, uint64_t now_ms, unsigned leases)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 99999);

	fault.times = 0;
	for (int i = 0; i < 70; i++)
		gate_tick(g, now_ms += 1000);
	assert_int_equal(gate_state(g), GATE_LOADED);
	assert_int_equal(lease_count(gate_ledger(g)), leases);
	assert_int_equal(gate_rig_elements(), leases);
	assert_int_equal(gate_rig_claim(g, &key, 300), GATE_WAIT);
	assert_int_equal(gate_rig_elements(), leases + 1);
	gate_remove(g);
	gate_free(g);
}

static void claim_hears_its_error_and_no_other_lease_suffers(void **state)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 80000);
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct gate *g = begin(i, &told);
		int rc;

		fault = faults[i].fault;
		rc = gate_rig_claim(g, &key, 300);
		assert_int_equal(rc, faults[i].rc ? faults[i].rc : GATE_WAIT);
		assert_int_equal(gate_stats(g)->failed, faults[i].rc != 0);
		assert_int_equal(gate_state(g), faults[i].rc == -EPERM ? GATE_LOST : GATE_LOADED);
		assert_mended(g, clock_mono_ms(), 40 + !faults[i].rc);
	}
}

/* What is to go goes, when the kernel lets it: sooner than its own timeout ends it. */
static void lease_that_could_not_be_deleted_goes_later(void **state)
{
	uint64_t over = clock_mono_ms() + 4300000;
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct gate *g = begin(i, &told);

		fault = faults[i].fault;
		gate_tick(g, over);
		if (faults[i].rc && faults[i].rc != -EPERM)
			assert_int_equal(gate_rig_elements(), 40);
		assert_mended(g, over, 0);
	}
}

static void withdrawn_lease_that_could_not_be_deleted_goes_later(void **state)
{
	static const uint8_t name[] = "\1x";
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 80000);
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct gate *g = begin(i, &told);
		struct lease_withdrawal w = { .name = name, .name_len = sizeof(name) };
		uint64_t now = clock_mono_ms();
		size_t index;

		assert_int_equal(gate_claim(g, &key, 300, name, sizeof(name), now, &index),
				 GATE_WAIT);
		gate_commit(g, now);
		gate_next_turn(g);
		assert_int_equal(gate_rig_elements(), 41);
		fault = faults[i].fault;
		assert_false(gate_withdraw(g, &w, false, now));
		gate_commit(g, now);
		gate_next_turn(g);
		assert_mended(g, now, 40);
	}
}

static void flush_is_mended_when_the_kernel_lets_us(void **state)
{
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct gate *g = begin(i, &told);

		free(nft_ns_run("nft flush ruleset"));
		fault = faults[i].fault;
		gate_on_watch(g, clock_mono_ms());
		assert_int_equal(gate_state(g), faults[i].rc ? GATE_LOST : GATE_LOADED);
		assert_mended(g, clock_mono_ms(), 40);
	}
}

/* The question whether the table is still ours gets no answer: it is not taken for a yes. */
static void change_is_noticed_though_the_question_failed(void **state)
{
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct gate *g = begin(i, &told);

		free(nft_ns_run("nft 'add table inet nameward { flags dormant; }'"));
		fault = faults[i].fault;
		fault.requests = true;
		gate_on_watch(g, clock_mono_ms());
		fault.times = 0;
		gate_tick(g, clock_mono_ms() + 1000);
		free(nft_ns_run("! nft list table inet nameward | grep dormant"));
		assert_mended(g, clock_mono_ms(), 40);
	}
}

static void table_of_a_dead_process_is_adopted_after_errors(void **state)
{
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		char why[MSG_TEXT_MAX] = "";
		struct gate *g = begin(i, &told);

		gate_free(g);
		g = gate_rig_make(&told);
		fault = faults[i].fault;
		gate_load(g, nft_ns_conf(false), clock_mono_ms(), why);
		assert_mended(g, clock_mono_ms(), 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claim_hears_its_error_and_no_other_lease_suffers),
		cmocka_unit_test(lease_that_could_not_be_deleted_goes_later),
		cmocka_unit_test(withdrawn_lease_that_could_not_be_deleted_goes_later),
		cmocka_unit_test(flush_is_mended_when_the_kernel_lets_us),
		cmocka_unit_test(change_is_noticed_though_the_question_failed),
		cmocka_unit_test(table_of_a_dead_process_is_adopted_after_errors),
	};

	return cmocka_run_group_tests_name("gate errors", tests, NULL, NULL);
}
