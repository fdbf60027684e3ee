#!/bin/bash
# nameward beside its peers: queries a second, and CPU of all of a server's processes a query,
# for cached, forwarded-unique and blocked names; see bench/run.sh.
# nameward: history on, gate enforced. dnsmasq: log-queries and nftset. unbound and dnsdist:
# neither, as nameward_bare, which has lists and cache alone. Those with _dot ask an unbound
# over TLS, the others build/responder in the clear.
# BENCH_SERVERS="nameward_bare dnsdist" BENCH_CASES=cached BENCH_S=3: fewer, shorter.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
. bench/peers.sh
seconds=${BENCH_S:-10}

measure() { # SERVER CASE
	[ "$2" = unique ] || ask -d "$net_dir/$2" -n 2 -c 4 -q 200
	ask -d "$net_dir/$2" -l "$seconds" $([ "$2" = unique ] && echo '-n 1') -c 8 -q 400 -t 2
	sample servers "$2 names" "$1" queries/s "$qps"
	sample servers "$2 names" "$1" "us CPU a query" "$cpu_us"
	sample servers "$2 names" "$1" "ms average" "$wait_ms"
	sample servers "$2 names" "$1" lost "$lost"
	sample servers "$2 names" "$1" "MiB resident" $(($(rss_kib) / 1024))
}

world_up
names 1000 hot bench.example >"$net_dir/cached"
names "${BENCH_NAMES:-1000000}" host unique.example >"$net_dir/unique"
names 1000 x blocked.example >"$net_dir/blocked"
echo '*.blocked.example' >"$net_dir/ads.txt"
cases() { # of a server: what is cached or blocked is so whoever was asked
	case $1 in
	*_dot) echo unique ;;
	*) echo "${BENCH_CASES:-cached unique blocked}" ;;
	esac
}
for server in ${BENCH_SERVERS:-nameward nameward_bare dnsmasq unbound dnsdist nameward_dot unbound_dot dnsdist_dot}; do
	"up_$server"
	server_answers
	for case in $(cases "$server"); do measure "$server" "$case"; done
	if [ "$server" = nameward ]; then
		nameward status | grep -E '^(gate|history|held|resolver)' | sed 's/^/    /' >&2
		sql "SELECT count(*) || ' rows for ' || sum(n) || ' lookups, ' || ((SELECT
			page_count * page_size FROM pragma_page_count, pragma_page_size) / count(*)) ||
			' bytes a row' FROM lookups" >&2
	fi
	stop_server
done
