#!/bin/sh
# List files of garbage: the daemon serves, the other lists are in force, and `list ls` says
# what is wrong with each. What a file gave before it went bad stays in force.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
lists="$net_dir/lists"
mkdir "$lists"
blocked() { has 'status: NXDOMAIN.*' in_ns c1 dig +time=2 +tries=2 @$r "$1" && grep -q 'EDE: 15' "$net_dir/has.out"; }
passes() { has 'IN.*A.*198\.1[89]\.' in_ns c1 dig +time=2 +tries=2 @$r "$1"; }
says() { # LIST PATTERN: its line of `list ls`
	nameward list ls | awk -v l="$1" '$1 == l' | grep -E -- "$2" || { nameward list ls; return 1; }
}
is_generation() { [ "$(status_of nameward generation)" = "$1" ]; }
last_state() { sed -n 's/^\(namewardd: .*generation.*\)/\1/p' "$net_dir/nameward.log" | tail -n 1; }

# --- the files; each holds a name that shows whether it is in force ------------------------------
printf 'ads.example\n*.good.example\n' >"$lists/good"
{ head -c 200000 /dev/urandom; printf '\nbinary.example\n'; } >"$lists/binary"
printf 'nul.example\n\0\0\0broken\0.example\nnul2.example\n' >"$lists/nul"
printf '<!DOCTYPE html>\n<html><head><title>504 Gateway Time-out</title></head>\n<body>nginx</body></html>\n' >"$lists/html"
printf 'whole.example\n*.truncated.exa' >"$lists/truncated"
: >"$lists/empty"
mkfifo "$lists/fifo"
mkdir "$lists/directory"
echo 'secret.example' >"$lists/unreadable"
chmod 000 "$lists/unreadable"
seq -f 'n%.0f.many.example' 200000 >"$lists/many"
{ head -c 5000000 /dev/zero | tr '\0' a; printf '\nlong.example\n'; } >"$lists/long"
printf 'crlf.example\r\n*.crlf2.example\r\n' >"$lists/crlf"
printf 'utf16.example\n' | iconv -t UTF-16 >"$lists/utf16"
ln -s loop "$lists/loop"
printf '\357\273\277bom.example\n0.0.0.0 bom2.example # hosts\n' >"$lists/bom"
printf 'a..b\n-\n.\n*\n*.\nexa mple\nhttp://x.example/y\n1.2.3.4\n%s\nodd.example\n' \
	"$(printf 'l%.0s' $(seq 300)).example" >"$lists/odd"
ln -s /dev/zero "$lists/zero"
names="good binary nul html truncated empty fifo directory unreadable many long crlf utf16 loop bom odd zero missing"

configure() {
	cat <<-EOF
	listen lan $r:53
	upstream inet {
	  server 198.18.0.53
	}
	zone lan {
	  interface br-lan
	  gate enforce
	}
	history off
	EOF
	for l in $names; do printf 'list %s {\n file %s\n}\n' "$l" "$lists/$l"; done
	printf 'policy default {\n block %s\n}\n' "$names"
}
net_up
net_wide
start_in inet "$BUILD/responder" 198.18.0.53 53
configure >"$net_dir/in.conf"
start=$(date +%s)
check "it starts with all of them" net_nameward <"$net_dir/in.conf"
check "within 10 s, the FIFO does not hold it" test $(($(date +%s) - start)) -le 10

in_force() { # LIST NAME
	check "$1: what can be read of it blocks" blocked "$2"
	check "$1: and is attributed to it" has "block +$1: .*lists/$1:[0-9]" nameward why "$2"
}
check "good: its names are blocked" blocked ads.example
check "good: and those below" blocked x.good.example
check "a name on none passes" passes fine.example
check "and its lease was made" has 198.1 nameward gate ls
in_force many n199999.many.example
in_force crlf crlf.example
in_force crlf x.crlf2.example
in_force bom bom.example
in_force long long.example
in_force truncated whole.example
in_force nul nul2.example
check "binary: no name comes of the noise" passes binary-noise.example
for name in com example net; do check "nothing blocks all of $name" passes "anything.$name"; done

check "list ls: the good one" says good '^good +2 '
check "list ls: 200,000 lines" says many '^many +200000 '
check "list ls: HTML" says html 'HTML'
check "list ls: UTF-16" says utf16 'Not a list of names'
check "list ls: a FIFO" says fifo 'Not a regular file'
check "list ls: a device" says zero 'Not a regular file'
check "list ls: a directory" says directory '[Dd]irectory'
check "list ls: not to be read" says unreadable '[Pp]ermission'
check "list ls: a loop of links" says loop '[Ss]ymbolic|links'
check "list ls: a missing file" says missing 'No such file'
check "list ls: garbage" says binary 'Not a list of names'
check "list ls: a file of few names among much else" says odd '^odd +0 .*Not a list'
check "list ls: lines that are no names are counted" says nul '^nul +2 +3 +0 +1 +2 '
check "list ls: a line of 5 MB is one invalid line" says long '^long +1 +2 +0 +1 +1 '
check "all of that was logged" grep -q 'list html' "$net_dir/nameward.log"

# --- a reload: lists that were good go bad ---------------------------------------------------------
now=$(status_of nameward generation)
printf '<html>\n<body>moved</body>\n</html>\n' >"$lists/crlf"
rm -f "$lists/bom"
mkfifo "$lists/bom"
printf 'new.example\n' >>"$lists/good"
kill -HUP "$nameward_pid"
check "a reload with more of that" wait_for 10 is_generation $((now + 1))
check "the good list's new name is blocked" blocked new.example
check "list ls says what became of the others" says crlf 'HTML.*its 2 old names, read .* ago, stay in force'
check "and of the one that is a FIFO now" says bom 'Not a regular file.*its 2 old names, read'
check "a list that never was good has none to keep" not says html 'stay'
check "the log says so too" grep -q 'list crlf: .*HTML.*its 2 old names, read .* ago, stay in force' "$net_dir/nameward.log"
in_force crlf crlf.example
in_force crlf y.crlf2.example
in_force bom bom2.example
kill -HUP "$nameward_pid"
check "another reload" wait_for 10 is_generation $((now + 2))
check "the last good names never expire" blocked crlf.example
printf 'crlf-new.example\n' >"$lists/crlf"
kill -HUP "$nameward_pid"
check "a reload with a good file again" wait_for 10 is_generation $((now + 3))
check "its new name is blocked" blocked crlf-new.example
check "its old name passes" passes crlf.example
check "list ls: nothing is old" not says crlf 'stay'
check "the other one's names are" blocked bom.example
check "a name on none still passes" passes fine2.example
for i in 1 2 3; do kill -HUP "$nameward_pid"; sleep 0.2; done
check "the resolver lived through all of it" has 'process +resolver .*restarts 0' nameward status
check "and serves" passes fine3.example
[ $net_fails = 0 ]
