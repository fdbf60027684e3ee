#!/bin/sh
# The race: a client that sends its SYN the instant the answer arrives, 2,000 times, each time
# to an address that was never open before. Not one may be refused. Then the same while another
# process loads its ruleset in a loop, which begins with a flush: with a table that the daemon
# owns, which stays, and with one that goes, and has to be back with each answer.
[ $# -gt 0 ] || {
	status=0
	for how in quiet on off; do "$0" $how || status=1; done
	exit $status
}
how=$1 owner=on
[ "$how" != off ] || owner=off
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

race() { # CLIENT SERVER TRANSPORT TYPE [COUNT]
	in_ns "$1" "$BUILD/race" run "$2" "$3" "$4" "${5:-250}" "$1$3$4-" 7
}
connects() { # CLIENT ADDRESS
	in_ns "$1" ncat -z -w 2 "$2" 7
}

net_up
net_wide
start_in inet "$BUILD/race" listen 7
start_in inet "$BUILD/responder" 198.18.0.53 53
net_nameward <<-EOF
listen lan 192.168.77.1:53 [fd77::1]:53
clients { rate off }
upstream inet {
  server 198.18.0.53
}
zone lan {
  interface br-lan
  gate enforce
}
gate {
  answer-deadline 1s
  table-owner $owner
}
history {
  file $net_dir/db/history.db
  commit-every 200ms
}
EOF
check "the listener hears addresses of the whole range" wait_for 3 connects router 198.19.55.66
check "and of IPv6" connects router 2001:db8::c613:3742
check "without a lookup a client is refused" not connects c1 198.19.55.66
check "over IPv6 too" not connects c1 2001:db8::c613:3742

# Eight at a time, each as fast as it can.
race_through_reloads() {
	net_firewall
	reload_on
	begun=$(date +%s%N)
	for transport in udp tcp; do
		for type in A AAAA; do
			race c1 192.168.77.1 $transport $type 300 >"$net_dir/race.c1$transport$type" 2>&1 &
			eval "c1$transport$type=\$!"
			race c2 fd77::1 $transport $type 300 >"$net_dir/race.c2$transport$type" 2>&1 &
			eval "c2$transport$type=\$!"
		done
	done
	for one in c1udpA c1udpAAAA c1tcpA c1tcpAAAA c2udpA c2udpAAAA c2tcpA c2tcpAAAA; do
		eval "wait \$$one"
		check "owner $owner, rules reloaded meanwhile, 300 by $one: none refused" [ $? = 0 ]
		sed 's/^/    /' "$net_dir/race.$one" | tail -n 3
	done
	took=$((($(date +%s%N) - begun) / 1000000))
	reload_stop
	echo "    2,400 lookups in $took ms, $((2400000 / took)) a second, $reloads reloads of 2,000 rules"
	check "owner $owner: the rules were reloaded" [ "$reloads" -ge 3 ]
	check "owner $owner: all leases are there" has 'leases +2[0-9][0-9][0-9]$' nameward status
	check "owner $owner: without a lookup a client is refused still" wait_for 2 not connects c1 198.19.55.66
}
[ "$how" = quiet ] || {
	race_through_reloads
	exit $net_fails
}

# Two clients at once; c2 asks over IPv6, whatever it connects over then.
for transport in udp tcp; do
	for type in A AAAA; do
		race c2 fd77::1 $transport $type >"$net_dir/race.c2" 2>&1 &
		other=$!
		check "250 by c1, $transport $type: none refused" race c1 192.168.77.1 $transport $type
		tail -n 1 "$net_dir/check.out"
		check "250 by c2, $transport $type: none refused" wait $other
		tail -n 3 "$net_dir/race.c2"
	done
done
check "2,000 leases" has 'leases +20[0-9][0-9]$' nameward status
check "no answer was let go without its lease" has 'held +late +0$' nameward status
check "and none failed" has 'held +failed +0$' nameward status

looked_up() { [ "$(sql "SELECT sum(n) FROM lookups WHERE verdict = 'forwarded'")" -ge 2000 ]; }
check "the lookups stand in the history" wait_for 5 looked_up
sql "WITH h AS (SELECT hold_ms, row_number() OVER (ORDER BY hold_ms) AS i, count(*) OVER () AS n
		FROM lookups WHERE hold_ms > 0)
	SELECT 'hold times of ' || max(n) ||
		' answers: p50 ' || max(CASE WHEN i <= n * 0.50 THEN hold_ms END) ||
		' ms, p99 ' || max(CASE WHEN i <= n * 0.99 THEN hold_ms END) ||
		' ms, longest ' || max(hold_ms) || ' ms' FROM h"
held() { [ "$(sql "SELECT count(*) FROM lookups WHERE hold_ms > 0")" -ge 1900 ]; }
check "how long each was held is recorded" held
[ $net_fails = 0 ]
