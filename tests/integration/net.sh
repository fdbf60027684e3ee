# shellcheck shell=sh
# A small world in network namespaces, for tests and the demo; source it.
#
#   c1 ----+                                   +-- inet: unbound on 198.18.0.53, web on
#   c2 ----+-- br-lan [router] wan -- 198.18 --+   198.18.0.80, a bare peer on 198.18.0.99
#
# LAN 192.168.77.0/24 and fd77::/64, router .1; c1 .11, c2 .12. The world outside is
# 198.18.0.0/24 and 2001:db8:18::/64. Everything is removed at the end.

BUILD=$(cd "${BUILD:-build}" && pwd)
net_id=nw$$
net_dir=$(mktemp -d "${TMPDIR:-/tmp}/nameward-test.XXXXXX")
chmod 755 "$net_dir"
install -d -o nameward-db -g nameward-db "$net_dir/db" # where the history may be written
install -d -o nameward-list -g nameward-list "$net_dir/builds" # and the lists' index
net_pids=
net_fails=0
net_names="c1 c2 router inet"

in_ns() { # NAME COMMAND...
	_ns=$1
	shift
	ip netns exec "$net_id-$_ns" "$@"
}

net_all_pids() {
	for _ns in $net_names; do ip netns pids "$net_id-$_ns" 2>/dev/null; done
}
net_is_empty() { [ -z "$(net_all_pids)" ]; }

# Ends what runs in our namespaces and only that: a pid of ours that ended may be another's now.
net_down() {
	touch "$net_dir/ask-stop" "$net_dir/reload-stop"
	for _pid in $(net_all_pids); do
		case " $net_pids " in *" $_pid "*) kill "$_pid" 2>/dev/null ;; esac
	done
	wait_for 5 net_is_empty
	for _pid in $(net_all_pids); do kill -9 "$_pid" 2>/dev/null; done
	for _ns in $net_names; do ip netns del "$net_id-$_ns" 2>/dev/null; done
	if grep -Eqs 'Sanitizer|runtime error:' "$net_dir/nameward.log"; then
		echo "FAIL the daemon has no report of a sanitizer"
		grep -E -A20 'Sanitizer|runtime error:' "$net_dir/nameward.log" | head -n 60
	fi
	[ ! -d "$net_dir/mnt1" ] || umount -l "$net_dir"/mnt* 2>/dev/null
	rm -rf "$net_dir"
}
trap net_down EXIT
trap 'exit 1' INT TERM

# Run in the background in a namespace; its pid is in $net_pid.
start_in() { # NAME COMMAND...
	_ns=$1
	shift
	ip netns exec "$net_id-$_ns" "$@" &
	net_pid=$!
	net_pids="$net_pids $net_pid"
}

# Wait until a command succeeds, at most so many seconds.
wait_for() { # SECONDS COMMAND...
	_tries=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		_tries=$((_tries - 1))
		[ $_tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# One checked statement: runs the command, prints ok or FAIL.
check() { # TEXT COMMAND...
	_text=$1
	shift
	if "$@" >"$net_dir/check.out" 2>&1; then
		echo "ok $_text"
	else
		echo "FAIL $_text"
		sed 's/^/    /' "$net_dir/check.out" | head -n 20
		net_fails=$((net_fails + 1))
	fi
}
not() { ! "$@"; }
# The output of a command has a line that matches; it is in $net_dir/has.out then.
has() { # PATTERN COMMAND...
	_pattern=$1
	shift
	"$@" >"$net_dir/has.out" 2>&1
	grep -Eq -- "$_pattern" "$net_dir/has.out" || { cat "$net_dir/has.out"; return 1; }
}

net_client_of() { # ROUTER BRIDGE NET4 NET6 NAME LAST-OCTET
	ip link add "$5" netns "$net_id-$1" type veth peer name eth0 netns "$net_id-$5"
	in_ns "$1" ip link set "$5" master "$2" up
	in_ns "$5" ip link set lo up
	in_ns "$5" ip link set eth0 up
	in_ns "$5" ip addr add "$3.$6/24" dev eth0
	in_ns "$5" ip addr add "$4:$6/64" dev eth0 nodad
	in_ns "$5" ip route add default via "$3.1"
	in_ns "$5" ip route add default via "$4:1"
}
net_client() { # NAME LAST-OCTET
	net_client_of router br-lan 192.168.77 fd77: "$@"
}

net_up() {
	for _ns in $net_names; do ip netns add "$net_id-$_ns"; done
	in_ns router ip link set lo up
	in_ns inet ip link set lo up
	in_ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_ns router ip link add br-lan type bridge
	in_ns router ip link set br-lan up
	in_ns router ip addr add 192.168.77.1/24 dev br-lan
	in_ns router ip addr add fd77::1/64 dev br-lan nodad
	net_client c1 11
	net_client c2 12
	ip link add wan netns "$net_id-router" type veth peer name eth0 netns "$net_id-inet"
	in_ns router ip link set wan up
	in_ns router ip addr add 198.18.0.1/24 dev wan
	in_ns router ip addr add 2001:db8:18::1/64 dev wan nodad
	in_ns inet ip link set eth0 up
	for _last in 53 80 81 99; do
		in_ns inet ip addr add "198.18.0.$_last/24" dev eth0
		in_ns inet ip addr add "2001:db8:18::$_last/64" dev eth0 nodad
	done
	in_ns inet ip route add default via 198.18.0.1
	in_ns inet ip route add default via 2001:db8:18::1
}

# More clients than c1 and c2, after net_up:
#
#   v6 ----- br-lan         IPv6 alone: fd77::13, and two addresses as privacy extensions have
#   far -+
#        +-- [second] ----- br-lan   a router in the LAN, 192.168.77.14; behind it
#   near-+                  192.168.79.0/24 and fd79::/64, near .11 and far .12
net_more() {
	for _ns in v6 second near far; do
		ip netns add "$net_id-$_ns"
		net_names="$net_names $_ns"
	done
	net_client v6 13
	in_ns v6 ip addr del 192.168.77.13/24 dev eth0
	in_ns v6 ip addr add fd77::a1/64 dev eth0 nodad
	in_ns v6 ip addr add fd77::a2/64 dev eth0 nodad
	net_client second 14
	in_ns second sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_ns second ip link add br-far type bridge
	in_ns second ip link set br-far up
	in_ns second ip addr add 192.168.79.1/24 dev br-far
	in_ns second ip addr add fd79::1/64 dev br-far nodad
	net_client_of second br-far 192.168.79 fd79: near 11
	net_client_of second br-far 192.168.79 fd79: far 12
	in_ns router ip route add 192.168.79.0/24 via 192.168.77.14
	in_ns router ip route add fd79::/64 via fd77::14
}

# All of 198.18.0.0/15 and 2001:db8::/32, the addresses that build/responder and
# build/fake_upstream derive from names, is the one machine in inet.
net_wide() {
	in_ns router ip route add 198.18.0.0/15 via 198.18.0.53
	in_ns router ip route add 2001:db8::/32 via 2001:db8:18::53
	in_ns inet ip route add local 198.18.0.0/15 dev lo table main
	in_ns inet ip route add local 2001:db8::/32 dev lo table main
}

# 2,000 rules of somebody else's, behind what Debian's nftables.conf begins with, in
# $net_dir/firewall.nft.
net_firewall() {
	{
		echo "flush ruleset"
		echo "table inet firewall {"
		echo "chain input { type filter hook input priority 0; policy accept;"
		for _i in $(seq 2000); do
			echo "ip saddr 10.$((_i / 256)).$((_i % 256)).0/24 tcp dport $_i drop"
		done
		printf '}\n}\n'
	} >"$net_dir/firewall.nft"
}

# Loads them again and again, in the background; reload_stop ends that and sets $reloads.
reload_on() {
	rm -f "$net_dir/reload-stop"
	reloads=0
	while [ -d "$net_dir" ] && [ ! -e "$net_dir/reload-stop" ]; do
		in_ns router nft -f "$net_dir/firewall.nft" && reloads=$((reloads + 1))
		echo $reloads >"$net_dir/reloads"
	done &
	reloader=$!
}
reload_stop() {
	touch "$net_dir/reload-stop"
	wait "$reloader"
	read -r reloads <"$net_dir/reloads"
}

# The real unbound, authoritative for example; more lines of the zone file on stdin.
net_unbound() {
	{
		cat <<-EOF
		\$ORIGIN example.
		@ 60 SOA ns admin 1 3600 600 86400 60
		@ 60 NS ns
		ns 60 A 198.18.0.53
		web 30 A 198.18.0.80
		web 30 AAAA 2001:db8:18::80
		short 1 A 198.18.0.81
		tracker.ads 60 A 198.18.0.80
		clean 60 CNAME tracker.ads
		www 60 CNAME web
		EOF
		cat
	} >"$net_dir/example.zone"
	cat >"$net_dir/unbound.conf" <<-EOF
	server:
		interface: 198.18.0.53
		interface: 2001:db8:18::53
		access-control: 0.0.0.0/0 allow
		access-control: ::/0 allow
		do-daemonize: no
		use-syslog: no
		logfile: "$net_dir/unbound.log"
		username: ""
		chroot: ""
		directory: "$net_dir"
		pidfile: ""
		local-zone: "." static
		local-zone: "example." transparent
	auth-zone:
		name: "example."
		zonefile: "$net_dir/example.zone"
		for-upstream: no
		for-downstream: yes
	remote-control:
		control-enable: no
	EOF
	start_in inet unbound -d -c "$net_dir/unbound.conf"
	wait_for 5 in_ns inet dig +short +time=1 +tries=1 @198.18.0.53 web.example
}

# A web server that says who asked: ncat, one line a connection.
net_web() { # ADDRESS PORT
	start_in inet ncat -lk "$1" "$2" -c 'read -r line; printf "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"'
}

# Start the daemon in the router with the configuration on stdin; $nameward_pid.
net_nameward() {
	{
		cat
		echo "control $net_dir/run/ctl"
	} >"$net_dir/nameward.conf"
	grep -q '^[[:space:]]*lists-folder' "$net_dir/nameward.conf" ||
		echo "lists-folder $net_dir/builds" >>"$net_dir/nameward.conf"
	grep -q '^[[:space:]]*overrides' "$net_dir/nameward.conf" ||
		echo "overrides $net_dir/overrides" >>"$net_dir/nameward.conf" # not this machine's
	start_in router "$BUILD/namewardd" -f -c "$net_dir/nameward.conf" 2>>"$net_dir/nameward.log"
	nameward_pid=$net_pid
	wait_for 10 has 'nameward +generation' nameward status
}

nameward() { "$BUILD/nameward" -c "$net_dir/nameward.conf" "$@"; }

# Query the history, which nobody has to stop for that.
sql() { sqlite3 "file:$net_dir/db/history.db?mode=ro" "$1"; }

# A value of nameward status.
status_of() { # PART KEY
	nameward status | awk -v p="$1" -v k="$2" '$1 == p && index($0, k " ") {
		sub(/^[^ ]+ +/, ""); if (index($0, k " ") == 1) { print substr($0, length(k) + 2) } }' |
		sed 's/^ *//'
}
pid_of() { # PROCESS
	status_of process "$1" | sed -n 's/^pid \([0-9]*\).*/\1/p'
}

# In the background, ten times a second, ask for a new name as a stub does: one retry, after a
# second. ask_stop ends that; $net_dir/unanswered has what got no answer, $asked how many.
ask_on() { # CLIENT PREFIX ZONE ADDRESS
	asked=0
	rm -f "$net_dir/ask-stop"
	: >"$net_dir/unanswered"
	while [ -d "$net_dir" ] && [ ! -e "$net_dir/ask-stop" ]; do
		asked=$((asked + 1))
		echo $asked >"$net_dir/asked"
		in_ns "$1" dig +short +time=1 +tries=2 @192.168.77.1 "$2-$asked.$3" |
			grep -qx "$4" || echo "$2-$asked.$3" >>"$net_dir/unanswered"
		sleep 0.1
	done 2>/dev/null &
	asker=$!
}
ask_stop() {
	touch "$net_dir/ask-stop"
	wait "$asker"
	read -r asked <"$net_dir/asked"
}

# Connect from a client; prints the body. curl's exit code: 7 is refused, 28 timed out.
fetch() { # CLIENT URL
	in_ns "$1" curl -sS --max-time 3 "$2"
}
refused() { # CLIENT URL: refused at once, not timed out
	in_ns "$1" curl -sS --max-time 3 "$2" >/dev/null 2>&1
	[ $? = 7 ]
}
