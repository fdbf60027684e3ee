#!/bin/sh
# Two policies with upstreams that disagree: each client hears its own, from the cache too.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh
net_up
net_wide
start_in inet "$BUILD/responder" 198.18.0.53 53
{
	cat <<-EOC
	listen lan 192.168.77.1:53
	upstream inet {
		server 198.18.0.53
	}
	upstream nobody {
		server 198.18.0.99:5399
		timeout 300ms
	}
	group dark {
		member 192.168.77.12
	}
	policy dark {
		for dark
		upstream nobody
	}
	history off
	EOC
} | net_nameward || { echo "FAIL it does not start"; exit 1; }
ask() { # CLIENT NAME
	in_ns "$1" dig +short +time=3 +tries=1 @192.168.77.1 "$2" A
}
answered() { [ -n "$(ask "$1" "$2")" ]; }
fails() { has 'status: SERVFAIL' in_ns "$1" dig +time=3 +tries=1 @192.168.77.1 "$2" A; }
check "the root goes to the upstream that no policy names" answered c1 a-1.example
check "and is cached" answered c1 a-1.example
check "a policy with an upstream asks there alone" fails c2 a-1.example
check "the other policy's answers are as before" answered c1 a-1.example
check "why says whom it asks" has 'upstream nobody' nameward why a-1.example --client 192.168.77.12
[ $net_fails = 0 ]
