#!/bin/sh
# A device in quarantine: nothing of it passes any more, not even what is established or
# excepted, while its questions are answered; and its end.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

net_up
for a in 198.18.0.80 198.18.0.99 2001:db8:18::80; do net_web $a 80; done
start_in inet ncat -lk 198.18.0.81 7 -e /bin/cat
net_unbound </dev/null || exit 1
w4=http://198.18.0.80/ w6='http://[2001:db8:18::80]/' free=http://198.18.0.99/
mac=$(in_ns c1 cat /sys/class/net/eth0/address)

conf() { # GATE-OF-THE-DEVICE
	cat <<-END
	listen lan 192.168.77.1:53 [fd77::1]:53
	upstream test {
		server 198.18.0.53
	}
	zone lan {
		interface br-lan
		gate enforce
		allow 198.18.0.99
	}
	device tv {
		mac $mac
		gate $1
	}
	history off
	END
}
ask() { # CLIENT NAME TYPE
	in_ns "$1" dig +short +tries=1 +time=3 @192.168.77.1 "$2" "$3"
}
fetched() { has hello fetch "$@"; } # CLIENT URL
no_lease() { not has "$mac" nameward gate ls; }
talks() { # a connection that stays: a line goes out by it and comes back
	_lines=$(wc -l <"$net_dir/echoed")
	echo line >>"$net_dir/said"
	wait_for 3 eval '[ "$(wc -l <"$net_dir/echoed")" -gt "$_lines" ]'
}

conf zone >"$net_dir/conf.in"
net_nameward <"$net_dir/conf.in" || { echo "FAIL it does not start"; exit 1; }
for c in c1 c2; do
	check "$c looks up" has 198.18.0.80 ask $c web.example A
	check "$c passes" fetched $c $w4
done
check "IPv6" has 2001:db8:18::80 ask c1 web.example AAAA
check "passes" fetched c1 "$w6"
check "a name of one more" has 198.18.0.81 ask c1 short.example A
: >"$net_dir/said"
: >"$net_dir/echoed"
start_in c1 sh -c "tail -f '$net_dir/said' | ncat 198.18.0.81 7 >>'$net_dir/echoed'"
check "a connection is made" wait_for 3 talks

check "no such device" has 'no such device' nameward gate quarantine nobody
check "quarantine" has 'tv' nameward gate quarantine tv --for 1m
check "what it had leased is shut" refused c1 $w4
check "over IPv6" refused c1 "$w6"
check "what is excepted, too" refused c1 $free
check "what was established" not talks
check "another device passes" fetched c2 $w4
check "its leases are gone" wait_for 5 no_lease
check "its questions are answered" has 198.18.0.80 ask c1 web.example A
check "and open nothing" no_lease
check "status says so" has 'device +tv +quarantined for' nameward status
check "gate check says so" has REFUSED nameward gate check 198.18.0.80 --client tv
check "a bypass of all" nameward gate bypass --for 1m
check "does not help it" refused c1 $w4
check "its end leaves the quarantine" nameward gate bypass --end
check "it is shut still" refused c1 $free
kill -9 "$(pid_of nftsync)"
check "a restart of a process does not help either" refused c1 $free
check "the end" nameward gate quarantine tv --end
check "an exception passes again" wait_for 5 fetched c1 $free
check "what it looked up does when it asks again" has 198.18.0.80 ask c1 web.example A
check "it passes" fetched c1 $w4

{ conf quarantine; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
kill -HUP "$nameward_pid"
check "by the configuration" wait_for 5 refused c1 $w4
check "status tells whose it is" has 'quarantined by the configuration' nameward status
check "which a verb does not end" has 'says that already' nameward gate quarantine tv --end
[ $net_fails = 0 ]
