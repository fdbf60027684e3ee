/* A network namespace of the test's own, and the real nft in it. */
#ifndef TESTS_SUPPORT_NFT_NS_H
#define TESTS_SUPPORT_NFT_NS_H

#include <stdbool.h>

struct conf;

/** Move this process into a new, empty network namespace.
 *  @return false: not root, or no nft here: the test is to skip() */
bool nft_ns_enter(void);

/** Output of a shell command, at most 8 MiB; malloc'd, fails the test if it exits non-zero. */
char *nft_ns_run(const char *command);

/** Run `nft -f -` (or with flags, "-c") on text; @return its exit status. */
int nft_ns_load(const char *flags, const char *text);

/** A listing in which the elements of the map zone_mode, which the kernel shows in random order,
 *  are sorted; malloc'd. */
char *nft_ns_ordered(const char *listing);

/** A configuration with zones lan (off), iot (observe), guest (enforce) and allows; `rest`: a
 *  zone "*" that enforces. Constant; do not free. */
const struct conf *nft_ns_conf(bool rest);

#endif
