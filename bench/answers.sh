#!/bin/bash
# What a cached answer occupies: the growth of a server's resident memory over BENCH_ANSWERS
# (100,000) answers of one address each, beside its peers'; see bench/run.sh. All are asked for
# once more at the end: "asked again" is how many a server had not kept. (dnsmasq takes the
# memory for its whole cache at its start.)
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
. bench/peers.sh
count=${BENCH_ANSWERS:-100000}

questions_upstream() {
	in_ns inet nft list counter inet watch asked | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}
ask_once() { in_ns c1 dnsperf -s 192.168.77.1 -d "$net_dir/names" -n 1 -c 4 -q 100 >/dev/null 2>&1; }

world_up
in_ns inet nft 'add table inet watch; add counter inet watch asked;
	add chain inet watch in { type filter hook input priority 0; };
	add rule inet watch in udp dport 53 counter name asked'
: >"$net_dir/ads.txt"
names "$count" host unique.example >"$net_dir/names"
for server in ${BENCH_SERVERS:-nameward_bare unbound dnsdist dnsmasq}; do
	cache_names=$((count * 2)) cache_mib=256
	"up_$server"
	server_answers
	before=$(rss_kib)
	ask_once
	after=$(rss_kib)
	asked=$(questions_upstream)
	ask_once
	sample answers "$count answers" "$server" "KiB before" "$before"
	sample answers "$count answers" "$server" "KiB after" "$after"
	sample answers "$count answers" "$server" "bytes an answer" $(((after - before) * 1024 / count))
	sample answers "$count answers" "$server" "asked again" $(($(questions_upstream) - asked))
	stop_server
done
