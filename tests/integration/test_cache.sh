#!/bin/sh
# The cache's life: stale answers while the real upstream is gone, prefetch, an
# NXDOMAIN, what the command line tells and forgets, and what a reload keeps.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
ask() { in_ns c1 dig +time=3 +tries=1 "$@" @$r; }
asked_upstream() { status_of resolver forwarded; }
generation_is() { has "nameward +generation +$1" nameward status; }
write_conf() { # CACHE-LINES
	cat <<-EOF
	listen lan $r:53
	upstream inet {
	  server 198.18.0.53
	  timeout 1s
	}
	cache {
	  nxdomain-below all
	  $1
	}
	zone lan {
	  interface br-lan
	  gate enforce
	}
	list late {
	  file $net_dir/late.txt
	}
	policy default { block late }
	gate {
	  lease-min 1s
	  grace 0s
	}
	query-group games
	history {
	  file $net_dir/db/history.db
	  commit-every 100ms
	}
	EOF
}
reload() { # GENERATION CACHE-LINES
	{ write_conf "$2"; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
	kill -HUP "$nameward_pid"
	wait_for 10 generation_is "$1"
}

net_up
: >"$net_dir/late.txt"
net_unbound <<-EOF
brief 2 A 198.18.0.90
other 2 A 198.18.0.80
busy 10 A 198.18.0.81
blocked 2 A 198.18.0.81
EOF
unbound_pid=$net_pid
net_nameward <<-EOF
$(write_conf 'stale-after 200ms')
EOF

# --- told and forgotten -------------------------------------------------------------------
check "an answer is there" has 198.18.0.80 ask web.example
check "cache ls tells it" has '^web\.example +A +- +NOERROR +(30|29|28) ' nameward cache ls web.example
check "as JSON too" has '"name":"web.example","type":"A".*"left_s":[0-9]+' nameward cache ls --json '*.example'
check "not under another name" not has web.example nameward cache ls '*.web2.example'
adm=$(getent group adm | cut -d: -f3)
as_adm() { setpriv --reuid=65534 --regid="$adm" --clear-groups "$@"; }
say_to() { # SOCKET REQUEST [COMMAND...]: as whom
	_at=$net_dir/run/$1 _request=$2
	shift 2
	"$@" perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new($ARGV[0]) or die "$!";
		print $s "$ARGV[1]\n"; print while <$s>' "$_at" "$_request"
}
socket() { say_to ctl "$1" as_adm; } # REQUEST
as_reader() { setpriv --reuid=65534 --regid=games --clear-groups "$@"; }
check "the socket's group may look" has 'web\.example.A' socket 'cache ls'
check "but not forget" has '^\.err only root' socket 'cache flush web.example'
check "another group has a socket of its own" has 'web\.example.A' say_to query 'cache ls' as_reader
check "and not the first one" has 'Permission denied' say_to ctl 'cache ls' as_reader
check "nobody else has it" has 'Permission denied' say_to query 'cache ls' setpriv --reuid=65534 --regid=65534 --clear-groups
for request in status 'why web.example' 'gate ls' 'list ls' 'local ls' 'override ls' 'client 192.168.77.11'; do
	check "it may ask: $request" has '^\.ok' say_to query "$request" as_reader
done
for request in 'cache flush *' 'gate withdraw * -' 'history forget name web.example'; do
	check "but not: $request" has '^\.err only the control socket' say_to query "$request" as_reader
	check "nor may root by this socket" has '^\.err only the control socket' say_to query "$request" env
done
for request in 'allow x.example' 'block web.example' pause resume reload 'config reload' 'gate bypass *' 'override add x'; do
	check "$request is nothing for a socket" has '^\.err unknown request' say_to query "$request" env
done
check "the command finds it" has '^resolver +queries' as_reader "$BUILD/nameward" -c "$net_dir/nameward.conf" status
check "and says why it may not" has 'only the control socket' as_reader "$BUILD/nameward" -c "$net_dir/nameward.conf" cache flush web.example
before=$(asked_upstream)
ask web.example >/dev/null
check "so it is there still" test "$(asked_upstream)" = "$before"
check "root may" has '^ +1$' nameward cache flush web.example
check "then the upstream is asked" has 198.18.0.80 ask web.example
check "once" test "$(asked_upstream)" = $((before + 1))

# --- NXDOMAIN below -----------------------------------------------------------------------
check "a name that is none" has 'status: NXDOMAIN' ask none.example
before=$(asked_upstream)
check "has none below it" has 'status: NXDOMAIN' ask a.b.none.example AAAA
check "with the zone's SOA" grep -Eq '^example\..*SOA.ns\.example\. admin\.example\. 1 3600 600 86400 60' "$net_dir/has.out"
check "and nobody was asked" test "$(asked_upstream)" = "$before"
check "cache ls: for all types" has '^none\.example +\* +- +NXDOMAIN' nameward cache ls

# --- reload -------------------------------------------------------------------------------
ask busy.example >/dev/null
before=$(asked_upstream)
echo nothing.example >"$net_dir/late.txt"
reload 2 'stale-after 200ms'
ask busy.example >/dev/null
check "a reload with other lists keeps it" test "$(asked_upstream)" = "$before"
reload 3 "stale-after 200ms
size 128KiB"
ask busy.example >/dev/null
check "another size too" test "$(asked_upstream)" = "$before"
check "and it is that size" test "$(status_of cache size_bytes)" = 131072

# --- prefetch -----------------------------------------------------------------------------
nameward cache flush --all >/dev/null
for _i in 1 2 3; do ask busy.example >/dev/null; done
prefetched() { ask busy.example >/dev/null; [ "$(status_of resolver prefetched)" = 1 ]; }
check "what is in use is asked for before its end" wait_for 12 prefetched
young() { has '^busy\.example\.[[:space:]]+(10|9|8|7|6)[[:space:]]' ask +noall +answer busy.example; }
check "and young again" wait_for 2 young

# --- stale --------------------------------------------------------------------------------
for _n in brief other blocked; do ask $_n.example >/dev/null; done
leased() { has "198.18.0.90 .*brief.example" nameward gate ls; }
kill "$unbound_pid"
wait "$unbound_pid" 2>/dev/null
check "their leases end" wait_for 10 not leased
start=$(date +%s%N)
check "the upstream is gone: the stale answer is given" has 'brief.example..*198.18.0.90' ask brief.example
check "within a second: $((($(date +%s%N) - start) / 1000000)) ms" test $((($(date +%s%N) - start) / 1000000)) -lt 1000
check "it says so" has 'EDE: 3 ' ask brief.example
check "TTL not above its own" has '^brief\.example\.[[:space:]]+2[[:space:]]' ask +noall +answer brief.example
check "its address is leased again" leased
check "what is not cached fails" has 'status: SERVFAIL' ask never.example
echo blocked.example >"$net_dir/late.txt"
reload 4 'stale-after 200ms'
check "what is blocked meanwhile is blocked" has 'status: NXDOMAIN' ask blocked.example
check "the history knows it was stale" wait_for 5 has 'brief.example.*stale' nameward log --verdict stale
check "stale in status" test "$(status_of resolver stale)" -ge 3
start_in inet unbound -d -c "$net_dir/unbound.conf"
fresh() { not has 'EDE: 3' ask other.example && grep -q 198.18.0.80 "$net_dir/has.out"; }
check "the upstream is back: answers are fresh" wait_for 35 fresh
[ $net_fails = 0 ]
