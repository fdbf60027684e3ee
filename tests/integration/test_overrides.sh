#!/bin/sh
# nameward allow, block, pause: in force within moments, undone at their end, there after a restart.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh
net_up
net_wide
start_in inet "$BUILD/race" listen 7
start_in inet "$BUILD/responder" 198.18.0.53 53
{
	cat <<-EOC
	listen lan 192.168.77.1:53
	upstream inet {
		server 198.18.0.53
	}
	overrides $net_dir/overrides
	zone lan {
		interface br-lan
		gate enforce
	}
	device one {
		address 192.168.77.11
	}
	group kids {
		member 192.168.77.12
	}
	list ads {
		name *.ads.example
	}
	policy default {
		block ads
	}
	history off
	EOC
} >"$net_dir/conf.in"
net_nameward <"$net_dir/conf.in" || { echo "FAIL it does not start"; exit 1; }

ask() { # CLIENT NAME
	in_ns "$1" dig +short +time=3 +tries=1 @192.168.77.1 "$2" A
}
answered() { [ -n "$(ask "$1" "$2")" ]; }
connects() { # ADDRESS
	in_ns c1 ncat -z -w 2 "$1" 7
}

check "a blocked name is blocked" not answered c1 x-1.ads.example
check "allowed for one client" nameward allow x-1.ads.example --client one --for 1h
check "it is answered there, at once" answered c1 x-1.ads.example
check "and not to another" not answered c2 x-1.ads.example
opened=$(ask c1 x-1.ads.example)
check "and open" connects "$opened"
check "status lists it" has 'override +1 +allow \*\.x-1\.ads\.example for client one' nameward status
check "so does the list of them" has 'allow +\*\.x-1\.ads\.example +client one' nameward override ls
check "why names it" has 'override +allow .*overrides' nameward why x-1.ads.example --client one

check "a pause of a group" nameward pause kids --for 30m
check "holds for its member" answered c2 x-2.ads.example
check "and for nobody else" not answered c1 x-2.ads.example
check "until it is ended" nameward resume kids
check "then it is blocked again" not answered c2 x-2.ads.example
check "what is not there cannot be ended" not nameward resume kids

free=$(ask c1 free-1.example)
check "a name of no list is open" connects "$free"
check "blocked by hand" nameward block free-1.example
check "it is not answered" not answered c1 free-1.example
check "and closed" wait_for 5 not connects "$free"
check "for a moment more" nameward block free-1.example --for 2s
check "it ends by itself" wait_for 10 answered c1 free-1.example

check "nobody but root may" not setpriv --reuid nobody --clear-groups \
	"$BUILD/nameward" -c "$net_dir/nameward.conf" block y.example
check "a group that is not there is an error" not nameward block y.example --group nobody
check "more than 30 days are an error" not nameward block y.example --for 31d

kill "$nameward_pid"
wait_for 10 not test -S "$net_dir/run/ctl"
net_nameward <"$net_dir/conf.in" || { echo "FAIL it does not start again"; exit 1; }
check "after a restart it still holds" answered c1 x-1.ads.example
check "and for the client alone" not answered c2 x-1.ads.example
opened=$(ask c1 x-1.ads.example)
check "open again" connects "$opened"
printf 'nonsense\n' >"$net_dir/overrides"
check "a file that is none is said" wait_for 5 grep -q 'not lines of overrides' "$net_dir/nameward.log"
check "and what was in force stays" answered c1 x-1.ads.example
check "no file at all ends all" rm "$net_dir/overrides"
check "within moments" wait_for 5 not answered c1 x-1.ads.example
check "what it opened is closed" wait_for 5 not connects "$opened"
[ $net_fails = 0 ]
