#!/bin/sh
# Several devices look names up and connect, for STORM_S seconds (30) in all, while the gate's
# processes are killed at random and others load and flush rulesets. At any time what a device
# looked up is open to it and nothing else is. The windows in which that is not said:
#
#   asked but not answered          the lease may be there or not
#   the last 2 s of a lease         its grace (configured here); and at most $late s after it,
#                                   as leases end once a second, and nobody ends them while
#                                   nftsync is restarted
#   a device talks to the address   then the lease is kept, up to lease-max after the last lookup,
#                                   or after nftsync's restart, which does not know of lookups
#   table-owner off, a foreign      from the flush until the rules are back nothing is refused;
#   flush                           what is looked up stays open. At most $hole ms after nft's
#                                   end; the flush itself is somewhere while it runs
#
# A kill has no window: what was answered stays open, and what was not is refused. Nor has a
# flush while nftsync is killed, but that the rules come back with it: the leases are in memory
# that outlives it.
# usage: test_storm.sh [on|off SEED]
[ $# -gt 0 ] || {
	status=0
	for owner in on off; do "$0" $owner "${STORM_SEED:-$(date +%s)}" || status=1; done
	exit $status
}
owner=$1 seed=$2
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

seconds=$((${STORM_S:-30} / 2))
rate=${STORM_RATE:-300}
late=4
hole=2000

net_up
net_more
net_wide
start_in inet "$BUILD/storm" serve 7
start_in inet "$BUILD/responder" 198.18.0.53 53
settled() { # each way is known, whatever neighbour discovery still has to do
	for c in c1 c2 near far; do
		in_ns $c ncat -z -w 1 198.19.1.1 7 && in_ns $c ncat -z -w 1 2001:db8::c613:101 7 ||
			return 1
	done
}
check "without the gate everybody reaches everything" wait_for 10 settled
net_nameward <<-END
listen lan 192.168.77.1:53 [fd77::1]:53
clients { rate off }
upstream inet {
  server 198.18.0.53
}
zone lan {
  interface br-lan
  gate enforce
}
gate {
  table-owner $owner
  lease-min 1s
  lease-max 6s
  grace 2s
  answer-deadline 1s
  max-device-leases 16384
}
history {
  file $net_dir/db/history.db
}
END

net_firewall

cat >"$net_dir/kill" <<-END
set -- \$((\$1 % 4)) resolver nftsync dbwriter flows
shift \$((\$1 + 1))
for p in \$(cat /proc/$nameward_pid/task/$nameward_pid/children); do
	[ "\$(cat /proc/\$p/comm)" != "\$1" ] || kill -9 \$p
done
END
window=-1
[ $owner = on ] || window=$hole

echo "    owner $owner, seed $seed, $seconds s"
check "owner $owner, seed $seed: nothing wrong passed, nothing right was refused" \
	"$BUILD/storm" run -t "$seconds" -r "$rate" -p "$rate" -s "$seed" -l 6 -e $((2 + late)) \
	-x "300-1500:-1:sh $net_dir/kill \$1" \
	-x "200-1000:$window:ip netns exec $net_id-router nft -f $net_dir/firewall.nft" \
	-x "200-2000:$window:ip netns exec $net_id-router nft flush ruleset" \
	"$net_id-c1=192.168.77.1" "$net_id-c2=fd77::1" "$net_id-near~192.168.77.1" \
	"$net_id-far~fd77::1"
sed 's/^/    /' "$net_dir/check.out" | tail -n 3
check "all processes are there at the end" wait_for 15 has 'process +nftsync +pid' nameward status
nameward status | grep -E '^(process|gate|held)' | sed 's/^/    /'
[ $net_fails = 0 ]
