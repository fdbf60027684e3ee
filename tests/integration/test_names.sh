#!/bin/sh
# What clients are called, by mDNS and by their leases, and that it arrives wherever a person
# looks: in log, reports, history and why, for each of a device's addresses.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

leases="$net_dir/leases"
: >"$leases"
configure() { # on|off
	cat <<-CONF
	listen lan 192.168.77.1:53 [fd77::1]:53
	listen late 192.168.88.1:53
	upstream inet {
	  server 198.18.0.53
	}
	clients {
	  mdns-names $1
	}
	local home.arpa {
	  leases dnsmasq $leases
	}
	host nas 192.168.77.5
	host box 192.168.77.12
	device tv {
	  mac 02:00:00:00:00:77
	}
	zone lan {
	  interface br-lan
	  gate enforce
	}
	history {
	  file $net_dir/db/history.db
	  commit-every 200ms
	}
	CONF
}
hears() { # INTERFACE GROUP
	has "$2( |\$)" in_ns router ip maddr show dev "$1"
}
asks() { # CLIENT SERVER NAME
	in_ns "$1" dig +short +time=3 +tries=2 "@$2" "$3" >/dev/null
}
say() { # CLIENT NAME ADDRESS...
	_ns=$1 _name=$2
	shift 2
	in_ns "$_ns" "$BUILD/mdns_peer" say eth0 "$_name" 120 "$@"
}
is_called() { # NAME ID
	has "^$1 +CLIENT +$2 .*mDNS" nameward local ls
}
# Ask until the answer is recorded under this name: a client is remembered for a moment.
asks_as() { # WHO CLIENT SERVER
	asks "$2" "$3" web.example
	[ "$(sql "SELECT who FROM lookups ORDER BY ts DESC LIMIT 1")" = "$1" ]
}
records() { # WHO CLIENT SERVER
	wait_for 10 asks_as "$@"
}
lease() { # MAC ADDRESS NAME
	echo "$(($(date +%s) + 3600)) $1 $2 $3 *"
}
refusals_of() { # WHO
	[ -n "$(sql "SELECT 1 FROM refusals WHERE who = '$1'")" ]
}

net_up
net_unbound </dev/null
for addr in a1 a2; do # as privacy extensions have
	in_ns c1 ip addr add "fd77::$addr/64" dev eth0 nodad
done
c1_mac=$(in_ns c1 cat /sys/class/net/eth0/address)
c2_mac=$(in_ns c2 cat /sys/class/net/eth0/address)
start_in router "$BUILD/mdns_peer" hear br-lan >"$net_dir/responder"
configure on >"$net_dir/first.conf"
net_nameward <"$net_dir/first.conf"

check "the groups are heard in the network of clients" wait_for 10 hears br-lan ff02::fb
check "by IPv4 too, and not towards the Internet" hears br-lan 224.0.0.251
check "which is no network of clients" not hears wan 224.0.0.251
asks c1 192.168.77.1 web.example
asks c2 192.168.77.1 web.example

say c1 Annas-Laptop 192.168.77.11
check "a name that a client says of itself is known" wait_for 5 is_called annas-laptop "$c1_mac"
check "a responder on this machine has heard it as well" [ -s "$net_dir/responder" ]
check "it is no name that is answered" has NXDOMAIN in_ns c1 dig "@192.168.77.1" annas-laptop.home.arpa
check "its lookups are recorded under it" records annas-laptop c1 192.168.77.1
check "by IPv6 too" records annas-laptop c1 fd77::1
check "why says who it is" has 'is annas-laptop' nameward why web.example --client 192.168.77.11
check "and finds it by that name" has 'is annas-laptop' nameward why web.example --client annas-laptop

say c2 stolen 192.168.77.11
say c2 annas-laptop 192.168.77.12
say c2 '<b>x' 192.168.77.12
say c2 tv 192.168.77.12
in_ns c2 "$BUILD/mdns_peer" say-from 5354 eth0 other-port 120 192.168.77.12
in_ns inet "$BUILD/mdns_peer" say eth0 internet 120 198.18.0.80
check "who says what is another's address is not believed" wait_for 5 [ "$(status_of mdns of_others)" = 1 ]
check "nor has one another's name" records 192.168.77.12 c2 192.168.77.1
check "only what is right is kept" [ "$(nameward local ls | grep -c 'mDNS')" = 2 ]
in_ns c2 "$BUILD/mdns_peer" say eth0 annas-laptop 0 192.168.77.12
say c2 nas 192.168.77.12
check "a name at home is not had by another" records 192.168.77.12 c2 192.168.77.1
in_ns c2 "$BUILD/mdns_peer" say eth0 nas 0 192.168.77.12
say c2 box 192.168.77.12
check "but by whose address it leads to" records box c2 192.168.77.1
check "at all of its addresses" records box c2 fd77::1
in_ns c2 "$BUILD/mdns_peer" say eth0 box 0 192.168.77.12
ll=$(in_ns c2 ip -6 -br addr show dev eth0 scope link | sed -n 's,.* \(fe80[^/]*\)/.*,\1,p')
in_ns router ncat -z -w 1 "$ll%br-lan" 9
say c2 v6-box "$ll"
check "by IPv6 one is heard, and follows its MAC address" records v6-box c2 192.168.77.1

in_ns c1 ncat -z -w 1 198.18.0.99 7
check "what a client is refused has its name" wait_for 10 refusals_of annas-laptop
lease "$c1_mac" 192.168.77.11 annas-lease >"$leases"
check "a lease's name goes before" records annas-lease c1 192.168.77.1
check "at its privacy addresses too" records annas-lease c1 fd77::1
check "a lease's name that changes is followed" \
	eval 'lease "$c1_mac" 192.168.77.11 annas-new >"$leases"; records annas-new c1 192.168.77.1'
{ lease "$c1_mac" 192.168.77.11 twin; lease "$c2_mac" 192.168.77.12 twin; } >"$leases"
check "of two leases with one name the first has it" records twin c1 192.168.77.1
check "and the second goes by what else is known" records v6-box c2 192.168.77.1

check "the devices of the history are one for each MAC address" \
	[ "$(sql "SELECT count(*) FROM devices WHERE mac = '$c1_mac'")" = 1 ]
check "by its newest name" [ "$(sql "SELECT who FROM devices WHERE mac = '$c1_mac'")" = twin ]
check "top has names" has '^twin ' nameward top clients
nameward report --html "$net_dir/report.html" >/dev/null
check "and the report" grep -q '>v6-box<' "$net_dir/report.html"
check "and a page for a client" has web.example nameward client v6-box
check "who asked for a name says it by name" has 'annas-laptop' nameward who web.example
check "and the log" has 'annas-new' nameward log --client annas-new

ip link add late netns "$net_id-router" type veth peer name late0 netns "$net_id-c2"
in_ns router ip addr add 192.168.88.1/24 dev late
in_ns router ip link set late up
check "a network that comes later is heard" wait_for 10 hears late 224.0.0.251
{ configure off; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
kill -HUP "$(cat "$net_dir/run/ctl.lock")"
check "switched off, nothing is" wait_for 10 not hears late 224.0.0.251
check "and what was heard is forgotten" not has mDNS nameward local ls
exit $net_fails
