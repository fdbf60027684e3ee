#!/bin/sh
# A name that comes to be blocked closes at the reload what only it had opened, be it the one that
# was asked or a CNAME on the way; and the command line closes on demand.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh
net_up
net_wide
start_in inet "$BUILD/race" listen 7
start_in inet "$BUILD/responder" 198.18.0.53 53

conf() { # NAME: on the list
	cat <<-EOC
	listen lan 192.168.77.1:53
	upstream inet {
		server 198.18.0.53
	}
	zone lan {
		interface br-lan
		gate enforce
	}
	list ads {
		name $1
	}
	policy default {
		block ads
	}
	history {
		file $net_dir/db/history.db
		commit-every 200ms
	}
	EOC
}
ask() { # NAME
	in_ns c1 dig +short +time=3 +tries=1 @192.168.77.1 "$1" A
}
connects() { # ADDRESS
	in_ns c1 ncat -z -w 2 "$1" 7
}
reload() { # NAME
	{ conf "$1"; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
	kill -HUP "$nameward_pid"
}

conf nothing.example >"$net_dir/conf.in"
net_nameward <"$net_dir/conf.in" || { echo "FAIL it does not start"; exit 1; }
one=$(ask withdraw-1.example) two=$(ask withdraw-2.example)
check "two names have addresses" [ -n "$one" ] && [ -n "$two" ]
check "one is open" connects "$one"
check "and the other" connects "$two"
check "both with their names" has "$one.*withdraw-1.example" nameward gate ls "$one"

reload withdraw-1.example
check "the name that is blocked now closes its address" wait_for 5 not connects "$one"
check "the other name's address is open" connects "$two"
check "one lease was withdrawn" has 'withdrawn +1$' nameward status
check "and the name is blocked" [ -z "$(ask withdraw-1.example)" ]

reload nothing.example
wait_for 5 ask withdraw-1.example >/dev/null
opened() { [ -n "$(ask withdraw-1.example)" ] && connects "$one"; }
check "allowed again, it opens again" wait_for 5 opened
check "a foreign flush changes nothing" in_ns router nft flush ruleset
check "for one" connects "$one"
check "for the other" connects "$two"

# by hand
withdrawn() { has "$1" nameward gate withdraw "$2" ${3+"$3"} ${4+"$4"} ${5+"$5"}; } # ROW WHAT OPTIONS
ask withdraw-2.example >/dev/null
check "a name is closed on demand" withdrawn '^ *1 +0$' WithDraw-1.example
check "its address is" not connects "$one"
check "another's is not" connects "$two"
check "once" withdrawn '^ *0 +0$' withdraw-1.example
check "asked again, it opens again" opened
check "an address of one client" withdrawn '^ *1 +0$' "$one" --client 192.168.77.11
check "is closed" not connects "$one"
check "of another client nothing is" withdrawn '^ *0 +0$' "$two" --client 192.168.77.12
start_in inet ncat -lk 0.0.0.0 8 -c 'echo hello; sleep 60'
wait_for 5 in_ns c1 ncat -z -w 2 "$two" 8
start_in c1 sh -c "sleep 60 | ncat $two 8 >$net_dir/talk"
check "a connection is up" wait_for 5 grep hello "$net_dir/talk"
check "all of a client, and its connections" has '^ *[1-9]' nameward gate withdraw --client 192.168.77.11 --kill
check "closes it" not connects "$two"
check "and ends them" wait_for 10 has 'connections_ended +[1-9]' nameward status
not_root() { setpriv --reuid nobody --regid "$(stat -c %g "$net_dir/run/ctl")" --clear-groups \
	"$BUILD/nameward" -c "$net_dir/nameward.conf" gate withdraw withdraw-1.example; }
check "nobody but root may" not not_root
[ $net_fails = 0 ]
