#!/bin/sh
# The user's own sets, filled by name: real sets of a table that is not ours.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

net_up
net_unbound <<END || exit 1
tv.video 5 A 198.18.0.81
tv.video 5 AAAA 2001:db8:18::81
video 30 A 198.18.0.99
late 30 A 198.18.0.81
late2 1 A 198.18.0.80
private.video 30 A 10.1.2.3
END
in_ns router nft -f - <<END
table inet fw4 {
	set vpn4 { type ipv4_addr; flags timeout; elements = { 192.0.2.7 timeout 1h }; }
	set vpn6 { type ipv6_addr; flags timeout; }
	set ever { type ipv4_addr; }
	set range { type ipv4_addr; flags interval; }
}
table ip old {
	set s.1 { type ipv4_addr; timeout 1h; }
}
END
conf() { # MORE
	cat <<-END
	listen lan 192.168.77.1:53
	upstream test {
		server 198.18.0.53
	}
	gate {
		lease-min 5s
		grace 1m
		fill *.video.example inet fw4 vpn4 vpn6 ever
		fill video.example ip old s.1
		fill late.example inet fw4 range missing4
		fill late2.example inet fw4 missing4
	}
	rebind {
		allow private.video.example
	}
	history off
	$1
	END
}
ask() { in_ns "$1" dig +short +tries=1 +time=3 @192.168.77.1 "$2" "$3"; } # CLIENT NAME TYPE
set_has() { # FAMILY TABLE SET PATTERN
	has "$4" in_ns router nft list set "$1" "$2" "$3"
}
filled() { # CLIENT NAME TYPE ADDRESS FAMILY TABLE SET: in the set when the answer is there
	[ "$(ask "$1" "$2" "$3")" = "$4" ] && set_has "$5" "$6" "$7" "$4"
}

conf '' >"$net_dir/fill.conf"
net_nameward <"$net_dir/fill.conf"
check "no table of ours is made for it" not in_ns router nft list table inet nameward
check "an IPv4 address is there with the answer" filled c1 tv.video.example A 198.18.0.81 inet fw4 vpn4
check "with the lifetime of a lease" set_has inet fw4 vpn4 '198.18.0.81 timeout 1m5s'
check "an IPv6 address goes into the set of those" filled c1 tv.video.example AAAA 2001:db8:18::81 inet fw4 vpn6
check "a set without timeouts keeps it" set_has inet fw4 ever '198.18.0.81[ ,]'
check "what was there stays" set_has inet fw4 vpn4 192.0.2.7
check "other names go nowhere" not sh -c "ip netns exec $net_id-c1 dig +short @192.168.77.1 web.example A;
	ip netns exec $net_id-router nft list table inet fw4 | grep -q 198.18.0.80"
check "the name itself has a line of its own" filled c1 video.example A 198.18.0.99 ip old s.1
check "and not the one of those below" not set_has inet fw4 vpn4 198.18.0.99
check "a private address is answered" [ "$(ask c1 private.video.example A)" = 10.1.2.3 ]
check "and goes nowhere" not set_has inet fw4 vpn4 10.1.2.3
sleep 5.2
ask c2 TV.Video.example A >/dev/null
check "a new answer refreshes it" set_has inet fw4 vpn4 '198.18.0.81 timeout 1m5s expires 1m[45]'
check "an answer for sets that cannot be filled is sent all the same" [ "$(ask c1 late.example A)" = 198.18.0.81 ]
check "what failed is counted" has '^gate +fill_failed +[1-9]' nameward status
check "an interval set is named in the log" grep -q 'set range of table fw4 .*interval' "$net_dir/nameward.log"
check "and so is a missing one" grep -q 'set missing4 of table fw4 is not there' "$net_dir/nameward.log"
ask c1 late2.example A >/dev/null
sleep 1.1
ask c1 late2.example A >/dev/null
check "once" [ "$(grep -c 'set missing4' "$net_dir/nameward.log")" -le 2 ]
in_ns router nft add set inet fw4 missing4 '{ type ipv4_addr; flags timeout; }'
sleep 1.1
check "a set that comes later is filled" filled c1 late2.example A 198.18.0.80 inet fw4 missing4
in_ns router nft delete set inet fw4 missing4
in_ns router nft add set inet fw4 missing4 '{ type ipv4_addr; flags timeout; size 100; }'
sleep 1.1
ask c1 late2.example A >/dev/null
check "and one that was made anew too" set_has inet fw4 missing4 198.18.0.80
check "what was written is counted" has '^gate +filled +[5-9]' nameward status

conf "zone lan {
	interface br-lan
	gate enforce
}" >"$net_dir/fill.conf"
kill "$nameward_pid"
wait "$nameward_pid"
in_ns router nft flush set inet fw4 vpn4
for a in 198.18.0.81 198.18.0.80; do net_web $a 80; done
net_nameward <"$net_dir/fill.conf"
check "a gated device fills the sets" filled c1 tv.video.example A 198.18.0.81 inet fw4 vpn4
check "and has its lease" has hello fetch c1 http://198.18.0.81/
check "which nobody else has" refused c2 http://198.18.0.81/
[ $net_fails = 0 ]
