# shellcheck shell=bash
# The servers of the bench: "up_NAME" starts one in the router; source it after bench/world.sh.
# $cache_names and $cache_mib size their caches.
: "${cache_names:=}" "${cache_mib:=}"

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
	start_dnsmasq --cache-size=${cache_names:-10000} --address=/blocked.example/ --log-queries \
		--log-async=100 --log-facility="$net_dir/dnsmasq.log" \
		--nftset=/example/4#inet#peer#s4,6#inet#peer#s6
}

# An unbound that answers over TLS, once; one address for all names.
dot_upstream() { # [FURTHER ADDRESS]
	[ ! -e "$net_dir/tls.pem" ] || return 0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dns.test \
		-addext subjectAltName=DNS:dns.test -keyout "$net_dir/tls.key" -out "$net_dir/tls.pem" 2>/dev/null
	cat >"$net_dir/dot.conf" <<-EOF
	server:
		interface: 198.18.0.53@853
		$([ -z "${1:-}" ] || echo "interface: $1@853")
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
	start_unbound "$1" <<-EOF
		outgoing-range: 8192
		num-queries-per-thread: 4096
		so-rcvbuf: 4m
		so-sndbuf: 4m
		msg-cache-size: ${cache_mib:-64}m
		rrset-cache-size: $((2 * ${cache_mib:-64}))m
		local-zone: "blocked.example." always_nxdomain
		$([ ! -e "$net_dir/tls.pem" ] || echo "tls-cert-bundle: $net_dir/tls.pem")
	EOF
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
	getPool(""):setCache(newPacketCache(${cache_names:-100000}))
	addAction("blocked.example.", RCodeAction(DNSRCode.NXDOMAIN))
	EOF
	start_in router dnsdist --supervised --disable-syslog -C "$net_dir/dnsdist.conf" >"$net_dir/peer.log" 2>&1
	server_pid=$net_pid
}
