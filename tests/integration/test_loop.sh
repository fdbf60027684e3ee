#!/bin/sh
# Upstreams that are ourselves, or that ask us: found out, no storm, and another server is
# asked instead.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
asked_of_us() { status_of resolver queries; }
net_up
net_wide
start_in inet "$BUILD/fake_upstream" 198.18.0.53 6001 ok >/dev/null
# a forwarder that asks us, and one whose forwarder asks us
start_in inet dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts -z -a 198.18.0.80 \
	-S 198.18.0.1 --cache-size=0 --pid-file=
start_in inet dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts -z -a 198.18.0.81 \
	-S 198.18.0.80 --cache-size=0 --pid-file=
net_nameward <<-EOF2
listen all 0.0.0.0:53
clients { network 192.168.77.0/24 198.18.0.0/24 }
upstream ok {
	server 198.18.0.53:6001
}
upstream ourselves {
	server 198.18.0.1
}
upstream near {
	server 198.18.0.80
}
upstream far {
	server 198.18.0.81
}
upstream saved {
	server 198.18.0.81 198.18.0.53:6001
	order first
}
forward . ok
forward test ok
forward ourselves.test ourselves
forward near.test near
forward far.test far
forward saved.test saved
zone lan {
	interface br-lan
}
history off
EOF2

check "without a loop: an answer" has '198\.1' in_ns c1 dig +short @$r www.example.test
for loop in ourselves near far; do
	before=$(asked_of_us)
	check "$loop: SERVFAIL" has SERVFAIL in_ns c1 dig +time=9 +tries=1 @$r some.long.name.$loop.test
	check "$loop: a few questions, no storm" test $(($(asked_of_us) - before)) -le 12
	check "$loop: found out" has "$loop .* loops +[1-9]" nameward status
	check "$loop: in the log once" test "$(grep -c "upstream $loop .* came back to us" "$net_dir/nameward.log")" = 1
done
check "with a second server: an answer" has '198\.1' in_ns c1 dig +short +time=9 +tries=1 @$r some.long.name.saved.test
check "at once" has 'Query time: [0-9]?[0-9]?[0-9] msec' in_ns c1 dig +time=9 +tries=1 @$r another.long.name.saved.test

# a hundred at a time
before=$(asked_of_us)
for i in $(seq 100); do echo "name-number-$i.far.test"; done >"$net_dir/many"
in_ns c1 dig +short +time=9 +tries=1 @$r -f "$net_dir/many" >/dev/null
check "a hundred names: no storm" test $(($(asked_of_us) - before)) -le 1200
check "nothing is left waiting" wait_for 9 test "$(status_of resolver in_flight)" = 0
[ $net_fails = 0 ]
