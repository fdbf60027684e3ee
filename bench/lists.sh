#!/bin/bash
# Many blocked names in whole servers: how long a start takes, what it costs, what is resident,
# and a query for a name that is blocked, and for one that is not (and cached); see bench/run.sh.
# nameward twice: a start that reads the list, and one that finds the index of the last.
# dnsmasq: address=/NAME/, unbound: local-zone always_nxdomain, SmartDNS: address /NAME/#.
# BENCH_LIST_NAMES=N, BENCH_LISTS="nameward unbound".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
count=${BENCH_LIST_NAMES:-1000000}
seconds=${BENCH_S:-5}

# Names with few top labels and common first ones, as lists have them; the same in each run.
make_names() {
	awk -v n="$count" 'BEGIN {
		srand(1)
		split("com com com net org de ru co.uk info xyz top io", top)
		split("www. ads. track. cdn. a1. metrics.", first)
		letters = "eeettaaooiinnsrhldcumfpgwybvkxjqz0123456789"
		for (i = 0; i < n; i++) {
			label = ""
			for (len = 6 + rand() * 10; len > 0; len--)
				label = label substr(letters, 1 + rand() * rand() * 43, 1)
			print first[1 + int(rand() * 12)] label ".b" i % 997 "." top[1 + int(rand() * 12)]
		}
	}'
}

up_nameward() {
	start_nameward off <<-EOF
	list ads {
	  file $net_dir/ads.txt
	}
	policy default { block ads }
	history off
	EOF
}
up_nameward_again() { up_nameward; }

up_dnsmasq() {
	start_dnsmasq --cache-size=10000 --conf-file="$net_dir/ads.dnsmasq"
}

up_unbound() { start_unbound "forward-addr: 198.18.0.53" <<<"include: \"$net_dir/ads.unbound\""; }

up_smartdns() {
	cat >"$net_dir/peer.conf" <<-EOF
	bind 192.168.77.1:53
	server 198.18.0.53
	cache-size 10000
	cache-persist no
	speed-check-mode none
	conf-file $net_dir/ads.smartdns
	EOF
	start_in router smartdns -f -x -c "$net_dir/peer.conf" -p "$net_dir/smartdns.pid" >/dev/null 2>&1
	server_pid=$net_pid
}

blocks() { # the last name of the list
	has 'status: (NXDOMAIN|NOERROR)' in_ns c1 dig +time=1 +tries=1 @192.168.77.1 "$last" &&
		! grep -q 'IN.*A.*198\.' "$net_dir/has.out"
}

measure_start() { # SERVER
	local begun=$(date +%s%N)
	"up_$1"
	wait_for 10 blocks || echo "$1 does not block" >&2
	sample lists "$count names" "$1" "s to start" \
		"$(awk -v ns=$(($(date +%s%N) - begun)) 'BEGIN { print ns / 1e9 }')"
	sleep 2 # the compiler writes what it built
	sample lists "$count names" "$1" "s CPU to start" \
		"$(awk -v ns="$(cpu_all_ns)" 'BEGIN { print ns / 1e9 }')"
	sample lists "$count names" "$1" "MiB resident" $(($(rss_kib) / 1024))
}

# Also of children that have ended, as the compiler has.
cpu_all_ns() {
	local ended=$(awk -v hz="$(getconf CLK_TCK)" '{ print int(($16 + $17) * 1e9 / hz) }' /proc/"$server_pid"/stat)
	echo $(($(cpu_ns) + ended))
}

measure() { # SERVER CASE
	ask -d "$net_dir/$2" -n 1 -c 4 -q 100 # cached, what can be
	ask -d "$net_dir/$2" -l "$seconds" -c 8 -q 200 -t 2
	sample lists "$count names" "$1" "us CPU, $2" "$cpu_us"
}

world_up
make_names >"$net_dir/names"
last=$(tail -n 1 "$net_dir/names")
sed 's/^/*./' "$net_dir/names" >"$net_dir/ads.txt"
sed 's,.*,address=/&/,' "$net_dir/names" >"$net_dir/ads.dnsmasq"
{ echo server:; sed 's/.*/local-zone: "&" always_nxdomain/' "$net_dir/names"; } >"$net_dir/ads.unbound"
sed 's,.*,address /&/#,' "$net_dir/names" >"$net_dir/ads.smartdns"
awk -v step=$((count / 5000 + 1)) 'NR % step == 0 { print $0 " A" }' "$net_dir/names" >"$net_dir/hit"
names 1000 hot bench.example >"$net_dir/miss"
for server in ${BENCH_LISTS:-nameward nameward_again dnsmasq unbound smartdns}; do
	measure_start "$server"
	for case in hit miss; do measure "$server" $case; done
	stop_server
done
