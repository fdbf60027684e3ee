#!/bin/sh
# TCP clients that abuse their connections: the others are served meanwhile.
set -u
cd "$(dirname "$0")/../.."
. tests/integration/net.sh
r=192.168.77.1

net_up
for i in $(seq 20 60); do in_ns c1 ip addr add "192.168.77.$i/24" dev eth0; done
net_unbound </dev/null
net_nameward <<-EOF
listen lan $r:53
upstream inet {
  server 198.18.0.53
}
clients {
  connections 512
}
history off
EOF

# Honest questions from c2, by a connection each, or by UDP: most are answered.
honest() { # COUNT [OPTION...]
	good=0 _n=$1
	shift
	for _i in $(seq "$_n"); do
		in_ns c2 dig +short +time=4 +tries=1 "$@" @$r web.example | grep -q 198.18.0.80 && good=$((good + 1))
	done
	echo "$good of $_n"
	[ "$good" -gt $((_n * 9 / 10)) ]
}
cpu() { awk '{ print $14 + $15 }' "/proc/$(pid_of resolver)/stat"; } # in ticks of 10 ms
busy() { [ "$(status_of tcp accepted)" -gt "$accepted" ]; }

for how in idle half drip deaf reset; do
	accepted=$(($(status_of tcp accepted) + 500))
	start_in c1 "$BUILD/abuse" $how $r 600 2000 >"$net_dir/$how.out"
	abuser=$net_pid
	wait_for 5 busy
	check "600 connections, $how: honest TCP is answered" honest 12 +tcp
	check "and UDP" honest 12
	check "no more than may be are open" test "$(status_of tcp open)" -le 512
	wait "$abuser"
done
check "idle ones have given way" test "$(status_of tcp evicted)" -gt 100
check "a connection learns how long it may be idle" has 'KEEPALIVE' \
	in_ns c2 dig +tcp +keepalive @$r web.example
check "not by UDP" not has KEEPALIVE in_ns c2 dig +notcp +keepalive @$r web.example

# --- no descriptors left ---------------------------------------------------------------------------
kill "$nameward_pid"
gone() { ! kill -0 "$nameward_pid"; }
wait_for 10 gone
(
	ulimit -n 64
	grep -v ^control "$net_dir/nameward.conf" >"$net_dir/again.conf"
	net_nameward <"$net_dir/again.conf"
)
start_in c1 "$BUILD/abuse" idle $r 100 5000 >/dev/null
abuser=$net_pid
full() { grep -q 'tcp: accept' "$net_dir/nameward.log"; }
check "without descriptors: it is said" wait_for 5 full
before=$(cpu)
check "honest TCP is answered" honest 12 +tcp
check "and UDP" honest 12
check "new names are asked for" has 198.18.0.81 in_ns c2 dig +time=2 +tries=2 @$r short.example
after=$(cpu)
wait "$abuser"
check "it does not spin ($((after - before)) ticks)" test $((after - before)) -lt 100
check "and it is said now and then only" test "$(grep -c 'tcp: accept' "$net_dir/nameward.log")" -le 5
check "the resolver lived through all of it" has 'process +resolver .*restarts 0' nameward status
[ $net_fails = 0 ]
