#!/bin/sh
# `refuse-list` with the real daemon: packets to addresses of lists, what is spared, reloads,
# and what a list cannot do.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

lists="$net_dir/lists"
mkdir "$lists"
net_up
for a in 198.18.0.80 198.18.0.81 2001:db8:18::80 2001:db8:18::81; do net_web $a 80; done
start_in c2 ncat -lk 192.168.77.12 80 -c 'read -r l; printf "HTTP/1.0 200 OK\r\n\r\nhello\n"'
wait_for 5 in_ns router curl -s --max-time 1 http://198.18.0.80/
net_unbound </dev/null || exit 1
w4=http://198.18.0.80/ w6='http://[2001:db8:18::80]/'
fetched() { has hello fetch "$@"; } # CLIENT URL
ranges() { [ "$(status_of gate refused_ranges)" = "$1" ]; } # NUMBER
write_conf() { # GATE LINES-OF-ZONE
	cat <<-END
	listen lan 192.168.77.1:53 [fd77::1]:53
	upstream test {
		server 198.18.0.53
	}
	list bad {
		file $lists/bad
		format ip
	}
	list rules {
		file $lists/rules
	}
	zone lan {
		interface br-lan
		gate $1
		$2
	}
	history off
	END
}
reload() { # GATE LINES-OF-ZONE
	{ write_conf "$@"; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
	kill -HUP "$nameward_pid"
}

# The LAN and the world are in it, as in lists that are made for packets from outside.
printf '198.18.0.80 # bad\n10.0.0.0/8\n192.168.0.0/16\n0.0.0.0/0\n2001:db8:18::80/127\n' >"$lists/bad"
printf '[Adblock Plus 2.0]\n||ads.example^\n||198.18.0.81^\n||192.168.77.12^\n' >"$lists/rules"
write_conf off 'refuse-list bad rules' >"$net_dir/first.conf"
net_nameward <"$net_dir/first.conf"

check "status counts the ranges" wait_for 5 ranges 3
check "an address of a list is refused at once, the gate off" refused c1 $w4
check "over IPv6 too" refused c1 "$w6"
check "as is one of another kind of list" refused c1 http://198.18.0.81/
check "gate check says no" not nameward gate check 198.18.0.80 --client 192.168.77.11
check "why names the list, the file and the line" \
	has "refuse-list +198.18.0.80, of list bad: refused.* $lists/bad:1\$" nameward why 198.18.0.80 --client 192.168.77.11
check "also for no client" has 'zone +lan refuses list bad' nameward why 198.18.0.80
check "what comes in from such an address is not ours to refuse" \
	has hello in_ns inet curl -s --interface 198.18.0.80 --max-time 3 http://192.168.77.12/
check "the router itself reaches it" has hello in_ns router curl -s --max-time 3 $w4
check "no list refuses the LAN" fetched c1 http://192.168.77.12/
check "the rules can be read" has 'goto refuse' nameward gate rules
check "and loaded" eval "nameward gate rules | sed 's/table inet nameward/table inet again/' >'$net_dir/r' && in_ns router nft -c -f '$net_dir/r'"

# a new list, an exception, an enforced zone
printf '198.18.0.81\n' >"$lists/bad"
: >"$lists/rules"
reload off 'refuse-list bad'
check "after a reload the new list holds" wait_for 5 refused c1 http://198.18.0.81/
check "and the old one no more" wait_for 5 fetched c1 $w4
reload off 'refuse-list bad
allow 198.18.0.81'
check "an address that the zone allows is spared" wait_for 5 fetched c1 http://198.18.0.81/
check "and gate check knows it" nameward gate check 198.18.0.81 --client 192.168.77.11
printf '198.18.0.80\n' >"$lists/bad"
reload enforce 'refuse-list bad
allow tcp 80'
check "a service that is allowed is no way round a list" wait_for 5 refused c1 $w4
check "and is one round the gate" fetched c1 http://198.18.0.81/
reload enforce 'refuse-list bad'
in_ns c1 dig +short +tries=1 +time=3 @192.168.77.1 web.example >/dev/null
check "nor is a lookup" refused c1 $w4

# an owner's addresses: as answers and as traffic
cat >"$lists/owners.tsv" <<-'EOT'
	198.18.0.0	198.18.0.63	64496	CH	Example Networks
	198.18.0.80	198.18.0.80	64497	DE	Tracking Ltd
	198.18.0.81	198.18.0.81	64498	DE	Other
EOT
owned="}
list owned {
	file $lists/owners.tsv
	format owners
	owner AS64497
}
policy default {
	block owned"
reload off "refuse-list owned
$owned"
check "an owner's addresses are in the rules" wait_for 5 has '@list4_.*_owned' nameward gate rules
check "and refused" refused c1 $w4
check "another owner's is not" fetched c1 http://198.18.0.81/
check "an answer with such an address is blocked" \
	wait_for 5 has 'EDE: 1[57].*owned' in_ns c1 dig +tries=1 +time=3 @192.168.77.1 web.example
check "why names the address, the list, the file and the line" \
	has "address +198.18.0.80: 198.18.0.80, of owned, blocks it; of AS64497 Tracking Ltd, DE +$lists/owners.tsv:2\$" nameward why web.example
check "and says BLOCKED" has 'BLOCKED$' nameward why web.example
perl tests/support/table_to_mmdb.pl 6 28 <"$lists/owners.tsv" >"$lists/owners.mmdb"
owned=$(printf '%s' "$owned" | sed 's/owners\.tsv/owners.mmdb/; s/AS64497/"other"/')
reload off "refuse-list owned
$owned"
check "MaxMind's format is read as well" wait_for 5 refused c1 http://198.18.0.81/
check "and by the owner alone" fetched c1 $w4
truncate -s -200 "$lists/owners.mmdb"
kill -HUP "$nameward_pid"
check "a table that was cut is refused" \
	wait_for 5 has 'No row of a table of owners, and no whole MaxMind file; its 1 old name' nameward list ls
check "and the last good one holds" refused c1 http://198.18.0.81/
reload enforce 'refuse-list bad'
check "without the owner the list holds again" wait_for 5 has ' bad' nameward gate rules
check "its address is refused" refused c1 $w4

# lives and deaths
kill -9 "$(pid_of nftsync)"
check "the set stands while nftsync is dead" refused c1 $w4
check "and when it is back" wait_for 10 ranges 1
check "the address is still refused" refused c1 $w4
rm "$lists/bad"
reload enforce 'refuse-list bad'
check "a file that is gone keeps what it said" wait_for 5 ranges 1
check "the address is still refused" refused c1 $w4
reload off ''
check "without such a line nothing is refused" wait_for 5 fetched c1 $w4
exit "$net_fails"
