#!/bin/sh
# 100,000 damaged questions and 100,000 damaged answers through the running daemon, the plain
# one and the one with sanitizers (which gets fewer): nothing crashes, leaks or is poisoned.
set -u
cd "$(dirname "$0")/../.."
. tests/integration/net.sh
plain=$BUILD
tools=$BUILD

ip netns add "$net_id-router"
in_ns router ip link set lo up
start_in router "$BUILD/fake_upstream" 127.0.0.2 53 mutate >/dev/null

mutate() { in_ns router "$tools/mutate" "$1" 127.0.0.1 53 "$2"; }
mutated() { # HOW COUNT: into $sent $replies $wrong
	mutate "$@" >"$net_dir/mutate.out" 2>&1
	read -r _ sent _ replies _ wrong <<-EOF
	$(tail -n 1 "$net_dir/mutate.out")
	EOF
}
memory() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$(pid_of resolver)/status"; } # KiB
gone() { ! kill -0 "$nameward_pid" 2>/dev/null; }

serve() { # WHAT COUNT
	net_nameward <<-EOF
	listen local 127.0.0.1:53
	upstream scripted {
	  server 127.0.0.2
	  timeout 1s
	}
	cache {
	  size 8MiB
	}
	history off
	EOF
	check "$1: a clean name" mutate clean 10
	mutated queries "$2"
	check "$1: $2 damaged questions, $replies replies, none wrong" test "$sent" = "$2" -a "$wrong" = 0
	check "$1: many were understood enough for a reply" test "$replies" -gt $(($2 / 20))
	mutated names "$2"
	check "$1: $2 damaged answers, $replies replies, none wrong" test "$sent" = "$2" -a "$wrong" = 0
	check "$1: nearly all questions are answered" test "$replies" -gt $(($2 * 99 / 100))
	first=$(memory)
	mutated names $(($2 / 2))
	check "$1: as many again take no more memory ($first, $(memory) KiB)" \
		test "$(memory)" -lt $((first * 5 / 4))
	check "$1: the clean names are as they were" mutate clean 100
	check "$1: the resolver lived through all of it" has 'process +resolver .*restarts 0' nameward status
	kill "$nameward_pid"
	check "$1: it ends" wait_for 20 gone
	check "$1: without a report" not grep -E 'Sanitizer|runtime error|leak' "$net_dir/nameward.log"
}

serve plain 100000
if [ -x "${SAN:-}/namewardd" ]; then
	BUILD=$(cd "$SAN" && pwd)
	# It keeps what was freed, to know who uses it; here little, for the check of memory.
	ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64
	export ASAN_OPTIONS
	serve sanitized 20000
	unset ASAN_OPTIONS
	BUILD=$plain
else
	echo "skip no build with sanitizers"
fi
[ $net_fails = 0 ]
