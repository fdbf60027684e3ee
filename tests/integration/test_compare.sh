#!/bin/sh
# Sixty thousand questions, to us and to the real unbound behind us: the same codes, records
# and flags, first through the upstream and then from the cache.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
names=5000
types="1 2 5 6 12 15 16 28 33 65 257 65534" # ANY is answered otherwise, on purpose

# A name of every kind in ten: chains, services, large and unknown records, an empty one in
# between, none at all; some below a DNAME or a wildcard.
zone() {
	awk -v n=$names 'BEGIN {
		for (i = 0; i < 2000; i++) large = large (i % 200 ? "" : i ? "\" \"" : "") "x"
		print "target 60 A 198.18.0.81\nq2.target 60 A 198.18.0.82\nd 60 DNAME target"
		print "*.wild 60 A 198.18.0.83\n*.wild 60 TXT wild\n*.cwild 60 CNAME target"
		for (i = 0; i < n; i++) {
			k = i % 10; o = "n" i " " 60 " "; a = "198.18." int(i / 250) + 1 "." i % 250
			if (k == 0) print o "A " a
			if (k == 1) print o "A " a "\n" o "A 198.18.0.81\n" o "AAAA 2001:db8::" i
			if (k == 2) print o "CNAME n" i - 1
			if (k == 3) print o "TXT \"" (i % 500 == 3 ? large : "text " i) "\"\n" o "CAA 0 issue \"ca.example\""
			if (k == 4) print o "MX 10 n" i - 4 "\n" o "MX 20 mail.elsewhere.\n" o "SRV 1 2 53 n" i - 3
			if (k == 5) print o "HTTPS 1 . alpn=h2,h3 ipv4hint=" a " ipv6hint=2001:db8::" i "\n" o "A " a
			if (k == 6) print o "TYPE65534 \\# 4 c00c" sprintf("%04x", i) "\n" o "PTR n" i - 6
			if (k == 7) print "x." o "A " a
			if (k == 8) print o "CNAME n" i - 6 "\n"
		}
	}'
}
questions() {
	awk -v n=$names -v types="$types" 'BEGIN {
		count = split(types, type)
		for (i = 0; i < n; i++) {
			name = (i % 20 == 19 ? "N" i ".Example" : "n" i ".example")
			if (i % 100 == 29) name = "q" i % 5 ".d.example"
			if (i % 100 == 39) name = "q" i ".wild.example"
			if (i % 100 == 49) name = "q" i ".cwild.example"
			if (i % 100 == 59) name = "below.n" i - 9 ".example"
			for (t = 1; t <= count; t++)
				print name, type[t], (i % 7 == 3 ? "do" : ""), (i % 11 == 5 ? "cd" : "")
		}
	}' >"$net_dir/questions"
}
compare() { in_ns "$1" "$BUILD/dnscompare" $r 198.18.0.53 <"$net_dir/questions"; }

net_up
net_unbound <<EOF
$(zone)
EOF
questions
net_nameward <<-EOF
listen lan $r:53
clients { rate off }
upstream inet {
  server 198.18.0.53
}
cache {
  nxdomain-below all
}
zone lan {
  interface br-lan
  gate off
}
history off
EOF
check "$(wc -l <"$net_dir/questions") questions through the upstream: what it says itself" compare c1
cached=$(status_of resolver cached)
check "from the cache: the same" compare c1
check "it was the cache that said so" test $(($(status_of resolver cached) - cached)) -gt $((names * 9))
echo "web.example 255" >"$net_dir/questions"
check "ANY is another answer, and that is seen" has 'web.example 255 : answer' compare c1
[ $net_fails = 0 ]
