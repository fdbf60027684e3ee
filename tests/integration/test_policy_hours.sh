#!/bin/sh
# Hours of a policy: what it blocks in a window, and that its edge closes what was opened.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh
net_up
net_wide
start_in inet "$BUILD/race" listen 7
start_in inet "$BUILD/responder" 198.18.0.53 53

# The window begins at the next full minute, or at the one after if that is near.
now_s=$(date +%s)
edge_s=$(((now_s + 69) / 60 * 60))
[ $((edge_s - now_s)) -gt 8 ] || edge_s=$((edge_s + 60))
{
	cat <<-EOC
	listen lan 192.168.77.1:53
	upstream inet {
		server 198.18.0.53
	}
	window soon {
		hours $(date -d "@$edge_s" +%H:%M)-$(date -d "@$((edge_s + 7200))" +%H:%M)
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
} | net_nameward || { echo "FAIL it does not start"; exit 1; }

ask() { # NAME
	in_ns c1 dig +short +time=3 +tries=1 @192.168.77.1 "$1" A
}
connects() { # ADDRESS
	in_ns c1 ncat -z -w 2 "$1" 7
}
game=$(ask game-1.example) other=$(ask other-1.example)
check "before the window the name is answered" [ -n "$game" ]
check "and open" connects "$game"
check "why says that its list does not hold now" \
	has 'soon: list games does not hold now' nameward why game-1.example
check "the window closes the address by itself, nobody asks" wait_for 130 not connects "$game"
check "at its edge" [ "$(date +%s)" -ge "$edge_s" ]
check "the name is blocked" [ -z "$(ask game-1.example)" ]
check "the other name's address stays open" connects "$other"
check "why says that its list holds" has 'soon: list games holds' nameward why game-1.example
[ $net_fails = 0 ]
