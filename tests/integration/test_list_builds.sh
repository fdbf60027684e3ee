#!/bin/sh
# Builds of the index that are kept: a start serves one at once, whatever became of the lists; a
# damaged one gives way; a roll-back holds until a list changes. And questions without a pause
# through all of that: none is lost, and each is answered by one build or another.
# SWAP_S=60: more of the last, in seconds.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
builds="$net_dir/builds"
list="$net_dir/ads"
blocked() { has 'status: NXDOMAIN' in_ns c1 dig +time=3 +tries=1 @$r "$1"; }
# The first answer there is after a start.
hears() { has 'status: ' in_ns c1 dig +time=1 +tries=1 @$r "$1"; }
first_blocked() { wait_for 5 hears "$1" && grep -q 'status: NXDOMAIN' "$net_dir/has.out"; }
passes() { has 'IN.*A.*198\.1[89]\.' in_ns c1 dig +time=3 +tries=1 @$r "$1"; }
is_generation() { [ "$(status_of nameward generation)" -ge "$1" ]; }
serves() { has "$1" status_of lists serve; }
is_kept() { [ -f "$builds/index" ] && [ -z "$(pid_of compiler)" ]; }
# The daemon writes a build after it has handed it out, and until then none is before it.
is_idle() { has 'compiler +idle' nameward status; }
next() { # COMMAND...: it makes the next generation
	wait_for 5 is_idle
	_now=$(status_of nameward generation)
	"$@" || return 1
	wait_for 10 is_generation $((_now + 1))
}
reload() { next kill -HUP "$nameward_pid"; }
stop() {
	wait_for 5 is_idle
	kill -TERM "$nameward_pid"
	wait "$nameward_pid"
}
# As net_nameward, but without waiting until it serves.
start() {
	start_in router "$BUILD/namewardd" -f -c "$net_dir/nameward.conf" 2>>"$net_dir/nameward.log"
	nameward_pid=$net_pid
}
more() { # 50,000 names, and what is to differ
	seq -f 'n%.0f.many.example' 50000
	cat
}

net_up
net_wide
start_in inet "$BUILD/responder" 198.18.0.53 53
cat >"$net_dir/in.conf" <<-EOF
listen lan $r:53
clients { rate off }
upstream inet { server 198.18.0.53 }
zone lan {
  interface br-lan
  gate off
}
history off
list ads { file $list }
list own { name own.example }
policy default { block ads own }
EOF
echo 'one.example' | more >"$list"
net_nameward <"$net_dir/in.conf"
check "it blocks by its list" blocked one.example
check "the build is kept" wait_for 5 is_kept
check "status: the lists as they are" serves '^as they are$'
check "its owner is the account of the lists" \
	test "$(stat -c '%U %a' "$builds/index")" = "nameward-list 640"

# --- a start -------------------------------------------------------------------------------------
before=$(status_of lists build)
stop
start
check "a start with the same lists: the first answer is blocked" first_blocked one.example
check "it is the same build" test "$(status_of lists build)" = "$before"
check "nothing was read" grep -q 'all lists are as they were' "$net_dir/nameward.log"

stop
echo 'two.example' | more >"$list"
start
check "a start with another list: the first answer is by the one before" first_blocked one.example
check "then the list is read" wait_for 10 is_generation 2
check "its name is blocked" blocked two.example
check "the old one passes" passes one.example
check "the log says what served meanwhile" grep -q 'lists of before serve until' "$net_dir/nameward.log"
check "status: the one before is kept" test "$(status_of lists before)" = "$before"

stop
rm "$list"
start
check "a start without its list: it is blocked all the same" first_blocked two.example
wait_for 10 is_generation 2
check "also when it was looked for" blocked two.example
check "list ls says why" has 'ads.*No such file.*old names' nameward list ls
echo 'two.example' | more >"$list"
reload

# --- damage --------------------------------------------------------------------------------------
stop
truncate -s 100000 "$builds/index"
start
wait_for 10 is_generation 1
check "a build that is cut short: the one before serves, then the lists" blocked two.example
check "the log says so" grep -q 'the last: cut short: not used' "$net_dir/nameward.log"
wait_for 10 is_generation 2
stop
echo garbage >"$builds/index"
rm "$builds/index.before"
start
wait_for 10 is_generation 1
check "nothing that can be used: the lists are read" blocked two.example
check "the log says so, too" grep -q 'the last: of a size that no index has' "$net_dir/nameward.log"

# --- a roll-back ---------------------------------------------------------------------------------
check "there is nothing to go back to" has 'none is kept' nameward list rollback
echo 'bad.example' | more >"$list"
reload
check "a bad list" blocked bad.example
check "a roll-back" next has 'rolled back' nameward list rollback
check "serves the list before" blocked two.example
check "without the bad name" passes bad.example
check "and what stands in the configuration" blocked own.example
check "status says so" serves '^as they are, but 1 rolled back'
check "list ls, too" has 'ads.*Rolled back; its 50001 old names' nameward list ls
check "once is enough" has 'already' nameward list rollback
reload
check "a reload changes nothing" passes bad.example
stop
start
check "nor does a restart" first_blocked two.example
check "the name passes" passes bad.example
check "it can be undone" next nameward list rollback --undo
check "the bad list is back" blocked bad.example
check "which cannot be undone" has 'nothing is rolled back' nameward list rollback --undo
wait_for 5 is_idle
next nameward list rollback >/dev/null
echo 'better.example' | more >"$list"
reload
check "a list that has changed is read again" blocked better.example
check "nothing is rolled back then" serves '^as they are$'
stop
check "without the daemon it waits for the next start" has 'next start does it' nameward list rollback
check "and can be taken back until then" nameward list rollback --undo
check "once" has 'nothing is rolled back' nameward list rollback --undo
start
wait_for 10 is_generation 1
check "nothing has come of it" blocked better.example
check "an ordinary user may not" has 'try sudo' setpriv --reuid=65534 --clear-groups "$BUILD/nameward" \
	-c "$net_dir/nameward.conf" list rollback

# --- questions through all of that ---------------------------------------------------------------
for i in $(seq 0 15); do
	echo "a$i.swap.example" >>"$net_dir/a"
	echo "b$i.swap.example" >>"$net_dir/b"
	echo "both-$i.swap.example" | tee -a "$net_dir/a" >>"$net_dir/b"
done
turn() { # KIND
	more <"$net_dir/$1" >"$list.new"
	mv "$list.new" "$list"
	reload
}
generations() { grep -c '^resolver: serving generation' "$net_dir/nameward.log"; }
turn b
turn a
wait_for 5 is_idle
first=$(generations)
start_in c1 "$BUILD/swap" $r "${SWAP_S:-4}" 20000 >"$net_dir/swap.out"
asker=$net_pid
rounds=0
while kill -0 "$asker" 2>/dev/null; do
	turn b
	next nameward list rollback >/dev/null
	next nameward list rollback --undo
	turn a
	rounds=$((rounds + 1))
done
check "no question was lost, nor answered by no build" wait "$asker"
read -r _ asked _ _ _ _ _ changes _ rate <"$net_dir/swap.out"
swaps=$(($(generations) - first))
echo "    $(cat "$net_dir/swap.out"); $rounds rounds, $swaps generations"
check "many were asked, through several builds" test "$asked" -ge 1000 -a "$rounds" -ge 1
check "answers changed with builds" test "$changes" -ge 2 -a "$changes" -le "$swaps"
check "the resolver lived through it" has 'process +resolver .*restarts 0' nameward status
[ $net_fails = 0 ]
