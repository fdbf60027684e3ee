#!/bin/sh
# A zone that shares its leases: what one of its devices looked up is open to all of them, by
# each of its interfaces, and to nobody else.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

# c2 leaves the bridge: another interface of the same zone.
net_up
in_ns router ip link set c2 nomaster
in_ns router ip addr add 192.168.78.1/24 dev c2
in_ns router ip addr add fd78::1/64 dev c2 nodad
in_ns c2 ip addr del 192.168.77.12/24 dev eth0
in_ns c2 ip addr del fd77::12/64 dev eth0
in_ns c2 ip route del default via fd77::1
in_ns c2 ip addr add 192.168.78.12/24 dev eth0
in_ns c2 ip addr add fd78::12/64 dev eth0 nodad
in_ns c2 ip route add default via 192.168.78.1
in_ns c2 ip route add default via fd78::1
for a in 198.18.0.80 198.18.0.81 2001:db8:18::80; do net_web $a 80; done
net_unbound </dev/null || exit 1
w4=http://198.18.0.80/ w6='http://[2001:db8:18::80]/'

conf() { # LEASE-FOR BLOCKED
	cat <<-END
	listen lan 192.168.77.1:53 [fd77::1]:53
	listen iot 192.168.78.1:53
	upstream test {
		server 198.18.0.53
	}
	zone home {
		interface br-lan c2
		gate enforce
		lease-for $1
	}
	list ads {
		name $2
	}
	policy default {
		block ads
	}
	history off
	END
}
ask() { # CLIENT SERVER NAME TYPE
	in_ns "$1" dig +short +tries=1 +time=3 "@$2" "$3" "$4"
}
reload() { # LEASE-FOR BLOCKED
	_before=$(status_of nameward generation)
	{ conf "$@"; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
	kill -HUP "$nameward_pid"
	wait_for 5 eval '[ "$(status_of nameward generation)" != "$_before" ]'
}
fetched() { has hello fetch "$@"; } # CLIENT URL

conf zone nothing.example >"$net_dir/conf.in"
net_nameward <"$net_dir/conf.in" || { echo "FAIL it does not start"; exit 1; }
check "nothing is open at first" refused c2 $w4
check "one device looks up IPv4" has 198.18.0.80 ask c1 192.168.77.1 web.example A
check "it is open to that device" fetched c1 $w4
check "and to one behind another interface of the zone" fetched c2 $w4
check "not over IPv6" refused c1 "$w6"
check "the other device looks up IPv6" has 2001:db8:18::80 ask c2 192.168.78.1 web.example AAAA
check "it is open to the first one" fetched c1 "$w6"
check "and to itself" fetched c2 "$w6"
check "another address is open to nobody" refused c1 http://198.18.0.81/
check "the leases are the interfaces'" has 'br-lan +198.18.0.80 .*web.example' nameward gate ls
check "by name of an interface" has 'c2 +198.18.0.80 .*web.example' nameward gate ls c2
check "gate check knows" has PASSES nameward gate check 198.18.0.80 --client 192.168.78.12
check "gate check says no" has REFUSED nameward gate check 198.18.0.81 --client 192.168.78.12

ask c1 192.168.77.1 www.example A >/dev/null # a CNAME of web.example
reload zone web.example
check "a blocked name closes it to all" wait_for 5 refused c1 $w4
check "by all interfaces" wait_for 5 refused c2 $w4
check "and over IPv6" wait_for 5 refused c1 "$w6"

reload zone nothing.example
opens() { ask c1 192.168.77.1 web.example A | grep -q 198.18.0.80 && fetched c2 $w4; }
check "allowed again, it opens again" wait_for 5 opens
kill -9 "$(pid_of nftsync)"
check "a new process adopts them" wait_for 5 has 'adopted +2$' nameward status
check "and they hold" fetched c1 $w4
check "a foreign flush" in_ns router nft flush ruleset
check "they still hold" wait_for 5 fetched c2 $w4

reload device nothing.example
check "no longer shared" has 198.18.0.81 ask c1 192.168.77.1 short.example A
check "it is open to who asked" fetched c1 http://198.18.0.81/
check "not to the others" refused c2 http://198.18.0.81/
[ $net_fails = 0 ]
