#!/bin/sh
# Who is answered and how much: strangers, forged sources, floods.
# shellcheck disable=SC2034 # net.sh reads some
set -u
cd "$(dirname "$0")/../.."
. tests/integration/net.sh
r=192.168.77.1 wan=198.18.0.1

ask() { in_ns c1 dig +time=1 +tries=1 "$@"; }
outside() { in_ns inet dig +time=1 +tries=1 "$@"; }
abuse() { in_ns "$1" "$BUILD/abuse" flood "$2" "$3" web.example; }
flooded() { # CLIENT SERVER COUNT: into $answered $truncated $refused
	abuse "$@" >"$net_dir/flood"
	read -r _ _ _ answered _ truncated _ refused <"$net_dir/flood"
}

net_up
in_ns router ip addr add 2001:db8:77::1/64 dev br-lan nodad
in_ns c1 ip addr add 2001:db8:77::11/64 dev eth0 nodad
in_ns inet ip route add 2001:db8:77::/64 via 2001:db8:18::1
net_unbound </dev/null
conf() {
	cat <<-EOF
	listen all 0.0.0.0:53 [::]:53
	upstream inet {
	  server 198.18.0.53
	}
	history {
	  file $net_dir/db/history.db
	}
	clients {
	  $1
	}
	EOF
}
conf "rate 1
	  burst 100" >"$net_dir/start.conf"
net_nameward <"$net_dir/start.conf"
reload() { # LINES: of clients
	conf "$1" >"$net_dir/nameward.conf"
	echo "control $net_dir/run/ctl" >>"$net_dir/nameward.conf"
	generation=$(status_of nameward generation)
	kill -HUP "$nameward_pid"
	wait_for 10 other_generation
}
other_generation() { [ "$(status_of nameward generation)" -gt "$generation" ]; }

# --- who is answered --------------------------------------------------------------------------
check "a client of the LAN" has 198.18.0.80 ask @$r web.example
check "by its public IPv6 prefix" has 198.18.0.80 ask @2001:db8:77::1 web.example
link_is_up() { ! in_ns "$1" ip -6 addr show tentative | grep -q fe80; }
wait_for 5 link_is_up c1 && wait_for 5 link_is_up router
check "by a link-local address" has 198.18.0.80 ask \
	"@$(in_ns router ip -6 -o addr show dev br-lan scope link | sed 's,.*inet6 \([^/]*\)/.*,\1,')%eth0" web.example
check "the router itself, by its LAN address" has 198.18.0.80 in_ns router dig +time=1 +tries=1 @$r web.example
check "by its outer one, too" has 198.18.0.80 in_ns router dig +time=1 +tries=1 -b 127.0.0.1 @127.0.0.1 web.example
check "from outside: REFUSED" has 'status: REFUSED' outside @$wan web.example
check "and why" grep -q 'EDE: 18 (Prohibited)' "$net_dir/has.out"
check "without an answer" grep -q 'ANSWER: 0' "$net_dir/has.out"
check "from outside by TCP: turned away" has 'reset|end of file' outside +tcp @$wan web.example
check "that is counted" test "$(status_of tcp turned_away)" = 1 -a "$(status_of tcp accepted)" = 0
check "from outside by IPv6" has 'status: REFUSED' outside @2001:db8:18::1 web.example
check "from outside to the LAN's address" has 'status: REFUSED' outside @$r web.example
check "strangers are counted" test "$(status_of clients strangers)" = 4
for port in 53 7 19; do
	check "from port $port: nothing" has 'timed out|no servers' ask -b "192.168.77.11#$port" @$r web.example
done
check "they are counted" test "$(status_of clients forged)" -ge 3

# --- how often ----------------------------------------------------------------------------------
flooded c1 $r 2000
check "a flood of 2,000: some hundred are answered ($answered)" test "$answered" -ge 100 -a "$answered" -lt 600
check "others are told to use TCP ($truncated)" test "$truncated" -ge 500
check "the rest is dropped" test $((answered + truncated)) -lt 1500
check "the other client has its own bucket" has 198.18.0.80 in_ns c2 dig +time=1 +tries=1 @$r web.example
check "the flooding one is answered by TCP" has 198.18.0.80 ask +tcp @$r web.example
check "its flood is counted" test "$(status_of clients told_to_use_tcp)" -ge 500 -a "$(status_of clients over_the_rate)" -ge 500
told() { [ "$(sql "SELECT count(*) FROM events WHERE kind = 'client-limited' AND subject = '192.168.77.11'")" = 1 ]; }
check "the history says so once" wait_for 5 told
ask @fd77::1 web.example >/dev/null # now the router knows whose address that is
sleep 0.3 # as long as clients are remembered
flooded c1 $r 2000
flooded c1 fd77::1 200
check "by IPv6 it is the same device, and has no more ($answered)" test "$answered" -lt 60
open_is() { [ "$(status_of tcp open)" = "$1" ]; }
start_in c1 "$BUILD/abuse" idle $r 40 20000
check "it has 32 connections" wait_for 5 open_is 32
check "and by IPv6 no more of them" has 'reset|end of file' ask +tcp @fd77::1 web.example
check "another device has its own" has 198.18.0.80 in_ns c2 dig +time=2 +tries=1 +tcp @fd77::1 web.example
kill "$net_pid"
wait_for 5 open_is 0
flooded router 127.0.0.1 2000
check "loopback has no limit" test "$answered" -ge 1900
flooded inet $wan 2000
check "a flood from outside is refused less than it asks ($refused)" test "$refused" -ge 90 -a "$refused" -lt 600
check "nobody there is told to use TCP" test "$truncated" = 0

# --- cookies -------------------------------------------------------------------------------------
cookie_of() { sed -n 's/^; COOKIE: \([0-9a-f]*\).*/\1/p' "$net_dir/has.out"; }
from() { in_ns c2 dig +time=1 +tries=1 @$r web.example "$@"; }
check "a client's cookie gets ours" has '^; COOKIE: 0123456789abcdef01000000[0-9a-f]{24} \(good\)' from +cookie=0123456789abcdef
cookie=$(cookie_of)
check "which comes back while it is young" has "^; COOKIE: $cookie " from +cookie=$cookie
good=$(status_of clients cookies)
check "and proves the address" test "$good" = 1
check "who asks without hears of none" not has COOKIE from +nocookie
check "blocked or not, with EDNS only" not has COOKIE from +noedns
check "one that is cut: FORMERR" has 'status: FORMERR' from +nocookie +ednsopt=10:0102030405
check "another client cannot use it" has '^; COOKIE: 0123456789abcdef' ask @$r +cookie=$cookie web.example
check "it is not counted" test "$(status_of clients cookies)" = "$good"
kill -9 "$(pid_of resolver)"
wait_for 10 has 198.18.0.80 from
check "a new resolver knows the old one's" has "^; COOKIE: $cookie " from +cookie=$cookie
sleep 0.3
ask @$r web.example >/dev/null
flooded c1 $r 1000
bad_cookie() { # of some tries every second is answered
	for _i in $(seq 8); do
		has 'status: BADCOOKIE' ask +ignore +nobadcookie +tries=1 +cookie=0123456789abcdef @$r web.example && return
	done
}
check "over the rate a cookie is asked for" bad_cookie
check "and with it the same question is answered" has 198.18.0.80 ask +ignore "+cookie=$(cookie_of)" @$r web.example
check "a packet that asks for a cookie only" has '^123481800000000000000001000029.*000a0018.*0123456789abcdef01' \
	in_ns router "$BUILD/dnsmany" hex 127.0.0.1 udp 12340100000000000000000100002904d000000000000c000a00080123456789abcdef

# --- otherwise -----------------------------------------------------------------------------------
reload "network 198.18.0.0/24
	  others ignore
	  rate off"
check "configured: from outside" has 198.18.0.80 outside @$wan web.example
check "then the LAN hears nothing" has 'timed out|no servers' ask @$r web.example
check "by TCP either" has 'reset|end of file' ask +tcp @$r web.example
check "loopback does" has 198.18.0.80 in_ns router dig +time=1 +tries=1 @127.0.0.1 web.example
flooded inet $wan 2000
check "without a limit all are answered" test "$answered" -ge 1900

# --- what no client can be, or nobody is asked by ---------------------------------------------------
forge() { in_ns c1 "$BUILD/abuse" as "$1" 10 "$2" 40000 >/dev/null; }
grown() { [ "$(status_of "$1" "$2")" -ge "$3" ]; }
# Behind each flood one question of c1's own: all that came before it has been taken or not then.
nothing_from() { # SERVER SOURCE
	_before=$(status_of udp received)
	forge "$1" "$2" && has 198.18.0.80 ask "@$1" web.example &&
		[ "$(status_of udp received)" = $((_before + 1)) ]
}
reload "rate off"
in_ns router sysctl -qw net.ipv4.conf.br-lan.accept_local=1 net.ipv4.conf.br-lan.rp_filter=0 net.ipv4.conf.all.rp_filter=0
check "from the router's own address, by wire: nothing" nothing_from $r $r
check "from its outer one: nothing" nothing_from $r $wan
check "by IPv6: nothing" nothing_from fd77::1 fd77::1
check "from its outer IPv6 address: nothing" nothing_from fd77::1 2001:db8:18::1
in_ns router ip addr add fd77::9/64 dev br-lan nodad
check "from one that it has had for a moment only: nothing" wait_for 5 nothing_from fd77::1 fd77::9
check "itself it may ask from there" has 198.18.0.80 in_ns router dig +time=1 +tries=1 -b fd77::9 @fd77::1 web.example
before=$(status_of resolver queries)
forge fd77::1 ::ffff:127.0.0.1
check "from an IPv4 address in an IPv6 packet: nothing" wait_for 5 grown udp dropped 10
check "from outside, as a client at home: neither" \
	in_ns inet "$BUILD/abuse" as 2001:db8:18::1 10 ::ffff:192.168.77.11 40000
check "each is counted" wait_for 5 grown udp dropped 20
forge 192.168.77.255 192.168.77.11
in_ns c1 ip route add ff02::1/128 dev eth0 table local
forge ff02::1 fd77::11
check "what was sent to all is not answered" wait_for 5 grown udp dropped 40
check "nor asked for" test "$(status_of resolver queries)" = "$before"
[ $net_fails = 0 ]
