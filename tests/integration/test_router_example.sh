#!/bin/sh
# The router's ruleset that is shipped as an example, together with nameward's own table.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

example=etc/examples/router.nft
net_up
# c2 is a network of its own, behind br-iot.
in_ns router ip link add br-iot type bridge
in_ns router ip link set br-iot up
in_ns router ip link set c2 master br-iot
in_ns router ip addr add 192.168.78.1/24 dev br-iot
in_ns c2 ip addr del 192.168.77.12/24 dev eth0
in_ns c2 ip addr add 192.168.78.12/24 dev eth0
in_ns c2 ip route add default via 192.168.78.1
# Outside nobody knows the way to the networks inside, as with a provider's one address.
in_ns inet ip route del default via 198.18.0.1
say_who='read -r l; printf "HTTP/1.0 200 OK\r\n\r\nhello %s\n" "$NCAT_REMOTE_ADDR"'
for a in 198.18.0.80 198.18.0.81 2001:db8:18::80; do
	start_in inet ncat -lk $a 80 -c "$say_who"
done
start_in c1 ncat -lk 192.168.77.11 80 -c "$say_who"
start_in c1 ncat -lk fd77::11 80 -c "$say_who"
start_in c2 ncat -lk 192.168.78.12 80 -c "$say_who"
start_in router ncat -lk 22 -c "$say_who"
net_unbound </dev/null || exit 1
net_nameward <<END
listen lan 192.168.77.1:53
listen iot 192.168.78.1:53
listen all 198.18.0.1:53
upstream test {
	server 198.18.0.53
}
zone lan {
	interface br-lan
	gate enforce
}
zone iot {
	interface br-iot
	gate enforce
	reach internet
}
history off
END
fetched() { has hello fetch "$@"; } # CLIENT URL
ask() { in_ns "$1" dig +short +tries=1 +time="${4-3}" "@$2" web.example "$3"; } # CLIENT SERVER TYPE [SECONDS]
outside() { in_ns inet curl -sS --max-time 2 "$@"; } # URL
deaf() { outside "$1" >/dev/null 2>&1; [ $? = 28 ]; } # URL: no answer of any kind

check "the example passes nft's own check" in_ns router nft -c -f "$example"
check "it is loaded while nameward runs" in_ns router nft -f "$example"
check "and loaded again" in_ns router nft -f "$example"
check "both tables are there" has 2 sh -c "ip netns exec $net_id-router nft list tables | grep -Ec 'inet (router|nameward)'"
check "DNS from the LAN is allowed in" has 198.18.0.80 ask c1 192.168.77.1 A
check "DNS from the other network is allowed in" has 198.18.0.80 ask c2 192.168.78.1 A
check "a looked-up address is reached through NAT" has 'hello 198.18.0.1$' fetch c1 http://198.18.0.80/
check "from the other network too" has 'hello 198.18.0.1$' fetch c2 http://198.18.0.80/
check "an address that nobody looked up is refused" refused c1 http://198.18.0.81/
ask c1 192.168.77.1 AAAA >/dev/null
in_ns inet ip -6 route replace fd77::/64 via 2001:db8:18::1
check "a looked-up IPv6 address is reached without NAT" has 'hello fd77::11$' fetch c1 'http://[2001:db8:18::80]/'
in_ns inet ip route replace 192.168.77.0/24 via 198.18.0.1
in_ns inet ip route replace 192.168.78.0/24 via 198.18.0.1
check "from outside no machine inside is reached over IPv4" deaf http://192.168.77.11/
check "nor over IPv6" deaf 'http://[fd77::11]/'
check "nor the other network" deaf http://192.168.78.12/
check "nor the router's DNS" not ask inet 198.18.0.1 A 1
check "nor its shell" deaf http://198.18.0.1:22/
check "the LAN reaches the router's shell" fetched c1 http://192.168.77.1:22/
check "the other network is refused there" refused c2 http://192.168.78.1:22/
check "the LAN reaches the other network" fetched c1 http://192.168.78.12/
check "the other network is refused at the LAN" refused c2 http://192.168.77.11/
start_in router ncat -ul 192.168.77.1 67 >"$net_dir/dhcp"
wait_for 3 sh -c "ip netns exec $net_id-router ss -lun | grep -q ':67 '"
in_ns c1 sh -c 'echo discover | ncat -u -p 68 --send-only 192.168.77.1 67'
check "DHCP from the LAN is allowed in" wait_for 3 grep -q discover "$net_dir/dhcp"
in_ns router sed "s/# iifname \$wan tcp dport.*/iifname \$wan tcp dport 80 dnat ip to 192.168.77.11/" \
	"$example" >"$net_dir/ports.nft"
in_ns router nft -f "$net_dir/ports.nft"
check "the example's forwarded port works, inwards through both tables" has hello outside http://198.18.0.1/
[ $net_fails = 0 ]
