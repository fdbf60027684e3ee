#!/bin/bash
# What it costs that an answer opens an address, in whole servers: nameward's gate beside
# dnsmasq's nftset, each also without; see bench/run.sh. No history, no log. The names come
# twice: at first each answer is a new lease, then it is cached and its lease covers it.
# (dnsmasq writes nothing then: an entry ends by its time, also under a name that is asked for.)
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
count=${BENCH_LEASES:-65536}

up_nameward() { # on|off
	start_nameward "$([ "$1" = on ] && echo enforce || echo off)" <<-EOF
	history off
	EOF
}
leases_nameward() { status_of gate leases; }

up_dnsmasq() { # on|off
	in_ns router nft 'add table inet peer; add set inet peer s4 { type ipv4_addr;
		flags timeout; timeout 10m; size 1048576; }'
	start_dnsmasq --cache-size="$count" $([ "$1" = on ] && echo --nftset=/example/4#inet#peer#s4)
}
leases_dnsmasq() { in_ns router nft list set inet peer s4 | grep -o expires | wc -l; }

measure() { # SERVER CASE on|off
	ask -d "$net_dir/names" -n 1 -c 8 -q 400
	sample gate "$2, gate $3" "$1" queries/s "$qps"
	sample gate "$2, gate $3" "$1" "us CPU a query" "$cpu_us"
	sample gate "$2, gate $3" "$1" lost "$lost"
	sample gate "$2, gate $3" "$1" leases "$("leases_$1")"
}

world_up
names "$count" host unique.example >"$net_dir/names"
for gate in on off; do
	for server in nameward dnsmasq; do
		"up_$server" $gate
		server_answers
		measure $server new $gate
		measure $server again $gate
		stop_server
	done
done
