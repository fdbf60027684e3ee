#!/bin/sh
# Lists of every format in one policy: what they block, what they let pass, which rung of the
# ladder decides, and what `list ls` says of the rules that are not honoured.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
lists="$net_dir/lists"
mkdir "$lists"
blocked() { has 'status: NXDOMAIN' in_ns c1 dig +time=2 +tries=2 @$r "$1" && grep -q 'EDE: 15' "$net_dir/has.out"; }
passes() { has 'IN.*A.*198\.1[89]\.' in_ns c1 dig +time=2 +tries=2 @$r "$1"; }
says() { # LIST PATTERN: its line of `list ls`
	nameward list ls | awk -v l="$1" '$1 == l' | grep -E -- "$2" || { nameward list ls; return 1; }
}

cat >"$lists/rules" <<-'EOT'
	[Adblock Plus 2.0]
	||ads.example^
	@@||good.ads.example^
	||hard.example^$important
	@@||x.hard.example^
	@@||free.hard.example^$important
	|exact.example^
	||once.example^
	||popup.example^$popup
	||what.example^$whatever
	/^regex[0-9]+\.example$/
	||prefix.
	fine.example##.banner
	*$removeparam=x
EOT
printf '||once.example^$badfilter\n||other.example^\n' >"$lists/bad"
cat >"$lists/zone" <<-'EOT'
	$TTL 60
	@ IN SOA localhost. root.localhost. (1 2 3
	  4 5)
	  IN NS localhost.
	rpz.example CNAME .
	*.rpz.example CNAME *.
	fine.rpz.example CNAME rpz-passthru.
	*.below.example CNAME .
	drop.example CNAME rpz-drop.
	32.80.0.18.198.rpz-ip CNAME .
EOT
printf 'address=/dnsmasq.example/0.0.0.0\nserver=/routed.example/192.0.2.1\n' >"$lists/dnsmasq"
printf 'address /smart.example/#\n' >"$lists/smart"
printf 'server:\nlocal-zone: "ub.example" always_nxdomain\nlocal-zone: "open.ub.example" transparent\n' >"$lists/unbound"
printf '||forced.example^\na.example\nb.example\nc.example\n' >"$lists/forced"
names="rules bad zone dnsmasq smart unbound forced"

net_up
net_wide
start_in inet "$BUILD/responder" 198.18.0.53 53
{
	cat <<-EOT
	listen lan $r:53
	upstream inet {
	  server 198.18.0.53
	}
	zone lan {
	  interface br-lan
	  gate enforce
	}
	history off
EOT
	for l in $names; do
		printf 'list %s {\n file %s\n' "$l" "$lists/$l"
		[ "$l" != forced ] || echo ' format adblock'
		echo '}'
	done
	printf 'policy default {\n block %s\n}\n' "$names"
} >"$net_dir/in.conf"
check "it starts" net_nameward <"$net_dir/in.conf"

for name in ads.example www.ads.example hard.example x.hard.example exact.example other.example \
	rpz.example regex1.example prefix.example www.below.example dnsmasq.example www.dnsmasq.example \
	smart.example www.ub.example forced.example x.forced.example; do
	check "$name is blocked" blocked $name
done
for name in good.ads.example x.good.ads.example free.hard.example www.exact.example once.example \
	popup.example what.example regex.example xprefix.example fine.example fine.rpz.example \
	below.example routed.example open.ub.example x.open.ub.example; do
	check "$name passes" passes $name
done
check "why: the rung that decides comes first" has 'block important +rules: \*\.hard\.example .*rules:4' nameward why x.hard.example
check "why: and the one it beat" has 'allow +rules: \*\.x\.hard\.example .*rules:5' nameward why x.hard.example
check "list search says what an entry does" has 'rules +\*\.good\.ads\.example +allows +.*rules:3' nameward list search good.ads.example
check "NODATA is what the zone asks for" has "ANSWER: 0" in_ns c1 dig +time=2 +tries=2 @$r a.b.rpz.example
check "dropped: no answer" not in_ns c1 dig +time=1 +tries=1 @$r drop.example
check "list ls: Adblock" says rules '^rules +9 .*Adblock.*cosmetic 1 \(line 13\), for browsers only 2 \(line 9\), unknown modifier 1 \(line 10\)'
check "list ls: RPZ" says zone '^zone +6 .*RPZ'
check "list ls: dnsmasq" says dnsmasq '^dnsmasq +1 .*dnsmasq.*routing 1 \(line 2\)'
check "list ls: unbound" says unbound '^unbound +2 .*unbound'
[ $net_fails = 0 ]
