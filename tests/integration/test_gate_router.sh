#!/bin/sh
# The router's own connections: refused unless the router looked them up here, with nameward's
# own among them that must never be.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

net_up
for a in 198.18.0.80 198.18.0.81 198.18.0.99 2001:db8:18::80; do net_web $a 80; done
serve='read -r l; printf "HTTP/1.0 200 OK\r\n\r\nhello\n"'
start_in router ncat -lk 198.18.0.1 8080 -c "$serve"
start_in c1 ncat -lk 192.168.77.11 8080 -c "$serve"
net_unbound </dev/null || exit 1
w4=http://198.18.0.80/ w6='http://[2001:db8:18::80]/' other=http://198.18.0.81/

conf() { # MODE MORE-LINES
	cat <<-END
	listen lan 127.0.0.1:53 192.168.77.1:53 [fd77::1]:53
	upstream test {
		server 198.18.0.53
	}
	zone all {
		interface *
		gate enforce
	}
	gate {
		router $1
		$2
	}
	history {
		file $net_dir/db/history.db
	}
	END
}
ask() { # SERVER NAME TYPE
	in_ns router dig +short +tries=1 +time=3 "@$1" "$2" "$3"
}
reload() { # MODE MORE-LINES
	_before=$(status_of nameward generation)
	{ conf "$@"; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
	kill -HUP "$nameward_pid"
	wait_for 5 eval '[ "$(status_of nameward generation)" != "$_before" ]'
}
own() { in_ns router curl -s --max-time 3 "$1"; } # URL
passes() { has hello own "$1"; }
shut() { # URL: refused at once, not lost
	own "$1" >/dev/null
	[ $? = 7 ]
}
refusals() { # VERDICT ADDRESS
	has "^[1-9]" sql "SELECT sum(n) FROM refusals WHERE interface = 'lo' AND dest = '$2' AND verdict = '$1'"
}

conf enforce 'allow 198.18.0.99' >"$net_dir/conf.in"
net_nameward <"$net_dir/conf.in" || { echo "FAIL it does not start"; exit 1; }
check "without a lookup it is refused" shut $w4
check "over IPv6, too" shut "$w6"
check "another resolver is refused" has 'unreachable|permission denied|timed out|no servers' \
	in_ns router dig +tries=1 +time=2 @198.18.0.53 web.example
check "an exception passes" passes http://198.18.0.99/
check "a lookup at loopback is answered: upstreams are not refused" has 198.18.0.80 \
	ask 127.0.0.1 web.example A
check "and opens the address to the first packet" passes $w4
check "not another one" shut $other
check "not to a device" refused c1 $w4
check "a lookup by an address of its own" has 2001:db8:18::80 ask 192.168.77.1 web.example AAAA
check "opens IPv6" passes "$w6"
check "the leases are the router's" has 'router +198.18.0.80 .*web.example' nameward gate ls router
check "gate check knows" has PASSES nameward gate check 198.18.0.80 --client router
check "gate check says no" has REFUSED nameward gate check 198.18.0.81 --client router
check "a device's lookup opens nothing to the router" has 198.18.0.81 \
	in_ns c1 dig +short +tries=1 +time=3 @192.168.77.1 short.example A
check "it stays shut" shut $other
check "while the device passes" has hello fetch c1 $other
check "what is at home is not gated" passes http://192.168.77.11:8080/
check "the router answers who connects to it" has hello in_ns inet curl -s --max-time 3 \
	http://198.18.0.1:8080/
in_ns router ip -6 neigh replace 2001:db8:18::80 lladdr "$(in_ns inet cat /sys/class/net/eth0/address)" \
	dev wan nud probe
check "a neighbour is asked for by unicast" wait_for 3 has REACHABLE \
	in_ns router ip -6 neigh show 2001:db8:18::80
check "refusals are seen" wait_for 8 refusals refused 198.18.0.81
check "gate readiness lists them" has '198.18.0.81' nameward gate readiness -o csv
check "rules of nft are those in force" has 'hook output' nameward gate rules

check "withdrawn" nameward gate withdraw web.example --client router
check "it is shut" wait_for 5 shut $w4
kill -9 "$(pid_of nftsync)"
check "a new process adopts leases" wait_for 5 has 'adopted +[1-9]' nameward status

check "bypass" has "[*]" nameward gate bypass --for 1m
check "lets the router connect" passes $other
check "status says so" has 'router +gate +bypassed' nameward status
check "its end" nameward gate bypass --end
check "shuts again" wait_for 5 shut $other

reload observe 'deny 198.18.0.81'
check "observing, it passes" passes $other
check "and is seen" wait_for 8 refusals observed 198.18.0.81
reload off 'deny 198.18.0.81'
check "off, nothing is gated" passes $other
check "and there is no chain" not has 'hook output' nameward gate rules
[ $net_fails = 0 ]
