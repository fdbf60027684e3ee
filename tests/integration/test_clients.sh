#!/bin/sh
# Who is one device: real clients with one address or many, of one family or two, and behind
# another router, with curl and ncat.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

rounds=50
w4=198.18.0.80 w6=2001:db8:18::80
ask() { # CLIENT @SERVER TYPE ADDRESS [OPTION...]: the answer has the address
	_c=$1 _s=$2 _t=$3 _a=$4
	shift 4
	has "$_a" in_ns "$_c" dig +short +time=2 +tries=2 "$@" "$_s" web.example "$_t"
}
url() { # ADDRESS
	case $1 in *:*) echo "http://[$1]/" ;; *) echo "http://$1/" ;; esac
}
opens() { # CLIENT ADDRESS [FROM]: by curl
	has hello in_ns "$1" curl -sS --max-time 3 ${3:+--interface "$3"} "$(url "$2")"
}
refuses() { # CLIENT ADDRESS [FROM]: at once
	in_ns "$1" curl -sS --max-time 3 ${3:+--interface "$3"} "$(url "$2")" >/dev/null 2>&1
	[ $? = 7 ]
}
connects() { # CLIENT ADDRESS: by ncat
	in_ns "$1" ncat -z -w 3 "$2" 80
}
leases() { nameward gate ls | grep -c "$1"; } # ADDRESS

net_up
net_more
net_wide
in_ns c1 ip addr add fd77::b1/64 dev eth0 nodad
in_ns c1 ip addr add fd77::b2/64 dev eth0 nodad
for i in $(seq $rounds); do
	echo "a$i 30 A 198.19.1.$i"
	echo "b$i 30 AAAA 2001:db8:19:b::$i"
	echo "c$i 30 AAAA 2001:db8:19:c::$i"
done | net_unbound
start_in inet "$BUILD/storm" serve 7
for a in $w4 $w6; do net_web $a 80; done
settled() {
	for c in c1 c2 near far; do
		fetch $c "$(url $w4)" && fetch $c "$(url $w6)" || return 1
	done
	fetch v6 "$(url $w6)"
}
check "without the gate everybody reaches everything" wait_for 15 settled
net_nameward <<-END
listen lan 192.168.77.1:53 [fd77::1]:53
upstream inet {
  server 198.18.0.53
}
zone lan {
  interface br-lan
  gate enforce
}
history off
END

# c1: IPv4 and three IPv6 addresses
for c in c1 c2 near far; do
	check "$c without a lookup is refused" refuses $c $w4
	check "$c over IPv6 too" refuses $c $w6
done
check "c1 asks over IPv4 for IPv6" ask c1 @192.168.77.1 AAAA $w6
for from in fd77::11 fd77::b1 fd77::b2; do
	check "c1 passes from $from" opens c1 $w6 $from
done
check "nothing is open that it did not ask for" refuses c1 $w4
check "c1 asks over IPv6 for IPv4" ask c1 @fd77::1 A $w4 -b fd77::b2
check "and passes over IPv4" opens c1 $w4
check "by ncat too" connects c1 $w4
check "over IPv6 as well" connects c1 $w6
check "its lookups from all addresses are one lease each" test "$(leases $w4)$(leases $w6)" = 11
check "c2 is refused still" refuses c2 $w4
check "over IPv6 too" refuses c2 $w6

# IPv6 alone, with addresses as privacy extensions have
check "the client of IPv6 alone is refused" refuses v6 $w6 fd77::a1
check "it asks from one address, and is known by its MAC" ask v6 @fd77::1 AAAA $w6 -b fd77::a1
for from in fd77::13 fd77::a1 fd77::a2; do
	check "and passes from $from" opens v6 $w6 $from
done
in_ns v6 ip addr add fd77::a3/64 dev eth0 nodad
in_ns v6 ip addr del fd77::a1/64 dev eth0
check "and from an address that is newer than its lookup" opens v6 $w6 fd77::a3

# Each lookup is the first that the router hears from an address, and opens for the device's
# others: IPv4, one that is new too, and one that asked before. No SYN is sent twice.
in_ns c1 ip neigh replace fd77::1 dev eth0 nud permanent \
	lladdr "$(in_ns router cat /sys/class/net/br-lan/address)" # no ND that would say who it is
first() { # NAME TYPE FROM
	has '^(198|2001)' in_ns c1 dig +short +time=2 +tries=1 -b "$3" @fd77::1 "$1.example" "$2"
}
syn() { in_ns c1 ncat -z -w 2 -s "$2" "$1" 7; } # ADDRESS FROM
for i in $(seq $rounds); do
	for n in 1 2 3; do in_ns c1 ip addr add fd77::$n:$i/64 dev eth0 nodad; done
	first a$i A fd77::1:$i && syn 198.19.1.$i 192.168.77.11 &&
		first b$i AAAA fd77::2:$i && syn 2001:db8:19:b::$i fd77::3:$i &&
		first c$i AAAA fd77::3:$i && syn 2001:db8:19:c::$i fd77::1:$i || break
	passed=$i
done
nameward status | grep ^neighbours
check "from new addresses $rounds times 3 lookups open at once for others" \
	test "${passed:-0}" = $rounds
check "which were waited for" test "$(status_of neighbours waited)" -ge $((rounds * 2))
check "and never in vain" test "$(status_of neighbours waited_in_vain)" = 0

# behind a second router: only addresses are seen
check "behind a second router, near asks" ask near @192.168.77.1 A $w4
check "and passes" opens near $w4
check "its neighbour there does not" refuses far $w4
check "nor does the router that both are behind" refuses second $w4
check "IPv6 is another device there: near is refused" refuses near $w6
check "near asks over IPv6" ask near @fd77::1 AAAA $w6
check "and passes over it" opens near $w6
check "its neighbour does not" refuses far $w6
check "far asks over IPv6 for IPv4, which has nothing to do with its IPv6 address" \
	ask far @fd77::1 A $w4
check "and that opens nothing" refuses far $w4
check "it is counted" test "$(status_of gate not_gated)" -ge 1
check "the second router asks for itself" ask second @192.168.77.1 A $w4
check "and passes" opens second $w4
check "which opens it to those behind it, whose frames have its MAC" opens far $w4
check "but not what it did not ask for" refuses far $w6
[ $net_fails = 0 ]
