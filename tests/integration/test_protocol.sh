#!/bin/sh
# DNS as clients speak it: dig over both transports and families, odd questions, several at
# once, garbage.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
six=fd77::1
ask() { in_ns c1 dig +time=2 +tries=1 "$@"; }
many() { in_ns c1 "$BUILD/dnsmany" "$@"; }
ttl() { ask +noall +answer @$r "$@" | awk 'NR == 1 { print $2 }'; }
asked_upstream() { status_of upstream 'inet 198.18.0.53:53 sent'; }
# A header of id 1234, these flags and counts, and the question web.example A.
question() { # FLAGS COUNTS
	echo "1234${1}${2}03776562076578616d706c650000010001"
}

net_up
in_ns router ip addr add 192.168.77.2/24 dev br-lan
in_ns router ip addr add fd77::2/64 dev br-lan nodad
net_unbound <<-EOF
Mixed 60 A 198.18.0.81
ttl 5 A 198.18.0.81
text 60 TXT "a text" "and another"
odd 60 TYPE65534 \\# 3 010203
mail 60 MX 10 web
svc 60 HTTPS 1 . alpn=h2 ipv4hint=198.18.0.82
chain1 60 CNAME chain2
chain2 60 CNAME chain3
chain3 60 CNAME web
empty 60 TXT "no address"
matrix 60 A 198.18.0.84
$(for i in $(seq 100); do echo "big 60 A 198.18.1.$i"; done)
$(for i in $(seq 20); do echo "q$i 60 A 198.18.2.$i"; done)
EOF
net_nameward <<-EOF
listen lan $r:53 192.168.77.2:53 [$six]:53 [fd77::2]:53
upstream inet {
  server 198.18.0.53
}
zone lan {
  interface br-lan
  gate enforce
}
device free {
  address 192.168.77.12
  gate off
}
list ads {
  name *.ads.example
}
policy default { block ads }
forward arpa inet
history off
EOF

# --- transports, families, addresses ---------------------------------------------------------------
for at in $r $six; do
	check "UDP at $at" has 198.18.0.80 ask @$at web.example
	check "TCP at $at" has 198.18.0.80 ask +tcp @$at web.example
	check "AAAA at $at" has 2001:db8:18::80 ask @$at web.example AAAA
	check "without EDNS at $at: no OPT in the reply" not has 'OPT PSEUDO' ask +noedns @$at web.example
	check "with EDNS at $at: one in it" has 'EDNS: version: 0.*udp: 1232' ask +edns=0 @$at web.example
done
for at in 192.168.77.2 fd77::2; do # dig refuses a reply from another address
	check "the reply comes from the second address, $at" has "SERVER: $at#53" ask @$at web.example
	check "over TCP too" has "SERVER: $at#53" ask +tcp @$at web.example
done
check "from a source of another family to the same" has 198.18.0.80 in_ns c2 dig +tries=1 -6 @$six web.example

# --- kinds of questions -------------------------------------------------------------------------------
check "TXT" has '"a text" "and another"' ask @$r text.example TXT
check "MX" has '10 web.example' ask @$r mail.example MX
check "HTTPS" has 'ipv4hint=198.18.0.82|TYPE65' ask @$r svc.example HTTPS
check "its hint is leased" has 198.18.0.82 nameward gate ls
check "an unknown type, as octets" has '\\# 3 010203' ask @$r odd.example TYPE65534
check "an unknown type that does not exist: no data" has 'flags:.* ANSWER: 0, AUTHORITY: 1,' ask @$r web.example TYPE65533
check "and no error" grep -q 'status: NOERROR' "$net_dir/has.out"
check "the root" has 'status: NXDOMAIN' ask @$r . NS # as unbound is told to
check "class CH" has 'status: REFUSED' ask @$r version.bind CH TXT
check "class HS" has 'status: REFUSED' ask @$r web.example HS A
check "ANY: one record that says no more" has 'IN.*HINFO.*"RFC8482" ""' ask @$r web.example ANY
check "over TCP too" has 'IN.*HINFO.*"RFC8482" ""' ask +tcp @$r web.example ANY
check "AXFR" has 'Transfer failed' ask @$r example AXFR
check "IXFR" has 'Transfer failed' ask @$r example IXFR=1
check "opcode NOTIFY" has 'status: NOTIMP' ask +opcode=NOTIFY @$r web.example
check "opcode UPDATE" has 'status: NOTIMP' ask +opcode=UPDATE @$r web.example
check "opcode STATUS" has 'status: NOTIMP' ask +opcode=STATUS @$r web.example
check "EDNS version 1" has 'status: BADVERS' ask +edns=1 +noednsnegotiation @$r web.example
check "unknown EDNS options and flags are let be" has 198.18.0.80 \
	ask +ednsopt=65001:0102 +ednsflags=0x4000 +nsid @$r web.example
check "the question of 255 octets" has 'status: NXDOMAIN' ask @$r \
	"$(for i in 1 2 3; do printf 'l%.0s' $(seq 60); printf .; done)$(printf 'l%.0s' $(seq 60)).example"

# --- the table of namewardd(8), row by row ----------------------------------------------------------------
# Octets in, octets out: the reply's first ones, flags with QR and RA.
says() { has "^$1" many hex $r udp "$2"; }
for op in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	check "opcode $op: NOTIMP, the opcode as it was" says "$(printf '1234%04x' $((0x8184 | op << 11)))" \
		"$(question "$(printf '%04x' $((0x0100 | op << 11)))" 0001000000000000)"
done
flags() { # FLAGS REPLY-FLAGS TEXT
	check "flags $1: $3" says "1234$2" "$(question "$1" 0001000000000000)"
}
flags 0100 8180 "RD comes back"
flags 0000 8080 "without RD it is answered too"
flags 0110 8190 "CD comes back"
flags 0120 8180 "AD asks; unbound has not checked this name"
flags 0140 8180 "the reserved bit does not come back"
flags 0500 8180 "AA in a question is nothing"
flags 0300 8180 "TC in a question is nothing"
flags 0180 8180 "RA in a question is nothing"
flags 010f 8180 "a code in a question is nothing"
status() { has "status: $1" ask @$r web.example "$2" "$3"; }
for row in IN:NOERROR ANY:REFUSED CH:REFUSED HS:REFUSED NONE:REFUSED CLASS0:REFUSED CLASS2:REFUSED CLASS65280:REFUSED; do
	check "class ${row%:*}: ${row#*:}" status "${row#*:}" -c"${row%:*}" A
done
for name in version.bind version.server id.server hostname.bind authors.bind; do
	check "$name tells nothing" has 'status: REFUSED' ask @$r $name CH TXT
done
for type in 0 41 128 248 249 250 253 254; do
	check "type $type, which no zone holds: REFUSED" status REFUSED IN TYPE$type
done
types() { # FIRST LAST: each is answered without an error; one dig for all
	seq "$1" "$2" | grep -vx 41 | sed 's/.*/web.example TYPE&/' >"$net_dir/types"
	ask @$r -f "$net_dir/types" >"$net_dir/types.out"
	grep -B1 -A6 "status: [^N]" "$net_dir/types.out" | head -n 20
	[ "$(grep -c 'status: NOERROR' "$net_dir/types.out")" = "$(wc -l <"$net_dir/types")" ]
}
check "types 1 to 127, but for OPT: answered" types 1 127
check "types 255 to 300 too" types 255 300
check "types 32760 to 32775 too" types 32760 32775
check "types 65270 to 65535 too" types 65270 65535

# Nobody is asked for what a resolver says of itself (RFC 9462), by whatever line.
before=$(asked_upstream)
for name in _dns.resolver.arpa resolver.arpa _DNS.Resolver.ARPA _dot.x.y.resolver.arpa; do
	for type in SVCB HTTPS A TXT TYPE261 ANY; do
		check "$name $type: no data" has 'status: NOERROR' ask @$r $name $type
		check "its zone is here" grep -Eqi '^;; flags: qr aa rd ra; .*ANSWER: 0, AUTHORITY: 1' "$net_dir/has.out"
	done
done
check "over TCP and IPv6 too" has '^resolver.arpa..*SOA' ask +tcp @$six _dns.resolver.arpa SVCB
check "nobody was asked" test "$(asked_upstream)" = "$before"
check "AA in a reply: what is ours" has 'flags: qr aa rd ra;' ask @$r localhost
check "and nothing else" has 'flags: qr rd ra;' ask @$r web.example
check "nor what is blocked" has 'flags: qr rd ra;' ask @$r x.ads.example
check "a name like it is asked for" has 'flags: qr rd ra;' ask @$r xresolver.arpa SVCB

# OPT: root, type 41, size, extended code and version, flags, options.
opt() { # SIZE VERSION FLAGS OPTIONS
	printf '000029%s00%s%s%04x%s' "$1" "$2" "$3" $((${#4} / 2)) "$4"
}
with_opt() { echo "$(question 0100 0001000000000001)$1"; }
empty_opt() { has "00002904d00000${1}0000\$" many hex $r udp "$(with_opt "$2")"; }
for size in 0000 01ff 0200 04d0 1000 ffff; do
	check "EDNS, the client takes 0x$size: we take 1232" empty_opt 0000 "$(opt $size 00 0000 '')"
done
check "DO comes back" empty_opt 8000 "$(opt 04d0 00 8000 '')"
check "no other flag does" empty_opt 8000 "$(opt 04d0 00 ffff '')"
for option in 0003:NSID 0005:DAU 0008:client-subnet 0009:EXPIRE 000b:TCP-keepalive 000c:padding 000d:CHAIN \
	000e:key-tag 000f:EDE 0012:report-channel 0013:zone-version fde9:unknown; do
	code=${option%:*}
	check "option ${option#*:} does not come back" empty_opt 0000 "$(opt 04d0 00 0000 "${code}00080001180000c0a84d")"
done
check "EDNS version 1: BADVERS" has '^12348180.*00002904d00100000000' many hex $r udp "$(with_opt "$(opt 04d0 01 0000 '')")"
check "version 255 too" has '00002904d00100000000' many hex $r udp "$(with_opt "$(opt 04d0 ff 0000 '')")"
check "an option that ends too late: FORMERR" says 12348181 "$(with_opt "$(opt 04d0 00 0000 000300ff)")"
check "two OPT: FORMERR" says 12348181 \
	"$(question 0100 0001000000000002)$(opt 04d0 00 0000 '')$(opt 04d0 00 0000 '')"
check "an OPT with a name: FORMERR" says 12348181 "$(with_opt 016100002904d0000000000000)"
for counts in 0001000100000000 0001000000010000; do
	check "records in a question, $counts: FORMERR" says 12348181 "$(question 0100 $counts)c00c00010001000000000004c6120050"
done
check "octets behind it: FORMERR" says 12348181 "$(question 0100 0001000000000000)00"
# Whoever asks for it gets the same with and without DO, CD and AD, each from a place of its own.
before=$(status_of resolver forwarded)
for flag in +nodnssec +dnssec +cdflag "+dnssec +cdflag" +adflag; do
	# shellcheck disable=SC2086
	check "with $flag" has 198.18.0.84 ask $flag @$r matrix.example
	# shellcheck disable=SC2086
	check "with $flag again" has 198.18.0.84 ask $flag @$r matrix.example
done
check "DO and CD are asked for anew, AD is not" test $(($(status_of resolver forwarded) - before)) = 4

# --- truncation ------------------------------------------------------------------------------------------
check "an answer over the client's size is truncated" has 'flags: [a-z ]*tc' ask +ignore +noedns @$r big.example
check "within 512 octets" grep -Eq 'MSG SIZE  rcvd: ([0-9]{2}|[1-4][0-9]{2}|50[0-9]|51[0-2])$' "$net_dir/has.out"
check "with a larger size it is not as short" has 'MSG SIZE  rcvd: [0-9]{3,4}$' ask +ignore +bufsize=1232 @$r big.example
# One lease has room for 64 addresses: whom the firewall gates hears of no other.
big_has() { # COUNT CLIENT [OPTION...]
	_count=$1 _client=$2
	shift 2
	in_ns "$_client" dig +short +time=2 +tries=1 "$@" @$r big.example | sort -u >"$net_dir/big"
	[ "$(wc -l <"$net_dir/big")" = "$_count" ]
}
big_is_leased() {
	nameward gate ls >"$net_dir/leases"
	for _a in $(cat "$net_dir/big"); do grep -qw "$_a" "$net_dir/leases" || return 1; done
}
check "dig asks again by TCP and gets all, if it is not gated" big_has 100 c2
check "by TCP at once too" big_has 100 c2 +tcp
check "a gated client gets those there is a lease for" big_has 64 c1
check "each of them is leased" big_is_leased
check "by TCP at once too: the same" big_has 64 c1 +tcp
check "and each is leased" big_is_leased

# --- names, caching ----------------------------------------------------------------------------------------
check "the case of the question comes back" has '^wEb\.ExAmPlE\..*198.18.0.80' ask +noall +answer @$r wEb.ExAmPlE
check "and in the question section" has '^;wEB\.eXAMPLE\.' ask @$r wEB.eXAMPLE
before=$(asked_upstream)
check "case does not matter for the cache" has 198.18.0.80 ask @$r WEB.EXAMPLE
check "nor was anybody asked for it" test "$(asked_upstream)" = "$before"
first=$(ttl ttl.example)
sleep 2.1
second=$(ttl ttl.example)
check "the TTL counts down in the cache: $first, $second" test "$second" -le $((first - 2)) -a "$second" -ge 1
before=$(asked_upstream)
sleep 3.2
check "at its end the upstream is asked again" has 198.18.0.81 ask @$r ttl.example
check "once" test "$(asked_upstream)" = $((before + 1))
check "no such name" has 'status: NXDOMAIN' ask @$r none.example
check "with a SOA" grep -q 'SOA' "$net_dir/has.out"
check "no such record" has 'status: NOERROR' ask @$r empty.example
check "with a SOA too" grep -q 'SOA' "$net_dir/has.out"
before=$(asked_upstream)
check "both are remembered" has 'status: NXDOMAIN' ask @$r none.example
ask @$r empty.example >/dev/null
check "nobody was asked" test "$(asked_upstream)" = "$before"
check "the SOA counts down" has 'SOA' ask +noall +authority @$r none.example

# --- verdicts ----------------------------------------------------------------------------------------------
check "a chain of three CNAMEs" has 'web.example.*198.18.0.80' ask +noall +answer @$r chain1.example
check "all of it is there" test "$(grep -c CNAME "$net_dir/has.out")" = 3
check "a blocked name: why" has 'EDE: 15.*ads: ' ask @$r x.ads.example
for type in AAAA HTTPS TXT ANY; do
	check "blocked for $type too" has 'status: NXDOMAIN' ask @$r x.ads.example $type
done
check "a clean name that leads there" has 'status: NXDOMAIN' ask @$r clean.example
check "its address is not leased" not has 'clean|tracker' nameward gate ls
check "blocked over TCP" has 'status: NXDOMAIN' ask +tcp @$r clean.example
check "without EDNS no EDE" not has EDE ask +noedns @$r x.ads.example

# --- many by one TCP connection -----------------------------------------------------------------------------
names=$(for i in $(seq 20); do echo "q$i.example"; done)
answered() { # HOW: all twenty, each with its one address
	# shellcheck disable=SC2086
	many "$1" $r $names >"$net_dir/many.out" || return 1
	[ "$(grep -c '^q[0-9]*.example 0 1$' "$net_dir/many.out")" = 20 ] &&
		[ "$(sort -u "$net_dir/many.out" | wc -l)" = 20 ]
}
check "twenty questions in one segment" answered together
check "again, from the cache" answered together
check "in pieces of one octet" answered dripping
check "with the sending side closed behind them" answered hanging
check "dig keeps the connection open" has 198.18.0.81 ask +tcp +keepopen @$r web.example mixed.example
# shellcheck disable=SC2086
has_mixed() { many together $r web.example x.ads.example none.example mixed.example >"$net_dir/many.out" &&
	grep -qx 'web.example 0 1' "$net_dir/many.out" && grep -qx 'x.ads.example 3 0' "$net_dir/many.out" &&
	grep -qx 'none.example 3 0' "$net_dir/many.out" && grep -qx 'mixed.example 0 1' "$net_dir/many.out"; }
check "answers of all kinds find their questions" has_mixed

# --- what is no question ---------------------------------------------------------------------------------------
ok=$(question 0100 0001000000000000)
check "the same by hand, to see that it is read" has '^12348[1-9a-f]80000100010000' many hex $r udp "$ok"
check "a reply is not answered" has none many hex $r udp "$(question 8180 0001000000000000)"
check "two questions: FORMERR" has '^1234818100' \
	many hex $r udp "$(question 0100 0002000000000000)"
check "no question: FORMERR" has '^1234818100' many hex $r udp 123401000000000000000000
check "eleven octets: nothing" has none many hex $r udp 1234010000010000000000
check "a name that ends nowhere: FORMERR" has '^1234818100' \
	many hex $r udp 1234010000010000000000003f616161
check "a compressed name in the question: FORMERR" has '^1234818100' \
	many hex $r udp 123401000001000000000000c00c00010001
check "TCP with a reply in it: the connection ends" has none many hex $r tcp "$(question 8180 0001000000000000)"
bad() { echo $(($(status_of resolver dropped_packets) + $(status_of resolver formerr) + $(status_of resolver notimp))); }
before=$(bad)
check "2,000 packets of garbage: no more replies than packets" many garbage $r 2000
sed 's/^/    /' "$net_dir/check.out"
check "they are counted" test "$(bad)" -gt $((before + 800))
check "it answers as before" has 198.18.0.80 ask @$r web.example
check "the resolver lived through all of it" has 'process +resolver .*restarts 0' nameward status
[ $net_fails = 0 ]
