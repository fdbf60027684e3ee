#!/bin/sh
# Upstreams over TLS, with a real unbound and certificates made by openssl: who is believed
# and who is not, and that nothing ever leaves in the clear instead.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
ca() { # NAME: an authority
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$1" -keyout "$net_dir/$1.key" -out "$net_dir/$1.pem" 2>/dev/null
}
signed() { # AUTHORITY FILE NAME
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" \
		-keyout "$net_dir/$2.key" -out "$net_dir/$2.csr" 2>/dev/null
	echo "subjectAltName=DNS:$3" >"$net_dir/$2.ext"
	openssl x509 -req -in "$net_dir/$2.csr" -CA "$net_dir/$1.pem" -CAkey "$net_dir/$1.key" \
		-CAcreateserial -days 2 -extfile "$net_dir/$2.ext" -out "$net_dir/$2.pem" 2>/dev/null
}
pin_of() { # FILE
	printf sha256/
	openssl x509 -in "$net_dir/$1.pem" -noout -pubkey | openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64
}

# unbound on one more port with this certificate
dot_unbound() { # CERTIFICATE PORT
	sed -e "s,interface: 198.18.0.53,&@$2," -e '/interface: 2001/d' \
		-e "s,^server:,&\\n\\ttls-service-key: $net_dir/$1.key\\n\\ttls-service-pem: $net_dir/$1.pem\\n\\ttls-port: $2," \
		-e "s,pidfile: .*,pidfile: \"\"," "$net_dir/unbound.conf" >"$net_dir/unbound-$2.conf"
	start_in inet unbound -d -c "$net_dir/unbound-$2.conf"
}
is_up() { in_ns router openssl s_client -connect "198.18.0.53:$1" </dev/null; }
answer() { in_ns c1 dig +short +time=6 +tries=1 @$r "$1"; }
says() { has "$1" nameward status; }
clear_questions() {
	in_ns inet nft list counter inet watch clear | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}
pid_changed() { [ "$(pid_of resolver)" != "$1" ] && [ -n "$(pid_of resolver)" ]; }

net_up
net_unbound <<-EOF2
a 1 A 198.18.0.81
b 1 A 198.18.0.82
c 1 A 198.18.0.83
d 1 A 198.18.0.84
e 1 A 198.18.0.85
f 1 A 198.18.0.86
g 1 A 198.18.0.87
h 1 A 198.18.0.88
i 1 A 198.18.0.89
EOF2
ca trusted
ca foreign
signed trusted good dns.test
signed trusted other other.test
signed foreign stranger dns.test
dot_unbound good 853
dot_unbound other 8531
dot_unbound stranger 8532
for port in 853 8531 8532; do wait_for 5 is_up $port; done
in_ns inet nft -f - <<-EOF2
table inet watch {
	counter clear { }
	chain in {
		type filter hook input priority 0
		ip saddr != 198.18.0.53 meta l4proto { tcp, udp } th dport 53 counter name clear
	}
}
EOF2

conf() { # the lines that differ
	echo "listen lan $r:53"
	cat
	printf 'ca-certificates %s\n' "$net_dir/ca.pem"
	printf 'zone lan {\n interface br-lan\n}\nhistory off\n'
}
cp "$net_dir/trusted.pem" "$net_dir/ca.pem"
conf <<-EOF2 >"$net_dir/in.conf"
upstream good {
	server 198.18.0.53 tls dns.test
}
upstream other {
	server 198.18.0.53:8531 tls dns.test
	timeout 1500ms
}
upstream stranger {
	server 198.18.0.53:8532 tls dns.test
	timeout 1500ms
}
upstream pinned {
	server 198.18.0.53:8532 tls dns.test pin $(pin_of good) $(pin_of stranger)
}
upstream wrong {
	server 198.18.0.53:853 tls dns.test pin $(pin_of stranger)
	timeout 1500ms
}
upstream both {
	server 198.18.0.53:8531 198.18.0.53 tls dns.test
	order first
}
forward . good
forward a.example other
forward b.example stranger
forward c.example pinned
forward d.example wrong
forward e.example both
EOF2
net_nameward <"$net_dir/in.conf"

# --- who is believed --------------------------------------------------------------------------
check "by name and authority: the answer" test "$(answer web.example)" = 198.18.0.80
check "TLS 1.3 is spoken" says 'good 198.18.0.53:853 tls +TLSv1.3'
check "a certificate for another name: SERVFAIL" has SERVFAIL in_ns c1 dig +time=6 +tries=1 @$r a.example
check "the reason is in the status" says 'other .*tls_error +its certificate is for another name'
check "and in the log, once" test "$(grep -c '8531: tls dns.test: its certificate is for another name' "$net_dir/nameward.log")" = 1
check "a certificate of an unknown authority: SERVFAIL" has SERVFAIL in_ns c1 dig +time=6 +tries=1 @$r b.example
check "the reason is in the status" says 'stranger .*tls_error +its certificate is of an unknown authority'
check "its key is pinned: the answer" test "$(answer c.example)" = 198.18.0.83
check "another key is pinned: SERVFAIL" has SERVFAIL in_ns c1 dig +time=6 +tries=1 @$r d.example
check "the reason is in the status" says 'wrong .*tls_error +its key is none of those pinned'
check "one that is not believed and one that is: the answer" test "$(answer e.example)" = 198.18.0.85
check "the authority is the system's own: check says so" has 'no errors' \
	"$BUILD/namewardd" --check -c "$net_dir/nameward.conf"

# --- connections -------------------------------------------------------------------------------
answer f.example >/dev/null
check "the connection is used again" says 'good .*tls_connections +1$'
old=$(pid_of resolver)
kill -9 "$old"
check "the resolver was killed: it is back" wait_for 5 pid_changed "$old"
check "and asks over TLS again" wait_for 5 has 198.18.0.87 in_ns c1 dig +short +time=2 +tries=1 @$r g.example
check "inside its system call filter" not grep -q 'SIGSYS\|killed by' "$net_dir/nameward.log"

# --- reload: the same, then other authorities -----------------------------------------------
reloaded() { has "nameward +generation +$1" nameward status; }
kill -HUP "$nameward_pid"
check "a reload that changes nothing there" wait_for 5 reloaded 2
check "asks over TLS" test "$(answer i.example)" = 198.18.0.89
check "by the connection that there was" says 'good .*tls_connections +1$'
cp "$net_dir/foreign.pem" "$net_dir/ca.pem"
kill -HUP "$nameward_pid"
check "a changed file of authorities counts after a reload" wait_for 5 reloaded 3
check "who was believed is not" has SERVFAIL in_ns c1 dig +time=6 +tries=1 @$r h.example
check "who was not is" wait_for 5 has 198.18.0.82 in_ns c1 dig +short +time=2 +tries=1 @$r b.example
rm "$net_dir/ca.pem"
kill -HUP "$nameward_pid"
check "without the file the reload is refused, with the reason" wait_for 5 \
	grep -q "cannot read ca-certificates '$net_dir/ca.pem': No such file" "$net_dir/nameward.log"
check "what was goes on" has 198.18.0.82 in_ns c1 dig +short +time=2 +tries=1 @$r b.example
check "a configuration without the file is refused" has 'cannot read ca-certificates' \
	"$BUILD/namewardd" --check -c "$net_dir/nameward.conf"
cat "$net_dir/trusted.pem" "$net_dir/foreign.pem" >"$net_dir/ca.pem"
kill -HUP "$nameward_pid"
check "with two authorities both" wait_for 5 has 198.18.0.88 in_ns c1 dig +short +time=2 +tries=1 @$r h.example

check "no question left in the clear" test "$(clear_questions)" = 0
[ $net_fails = 0 ]
