#!/bin/sh
# kill -9 of each process: it comes back, the others notice nothing, DNS, leases and history
# go on. kill -9 of the supervisor: all end, the table stays, the next start adopts it.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
children="resolver nftsync dbwriter flows"
configure() {
	cat <<-EOF
	listen lan $r:53 [fd77::1]:53
	upstream inet {
	  server 198.18.0.53
	}
	zone lan {
	  interface br-lan
	  gate enforce
	}
	list ads {
	  name *.ads.example
	}
	policy default { block ads }
	history {
	  file $net_dir/db/history.db
	  commit-every 100ms
	}
	EOF
}
pids_but() { # PROCESS: the pids of the others
	for _p in $children; do
		[ "$_p" = "$1" ] || echo "$_p $(pid_of "$_p")"
	done
}
is_back() { # PROCESS OLD-PID
	_now=$(pid_of "$1")
	[ -n "$_now" ] && [ "$_now" != "$2" ]
}
lookup() { # CLIENT NAME TYPE PATTERN
	has "$4" in_ns "$1" dig +short +time=2 +tries=2 @$r "$2" "$3"
}
recorded() { has "^[1-9]" sql "SELECT count(*) FROM lookups WHERE name = '$1'"; }
refusal_recorded() { has "^[1-9]" sql "SELECT count(*) FROM refusals WHERE dest = '$1'"; }

kill_one() { # PROCESS
	ask_on c2 "$1" wild.example 198.18.0.81
	sleep 0.3
	old=$(pid_of "$1")
	others=$(pids_but "$1")
	check "$1: is there" kill -9 "$old"
	check "$1: comes back within 3 s" wait_for 3 is_back "$1" "$old"
	check "$1: others keep their pids" test "$others" = "$(pids_but "$1")"
	check "$1: the restart is counted" has "^process +$1 .*restarts 1$" nameward status
	check "$1: the lease is still there" has hello fetch c1 http://198.18.0.80/
	check "$1: and its table's rules" refused c1 http://198.18.0.99/
	check "$1: a blocked name is blocked" has NXDOMAIN in_ns c1 dig @$r x.ads.example
	check "$1: an answer from before" lookup c1 web.example A 198.18.0.80
	check "$1: a new lookup" lookup c1 "after-$1.wild.example" A 198.18.0.81
	check "$1: and its lease" has hello fetch c1 http://198.18.0.81/
	check "$1: the history goes on" wait_for 4 recorded "after-$1.wild.example"
	sleep 0.5
	ask_stop
	check "$1: all other questions, $asked, were answered" not grep . "$net_dir/unanswered"
}

net_up
net_unbound <<-EOF
*.wild 60 A 198.18.0.81
EOF
for a in 198.18.0.80 198.18.0.81 198.18.0.99; do net_web $a 80; done
configure >"$net_dir/in.conf"
net_nameward <"$net_dir/in.conf"
check "c1 looks up" lookup c1 web.example A 198.18.0.80
check "and passes" has hello fetch c1 http://198.18.0.80/
for child in $children; do kill_one "$child"; done
fetch c1 http://198.18.0.98:81/ 2>/dev/null
check "after all that a refusal still gets into the history" wait_for 4 refusal_recorded 198.18.0.98

old=$(pid_of resolver)
for i in 1 2 3; do
	kill -9 "$(pid_of resolver)"
	wait_for 5 is_back resolver "$old"
	old=$(pid_of resolver)
done
check "three more kills of the resolver: it answers" wait_for 5 lookup c1 web.example A 198.18.0.80

pids=$(for child in $children; do pid_of "$child"; done)
all_ended() {
	for _pid in $pids; do # ended or a zombie that nobody waited for yet
		! grep -qs '^State:.[^Z]' "/proc/$_pid/status" || return 1
	done
}
kill -9 "$nameward_pid"
wait "$nameward_pid" 2>/dev/null
check "kill -9 of the supervisor: all children end" wait_for 3 all_ended
check "the table stays" has 198.18.0.80 in_ns router nft list set inet nameward lease4
check "who had a lease passes" has hello fetch c1 http://198.18.0.80/
check "who had none is refused" refused c1 http://198.18.0.99/
configure >"$net_dir/in.conf"
net_nameward <"$net_dir/in.conf"
check "the next start adopts the leases" test "$(status_of gate adopted)" -ge 2
check "who had a lease passes still" has hello fetch c1 http://198.18.0.80/
check "who had none is refused still" refused c1 http://198.18.0.99/
check "the history has no damage" has '^ok$' sql 'PRAGMA quick_check'
kill -TERM "$nameward_pid"
wait "$nameward_pid"
check "asked to end, it takes the table along" not in_ns router nft list table inet nameward
[ $net_fails = 0 ]
