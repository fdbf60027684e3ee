#!/bin/sh
# Signed zones behind a real unbound that validates: all that it says of them, asked with and
# without DO, CD and AD, reaches the client as it is, from the upstream and from the cache.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
v=198.18.0.81 # unbound
names=20

zone() { # ORIGIN
	awk -v origin="$1." -v n=$names 'BEGIN {
		print "@ 3600 SOA ns admin 1 3600 600 86400 60\n@ 3600 NS ns\nns 3600 A 198.18.0.81"
		print "@ 3600 MX 10 mail\nmail 3600 A 198.18.0.80\n*.wild 3600 A 198.18.0.83"
		print "away 3600 CNAME www.plain.example.\nhome 3600 CNAME n0\nx.empty 3600 TXT deep"
			for (i = 0; i < n; i++) print "n" i " 3600 A 198.18.1." i "\nn" i " 3600 AAAA 2001:db8::" i
		for (i = 0; i < 40; i++) print "large 3600 TXT \"" i " is one of many strings that make it a large answer\""
	}'
}
# The zone, its keys and signatures; the trust anchor goes into $net_dir/anchors.
signed() { # ORIGIN [OPTION...] of ldns-signzone
	_origin=$1
	shift
	{ echo "\$ORIGIN $_origin."; zone "$_origin"; } >"$net_dir/$_origin.zone"
	_key=$(cd "$net_dir" && ldns-keygen -r /dev/urandom -a ECDSAP256SHA256 -k "$_origin.")
	cat "$net_dir/$_key.ds" >>"$net_dir/anchors"
	(cd "$net_dir" && ldns-signzone "$@" -f "$_origin.signed" "$_origin.zone" "$_key")
}
validator() {
	cat <<-EOF
	server:
		interface: $v
		access-control: 0.0.0.0/0 allow
		do-daemonize: no
		use-syslog: no
		logfile: "$net_dir/validator.log"
		username: ""
		chroot: ""
		directory: "$net_dir"
		pidfile: ""
		ede: yes
		val-bogus-ttl: 3600
		module-config: "validator iterator"
		trust-anchor-file: "$net_dir/anchors"
		aggressive-nsec: no
		minimal-responses: no
		rrset-roundrobin: no
	remote-control:
		control-enable: no
	EOF
	for _zone in secure nsec3 bogus expired plain; do
		_zone=$_zone.example
		cat <<-EOF
		auth-zone:
			name: "$_zone."
			zonefile: "$net_dir/$_zone.signed"
			for-downstream: no
			for-upstream: yes
		EOF
	done
}
questions() {
	awk -v names=$names 'BEGIN {
		split("1 2 6 15 16 28 43 46 48 65", type)
		flags = split(",do,cd,ad,do cd,do ad,cd ad,do cd ad", flag, ",")
		own = "@ ns mail away home large empty x.empty a.wild b.a.wild no-such below.no-such below.n1"
		for (i = 0; i < names; i++) own = own " n" i
		count = split(own, name, " ")
		zones = split("secure nsec3 bogus expired plain", zone, " ")
		for (z = 1; z <= zones; z++)
			for (i = 1; i <= count; i++)
				for (t in type)
					for (f = 1; f <= flags; f++)
						if (name[i] type[t] != "@43") # that is not in the zone
							print (name[i] == "@" ? "" : name[i] ".") zone[z] ".example", type[t], flag[f]
	}' | LC_ALL=C sort -R --random-source=/dev/zero >"$net_dir/questions"
}
compare() { # WHOM INTO
	in_ns c1 "$BUILD/dnscompare" "$1" $v <"$net_dir/questions" >"$net_dir/$2"
	_status=$?
	cat "$net_dir/$2"
	return $_status
}
digs() { # WHOM NAME TYPE [OPTION...]
	_whom=$1 _name=$2 _type=$3
	shift 3
	in_ns c1 dig +noall +comments +answer +authority +time=3 +tries=1 "@$_whom" "$_name" "$_type" "$@"
}
plainly() { # The same without what differs by nature: ids, sizes, cookies, an error's text, order, TTLs
	"$@" | sed -e 's/, id: .*//' -e 's/udp: .*//' -e '/COOKIE/d' -e 's/\(EDE: [0-9]* ([^)]*)\).*/\1/' -e 's/^\([^;	 ]*\)[	 ]*[0-9]*[	 ]*IN/\1 IN/' | sort
}
same() { # NAME TYPE [OPTION...]
	plainly digs $v "$@" >"$net_dir/direct"
	plainly digs $r "$@" >"$net_dir/through"
	diff "$net_dir/direct" "$net_dir/through"
}

net_up
signed secure.example
signed nsec3.example -n -a 1 -t 1 -s ab
signed expired.example -i 20200101000000 -e 20200201000000
signed bogus.example
sed -i 's/198\.18\.1\./198.18.2./' "$net_dir/bogus.example.signed" # not what was signed
{ echo "\$ORIGIN plain.example."; zone plain.example; echo "www 60 A 198.18.0.80"; } >"$net_dir/plain.example.signed"
validator >"$net_dir/validator.conf"
start_in inet unbound -d -c "$net_dir/validator.conf"
net_nameward <<-EOF
listen lan $r:53
clients { rate off }
upstream validator {
  server $v
}
zone lan {
  interface br-lan
  gate off
}
history off
EOF
check "the upstream validates" wait_for 5 has 'flags:.* ad' digs $v n1.secure.example A
questions
# Asked with CD it says AD only of what it has validated before: so it has, of all.
compare $v warm >/dev/null

check "$(wc -l <"$net_dir/questions") questions through the upstream: what it says itself" compare $r first
check "some answers are authentic" has '[1-9][0-9]* are authentic' cat "$net_dir/first"
cached=$(status_of resolver cached)
check "from the cache: the same" compare $r again
check "with as many that are authentic" cmp "$net_dir/first" "$net_dir/again"
check "it was the cache that said so" test $(($(status_of resolver cached) - cached)) -gt 4000

# By UDP, where dig asks again by TCP what was cut.
for flags in "" "+dnssec" "+cdflag" "+dnssec +cdflag" "+noadflag" "+dnssec +noadflag"; do
	for name in large n2 no-such; do
		check "$name by UDP, $flags" same "$name.secure.example" TXT $flags
	done
done
check "a large answer is cut" has 'flags:.* tc' digs $r large.nsec3.example TXT +dnssec +ignore
check "and whole by TCP" test "$(digs $r large.nsec3.example TXT +dnssec | grep -c 'TXT.*is one of many')" = 40
check "with its signature" has 'RRSIG.*TXT 13' digs $r large.nsec3.example TXT +dnssec

# What does not validate.
for zone in bogus expired; do
	check "$zone: SERVFAIL" has 'status: SERVFAIL' digs $r n3.$zone.example A
	check "$zone: with the upstream's reason" same n3.$zone.example A +dnssec
	check "$zone: that is one" has 'EDE: [67] ' cat "$net_dir/through"
	check "$zone: with CD it is there" has '198\.18\.' digs $r n3.$zone.example A +cdflag
	check "$zone: and is not given to who asks without" has 'status: SERVFAIL' digs $r n3.$zone.example A
done
[ $net_fails = 0 ]
