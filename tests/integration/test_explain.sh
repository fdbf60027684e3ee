#!/bin/sh
# What the gate says of itself: readiness before enforcing, why and gate check after, and the
# bypass, with and without a daemon.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

connects() { # CLIENT ADDRESS PORT
	in_ns "$1" ncat -z -w 2 "$2" "$3"
}
configure() { # MODE
	cat <<-CONF
	listen lan 192.168.77.1:53 [fd77::1]:53
	upstream inet {
	  server 198.18.0.53
	}
	zone lan {
	  interface br-lan
	  gate $1
	}
	device tv {
	  mac $tv_mac
	  ${tv_gate:+gate $tv_gate}
	}
	list table {
	  file $net_dir/owners.tsv
	  format owners
	}
	gate {
	  lease-min 1s
	  grace 1s
	}
	history {
	  file $net_dir/db/history.db
	  commit-every 200ms
	}
	CONF
}
write_conf() { # MODE
	{ configure "$1"; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
}
reload() { # MODE
	write_conf "$1"
	kill -HUP "$(cat "$net_dir/run/ctl.lock")"
}
recorded() { # SQL: gives a row
	[ -n "$(sql "$1")" ]
}
# In the router's namespace: without a daemon it deletes the table there.
bypass() { in_ns router "$BUILD/nameward" -c "$net_dir/nameward.conf" gate bypass "$@"; }
gate_is() { has "^zone +lan +gate $1" nameward status; }
readiness_row() { # PATTERN
	nameward gate readiness --zone lan -o csv | tee "$net_dir/ready" | grep -Eq "$1" ||
		{ cat "$net_dir/ready"; return 1; }
}

net_up
net_unbound </dev/null
net_web 198.18.0.80 80
net_web 198.18.0.81 80
net_web 198.18.0.99 80
printf '198.18.0.80\t198.18.0.89\t64496\tCH\tExample Net\n198.18.0.99\t198.18.0.99\t64497\tDE\tOther\n' \
	>"$net_dir/owners.tsv"
tv_mac=$(in_ns c1 cat /sys/class/net/eth0/address)
configure observe | net_nameward
r=192.168.77.1

# --- observe, and what it finds -------------------------------------------------------------
check "a new installation would have lost nothing" nameward gate readiness --zone lan
in_ns c1 dig +short @$r short.example >/dev/null
check "looked up and connected at once" has hello fetch c1 http://198.18.0.81/
in_ns c2 dig +short @$r web.example >/dev/null
sleep 3.2 # TTL 1, grace 1: the lease of short.example ends
check "never looked up: observed only" has hello fetch c1 http://198.18.0.99/
check "another device's address: observed only" has hello fetch c1 http://198.18.0.80/
check "an ended lease: observed only" has hello fetch c1 http://198.18.0.81/
check "the three are in the history" wait_for 5 recorded \
	"SELECT 1 WHERE (SELECT count(DISTINCT dest) FROM refusals) = 3"
check "and the lookups" wait_for 5 recorded "SELECT 1 FROM pdns WHERE rrname = 'web.example'"
check "readiness: never looked up, with the exception" readiness_row \
	"tv,$tv_mac,lan,br-lan,198.18.0.99,tcp 80,,observed,1,never-looked-up,,allow 198.18.0.99"
check "readiness: looked up by another device" readiness_row \
	"tv,.*,198.18.0.80,tcp 80,web.example,observed,1,other-device,,"
check "readiness: the lease ended" readiness_row \
	"tv,.*,198.18.0.81,tcp 80,short.example,observed,1,lease-ended,[0-9]+,"
check "readiness: who owns what it talks to" has '  AS64497 Other, DE$' nameward gate readiness --zone lan
check "who says it" has '198.18.0.99 80/tcp .*  AS64497 Other, DE$' nameward who 198.18.0.99
check "also who was told an address" has '^told .*  AS64496 Example Net, CH$' nameward who 198.18.0.80
check "client says it" has 'observed  198.18.0.99 80/tcp .*  AS64497 Other, DE$' nameward client tv
check "why says it" has 'owner +AS64496 Example Net, CH$' nameward why 198.18.0.80
check "why of a name too" has 'address +198.18.0.80: no match; of AS64496 Example Net, CH$' nameward why web.example
check "and the page" has '198.18.0.99 80/tcp, AS64497 Other, DE' nameward report --day --html -
check "not ready is status 1" not nameward gate readiness --zone lan
check "the refused address has the name it was given to another" \
	[ "$(sql "SELECT name FROM refusals WHERE dest = '198.18.0.80'")" = web.example ]

# --- enforce: check and why -----------------------------------------------------------------
reload enforce
check "the zone enforces" wait_for 10 gate_is enforce
check "the address without a lease is refused" refused c1 http://198.18.0.99/
check "gate check says no" not nameward gate check 198.18.0.99 --client tv
check "and why" has 'REFUSED$' nameward why 198.18.0.99 --client tv
check "with what was looked up" has 'nobody looked up' nameward why 198.18.0.99 --client tv
in_ns c1 dig +short @$r web.example >/dev/null
check "a lease makes it yes" nameward gate check 198.18.0.80 --client tv
check "by address too" nameward gate check 198.18.0.80 --client 192.168.77.11
check "with its name and its rest of life" has 'leased to it for [0-9]+ s more.*web.example' \
	nameward why 198.18.0.80 --client tv
check "another device has its own answer" not nameward gate check 198.18.0.99 --client 192.168.77.12
check "a private destination is not gated" has 'NOT GATED' nameward why 192.168.77.12 --client tv

# --- bypass ---------------------------------------------------------------------------------
check "refused before" refused c1 http://198.18.0.99/
check "an unknown zone is refused" not bypass nowhere
check "bypass says so" has '^lan ' bypass lan --for 1h
check "status tells for how long" has '^zone +lan +bypassed for 3[0-9]+ s more, gate observe' nameward status
check "it passes" has hello fetch c1 http://198.18.0.99/
check "what passes is still observed" nameward gate check 198.18.0.99 --client tv
kill -HUP "$(cat "$net_dir/run/ctl.lock")"
sleep 1
check "a reload keeps it" has 'bypassed for' nameward status
echo 'zone {' >>"$net_dir/nameward.conf" # an operator in the middle of an edit
rm "$net_dir/run/ctl.bypass"
enforced_again() { refused c1 http://198.18.0.99/; }
check "its end does not read the configuration's files" wait_for 10 enforced_again
write_conf enforce
check "removed, it has ended" gate_is enforce
check "for a moment only" has '^\* ' bypass --for 6s
check "it passes meanwhile" has hello fetch c1 http://198.18.0.99/
check "and ends by itself" wait_for 15 gate_is enforce
check "refused after that" refused c1 http://198.18.0.99/
check "by hand" has '^\* ' bypass
check "with an end by hand" bypass --end
check "which is confirmed" gate_is enforce

# --- a device that has a mode of its own ------------------------------------------------------
tv_gate=enforce
reload off
check "the zone is off" wait_for 10 gate_is off
check "its device is refused" refused c1 http://198.18.0.99/
check "others are not" has hello fetch c2 http://198.18.0.99/
check "gate check says no" not nameward gate check 198.18.0.99 --client tv
check "and why" has 'tv: gate enforce +/' nameward why 198.18.0.99 --client tv
check "others are not gated" has 'NOT GATED' nameward why 198.18.0.99 --client 192.168.77.12
check "a bypass of all zones" has '^\* ' bypass
check "it passes" has hello fetch c1 http://198.18.0.99/
check "and is observed" has 'PASSES, OBSERVED' nameward why 198.18.0.99 --client tv
check "its end" bypass --end
check "refused again" refused c1 http://198.18.0.99/
tv_gate=
reload enforce
check "the zone enforces again" wait_for 10 gate_is enforce

# --- without a daemon: killed, so that its table stays ---------------------------------------
pids="$nameward_pid $(cat "$net_dir/run/ctl.lock") $(for p in resolver nftsync dbwriter flows; do pid_of $p; done)"
# shellcheck disable=SC2086
kill -9 $pids
wait "$nameward_pid" 2>/dev/null
table() { in_ns router nft list table inet nameward; }
without_daemon() { ! nameward status >/dev/null 2>&1; }
check "no daemon is left" wait_for 5 without_daemon
check "readiness needs none" readiness_row ",198.18.0.99,tcp 80,,observed,"
if in_ns router nft list tables | grep -q 'inet nameward'; then
	check "the rules refuse on without it" refused c1 http://198.18.0.99/
	nameward gate check 198.18.0.99 --client tv >"$net_dir/out" 2>&1
	check "gate check cannot know: status 3" [ $? = 3 ]
	check "and says so" grep -q UNKNOWN "$net_dir/out"
	check "bypass deletes the table" has 'its table is deleted' bypass
else
	check "the kernel took the table with its owner" not table
fi
check "no table is left" not table
check "it passes" has hello fetch c1 http://198.18.0.99/
check "again: nothing to delete is no failure" bypass
start_in router "$BUILD/namewardd" -f -c "$net_dir/nameward.conf" 2>>"$net_dir/nameward.log"
check "a daemon that starts then honours it" wait_for 10 has 'bypassed for' nameward status
check "it passes still" has hello fetch c1 http://198.18.0.99/
[ $net_fails = 0 ]
