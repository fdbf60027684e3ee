#!/bin/sh
# What zones and devices say for themselves: packets against the rules alone, with leases by
# hand, then the real daemon.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

rules() { # configuration on stdin
	{
		printf 'upstream u {\n server 198.18.0.53\n}\nlisten any 0.0.0.0:53 [::]:53\n'
		cat
	} >"$net_dir/rules.conf"
	"$BUILD/print_rules" "$net_dir/rules.conf" >"$net_dir/rules.nft" || exit 1
	in_ns router nft flush ruleset
	in_ns router nft -f "$net_dir/rules.nft" || exit 1
}
zones() { # MODE-OF-LAN LINES-OF-LAN LINES-OF-IOT [MORE]
	printf 'zone lan {\n interface br-lan\n gate %s\n%b\n}\nzone iot {\n interface c2\n%b\n}\n%b\n' "$1" \
		"$2" "$3" "${4-}" | rules
}
lease() { in_ns router nft add element inet nameward "$1" "{ $2 }"; } # SET ELEMENT
mac_of() { in_ns "$1" cat /sys/class/net/eth0/address; }
packets() { # COUNTER
	in_ns router nft list counter inet nameward "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
udp_reaches() { # CLIENT ADDRESS PORT
	has 'connection refused' in_ns "$1" dig +tries=1 +time=2 "@$2" -p "$3" x.example
}
udp_refused() { # CLIENT ADDRESS PORT
	has 'unreachable|permission denied' in_ns "$1" dig +tries=1 +time=2 "@$2" -p "$3" x.example
}
fetched() { has hello fetch "$@"; } # CLIENT URL

# c2 leaves the bridge: a network of its own behind the router's interface c2.
net_up
in_ns router ip link set c2 nomaster
in_ns router ip addr add 192.168.78.1/24 dev c2
in_ns router ip addr add fd78::1/64 dev c2 nodad
in_ns c2 ip addr del 192.168.77.12/24 dev eth0 # and the route by it
in_ns c2 ip addr del fd77::12/64 dev eth0
in_ns c2 ip route del default via fd77::1
in_ns c2 ip addr add 192.168.78.12/24 dev eth0
in_ns c2 ip addr add fd78::12/64 dev eth0 nodad
in_ns c2 ip route add default via 192.168.78.1
in_ns c2 ip route add default via fd78::1
for a in 198.18.0.80 198.18.0.81 2001:db8:18::80 2001:db8:18::81; do net_web $a 80; done
net_web 198.18.0.99 853
net_web 198.18.0.99 8080
web() { # CLIENT ADDRESS: a web server in a client
	start_in "$1" ncat -lk "$2" 80 -c 'read -r l; printf "HTTP/1.0 200 OK\r\n\r\nhello\n"'
}
web c1 192.168.77.11
web c1 fd77::11
web c2 192.168.78.12
wait_for 5 in_ns router curl -s --max-time 1 http://198.18.0.80/
wait_for 5 in_ns router curl -s --max-time 1 http://192.168.78.12/
c1=$(mac_of c1)
c2=$(mac_of c2)
w4=http://198.18.0.80/ w6='http://[2001:db8:18::80]/'

# devices
zones enforce '' ' gate off' "device tv {\n mac $c1\n gate off\n}"
check "a device that is off passes in an enforced zone" fetched c1 $w4
check "over IPv6 too" fetched c1 "$w6"
zones off '' ' gate off' "device tv {\n mac $c1\n gate enforce\n}"
check "a device that is enforced is refused in a zone that is off" refused c1 $w4
check "over IPv6 too" refused c1 "$w6"
check "another device of no gate is not" fetched c2 $w4
lease lease4 "$c1 . 198.18.0.80 timeout 1m"
check "with a lease it passes" fetched c1 $w4
zones enforce '' ' gate off' "device tv {\n mac $c1\n gate observe\n}"
check "a device that is observed passes in an enforced zone" fetched c1 $w4
check "and is counted" [ "$(packets would)" -gt 0 ]
zones off '' ' gate off' "device cam {\n address 192.168.78.12 fd78::12\n gate enforce\n}"
check "a device known by its IPv4 address is refused" refused c2 $w4
check "a device known by its IPv6 address is refused" refused c2 "$w6"
check "its neighbours are not" fetched c1 $w4

# exceptions
zones enforce " allow tcp 80\n allow udp 5301-5309" ' gate enforce'
check "a zone's allowed TCP port" fetched c1 $w4
check "a zone's allowed UDP ports" udp_reaches c1 198.18.0.99 5305
check "not the port behind them" udp_refused c1 198.18.0.99 5310
check "they do not hold in another zone" refused c2 $w4
zones enforce ' allow 198.18.0.80\n allow 2001:db8:18::80/128' ' gate enforce'
check "a zone's allowed IPv4 address" fetched c1 $w4
check "a zone's allowed IPv6 address" fetched c1 "$w6"
check "not the address behind it" refused c1 http://198.18.0.81/
check "not from another zone" refused c2 "$w6"
zones enforce " allow mac $c1" ' gate enforce' "gate {\n allow mac $c2\n}"
check "a zone's allowed device" fetched c1 "$w6"
check "a device allowed for all zones" fetched c2 $w4
zones enforce " allow mac $c2" ' gate enforce'
check "another zone's allowed device is refused" refused c2 $w4

# denied addresses
deny='gate {\n allow tcp 80\n allow 198.18.0.0/24\n deny 198.18.0.80 2001:db8:18::80\n}'
zones enforce ' allow tcp 80' ' gate observe' "$deny"
lease lease4 "$c1 . 198.18.0.80 timeout 1m"
lease lease6 "$c1 . 2001:db8:18::80 timeout 1m"
check "a denied IPv4 address is refused though leased and allowed" refused c1 $w4
check "a denied IPv6 address is refused though leased and allowed" refused c1 "$w6"
check "the address behind it is allowed" fetched c1 http://198.18.0.81/
check "in observe a denied address passes" fetched c2 $w4
check "and is counted" [ "$(packets would)" -gt 0 ]

# DNS over TLS and QUIC
zones off ' refuse-dot on' ' gate off'
check "DNS over TLS is refused at once" refused c1 http://198.18.0.99:853/
check "DNS over QUIC is refused at once" udp_refused c1 198.18.0.99 853
check "other ports are not" fetched c1 http://198.18.0.99:8080/
check "another zone's DNS over TLS passes" fetched c2 http://198.18.0.99:853/

# reach
lan=http://192.168.77.11/ iot=http://192.168.78.12/
zones off '' ' reach internet'
check "a zone that reaches the internet" fetched c2 $w4
check "but no other zone over IPv4" refused c2 $lan
check "nor over IPv6" refused c2 'http://[fd77::11]/'
check "is counted as refused" [ "$(packets refused)" -gt 0 ]
check "a zone without such a line reaches it" fetched c1 $iot
check "and so does the router" has hello in_ns router curl -s --max-time 3 $iot
zones off '' ' reach lan'
check "a zone that reaches another" fetched c2 $lan
check "but not the internet over IPv4" refused c2 $w4
check "nor over IPv6" refused c2 "$w6"
zones off ' reach internet iot' ' reach iot'
check "a zone that reaches nothing: the internet" refused c2 $w4
check "a zone that reaches nothing: the other zone" refused c2 $lan
check "is reached by one that names it" fetched c1 $iot
check "connections from outside in are the firewall's business" \
	has hello in_ns inet curl -s --max-time 3 --interface 198.18.0.80 $iot
zones enforce '' ' gate enforce\n reach internet'
check "reach opens no gate" refused c2 $w4
printf 'zone rest {\n interface *\n gate off\n refuse-dot on\n}\nzone lan {\n interface br-lan\n}\n' | rules
check "the rules of the zone of all others hold for others" refused c2 http://198.18.0.99:853/
check "not for a zone that is named" fetched c1 http://198.18.0.99:853/
in_ns router nft flush ruleset

# the daemon
net_unbound </dev/null || exit 1
stop() { # SIGNAL
	kill "-$1" "$nameward_pid"
	wait "$nameward_pid"
}
serve() { # WHEN-DOWN GATE: both of zone iot; the device's gate too, and the redirection
	redirect=on
	[ "$2" != off ] || redirect=off
	cat >"$net_dir/zones.conf" <<-END
	listen lan 192.168.77.1:53 [fd77::1]:53
	listen iot 192.168.78.1:53 [fd78::1]:53
	upstream test {
		server 198.18.0.53
	}
	zone lan {
		interface br-lan
		gate off
		redirect-dns $redirect
	}
	zone iot {
		interface c2
		when-down $1
		gate $2
	}
	device tv {
		mac $c1
		gate $2
	}
	history off
	END
	net_nameward <"$net_dir/zones.conf"
}
serve closed enforce
ask() { in_ns "$1" dig +short +tries=1 +time=3 "$2" "$3" web.example "$4"; } # CLIENT @SERVER OPTION TYPE
check "status says which zones stay closed" has 'when_down +closed: iot, open: lan' nameward status
check "an enforced device in a zone that is off is refused" refused c1 $w4
check "a question to a resolver elsewhere is answered by us" has 198.18.0.80 ask c1 @198.18.0.99 +notcp A
check "over TCP too" has 198.18.0.80 ask c1 @198.18.0.99 +tcp A
check "over IPv6 too" has 2001:db8:18::80 ask c1 @2001:db8:18::99 +notcp AAAA
check "over IPv6 and TCP too" has 2001:db8:18::80 ask c1 @2001:db8:18::99 +tcp AAAA
check "what the device looked up is open to it" fetched c1 $w4
check "over IPv6 too" fetched c1 "$w6"
check "another address is not" refused c1 http://198.18.0.81/
check "a zone without the redirection gets no answer" not ask c2 @198.18.0.99 +notcp A
ask c2 @192.168.78.1 +notcp A >/dev/null
check "the enforced zone has a lease" fetched c2 $w4

# when-down
stop TERM
check "stopped, a closed zone keeps its lease" fetched c2 $w4
check "and opens nothing else" refused c2 http://198.18.0.81/
check "an open zone is open" fetched c1 http://198.18.0.81/
check "nothing is redirected to nobody" not in_ns router nft list chain inet nameward redirect_dns
serve closed enforce
check "started again, it has the lease" has '198.18.0.80' nameward gate ls
check "which still holds" fetched c2 $w4
stop INT
check "Ctrl-C removes everything" not in_ns router nft list table inet nameward
serve open enforce
check "the zone is enforced" refused c2 http://198.18.0.81/
stop TERM
check "where no zone is to stay closed a stop removes everything" not in_ns router nft list table inet nameward
serve closed enforce
stop TERM
check "closed again" refused c2 http://198.18.0.81/
serve closed off
stop TERM
cat >"$net_dir/zones.conf" <<-END
	listen iot 192.168.78.1:53
	upstream test {
		server 198.18.0.53
	}
	zone lan {
		interface br-lan
	}
	zone iot {
		interface c2
		gate observe
		reach internet
		refuse-dot on
		allow tcp 443
	}
	history off
	END
net_nameward <"$net_dir/zones.conf"
may() { in_ns router "$BUILD/nameward" -c "$net_dir/nameward.conf" gate check "$1" --client 192.168.78.12; }
fetch c2 $w4 >/dev/null # it is a neighbour
check "gate check: what reach has, observed" has 'PASSES, OBSERVED' may 198.18.0.80
check "an exception by its port" has 'PASSES$' may 198.18.0.80:443
check "another port" has 'PASSES, OBSERVED' may 198.18.0.80:443/udp
check "DNS over TLS is refused, in observe too" has 'REFUSED' may 198.18.0.99:853
check "as packets are" refused c2 http://198.18.0.99:853/
check "and so is what reach has not" has 'REFUSED' may 192.168.77.11
check "as packets to it are" refused c2 $lan
check "with the way out" has 'it leaves by br-lan' may 192.168.77.11
check "the exit status is the answer" not may 192.168.77.11
stop TERM
serve closed enforce
stop TERM
serve closed off
check "a start without a gate takes away what was left" wait_for 5 fetched c2 http://198.18.0.81/
[ $net_fails = 0 ]
