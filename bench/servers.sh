#!/bin/bash
# nameward beside its peers: queries a second, and CPU of all of a server's processes a query,
# for cached, forwarded-unique and blocked names; see bench/run.sh.
# nameward: history on, gate enforced. dnsmasq: log-queries and nftset. unbound and dnsdist:
# neither, as nameward_bare, which has lists and cache alone. Those with _dot ask an unbound
# over TLS, the others build/responder in the clear.
# BENCH_SERVERS="nameward_bare dnsdist" BENCH_CASES=cached BENCH_S=3: fewer, shorter.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
seconds=${BENCH_S:-10}

up_nameward() { nameward_asks 198.18.0.53 enforce "file $net_dir/db/history.db"; }
up_nameward_bare() { nameward_asks 198.18.0.53 off; }
up_nameward_dot() {
	dot_upstream
	nameward_asks "198.18.0.53 tls dns.test" off
}
nameward_asks() { # SERVER GATE [HISTORY]
	start_nameward "$2" "$1" <<-EOF
	ca-certificates $([ -e "$net_dir/tls.pem" ] && echo "$net_dir/tls.pem" || echo /etc/ssl/certs/ca-certificates.crt)
	list ads {
	  file ads.txt
	}
	policy default { block ads }
	history $([ -n "${3:-}" ] && printf '{\n%s\n}' "$3" || echo off)
	EOF
}

up_dnsmasq() {
	in_ns router nft -f - <<-EOF
	table inet peer {
		set s4 { type ipv4_addr; flags timeout; timeout 10m; size 1048576; }
		set s6 { type ipv6_addr; flags timeout; timeout 10m; size 1048576; }
	}
	EOF
	start_dnsmasq --cache-size=10000 --address=/blocked.example/ --log-queries \
		--log-async=100 --log-facility="$net_dir/dnsmasq.log" \
		--nftset=/example/4#inet#peer#s4,6#inet#peer#s6
}

# An unbound that answers over TLS, once; one address for all names.
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

up_unbound() { unbound_asks "forward-addr: 198.18.0.53"; }
up_unbound_dot() {
	dot_upstream
	unbound_asks "forward-tls-upstream: yes
		forward-addr: 198.18.0.53@853#dns.test"
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

up_dnsdist() { dnsdist_asks 'address="198.18.0.53:53"'; }
up_dnsdist_dot() {
	dot_upstream
	dnsdist_asks "address='198.18.0.53:853', maxInFlight=1000, tls='openssl', subjectName='dns.test', caStore='$net_dir/tls.pem'"
}
dnsdist_asks() { # WHAT newServer HAS
	cat >"$net_dir/dnsdist.conf" <<-EOF
	setLocal("192.168.77.1:53")
	setACL("0.0.0.0/0")
	setSecurityPollSuffix("")
	setMaxUDPOutstanding(65535)
	newServer({$1}):setUp()
	getPool(""):setCache(newPacketCache(100000))
	addAction("blocked.example.", RCodeAction(DNSRCode.NXDOMAIN))
	EOF
	start_in router dnsdist --supervised --disable-syslog -C "$net_dir/dnsdist.conf" >"$net_dir/peer.log" 2>&1
	server_pid=$net_pid
}

measure() { # SERVER CASE
	[ "$2" = unique ] || ask -d "$net_dir/$2" -n 2 -c 4 -q 200
	ask -d "$net_dir/$2" -l "$seconds" $([ "$2" = unique ] && echo '-n 1') -c 8 -q 400 -t 2
	sample servers "$2 names" "$1" queries/s "$qps"
	sample servers "$2 names" "$1" "us CPU a query" "$cpu_us"
	sample servers "$2 names" "$1" "ms average" "$wait_ms"
	sample servers "$2 names" "$1" lost "$lost"
	sample servers "$2 names" "$1" "MiB resident" $(($(rss_kib) / 1024))
}

world_up
names 1000 hot bench.example >"$net_dir/cached"
names "${BENCH_NAMES:-1000000}" host unique.example >"$net_dir/unique"
names 1000 x blocked.example >"$net_dir/blocked"
echo '*.blocked.example' >"$net_dir/ads.txt"
cases() { # of a server: what is cached or blocked is so whoever was asked
	case $1 in
	*_dot) echo unique ;;
	*) echo "${BENCH_CASES:-cached unique blocked}" ;;
	esac
}
for server in ${BENCH_SERVERS:-nameward nameward_bare dnsmasq unbound dnsdist nameward_dot unbound_dot dnsdist_dot}; do
	"up_$server"
	server_answers
	for case in $(cases "$server"); do measure "$server" "$case"; done
	if [ "$server" = nameward ]; then
		nameward status | grep -E '^(gate|history|held|resolver)' | sed 's/^/    /' >&2
		sql "SELECT count(*) || ' rows for ' || sum(n) || ' lookups, ' || ((SELECT
			page_count * page_size FROM pragma_page_count, pragma_page_size) / count(*)) ||
			' bytes a row' FROM lookups" >&2
	fi
	stop_server
done
