#!/bin/bash
# Runs parts of the bench in rounds, and prints their samples as tables. As root; everything is
# in network namespaces of its own. usage: make bench [BENCH="PART..."] [ROUNDS=N]
#
#   lease    a lease written by nameward, and by libnftables from text
#   restore  after a foreign flush, by a new process
#   memory   a lease in the daemon and in the kernel
#   gate     a lookup that opens an address, through nameward and through dnsmasq's nftset
#   history  a lookup recorded, and each question over HISTORY_ROWS of them (a million)
#   delay    an answer while others hold the history, prune or copy it
#   hold     how long an answer waits for its lease, idle and while others load rulesets
#   lists    a million blocked names: start, memory, a query, beside dnsmasq, unbound and SmartDNS
#   answers  memory of a cached answer, beside its peers
#   failover what a dying upstream costs: lost queries and waits, by order and over TLS
#   servers  queries a second beside dnsmasq, unbound and dnsdist, in the clear and over TLS
#
# The rounds take turns, so that what disturbs the machine disturbs all. The table has the
# median of the rounds, and half the distance of the smallest and the largest: the noise.
set -u
cd "$(dirname "$0")/.." || exit 1
parts=${*:-lease restore memory gate hold history delay lists answers failover servers}
rounds=${ROUNDS:-3}
samples=$(mktemp)
trap 'rm -f "$samples"' EXIT

echo "$(uname -srm), $(nproc) cores of $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)," \
	"load $(cut -d' ' -f1 /proc/loadavg), $rounds rounds: $parts"
for round in $(seq "$rounds"); do
	for part in $parts; do
		echo "round $round: $part" >&2
		"bench/$part.sh" >>"$samples" || { echo "$part failed" >&2; exit 1; }
	done
done
awk -f bench/table.awk "$samples"
