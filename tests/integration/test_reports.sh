#!/bin/sh
# What is read from a history while a daemon writes it: top, who, client, export, report; the
# live log; and what bash completes.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
db="$net_dir/db/history.db"
page="$net_dir/page.html"
ask() { in_ns c1 dig +time=2 +tries=1 @$r "$@" >/dev/null; }
first_is() { # PATTERN VERB...: the first row of a table as CSV
	pattern=$1
	shift
	nameward "$@" -o csv | sed -n 2p | tee "$net_dir/row" | grep -Eq "$pattern" ||
		{ cat "$net_dir/row"; return 1; }
}
exported() { # FORMAT
	nameward history export --format "$1" -S @1
}
number_on_page() { # WHAT: of a tile
	sed -n "s,.*<div><b>\([0-9]*\)</b><span>$1.*,\1,p" "$page"
}
completes() { # WORDS...: what may follow, with the last word begun
	bash -c '. etc/completion.bash
		nameward() { '"$BUILD"'/nameward "$@"; }
		COMP_WORDS=(nameward "$@") COMP_CWORD=$#
		_nameward 2>/dev/null
		echo " ${COMPREPLY[*]} "' bash "$@"
}

net_up
net_unbound </dev/null
net_nameward <<-EOF
listen lan $r:53
upstream inet {
  server 198.18.0.53
}
zone lan {
  interface br-lan
  gate enforce
}
device tv {
  mac $(in_ns c1 cat /sys/class/net/eth0/address)
}
list ads {
  name *.ads.example *.only.example
}
list more {
  name *.ads.example
}
list idle {
  name *.only.example
}
policy default { block ads more }
history {
  file $db
  commit-every 100ms
}
EOF

# no function: the process that is ended would be a shell in front of it
"$BUILD/nameward" -c "$net_dir/nameward.conf" log -f -n 0 >"$net_dir/live" &
follower=$!
for name in web.example web.example web.example www.example x.ads.example; do ask $name; done
check "the log follows" wait_for 3 grep -q 'x\.ads\.example.*blocked' "$net_dir/live"
kill $follower
wait $follower 2>/dev/null
fetch c1 http://198.18.0.99/ 2>/dev/null
check "a refused connection is recorded" wait_for 4 has '^[1-9]' sqlite3 "file:$db?mode=ro" \
	"SELECT count(*) FROM refusals"

check "top names" first_is '^web\.example,3,60,0,1,20' top names
check "top lists" first_is '^ads,1,100,1,1,20' top lists
check "top clients" first_is '^tv,5,100,1,3,20' top clients
check "top sites knows the public suffixes" has '^ads\.example,1,' nameward top sites -o csv
check "who asked for a name" first_is '^asked,tv,192\.168\.77\.11,web\.example,,3,' who web.example
check "who was told an address" has '^told,tv,192\.168\.77\.11,web\.example,,3,' nameward who 198.18.0.80 -o csv
check "who tried to connect" first_is '^refused,tv,.*198\.18\.0\.99 80/tcp' who 198.18.0.99
check "a client's page" has '^blocked +x\.ads\.example +1 ' nameward client tv
check "a client's policy" has '^policy +default: block ads ' nameward client tv
check "every lookup is exported" test "$(exported ndjson | sed -n 's,.*"n":\([0-9]*\).*,\1,p' |
	awk '{ n += $1 } END { print n }')" = 5
check "as CSV, too" has ',x\.ads\.example,' exported csv
check "passive DNS" has '^\{"rrname":"web\.example","rrtype":"A","rdata":"198\.18\.0\.80","time_first":[0-9]+,"time_last":[0-9]+,"count":' exported cof

check "a page" nameward report --day --html "$page"
check "its numbers are those of SQL" test "$(number_on_page lookups) $(number_on_page blocked)" = \
	"$(sqlite3 -separator ' ' "file:$db?mode=ro" "SELECT sum(n), sum(n * (verdict LIKE 'blocked%')) FROM lookups")"
check "it refers to nothing" not grep -Eq '<script|://|src=|href=' "$page"
check "it is small" test "$(wc -c <"$page")" -lt 200000

hits_are() { # LIST HITS UNIQUE
	nameward list ls --json | grep -q "\"list\":\"$1\",.*\"hits\":$2,\"unique\":$3}"
}
ask a.only.example
ask b.only.example
ask clean.example # a name of ads is in its chain
check "list ls: hits of the deciding list, and those of no other" wait_for 4 hits_are ads 4 2
check "a list that never decides has none" hits_are more 0 0
printf '||web.example^\n||x.ads.example^\n198.18.0.0/25\n' >"$net_dir/new.txt"
chmod 600 "$net_dir/new.txt" # root opens it, and another account reads it
check "list test: what would be new" has '^web\.example +3 +1 +0 +name +\*\.web\.example +1$' \
	nameward list test "$net_dir/new.txt"
check "what is blocked already" has '"name":"x\.ads\.example","n":0,"clients":0,"already":1,' \
	nameward list test "$net_dir/new.txt" --json

check "bash completes verbs" has ' top ' completes to
check "what top counts" has ' upstreams ' completes top up
check "options" has ' --format ' completes history export --fo
check "devices" has ' tv ' completes -c "$net_dir/nameward.conf" client t

# --- somebody follows: lookups come before the next commit would be due ---
sed -i 's/commit-every 100ms/commit-every 60s/' "$net_dir/nameward.conf"
kill -HUP "$nameward_pid"
check "a rare commit" wait_for 5 has 'nameward +generation +2' nameward status
"$BUILD/nameward" -c "$net_dir/nameward.conf" log -f -n 0 >"$net_dir/live" &
follower=$!
check "the follower is there" wait_for 5 grep -q NAME "$net_dir/live"
ask followed.x.ads.example
asked_at=$(date +%s%N)
check "what is asked comes long before the commit" wait_for 10 grep -q followed "$net_dir/live"
echo "    $((($(date +%s%N) - asked_at) / 1000000)) ms"
kill $follower
wait $follower 2>/dev/null
[ $net_fails = 0 ]
