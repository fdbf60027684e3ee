#!/bin/sh
# The gate's rules alone, without the daemon: what packets they let through. The leases are
# written by hand with the real nft.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

rules() { # MODE-OF-LAN [MODE-OF-ALL-OTHERS]
	{
		printf 'upstream u {\n server 198.18.0.53\n}\n'
		printf 'zone lan {\n interface br-lan\n gate %s\n}\n' "$1"
		[ -z "${2-}" ] || printf 'zone rest {\n interface *\n gate %s\n}\n' "$2"
		printf 'gate {\n allow tcp 8080\n allow udp 5301-5309\n'
		printf ' allow 198.18.0.53\n allow 2001:db8:18::53\n}\n'
	} >"$net_dir/rules.conf"
	"$BUILD/print_rules" "$net_dir/rules.conf" >"$net_dir/rules.nft" || exit 1
	in_ns router nft flush ruleset
	in_ns router nft -f "$net_dir/rules.nft" || exit 1
}
lease() { # SET ELEMENT
	in_ns router nft add element inet nameward "$1" "{ $2 }"
}
mac_of() { in_ns "$1" cat /sys/class/net/eth0/address; }
packets() { # COUNTER
	in_ns router nft list counter inet nameward "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
counted() { [ "$(packets "$1")" -gt 0 ]; }
# A query to a closed port: the router's refusal and the server's own differ in their ICMP code.
udp_reaches() { # CLIENT ADDRESS PORT
	has 'connection refused' in_ns "$1" dig +tries=1 +time=2 "@$2" -p "$3" x.example
}
udp_refused() { # CLIENT ADDRESS PORT
	has 'unreachable|permission denied' in_ns "$1" dig +tries=1 +time=2 "@$2" -p "$3" x.example
}

net_up
in_ns inet ip addr add 10.9.9.9/24 dev eth0
in_ns inet ip addr add fd99::9/64 dev eth0 nodad
in_ns router ip route add 10.9.9.0/24 dev wan
in_ns router ip route add fd99::/64 dev wan
for a in 198.18.0.80 198.18.0.81 10.9.9.9 2001:db8:18::80 2001:db8:18::81 fd99::9; do
	net_web $a 80
done
net_web 198.18.0.99 8080
start_in c1 ncat -lk 192.168.77.11 80 -c 'read -r l; printf "HTTP/1.0 200 OK\r\n\r\nhello\n"'
wait_for 5 in_ns router curl -s --max-time 1 http://198.18.0.80/
c1=$(mac_of c1)

rules enforce
check "TCP over IPv4 without a lease is refused" refused c1 http://198.18.0.80/
check "TCP over IPv6 without a lease is refused" refused c1 'http://[2001:db8:18::80]/'
check "UDP over IPv4 without a lease is refused" udp_refused c1 198.18.0.99 53
check "UDP over IPv6 without a lease is refused" udp_refused c1 2001:db8:18::99 53
check "refusals are counted" counted refused
check "a private IPv4 destination needs no lease" has hello fetch c1 http://10.9.9.9/
check "a private IPv6 destination needs no lease" has hello fetch c1 'http://[fd99::9]/'
check "an allowed TCP port" has hello fetch c1 http://198.18.0.99:8080/
check "an allowed range of UDP ports" udp_reaches c1 198.18.0.99 5305
check "not the port behind it" udp_refused c1 198.18.0.99 5310
check "an allowed IPv4 address" udp_reaches c1 198.18.0.53 9
check "an allowed IPv6 address" udp_reaches c1 2001:db8:18::53 9
check "the router's own connections" has hello in_ns router curl -s --max-time 3 http://198.18.0.80/
check "connections from outside in" has hello in_ns inet curl -s --max-time 3 \
	--interface 198.18.0.80 http://192.168.77.11/

lease lease4 "$c1 . 198.18.0.80 timeout 3s"
check "IPv4 with a lease for the MAC" has hello fetch c1 http://198.18.0.80/
check "another device is refused there" refused c2 http://198.18.0.80/
check "another address is refused" refused c1 http://198.18.0.81/
lease lease6 "$c1 . 2001:db8:18::80 timeout 1m"
check "IPv6 with a lease for the MAC" has hello fetch c1 'http://[2001:db8:18::80]/'
check "another IPv6 address is refused" refused c1 'http://[2001:db8:18::81]/'
lease lease_ip4 "192.168.77.12 . 198.18.0.81 timeout 1m"
check "IPv4 with a lease for the client's address" has hello fetch c2 http://198.18.0.81/
check "another client is refused there" refused c1 http://198.18.0.81/
lease lease_ip6 "fd77::12 . 2001:db8:18::81 timeout 1m"
check "IPv6 with a lease for the client's address" has hello fetch c2 'http://[2001:db8:18::81]/'
check "a lease ends with its time" wait_for 6 refused c1 http://198.18.0.80/

rules observe
check "observing, a bare address passes" has hello fetch c1 http://198.18.0.80/
check "and is counted" counted would
check "nothing is refused" test "$(packets refused)" = 0

rules off enforce
check "a zone that is off passes where all others are enforced" has hello fetch c1 http://198.18.0.80/
in_ns c1 ip addr add 2001:db8:77::11/64 dev eth0 nodad
in_ns router ip -6 route add 2001:db8:77::/64 dev br-lan
start_in c1 ncat -lk 2001:db8:77::11 80 -c 'read -r l; printf "HTTP/1.0 200 OK\r\n\r\nhello\n"'
check "an interface that no zone names is one of the others" wait_for 3 \
	refused inet 'http://[2001:db8:77::11]/'
check "and the refusal was the gate's" counted refused
[ $net_fails = 0 ]
