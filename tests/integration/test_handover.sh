#!/bin/sh
# The whole service is restarted under load, its sockets kept by a service manager: no question
# is lost.
set -u
cd "$(dirname "$0")/../.."
. tests/integration/net.sh

ip netns add "$net_id-router"
in_ns router ip link set lo up
start_in router "$BUILD/fake_upstream" 127.0.0.2 53 ok >/dev/null
cat >"$net_dir/nameward.conf" <<-EOF
listen local 127.0.0.1:53
upstream scripted {
  server 127.0.0.2
}
history off
control $net_dir/run/ctl
lists-folder $net_dir/builds
overrides $net_dir/overrides
EOF
start_in router "$BUILD/keeper" "$net_id-notify" "$BUILD/namewardd" -f \
	-c "$net_dir/nameward.conf" >"$net_dir/keeper.out" 2>"$net_dir/nameward.log"
keeper=$net_pid
serves() { nameward status | grep -q generation; }
wait_for 10 serves
starts() { [ "$(wc -l <"$net_dir/keeper.out")" = "$1" ]; }
serving() { # COUNT: so many lives have begun to serve
	[ "$(grep -c 'serving generation' "$net_dir/nameward.log")" = "$1" ]
}

in_ns router "$BUILD/mutate" clean 127.0.0.1 53 200000 >"$net_dir/mutate.out" 2>&1 &
load=$!
for life in 2 3 4; do
	kill -HUP "$keeper"
	check "life $((life - 1)) ends and the next one serves" wait_for 15 serving $life
done
check "each was given both sockets" test "$(tail -n 1 "$net_dir/keeper.out")" = "kept 2"
check "and took them" test "$(grep -c '2 sockets of the last life' "$net_dir/nameward.log")" = 3
check "there was load all the time" kill -0 $load
wait $load
check "no question is lost: $(tail -n 1 "$net_dir/mutate.out")" \
	grep -q '^sent 200000 replies 200000 wrong 0$' "$net_dir/mutate.out"
[ $net_fails = 0 ]
