#!/bin/sh
# Hours of a policy, at the gate and in answers: what begins to hold closes what was opened.
# That it begins by itself at its minute is test_schedule's, with a clock of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh
net_up
net_wide
start_in inet "$BUILD/race" listen 7
start_in inet "$BUILD/responder" 198.18.0.53 53

# A window that begins so many hours from now, and is two hours long.
conf() { # HOURS
	cat <<-EOC
	listen lan 192.168.77.1:53
	upstream inet {
		server 198.18.0.53
	}
	window soon {
		hours $(date -d "$1 hours" +%H:%M)-$(date -d "$(($1 + 2)) hours" +%H:%M)
	}
	zone lan {
		interface br-lan
		gate enforce
	}
	list games {
		name game-1.example
	}
	policy default {
		block games during soon
	}
	history off
	EOC
}
conf 3 >"$net_dir/later.conf"
net_nameward <"$net_dir/later.conf" || { echo "FAIL it does not start"; exit 1; }

ask() { # NAME
	in_ns c1 dig +short +time=3 +tries=1 @192.168.77.1 "$1" A
}
connects() { # ADDRESS
	in_ns c1 ncat -z -w 2 "$1" 7
}
game=$(ask game-1.example) other=$(ask other-1.example)
check "outside of the window the name is answered" [ -n "$game" ]
check "and open" connects "$game"
check "why says that its list does not hold now" \
	has 'soon: list games does not hold now' nameward why game-1.example
{
	conf -1
	echo "control $net_dir/run/ctl"
} >"$net_dir/nameward.conf"
kill -HUP "$nameward_pid"
check "the window becomes one that holds now" \
	wait_for 10 has 'nameward +generation +2' nameward status
check "it closes the address, nobody asks" wait_for 5 not connects "$game"
check "the name is blocked" [ -z "$(ask game-1.example)" ]
check "the other name's address stays open" connects "$other"
check "why says that its list holds" has 'soon: list games holds' nameward why game-1.example
[ $net_fails = 0 ]
