#!/bin/bash
# What a dying upstream costs. Of two, the one that is asked most goes silent (its packets are
# dropped) under 1,000 new names a second; nameward's orders, the same over TLS, where a
# connection is silently dead, and its peers; see bench/run.sh. "lost": without an answer in
# 5 s, or SERVFAIL; p99: of the questions of the 3 s from then on; "s until fast": until the
# last question was sent that waited longer than 100 ms.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
. bench/peers.sh
rate=1000 dies_s=3 seconds=9

two="198.18.0.53 198.18.0.81"
up_first() { in_the_clear first; }
up_fastest() { in_the_clear fastest; }
up_spread() { in_the_clear spread; }
in_the_clear() { start_nameward off "$two"$'\n order '"$1" <<<"history off"; }
up_first_dot() { over_tls first; }
up_fastest_dot() { over_tls fastest; }
over_tls() { # ORDER
	start_nameward off "$two tls dns.test"$'\n order '"$1" <<-EOF
	ca-certificates $net_dir/tls.pem
	history off
	EOF
}
up_two_unbound() { unbound_asks "forward-addr: 198.18.0.53"$'\n forward-addr: 198.18.0.81'; }
up_two_dnsmasq() { start_dnsmasq -S 198.18.0.81 --cache-size=10000; }

watch() {
	in_ns inet nft -f - <<-EOF
	table inet watch
	delete table inet watch
	table inet watch {
		counter first { }
		counter second { }
		chain in {
			type filter hook input priority 0
			ip daddr 198.18.0.53 counter name first
			ip daddr 198.18.0.81 counter name second
		}
	}
	EOF
}
packets() { in_ns inet nft list counter inet watch "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
kill_busy() {
	_busy=198.18.0.53
	[ "$(packets first)" -ge "$(packets second)" ] || _busy=198.18.0.81
	in_ns inet nft insert rule inet watch in ip daddr $_busy drop
}

measure() { # WHO
	in_ns c1 dnsperf -v -s 192.168.77.1 -d "$net_dir/names" -n 1 -l $seconds -Q $rate -c 4 \
		-q 20000 -t 5 >"$net_dir/dnsperf.out" 2>&1 &
	_asker=$!
	sleep $dies_s
	kill_busy
	wait $_asker
	awk -v rate=$rate -v dies=$dies_s -v out="$net_dir/waits" '
		$1 != ">" { next }
		{ sent = substr($3, 5) / rate }
		$2 != "NOERROR" { lost++; next }
		sent < dies - 0.2 || sent >= dies + 3 { next }
		{ print $5 * 1000 >out; n++ }
		$5 > 0.1 && sent > slow { slow = sent }
		END { print lost + 0, n + 0, slow ? slow - dies : 0 }' "$net_dir/dnsperf.out" >"$net_dir/sum"
	read -r _lost _n _slow <"$net_dir/sum"
	sort -n "$net_dir/waits" -o "$net_dir/waits"
	sample failover "one of two dies" "$1" lost "$_lost"
	sample failover "one of two dies" "$1" "ms p50" "$(sed -n "$((_n / 2 + 1))p" "$net_dir/waits")"
	sample failover "one of two dies" "$1" "ms p99" "$(sed -n "$((_n * 99 / 100 + 1))p" "$net_dir/waits")"
	sample failover "one of two dies" "$1" "ms longest" "$(tail -n 1 "$net_dir/waits")"
	sample failover "one of two dies" "$1" "s until fast" "$_slow"
}

world_up
start_in inet "$BUILD/responder" 198.18.0.81 53
names $((rate * seconds * 2)) host unique.example >"$net_dir/names"
dot_upstream 198.18.0.81
for server in ${BENCH_SERVERS:-first fastest spread first_dot fastest_dot two_unbound two_dnsmasq}; do
	watch
	"up_$server"
	server_answers
	measure "$server"
	stop_server
done
