#!/bin/sh
# What nameward does, shown with real tools in network namespaces. Each step checks itself.
# usage: make demo (as root)
cd "$(dirname "$0")/../.." || exit 1
. tests/integration/net.sh

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { # CLIENT COMMAND...: print and run
	_ns=$1
	shift
	printf '  %s$ %s\n' "$_ns" "$*"
	in_ns "$_ns" "$@" 2>&1 | sed 's/^/    /'
}

say "Two clients, a router with nameward, and an internet of one web server."
net_up
net_unbound </dev/null
net_web 198.18.0.80 80
net_web 198.18.0.81 80
net_web 198.18.0.99 80
printf 'ads.example\n*.ads.example\n' >"$net_dir/ads.txt"
net_nameward <<-EOF
listen lan 192.168.77.1:53 [fd77::1]:53
upstream inet {
  server 198.18.0.53
}
zone lan {
  interface br-lan
  gate enforce
}
list ads {
  file ads.txt
}
policy default { block ads }
gate {
  lease-min 3s
  lease-max 4s              # a connection in use would keep its lease up to here
  grace 1s
}
history {
  file $net_dir/db/history.db
  commit-every 200ms
}
EOF
r=192.168.77.1

say "1. A connection to an address that nobody looked up is refused at once."
show c1 curl -sS --max-time 3 http://198.18.0.99/
check "a bare address is refused, not timed out" refused c1 http://198.18.0.99/
check "the web server too, before its lookup" refused c1 http://198.18.0.80/

say "2. A lookup opens just what it returned, for who asked; the first SYN passes."
show c1 dig +short @$r web.example
check "the address stands in the set before the answer" has 198.18.0.80 nameward gate ls
check "the first connection passes" has hello fetch c1 http://198.18.0.80/
check "the bare address stays closed" refused c1 http://198.18.0.99/
in_ns router nft list table inet nameward | grep -A4 'set lease4' | sed 's/^/    /'

say "3. The other client did not look it up: it stays refused there."
check "c2 is refused" refused c2 http://198.18.0.80/
check "until it asks itself" has 198.18.0.80 in_ns c2 dig +short @$r web.example
check "then it passes" has hello fetch c2 http://198.18.0.80/

say "4. An ad name is blocked, and so is a clean name that leads to it."
show c1 dig +noall +comments +answer @$r tracker.ads.example
check "the ad name gets NXDOMAIN" has 'status: NXDOMAIN' in_ns c1 dig @$r tracker.ads.example
check "so does the name whose CNAME leads there" has 'status: NXDOMAIN' in_ns c1 dig @$r clean.example
check "which list and line" has 'ads.txt:2' nameward why tracker.ads.example
nameward why tracker.ads.example | sed 's/^/    /'

say "5. When the lease ends, new connections are refused; the old one lives on."
start_in inet ncat -lk 198.18.0.81 7 -c cat
mkfifo "$net_dir/in"
in_ns c1 dig +short @$r short.example | sed 's/^/    /'
exec 3<>"$net_dir/in"
ip netns exec "$net_id-c1" ncat 198.18.0.81 7 <&3 >"$net_dir/out" &
net_pids="$net_pids $!"
echo before >&3
check "an open connection answers" wait_for 3 grep -q before "$net_dir/out"
check "the lease ends" wait_for 15 not has 198.18.0.81 nameward gate ls
check "a new connection is refused" refused c1 http://198.18.0.81/
echo after >&3
check "the old connection lives on" wait_for 3 grep -q after "$net_dir/out"
exec 3>&-

say "6. All of it is plain SQL."
sleep 1.5
printf '    '
sqlite3 -header -column "file:$net_dir/db/history.db?mode=ro" \
	"SELECT time, who, name, type, verdict, list, answer FROM lookups ORDER BY ts" | sed '2,$s/^/    /'
check "the lookups are there" has 'web.example' sqlite3 "file:$net_dir/db/history.db?mode=ro" \
	"SELECT name FROM lookups WHERE verdict = 'forwarded'"
check "and what was refused" has '198.18.0.99' sqlite3 "file:$net_dir/db/history.db?mode=ro" \
	"SELECT dest FROM refusals"

say "7. Ctrl-C takes the table away."
kill -INT "$nameward_pid"
wait "$nameward_pid"
check "no table is left" not in_ns router nft list table inet nameward
if [ $net_fails = 0 ]; then say "Everything held."; else say "$net_fails steps failed."; fi
[ $net_fails = 0 ]
