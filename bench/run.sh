#!/bin/bash
# nameward beside its peers in one run: queries a second and CPU of all of a server's
# processes a query, for cached, forwarded-unique and blocked names. As root; everything is in
# network namespaces of its own. usage: make bench [SECONDS=10]
#
#   client (dnsperf) --- veth --- router (the server under test) --- veth --- inet (responder)
#
# nameward: history on, gate enforced. dnsmasq: log-queries and nftset. unbound: neither.
# BENCH_SERVERS="nameward_dot unbound_dot" BENCH_CASES=unique: over TLS, to an unbound.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
seconds=${BENCH_S:-10}
names=${BENCH_NAMES:-1000000}
servers=${BENCH_SERVERS:-"nameward dnsmasq unbound"}
cases=${BENCH_CASES:-"cached unique blocked"}

net_up
in_ns router sysctl -qw net.core.rmem_max=8388608 net.core.wmem_max=8388608 2>/dev/null
start_in inet "$BUILD/responder" 198.18.0.53 53
awk 'BEGIN { for (i = 0; i < 1000; i++) print "hot" i ".bench.example A" }' >"$net_dir/cached"
awk -v n="$names" 'BEGIN { for (i = 0; i < n; i++) print "host" i ".unique.example A" }' >"$net_dir/unique"
awk 'BEGIN { for (i = 0; i < 1000; i++) print "x" i ".blocked.example A" }' >"$net_dir/blocked"
echo '*.blocked.example' >"$net_dir/ads.txt"

start_nameward() { nameward_asks "server 198.18.0.53"; }
start_nameward_dot() {
	dot_upstream
	nameward_asks "server 198.18.0.53 tls dns.test"
}
nameward_asks() { # SERVER LINE
	net_nameward <<-EOF
	listen lan 192.168.77.1:53
	upstream inet {
	  $1
	}
	ca-certificates $net_dir/tls.pem
	cache {
	  size 64MiB
	}
	zone lan {
	  interface br-lan
	  gate enforce
	}
	list ads {
	  file ads.txt
	}
	policy default { block ads }
	gate {
	  max-leases 1048576
	  max-device-leases 1048576
	}
	history {
	  file $net_dir/db/history.db
	}
	EOF
	server_pid=$nameward_pid
}

start_dnsmasq() {
	in_ns router nft -f - <<-EOF
	table inet peer {
		set s4 { type ipv4_addr; flags timeout; timeout 10m; size 1048576; }
		set s6 { type ipv6_addr; flags timeout; timeout 10m; size 1048576; }
	}
	EOF
	start_in router dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts -z \
		-a 192.168.77.1 -S 198.18.0.53 --cache-size=10000 --dns-forward-max=10000 \
		--address=/blocked.example/ --log-queries --log-async=100 --log-facility="$net_dir/dnsmasq.log" \
		--nftset=/example/4#inet#peer#s4,6#inet#peer#s6
	server_pid=$net_pid
}

start_unbound() { unbound_asks "forward-addr: 198.18.0.53"; }
start_unbound_dot() {
	dot_upstream
	unbound_asks "forward-tls-upstream: yes
		forward-addr: 198.18.0.53@853#dns.test"
}

# An unbound that answers over TLS, once.
dot_upstream() {
	[ ! -e "$net_dir/tls.pem" ] || return 0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dns.test \
		-addext subjectAltName=DNS:dns.test -keyout "$net_dir/tls.key" -out "$net_dir/tls.pem" 2>/dev/null
	cat >"$net_dir/dot.conf" <<-EOF
	server:
		interface: 198.18.0.53@853
		access-control: 0.0.0.0/0 allow
		tls-service-key: "$net_dir/tls.key"
		tls-service-pem: "$net_dir/tls.pem"
		do-daemonize: no
		username: ""
		chroot: ""
		directory: "$net_dir"
		pidfile: ""
		use-syslog: no
		logfile: "$net_dir/dot.log"
		module-config: "iterator"
		local-zone: "example." redirect
		local-data: "example. A 198.18.0.80"
	remote-control:
		control-enable: no
	EOF
	start_in inet unbound -d -c "$net_dir/dot.conf"
	wait_for 5 in_ns router openssl s_client -connect 198.18.0.53:853 </dev/null
}

unbound_asks() { # LINES OF forward-zone
	cat >"$net_dir/peer.conf" <<-EOF
	server:
		interface: 192.168.77.1
		access-control: 0.0.0.0/0 allow
		do-daemonize: no
		username: ""
		chroot: ""
		directory: "$net_dir"
		pidfile: ""
		use-syslog: no
		logfile: "$net_dir/peer.log"
		module-config: "iterator"
		num-threads: 1
		outgoing-range: 8192
		num-queries-per-thread: 4096
		so-rcvbuf: 4m
		so-sndbuf: 4m
		msg-cache-size: 64m
		rrset-cache-size: 128m
		local-zone: "blocked.example." always_nxdomain
		$([ ! -e "$net_dir/tls.pem" ] || echo "tls-cert-bundle: $net_dir/tls.pem")
	forward-zone:
		name: "."
		$1
	remote-control:
		control-enable: no
	EOF
	start_in router unbound -d -c "$net_dir/peer.conf"
	server_pid=$net_pid
}

stop_server() {
	kill -TERM "$server_pid"
	wait "$server_pid"
	in_ns router nft flush ruleset
}

tree() { # PID: it and its children
	echo "$1"
	for _child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree "$_child"; done
}

cpu_ns() { # of all the server's processes
	_sum=0
	for _pid in $(tree "$server_pid"); do
		for _task in /proc/"$_pid"/task/*/schedstat; do
			read -r _run _ <"$_task" && _sum=$((_sum + _run))
		done
	done
	echo $_sum
}

rss_kib() {
	for _pid in $(tree "$server_pid"); do awk '/^VmRSS/ { print $2 }' /proc/"$_pid"/status; done |
		awk '{ s += $1 } END { print s }'
}

measure() { # SERVER CASE
	[ "$2" = unique ] || in_ns c1 dnsperf -s 192.168.77.1 -d "$net_dir/$2" -n 2 -c 4 -q 200 >/dev/null 2>&1
	before=$(cpu_ns)
	in_ns c1 dnsperf -s 192.168.77.1 -d "$net_dir/$2" -l "$seconds" \
		$([ "$2" = unique ] && echo '-n 1') -c 8 -q 400 -t 2 >"$net_dir/dnsperf.out" 2>&1
	sleep 2.5 # the history's last commit belongs to the cost
	after=$(cpu_ns)
	awk -v server="$1" -v case="$2" -v cpu=$((after - before)) -v rss="$(rss_kib)" '
		/Queries completed/ { done = $3 }
		/Queries lost/ { lost = $3 }
		/Queries per second/ { qps = $4 }
		/Average Latency/ { avg = $4 }
		END { printf "%-10s %-8s %9.0f q/s %7.2f us CPU/query %8d lost %8.2f ms average %8d KiB resident\n",
			server, case, qps, cpu / 1000 / (done ? done : 1), lost, avg * 1000, rss }' "$net_dir/dnsperf.out"
}

for server in $servers; do
	"start_$server"
	wait_for 10 in_ns c1 dig +short +time=1 +tries=1 @192.168.77.1 warm.bench.example || echo "$server does not answer"
	for case in $cases; do measure "$server" "$case"; done
	if [ "${server%_dot}" = nameward ]; then
		nameward status | grep -E '^(gate|history|held|resolver)' | sed 's/^/    /'
	fi
	stop_server
done

[ -e "$net_dir/db/history.db" ] && sqlite3 "$net_dir/db/history.db" "
	SELECT 'history: ' || count(*) || ' rows for ' || sum(n) || ' lookups, ' ||
		((SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) / count(*)) || ' bytes a row' FROM lookups;
	WITH h AS (SELECT hold_ms, row_number() OVER (ORDER BY hold_ms) AS i, count(*) OVER () AS n
		FROM lookups WHERE hold_ms > 0)
	SELECT 'held answers: ' || max(n) || ', p50 ' || max(CASE WHEN i <= n * 0.50 THEN hold_ms END) || ' ms, p99 ' ||
		max(CASE WHEN i <= n * 0.99 THEN hold_ms END) || ' ms' FROM h;"
exit 0
