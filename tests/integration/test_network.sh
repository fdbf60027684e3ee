#!/bin/sh
# The network of the router changes: an address goes and comes back, the interface, the
# default route. Upstreams are asked again in less than two seconds, by UDP and over TLS, and
# clients are served on an interface that comes later.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

exec 3>&1
r=192.168.77.1
net_up
net_wide
start_in inet "$BUILD/fake_upstream" 198.18.0.53 6001 ok >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dns.test \
	-addext subjectAltName=DNS:dns.test -keyout "$net_dir/tls.key" -out "$net_dir/tls.pem" 2>/dev/null
net_unbound </dev/null
sed -e "s,interface: 198.18.0.53,&@853," -e '/interface: 2001/d' \
	-e "s,^server:,&\\n\\ttls-service-key: $net_dir/tls.key\\n\\ttls-service-pem: $net_dir/tls.pem\\n\\tlocal-zone: tls.test redirect\\n\\tlocal-data: \"tls.test A 198.18.0.80\"," \
	"$net_dir/unbound.conf" >"$net_dir/unbound-tls.conf"
start_in inet unbound -d -c "$net_dir/unbound-tls.conf"
wait_for 5 in_ns router openssl s_client -connect 198.18.0.53:853 </dev/null
net_nameward <<-EOF2
listen lan $r:53
listen late [fe80::53%late0]:53 192.168.80.1
upstream udp {
	server 198.18.0.53:6001
}
upstream tls {
	server 198.18.0.53 tls dns.test
}
upstream late {
	server [fe80::2%late0]:6002
}
ca-certificates $net_dir/tls.pem
forward . udp
forward udp.test udp
forward tls.test tls
forward late.test late
zone lan {
	interface br-lan
}
history off
EOF2

n=0
ask() { # ZONE: a name never asked before
	n=$((n + 1))
	has 'IN.*A.*198\.1' in_ns c1 dig +time=1 +tries=1 @$r "n$n.$1"
}
# Milliseconds until it is answered again.
back_ms() {
	_begin=$(date +%s%N)
	wait_for 10 ask "$1" || return 1
	echo $((($(date +%s%N) - _begin) / 1000000)) >"$net_dir/back.$1"
	echo "    $1: after $(cat "$net_dir/back.$1") ms" >&3
}
both_come_back() { # TEXT
	check "$1: by UDP again" back_ms udp.test
	check "$1: in less than 2 s" test "$(cat "$net_dir/back.udp.test")" -lt 2000
	check "$1: over TLS again" back_ms tls.test
	check "$1: in less than 2 s" test "$(cat "$net_dir/back.tls.test")" -lt 2000
}
fails() { # long enough to be taken for dead
	for _i in 1 2 3 4 5; do
		in_ns c1 dig +time=1 +tries=1 @$r "f$_i.$1" >/dev/null &
	done
	wait $!
	sleep 3 # so that the servers' back-off has grown
	not ask "$1"
}

check "by UDP" ask udp.test
check "over TLS" ask tls.test

in_ns router ip addr del 198.18.0.1/24 dev wan
check "the address is gone: no answer by UDP" fails udp.test
check "nor over TLS" fails tls.test
in_ns router ip addr add 198.18.0.1/24 dev wan
in_ns router ip route add 198.18.0.0/15 via 198.18.0.53
both_come_back "the address is back"

in_ns router ip addr del 198.18.0.1/24 dev wan
in_ns router ip addr add 198.18.0.2/24 dev wan
in_ns router ip route add 198.18.0.0/15 via 198.18.0.53
both_come_back "another address"

in_ns router ip link set wan down
check "the interface is down: no answer by UDP" fails udp.test
check "nor over TLS" fails tls.test
in_ns router ip link set wan up
in_ns router ip route add 198.18.0.0/15 via 198.18.0.53
both_come_back "the interface is up"

# what has nothing to do with it
connections=$(status_of upstream 'tls 198.18.0.53:853 tls_connections')
in_ns router ip addr add 192.168.78.1/24 dev br-lan
sleep 1.5
check "a change elsewhere" ask tls.test
check "leaves the connection alone" test "$(status_of upstream 'tls 198.18.0.53:853 tls_connections')" = "$connections"

# an interface of the LAN comes, goes, and comes back as another
late_comes() {
	ip link add late0 netns "$net_id-router" type veth peer name late0 netns "$net_id-c1"
	in_ns router ip addr add fe80::53/64 dev late0 nodad
	in_ns router ip addr add 192.168.80.1/24 dev late0
	in_ns c1 ip addr add 192.168.80.2/24 dev late0
	in_ns c1 ip addr add fe80::2/64 dev late0 nodad
	in_ns router ip link set late0 up
	in_ns c1 ip link set late0 up
	start_in c1 "$BUILD/fake_upstream" fe80::2%late0 6002 ok >/dev/null
}
ask_late() { # AT [OPTION]
	n=$((n + 1))
	has 'IN.*A.*198\.1' in_ns c1 dig +time=1 +tries=1 "$@" "n$n.udp.test"
}
check "an interface that is not there is told" grep -q 'no interface late0 yet' "$net_dir/nameward.log"
check "an upstream there cannot be asked" not ask late.test
for time in first second; do
	[ $time = first ] || in_ns router ip link del late0
	late_comes
	check "the $time late0: its link-local address answers" wait_for 5 ask_late @fe80::53%late0
	check "over TCP" ask_late @fe80::53%late0 +tcp
	check "and its IPv4 address" ask_late @192.168.80.1
	check "an upstream there is asked" wait_for 5 ask late.test
done
check "the others have been served on" ask udp.test

check "the resolver lived through all of it" has 'process +resolver .*restarts 0' nameward status
[ $net_fails = 0 ]
