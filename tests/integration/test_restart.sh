#!/bin/sh
# The daemon and many leases: a restart with other rules, a suspend, a full table, and thousands
# of leases that are flushed away. Real lookups, each of one address.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

configure() { # WHEN-DOWN GATE-LINES ZONE-LINES
	cat <<-END
	listen lan 192.168.77.1:53 [fd77::1]:53
	clients { rate off }
	upstream inet {
	  server 198.18.0.53
	}
	zone lan {
	  interface br-lan
	  gate enforce
	  when-down $1
	  $3
	}
	gate {
	  answer-deadline 1s
	  $2
	}
	history off
	END
}
serve() { # as configure
	configure "$@" >"$net_dir/in.conf"
	net_nameward <"$net_dir/in.conf"
}
stop() {
	kill -TERM "$nameward_pid"
	wait "$nameward_pid"
}
lookup() { # NAME: prints the address
	in_ns c1 dig +short +time=3 +tries=1 @192.168.77.1 "$1" A
}
connects() { # CLIENT ADDRESS [PORT]
	in_ns "$1" ncat -z -w 2 "$2" "${3:-7}"
}
table() { in_ns router nft -t list table inet nameward; }
row() { status_of gate "$1"; }

net_up
net_wide
start_in inet "$BUILD/storm" serve 7
start_in inet "$BUILD/storm" serve 8
start_in inet "$BUILD/responder" 198.18.0.53 53
ready() { connects c1 198.19.1.1 && connects c1 2001:db8::c613:101; }
wait_for 10 ready

# a restart with other rules
serve closed '' ''
one=$(lookup one.restart.example)
check "a name has an address" [ -n "$one" ]
check "it is open" connects c1 "$one"
check "another is not" not connects c1 198.19.1.1
stop
check "stopped, when-down closed: the lease holds" connects c1 "$one"
check "and nothing else passes" not connects c1 198.19.1.1
serve closed 'allow 198.19.2.2' 'allow tcp 8'
check "started with other rules: the lease holds" connects c1 "$one"
check "without a new lookup" test "$(status_of resolver queries)" = 0
check "and the new rules too: an address" connects c1 198.19.2.2
check "a port" connects c1 198.19.1.1 8
check "nothing else passes" not connects c1 198.19.1.1
two=$(lookup two.restart.example)
stop
serve open '' ''
check "started with the old rules: both leases hold" connects c1 "$one"
check "the second too" connects c1 "$two"
check "what those rules do not allow is refused again" not connects c1 198.19.2.2
stop
check "stopped, when-down open: everything passes" connects c1 198.19.1.1
check "and no table is left" not table

# a suspend: each process alone, then all of them, for longer than an answer may wait
serve closed '' ''
three=$(lookup three.restart.example)
suspend() { # TEXT PROCESS...
	_who=$1
	shift
	_pids=$(for _p; do pid_of "$_p"; done)
	# shellcheck disable=SC2086
	kill -STOP $_pids
	sleep 1.5
	check "$_who, asleep: the lease holds" connects c1 "$three"
	check "$_who, asleep: nothing else passes" not connects c1 198.19.1.1
	# shellcheck disable=SC2086
	kill -CONT $_pids
	new() { four=$(lookup "$1.suspend.example") && [ -n "$four" ] && connects c1 "$four"; }
	check "$_who, awake: a lookup opens what it found" wait_for 3 new "$1"
	check "$_who, awake: nobody was killed for it" test "$_pids" = "$(for _p; do pid_of "$_p"; done)"
}
suspend "nftsync" nftsync
suspend "the resolver" resolver
suspend "all" resolver nftsync
stop

# a full table: what is beyond it is refused, counted, and no transaction fails
serve closed 'max-leases 64' ''
in_ns c2 "$BUILD/race" fill 192.168.77.1 200 full >"$net_dir/fill"
sed "s/^/    /" "$net_dir/fill"
check "what fits is answered, the others hear SERVFAIL" \
	has '^(5[0-9]|6[0-4]) answered, 1[34][0-9] refused, 0 silent' \
	cat "$net_dir/fill"
check "64 leases" test "$(row leases)" = 64
check "the others are counted" test "$(row failed)" -ge 130
check "the table is in force" test "$(row table)" = loaded
check "it was not made anew" test "$(row restores)" = 0
stop

# many leases, RESTART_ASK questions' worth: 82,000 make 65,536
ask=${RESTART_ASK:-12000}
serve closed 'max-leases 80000
  max-device-leases 80000
  table-owner off' ''
in_ns c1 "$BUILD/race" fill 192.168.77.1 "$ask" many >"$net_dir/fill"
sed "s/^/    /" "$net_dir/fill"
check "$ask lookups are answered" has "^$ask answered, 0 refused, 0 silent" cat "$net_dir/fill"
leases=$(row leases)
five=$(lookup five.restart.example)
check "some share addresses, most do not: $leases leases" test "$leases" -gt $((ask * 7 / 10))
for harm in 'flush ruleset' 'delete table inet nameward' 'flush set inet nameward lease4'; do
	before=$(row restores)
	in_ns router nft "$harm"
	again() { [ "$(row restores)" -gt "$before" ]; }
	check "$harm: restored" wait_for 5 again
	echo "    $(grep 'again in' "$net_dir/nameward.log" | tail -n 1)"
	check "$harm: the lease is there" connects c1 "$five"
	check "$harm: nothing else passes" not connects c2 "$five"
done
kill -9 "$(pid_of nftsync)"
adopted() { [ "$(row adopted)" -ge "$leases" ]; }
check "a killed nftsync adopts all" wait_for 10 adopted
check "the lease is there" connects c1 "$five"
stop
[ $net_fails = 0 ]
