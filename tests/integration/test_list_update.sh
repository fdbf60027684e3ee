#!/bin/sh
# `nameward list update` against servers that serve well, badly and with malice: what is good
# comes into force, and nothing else ever replaces the last good copy.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
www="$net_dir/www"
lists="$net_dir/lists"
mkdir "$www"
base=http://lists.example:8080 # by name: asked at the upstream
update() { in_ns router "$BUILD/nameward" -c "$net_dir/nameward.conf" list update "$@"; }
row() { awk -v l="$1" '$1 == l' "$net_dir/update.out"; }
result() { # LIST PATTERN: what the last update said of it
	row "$1" | grep -Eq -- "$2" || { cat "$net_dir/update.out"; return 1; }
}
run_update() { update "$@" >"$net_dir/update.out" 2>&1; }
blocked() { has 'EDE: 15 ' in_ns c1 dig +time=2 +tries=2 @$r "$1"; }
passes() { not blocked "$1"; }
served() { grep -c "^GET $1\$" "$net_dir/served"; }
names() { seq -f "n%.0f.$1.example" 1 "$2"; }

# --- the files ------------------------------------------------------------------------------------
{ echo ads.good.example; names good 1000; } >"$www/good"
names shrink 1000 >"$www/shrink"
names cut 1000 >"$www/cut"
printf '<!DOCTYPE html>\n<html><body>Please log in</body></html>\n' >"$www/page"
: >"$www/empty"
printf '# nothing\n! here\n' >"$www/comments"
{ echo ads.packed.example; names packed 5000; } | gzip >"$www/packed"
{ names bomb 1000; head -c 700000000 /dev/zero | tr '\0' '#'; } | gzip >"$www/bomb"
{ names evil 100; echo lists.example; } >"$www/evil"

configure() {
	cat <<-EOF
	listen lan $r:53
	upstream inet {
	  server 198.18.0.53
	}
	lists-folder $lists
	history off
	EOF
	for l in "good plain/good" "packed gzip/packed" "shrink plain/shrink" "cut cut/cut" \
		"chunk chunk-cut/cut" "page html/page" "gone status/404" "broken status/500" \
		"loop loop" "away away" "moved to/plain/good" "empty plain/empty" \
		"comments plain/comments" "bomb gzip/bomb" "evil plain/evil"; do
		printf 'list %s {\n url %s/%s\n}\n' "${l% *}" "$base" "${l#* }"
	done
	for l in "lan at/192.168.77.12:8080/plain/good" "self at/127.0.0.1:8080/plain/good" \
		"self6 at/[::1]:8080/plain/good" "mapped at/[::ffff:127.0.0.1]:8080/plain/good" \
		"short at/127.1:8080/plain/good" "number at/2130706433:8080/plain/good" \
		"named at/nas.example:8080/plain/good" "wan at/198.18.0.1:8080/plain/good"; do
		printf 'list %s {\n url %s/%s\n}\n' "${l% *}" "$base" "${l#* }"
	done
	printf 'list rebound {\n url http://nas.example:8080/plain/good\n}\n'
	printf 'list inside {\n url http://192.168.77.12:8080/to/plain/good\n}\n'
	printf 'list back {\n url http://192.168.77.12:8080/at/lists.example:8080/at/192.168.77.12:8080/plain/good\n}\n'
	printf 'list nobody {\n url http://nobody.example/x\n}\n'
	printf 'list closed {\n url http://198.18.0.99:8080/x\n}\n'
	printf 'list secure {\n url https://web.example/secure\n}\n'
	printf 'policy default {\n block good packed shrink cut chunk page moved secure evil bomb\n}\n'
}
net_up
net_unbound <<-EOF
lists 60 A 198.18.0.80
nas 60 A 192.168.77.12
EOF
start_in inet "$BUILD/http_server" 198.18.0.80 8080 "$www" >"$net_dir/served"
start_in c2 "$BUILD/http_server" 192.168.77.12 8080 "$www" >"$net_dir/served2"
for a in 127.0.0.1 198.18.0.1; do start_in router "$BUILD/http_server" $a 8080 "$www" >"$net_dir/served.$a"; done
configure >"$net_dir/in.conf"
net_nameward <"$net_dir/in.conf"

# --- slow servers, beside the rest: they end by themselves -----------------------------------------
slow_conf() {
	cat <<-EOF
	upstream inet {
	  server 198.18.0.53
	}
	lists-folder $net_dir/slow
	control $net_dir/slow.ctl
	history off
	list drip {
	  url $base/drip/good
	}
	list silent {
	  url $base/silent/good
	}
	EOF
}
slow_conf >"$net_dir/slow.conf"
in_ns router "$BUILD/nameward" -c "$net_dir/slow.conf" list update drip >"$net_dir/drip.out" 2>&1 &
slow=$!

# --- the first update ------------------------------------------------------------------------------
check "before it, a list with a url is empty, and the daemon serves" passes n1.good.example
run_update
status=$?
check "lists that fail make it say so" test "$status" = 1
check "a list is fetched" result good 'updated +1001 +\+1001'
check "a packed one is unpacked" result packed 'updated +5001'
check "a redirect is followed" result moved 'updated +1001'
check "a list that is cut short is none" result cut 'failed'
check "nor is one that ends within a chunk" result chunk 'failed'
check "a page is no list" result page 'failed.*HTML'
check "nor is an empty file" result empty 'failed'
check "nor are comments alone" result comments 'failed'
check "status 404" result gone 'failed.*404'
check "status 500" result broken 'failed.*500'
check "a loop of redirects ends" result loop 'failed.*redirects'
check "a redirect to a file is not followed" result away 'failed.*redirected'
for l in lan self self6 mapped short number named wan rebound back; do
	check "no stranger sends us home: $l" result $l 'failed.*(at home|refused)'
done
check "nobody there was asked" test ! -s "$net_dir/served.127.0.0.1" -a ! -s "$net_dir/served.198.18.0.1"
check "but what the configuration names" result inside 'updated +1001'
check "and only that" test "$(grep -c . "$net_dir/served2")" = 3
check "a bomb is not unpacked to its end" result bomb 'failed.*512 MiB'
check "a name that does not exist" result nobody 'failed.*no such name'
check "a server that is down" result closed 'failed'
check "a list that blocks where lists come from is held" result evil 'held.*lists.example'
check "and can be looked at" test -s "$lists/evil.txt.held"
check "what failed left nothing" test ! -e "$lists/page.txt" -a ! -e "$lists/cut.txt" -a ! -e "$lists/bomb.txt"
check "nor anything half written" not ls "$lists"/*.new
check "the copies are the account's" test "$(stat -c %U "$lists/good.txt")" = nameward-list
check "the daemon has it in force by itself" wait_for 5 blocked ads.good.example
check "the packed one too" wait_for 5 blocked ads.packed.example

# --- again -----------------------------------------------------------------------------------------
run_update
check "what is fresh is not asked for again" result good 'not due'
check "what failed is" result gone 'failed'
update good >"$net_dir/update.out" 2>&1
check "a list that is named is fetched whole" result good 'unchanged'
check "by status 200" test "$(served '/plain/good 200')" = 3
touch -d '2 days ago' "$lists"/*.state
sed -i 's/^checked .*/checked 1000/' "$lists/good.txt.state"
run_update
check "an old copy is asked for by what the server said of it" result good 'unchanged +1001'
check "which is status 304" test "$(served '/plain/good 304')" = 1
echo more.good.example >>"$www/good"
sed -i 's/^checked .*/checked 1000/' "$lists/good.txt.state"
run_update
check "a changed list is fetched" result good 'updated +1002 +\+1'
check "and comes into force" wait_for 5 blocked more.good.example
echo 'mine.good.example' >"$lists/good.txt"
run_update
check "a copy that somebody changed is fetched again" result good 'updated +1002'

# --- what must not replace a good copy --------------------------------------------------------------
names shrink 1000 | head -n 100 >"$www/shrink"
sed -i 's/^checked .*/checked 1000/' "$lists/shrink.txt.state"
run_update
check "a list that shrank by 90 % is held" result shrink 'held.*shrank from 1000 to 100'
check "its old copy stays" test "$(wc -l <"$lists/shrink.txt")" = 1000
check "and in force" blocked n900.shrink.example
update shrink --accept >"$net_dir/update.out" 2>&1
check "until the operator takes it" result shrink 'updated +100 +-900'
check "then it is in force" wait_for 5 passes n900.shrink.example
cp "$www/page" "$www/packed"
gzip -c "$www/page" >"$www/packed"
update packed >"$net_dir/update.out" 2>&1
check "a page in a list's place" result packed 'failed.*HTML'
check "leaves its last good copy in force" blocked ads.packed.example
update evil --accept >"$net_dir/update.out" 2>&1
check "what blocks a source is taken on the operator's word" result evil 'updated +101'
check "it is in force" wait_for 5 blocked n1.evil.example
check "but for that name" passes lists.example
check "and list ls says so" has '^evil .*protected name or public suffix 1 .line 101' nameward list ls
update good >"$net_dir/update.out" 2>&1
check "and lists are fetched all the same: past the filter" result good 'unchanged'

# --- https -----------------------------------------------------------------------------------------
( cd "$net_dir" && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
	-subj /CN=web.example -addext subjectAltName=DNS:web.example ) >/dev/null 2>&1
names secure 10 >"$www/secure"
start_in inet sh -c 'cd "$1" && exec openssl s_server -accept 198.18.0.80:443 -cert "$2/cert.pem" -key "$2/key.pem" -HTTP -quiet' \
	sh "$www" "$net_dir" >/dev/null 2>&1
listens() { in_ns inet ss -ltn | grep -q '198.18.0.80:443'; }
wait_for 5 listens
# its header stands in the file itself
{ printf 'HTTP/1.0 200 ok\r\n\r\n'; names secure 10; } >"$www/secure.new"
mv "$www/secure.new" "$www/secure"
update secure >"$net_dir/update.out" 2>&1
check "a certificate that nobody vouches for is refused" result secure 'failed.*(SSL|certificate)'
trusting() { # COMMAND...: with our certificate in the system's store
	in_ns router sh -c 'mount --bind "$0/cert.pem" /etc/ssl/certs/ca-certificates.crt && exec "$@"' \
		"$net_dir" "$@"
}
trusting "$BUILD/nameward" -c "$net_dir/nameward.conf" list update secure >"$net_dir/update.out" 2>&1
check "one in the system's store is taken" result secure 'updated +10'

# --- the rest ----------------------------------------------------------------------------------------
check "a list that is not there is a usage error" test "$(update nosuch >/dev/null 2>&1; echo $?)" = 2
check "list ls says how old a copy is, and what went wrong" \
	has '^packed .* [0-9]+ +.*HTML' nameward list ls
check "what was never fetched too" has '^gone .*404' nameward list ls
in_ns router setpriv --reuid=nobody --regid=nogroup --clear-groups \
	"$BUILD/nameward" -c "$net_dir/nameward.conf" list update good >/dev/null 2>&1
check "it is not for everybody" test $? = 4
wait "$slow"
cp "$net_dir/drip.out" "$net_dir/update.out"
check "a server that drips is given up" result drip 'failed.*(slow|time)'
[ $net_fails = 0 ]
