#!/bin/sh
# Names at home from files that come, change and go, and answers that lead home, with a real
# upstream that gives them.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
home="$net_dir/home"
mkdir "$home"
chmod 755 "$home"
answers() { # WHAT-DIG-SAYS DIG-ARGUMENT...
	_answer=$1
	shift
	[ "$(in_ns c1 dig +short +time=2 +tries=2 @$r "$@" | tr '\n' ' ')" = "${_answer:+$_answer }" ]
}
says() { # PATTERN DIG-ARGUMENT...
	_pattern=$1
	shift
	has "$_pattern" in_ns c1 dig +time=2 +tries=2 @$r "$@"
}
lease() { # MAC ADDRESS NAME
	echo "$(($(date +%s) + 3600)) $1 $2 $3 *"
}
configure() {
	cat <<-CONF
	listen lan $r:53
	upstream inet {
	  server 198.18.0.53
	}
	local home.arpa {
	  hosts $home/hosts
	  leases dnsmasq $home/lib/misc/dnsmasq.leases
	}
	host nas 192.168.77.5
	zone lan {
	  interface br-lan
	  gate enforce
	}
	history {
	  file $net_dir/db/history.db
	  commit-every 200ms
	}
	device kid {
	  dhcp-name kids-phone
	}
	device parent {
	  dhcp-name moms-phone
	}
	group kids {
	  member kid
	}
	group parents {
	  member parent
	}
	list games {
	  name web.example
	}
	list ads {
	  name ads.example
	}
	policy kids {
	  for kids
	  block ads games
	}
	policy parents {
	  for parents
	}
	policy default {
	  block ads
	}
	CONF
}
recorded() { [ -n "$(sql "$1")" ]; }

net_up
net_unbound <<-EOF
	evil 60 A 192.168.77.1
	evil6 60 AAAA fd77::1
	wan 60 A 198.18.0.1
	part 60 A 198.18.0.80
	part 60 A 127.0.0.1
	svc 60 HTTPS 1 . alpn=h2 ipv4hint=192.168.77.5
	txt 60 TXT "192.168.77.1"
EOF
c1_mac=$(in_ns c1 cat /sys/class/net/eth0/address)
echo "192.168.77.9 printer" >"$home/hosts"
configure | net_nameward

check "a line of the configuration is answered" answers 192.168.77.5 nas.home.arpa
check "with and without the suffix, authoritatively" says 'flags: qr aa.* ANSWER: 1' nas
check "its address has a name" answers nas.home.arpa. -x 192.168.77.5
check "a hosts file is answered" answers 192.168.77.9 printer.home.arpa
check "a name that is not there does not exist" says 'status: NXDOMAIN' nobody.home.arpa
check "no question of these left" [ "$(status_of resolver forwarded)" = 0 ]

mkdir -p "$home/lib"
mkdir "$home/lib/misc"
lease "$c1_mac" 192.168.77.11 Annas-Laptop >"$home/lib/misc/dnsmasq.leases"
check "leases in a folder that was not there are found" \
	wait_for 10 answers 192.168.77.11 annas-laptop.home.arpa
{ lease "$c1_mac" 192.168.77.11 phone; lease 02:00:00:00:00:01 192.168.77.66 nas; } \
	>"$home/lib/misc/dnsmasq.leases" # in place, as dnsmasq does
check "a lease that changed is answered" wait_for 10 answers 192.168.77.11 phone.home.arpa
check "the name before is gone" says 'status: NXDOMAIN' annas-laptop.home.arpa
check "no client takes a name of the configuration" answers 192.168.77.5 nas.home.arpa
echo "192.168.77.10 printer" >"$home/hosts.new"
mv "$home/hosts.new" "$home/hosts"
check "a file that was replaced is answered" wait_for 10 answers 192.168.77.10 printer.home.arpa
chmod 000 "$home/hosts"
rm "$home/lib/misc/dnsmasq.leases"
check "a file that is gone has no names" wait_for 10 says 'status: NXDOMAIN' phone.home.arpa
check "one that cannot be read keeps them" answers 192.168.77.10 printer.home.arpa
lease "$c1_mac" 192.168.77.11 phone >"$home/lib/misc/dnsmasq.leases"
check "and one that comes back has them" wait_for 10 answers 192.168.77.11 phone.home.arpa

check "a client is recorded by the name of its lease" \
	wait_for 10 recorded "SELECT 1 FROM lookups WHERE who = 'phone' AND verdict = 'local'"
check "local ls says where names come from" \
	has 'phone.home.arpa +A +192.168.77.11 +[0-9]+ +.*dnsmasq.leases:1' nameward local ls
check "why tells a name at home" has 'LOCAL' nameward why printer.home.arpa
check "and the file it is from" has 'local data: A 192.168.77.10 .*hosts:1' nameward why printer.home.arpa

leases="$home/lib/misc/dnsmasq.leases"
opened=198.18.0.80
leased() { has "$opened" nameward gate ls; }
check "without a policy for its name a client gets an answer" answers $opened web.example
check "and a lease" leased
lease "$c1_mac" 192.168.77.11 Kids-Phone >"$leases"
check "a name of a lease leads to its device's policy" wait_for 10 answers "" web.example
check "what was opened before is closed" wait_for 5 not leased
check "why says how the device is known" \
	has 'client +192.168.77.11 is kid, by its name in DHCP' \
	nameward why web.example --client 192.168.77.11
check "it is found by the device's name" has 'BLOCKED' nameward why web.example --client kid
check "or by its own" has 'is kid' nameward why web.example --client kids-phone
lease "$c1_mac" 192.168.77.11 moms-phone >"$leases"
check "a name that would be let off more" wait_for 10 \
	has 'it has the name of parent, which is not trusted' \
	nameward why ads.example --client 192.168.77.11
check "is not" answers "" ads.example
check "what it called itself before is not blocked any more" answers $opened web.example
lease "$c1_mac" 192.168.77.11 phone >"$leases"
check "and without either it is no device" wait_for 10 has '11 is phone' \
	nameward why web.example --client 192.168.77.11
check "it is recorded by its device's name while it had that" \
	wait_for 10 recorded "SELECT 1 FROM lookups WHERE who = 'kid' AND verdict = 'blocked' AND client = '192.168.77.11'"
check "nor can it be let off for a while" has 'does not trust' nameward pause kid --for 1h
check "the gate cannot be told by such a name" has 'only a dhcp-name' nameward gate quarantine kid

check "a public name does not lead to the router" answers "" evil.example
check "it says so" says 'EDE: 15 .*rebind' evil.example
check "nor by IPv6" answers "" evil6.example AAAA
check "nor to its public address" answers "" wan.example
check "what else it has is given" answers 198.18.0.80 part.example
check "and leased" has '198.18.0.80' nameward gate ls
check "a service with a hint at home is not given" answers "" svc.example HTTPS
check "other records are" answers '"192.168.77.1"' txt.example TXT
check "it is recorded" wait_for 10 recorded "SELECT 1 FROM lookups WHERE verdict = 'rebind' AND name = 'evil.example'"
check "and logged" grep -q 'rebind: evil.example led to 192.168.77.1' "$net_dir/nameward.log"
{ configure; printf 'rebind {\n  allow evil.example\n}\ncontrol %s/run/ctl\n' "$net_dir"; } >"$net_dir/nameward.conf"
kill -HUP "$(cat "$net_dir/run/ctl.lock")"
check "a name that is allowed may lead home, after a reload" wait_for 10 answers 192.168.77.1 evil.example
check "why says so" has 'may have addresses at home' nameward why evil.example
check "names at home are still there" answers 192.168.77.10 printer.home.arpa

kill -9 "$(pid_of resolver)"
check "a resolver that was killed has them at once" wait_for 10 answers 192.168.77.11 phone.home.arpa
exit $net_fails
