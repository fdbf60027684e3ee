#!/bin/bash
# How long an answer waits for its lease, as the history has it: at 100, 1,000 and 10,000 new
# names a second, idle and while another loads a ruleset of 2,000 rules without a pause; see
# bench/run.sh.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
seconds=${BENCH_S:-10}

{
	echo 'add table inet other; delete table inet other'
	echo 'table inet other { chain c { type filter hook input priority 9; policy accept;'
	awk 'BEGIN { for (i = 0; i < 2000; i++) print "ip saddr 10.1." int(i / 250) "." i % 250 " tcp dport " 1 + i " counter accept" }'
	printf '}\n}\n'
} >"$net_dir/other.nft"

load_rules() {
	while [ -d "$net_dir" ] && [ ! -e "$net_dir/quiet" ]; do
		in_ns router nft -f "$net_dir/other.nft" || return
		echo >>"$net_dir/loads"
	done
}

recorded() { # PREFIX: no row came since the last look
	_last=${_now:-x}
	_now=$(sql "SELECT count(*) FROM lookups WHERE name GLOB '$1*'")
	[ "$_now" = "$_last" ]
}

measure() { # idle|loads RATE
	_what="$2 answers/s, $1"
	_n=$(($2 * seconds))
	names $_n "$1-$2-" hold.example >"$net_dir/names"
	in_ns c1 dnsperf -s 192.168.77.1 -d "$net_dir/names" -n 1 -c 4 -Q "$2" >"$net_dir/dnsperf.out" 2>&1
	sleep 2.5
	wait_for 10 recorded "$1-$2-"
	sql "WITH h AS (SELECT hold_ms, row_number() OVER (ORDER BY hold_ms) AS i, count(*) OVER () AS n
			FROM lookups WHERE name GLOB '$1-$2-*' AND hold_ms > 0)
		SELECT max(n), max(CASE WHEN i <= n * 0.5 THEN hold_ms END),
			max(CASE WHEN i <= n * 0.99 THEN hold_ms END),
			max(CASE WHEN i <= n * 0.999 THEN hold_ms END), max(hold_ms) FROM h" |
		tr '|' '\n' | paste - <(printf '%s\n' answers 'ms p50' 'ms p99' 'ms p99.9' 'ms longest') |
		while IFS=$'\t' read -r value measure; do
			sample hold "$_what" nameward "$measure" "$value"
		done
}

world_up
start_nameward enforce <<-END
	history {
	  file $net_dir/db/history.db
	  commit-every 1s
	}
END
server_answers
for rate in 100 1000 10000; do measure idle $rate; done
load_rules &
loader=$!
for rate in 100 1000 10000; do measure loads $rate; done
touch "$net_dir/quiet"
wait $loader || exit 1
echo "    $(wc -l <"$net_dir/loads") rulesets loaded meanwhile" >&2
nameward status | grep -E '^held' | sed 's/^/    /' >&2
stop_server
