#!/bin/sh
# Upstreams that are dead, slow, lying or cutting, through the whole daemon: the right answer
# or SERVFAIL in time, never a wrong one.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
ok_port=6001 # where build/fake_upstream tells the truth
digs() { # CLIENT NAME [OPTION...]: status, addresses, EDE and milliseconds
	_client=$1 _name=$2
	shift 2
	in_ns "$_client" dig +noall +comments +answer +stats +time=12 +tries=1 @$r "$_name" "$@"
}
status_in() { sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$1"; }
address_in() { awk '$4 == "A" && !seen[$5]++ { print $5 }' "$1"; }
ms_in() { sed -n 's/^;; Query time: \([0-9]*\) msec/\1/p' "$1"; }
truth() { in_ns inet dig +short @198.18.0.53 -p $ok_port "$1"; }
port_of() { sed -n "s/^upstream-of $1 //p" "$net_dir/ports"; }

# All of $dir/NAME.* hold what is asked.
all() { # NAME TEST...
	_name=$1
	shift
	for _file in "$net_dir/$_name".*; do
		"$@" "$_file" || { cat "$_file"; return 1; }
	done
}
is_true() {
	_true=$(truth "$(basename "$1").test")
	[ -n "$_true" ] && [ "$(address_in "$1")" = "$_true" ] && [ "$(status_in "$1")" = NOERROR ]
}
is_servfail() { [ "$(status_in "$1")" = SERVFAIL ] && [ "$(ms_in "$1")" -lt 10000 ]; }
is_true_or_servfail() { is_true "$1" || is_servfail "$1"; }
is_told_why() { grep -q 'EDE: 2[23] ' "$1"; }
is_status() { [ "$(status_in "$2")" = "$1" ]; }

# --- one daemon, one upstream of each kind, three questions to each at once ------------------
net_up
net_wide
behaviours=$("$BUILD/fake_upstream" 2>&1 | sed -n 's/^behaviours: //p')
port=$ok_port
{
	echo "listen lan $r:53"
	for b in $behaviours; do
		echo "upstream-of $b $port" >>"$net_dir/ports"
		printf 'upstream %s {\n server 198.18.0.53:%s\n}\nforward %s.test %s\n' $b $port $b $b
		port=$((port + 1))
	done
	printf 'upstream half {\n server 198.18.0.53:%s 198.18.0.53:%s\n order first\n}\n' \
		"$(port_of dead)" "$(port_of ok)"
	printf 'upstream real {\n server 198.18.0.53:53\n timeout 2s\n}\n'
	printf 'forward half.test half\nforward example real\nforward . ok\n'
	printf 'zone lan {\n interface br-lan\n gate enforce\n}\n'
	# A hundred digs start at once: what upstreams do is in question here, not the deadline.
	printf 'gate {\n answer-deadline 5s\n}\nhistory off\n'
} >"$net_dir/in.conf"
for b in $behaviours; do
	start_in inet "$BUILD/fake_upstream" 198.18.0.53 "$(port_of $b)" "$b" >/dev/null
done
net_unbound <<-EOF
gone 1 A 198.18.0.81
second 60 A 198.18.0.82
EOF
unbound=$net_pid
net_nameward <"$net_dir/in.conf"
asked=
digs c1 first.ok.test >/dev/null # while the neighbour is not known only few packets wait for it
for b in $behaviours; do
	for i in 1 2 3; do
		digs c1 "$b.$i.$b.test" >"$net_dir/$b.$i.$b" 2>&1 &
		asked="$asked $!"
	done
done
wait $asked

check "an upstream that is well" all ok is_true
for b in slow late flap loss20 dup ttlbig; do check "$b: the right answer" all $b is_true; done
for b in wrongid idflood wrongname wrongtype noquestion wrongport qr0 opcode case; do
	check "lying, $b: the right answer" all $b is_true
done
for b in empty cut garbage; do check "$b replies: the right answer" all $b is_true; done
check "an upstream that lowers the case" all lower is_true
for b in noedns noedns2 badvers; do check "without EDNS, $b: the right answer" all $b is_true; done
for b in tc tcclose; do check "truncating, $b: the right answer by TCP" all $b is_true; done
for b in dead icmp; do
	check "$b: SERVFAIL in less than 10 s" all $b is_servfail
	check "$b: the client is told why" all $b is_told_why
done
for b in tcnotcp tcsilent tcpartial tcslowdrip; do
	check "truncating and no TCP, $b: SERVFAIL" all $b is_true_or_servfail
done
check "a loop of CNAMEs" all cnameloop is_servfail
check "SERVFAIL is passed on" all servfail is_servfail
check "NXDOMAIN is passed on" all nxdomain is_status NXDOMAIN
check "REFUSED is passed on" all refused is_status REFUSED
check "NOTIMP is passed on" all notimp is_status NOTIMP

# --- big answers ------------------------------------------------------------------------------
records() { grep -c "IN.*A.*198.1" "$net_dir/huge.$1.huge"; }
check "64 KB of answer reach the client whole" test "$(records 1)" = 4000
check "by UDP it is told to use TCP" has 'flags:.* tc' in_ns c1 dig +ignore @$r huge.1.huge.test
check "a TTL of 2^32-1 is not for ever" test "$(awk '$4 == "A" { print $2 }' "$net_dir/ttlbig.1.ttlbig")" -le 86400

# --- many at once, fail-over -------------------------------------------------------------------
asked=
for i in 1 2 3 4 5; do
	for k in 1 2 3 4 5 6 7 8; do echo "many$i.$k.slow.test"; done >"$net_dir/many.$i"
	in_ns c2 dig +short +time=12 +tries=1 @$r -f "$net_dir/many.$i" >"$net_dir/many.out.$i" &
	asked="$asked $!"
	digs c1 "half.$i.half.test" >"$net_dir/half.$i.half" &
	asked="$asked $!"
done
wait $asked
check "40 questions to a slow upstream, all answered" test "$(cat "$net_dir"/many.out.* | wc -l)" = 40
check "one of two upstreams dead: answered" all half is_true
digs c1 half.6.half.test >"$net_dir/half.6.half"
check "once that is known, at once" test "$(ms_in "$net_dir/half.6.half")" -lt 300

# --- the real unbound goes away and comes back ---------------------------------------------------
check "unbound's answer" has 198.18.0.80 digs c1 web.example
check "its chain" has 'CNAME.*web.example' digs c1 www.example
digs c1 gone.example >/dev/null
kill "$unbound"
wait "$unbound"
digs c1 second.example >"$net_dir/off.1"
check "without unbound: SERVFAIL" all off is_servfail
check "with a reason" all off is_told_why
check "the cache is served meanwhile" has 198.18.0.80 digs c1 web.example
check "to others too" has 198.18.0.80 digs c2 web.example
check "other upstreams are not affected" has 'status: NOERROR' digs c1 fine.ok.test
start_in inet unbound -d -c "$net_dir/unbound.conf"
check "unbound is back: within 5 s it answers" wait_for 5 has 198.18.0.82 digs c1 second.example

idle() { [ "$(status_of resolver in_flight)" = 0 ]; }
check "nothing is left waiting" wait_for 12 idle
check "the resolver lived through all of it" has 'process +resolver .*restarts 0' nameward status
[ $net_fails = 0 ]
