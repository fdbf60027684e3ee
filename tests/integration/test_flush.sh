#!/bin/sh
# Others change nftables under the running daemon: the table and its leases come back within
# a second, and whoever had a lease passes without a new lookup. Once with a plain table, that
# others can empty, and once with one that the daemon owns, where the kernel has that.
[ $# -gt 0 ] || {
	status=0
	"$0" off || status=1
	"$0" on || status=1
	exit $status
}
owner=$1
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
lookup() { has "$3" in_ns "$1" dig +short +time=2 +tries=2 @$r "$2" "$4"; }
queries() { status_of resolver queries; }
table_handle() { in_ns router nft -a list table inet nameward | sed -n 's/^table .* # handle //p'; }
lease_stands() { has "$1" in_ns router nft list set inet nameward "$2"; }

# Do it to nftables, then look whether the world is as before.
disturb() { # TEXT NFT-COMMAND
	in_ns router nft "$2" 2>"$net_dir/nft.err" || [ "$owner" = on ] ||
		{ cat "$net_dir/nft.err"; net_fails=$((net_fails + 1)); }
	check "owner $owner, $1: the lease is in the set again within a second" wait_for 1 lease_stands 198.18.0.80 lease4
	check "owner $owner, $1: that of IPv6 too" wait_for 1 lease_stands 2001:db8:18::80 lease6
	check "owner $owner, $1: the device passes" has hello fetch c1 http://198.18.0.80/
	check "owner $owner, $1: over IPv6 too" has hello fetch c1 'http://[2001:db8:18::80]/'
	check "owner $owner, $1: the bare address is refused" refused c1 http://198.18.0.99/
	check "owner $owner, $1: the device without a lease is refused" refused c2 http://198.18.0.80/
}

net_up
net_unbound <<-EOF
other 60 A 198.18.0.81
EOF
for a in 198.18.0.80 2001:db8:18::80 198.18.0.81 198.18.0.99; do net_web $a 80; done
net_nameward <<-EOF
listen lan $r:53
upstream inet {
  server 198.18.0.53
}
zone lan {
  interface br-lan
  gate enforce
}
gate {
  table-owner $owner
}
history {
  file $net_dir/db/history.db
  commit-every 100ms
}
EOF
check "c1 looks up" lookup c1 web.example 198.18.0.80 A
check "and for IPv6" lookup c1 web.example 2001:db8:18::80 AAAA
check "and passes" has hello fetch c1 http://198.18.0.80/
asked=$(queries)
left() { nameward gate ls | awk '$2 == "198.18.0.80" { print $3 }'; }
before=$(left)

disturb "flush ruleset" 'flush ruleset'
disturb "delete table" 'delete table inet nameward'
disturb "flush table" 'flush table inet nameward'
disturb "flush set" 'flush set inet nameward lease4'
disturb "delete element" "delete element inet nameward lease4 { $(in_ns c1 cat /sys/class/net/eth0/address) . 198.18.0.80 }"
cat >"$net_dir/firewall.nft" <<-EOF
flush ruleset
table inet filter {
	chain forward {
		type filter hook forward priority 0; policy accept;
		ip daddr 198.18.0.200 drop
	}
}
EOF
disturb "another ruleset is loaded" "-f$net_dir/firewall.nft"
check "that ruleset stands too" has 198.18.0.200 in_ns router nft list table inet filter
handle=$(table_handle)
in_ns router nft add rule inet filter forward ip daddr 198.18.0.201 drop
sleep 0.3
check "a change of another table leaves ours alone" test "$(table_handle)" = "$handle"
check "nobody had to look anything up for that" test "$(queries)" = "$asked"
check "the lease was not made longer" test "$(left)" -le "$before"

in_ns router nft flush ruleset
check "a lookup right behind a flush" lookup c1 other.example 198.18.0.81 A
check "opens what it found" has hello fetch c1 http://198.18.0.81/
i=0
while [ $i -lt 10 ]; do
	in_ns router nft flush ruleset
	i=$((i + 1))
done
check "ten flushes in a row: the lease stands" wait_for 1 lease_stands 198.18.0.80 lease4
check "and the device passes" has hello fetch c1 http://198.18.0.80/
check "and the bare address is refused" refused c1 http://198.18.0.99/

if [ "$owner" = off ]; then
	check "the history tells of it" wait_for 3 has gate-restored \
		sql "SELECT kind, subject, detail FROM events"
	sql "SELECT '    ' || detail FROM events WHERE kind = 'gate-restored' LIMIT 3"
	check "status counts it" test "$(status_of gate restores)" -ge 7

	# Two faults at a time: nftsync is killed, and the table flushed before the next one is
	# there. Nobody looks anything up.
	i=0
	while [ $i -lt 10 ]; do
		for p in $(cat /proc/$nameward_pid/task/$nameward_pid/children); do
			[ "$(cat /proc/$p/comm)" != nftsync ] || kill -9 $p
		done
		in_ns router nft flush ruleset
		wait_for 5 lease_stands 198.18.0.80 lease4 && has hello fetch c1 http://198.18.0.80/ &&
			refused c1 http://198.18.0.99/ || break
		i=$((i + 1))
	done
	check "a kill of nftsync with a flush: the lease stands, ten times" test $i = 10
fi
kill -TERM "$nameward_pid"
wait "$nameward_pid"
check "at the end the table is gone" not in_ns router nft list table inet nameward
[ $net_fails = 0 ]
