# shellcheck shell=bash
# What the parts of the bench share that ask a server; source it after tests/integration/net.sh.
#
#   client (dnsperf) --- veth --- router (the server under test) --- veth --- inet (responder)

world_up() {
	net_up
	in_ns router sysctl -qw net.core.rmem_max=8388608 net.core.wmem_max=8388608 2>/dev/null
	start_in inet "$BUILD/responder" 198.18.0.53 53
}

sample() { # TABLE CASE WHO MEASURE VALUE
	printf '%s\t%s\t%s\t%s\t%s\n' "$@"
}

names() { # COUNT PREFIX SUFFIX: queries for that many names
	awk -v n="$1" -v prefix="$2" -v suffix="$3" \
		'BEGIN { for (i = 0; i < n; i++) print prefix i "." suffix " A" }'
}

# What is on stdin goes into the configuration, too.
start_nameward() { # GATE [SERVER]
	cat - >"$net_dir/more.conf"
	cat - "$net_dir/more.conf" >"$net_dir/in.conf" <<-EOF
	listen lan 192.168.77.1:53
	clients { rate off }
	upstream inet {
	  server ${2:-198.18.0.53}
	}
	cache {
	  size ${cache_mib:-64}MiB
	}
	zone lan {
	  interface br-lan
	  gate $1
	}
	gate {
	  max-leases 1048576
	  max-device-leases 1048576
	}
	EOF
	net_nameward <"$net_dir/in.conf"
	server_pid=$nameward_pid
}

start_dnsmasq() { # [OPTION...]
	start_in router dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts -z \
		-a 192.168.77.1 -S 198.18.0.53 --dns-forward-max=10000 "$@"
	server_pid=$net_pid
}

# An unbound in the router; what is on stdin goes into its clause server.
start_unbound() { # LINES OF forward-zone
	{
		cat <<-EOF
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
		EOF
		cat -
		cat <<-EOF
		forward-zone:
			name: "."
			$1
		remote-control:
			control-enable: no
		EOF
	} >"$net_dir/peer.conf"
	start_in router unbound -d -c "$net_dir/peer.conf"
	server_pid=$net_pid
}

server_answers() {
	wait_for 10 in_ns c1 dig +short +time=1 +tries=1 @192.168.77.1 warm.bench.example ||
		echo "the server does not answer" >&2
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

# One run of dnsperf; $done_n, $lost, $qps, $wait_ms and $cpu_us, of the server for one query.
ask() { # DNSPERF-OPTION...
	_before=$(cpu_ns)
	in_ns c1 dnsperf -s 192.168.77.1 "$@" >"$net_dir/dnsperf.out" 2>&1
	sleep 2.5 # what comes later, as the history's last commit, belongs to the cost
	_after=$(cpu_ns)
	read -r done_n lost qps wait_ms < <(awk '
		/Queries completed/ { done = $3 }
		/Queries lost/ { lost = $3 }
		/Queries per second/ { qps = $4 }
		/Average Latency/ { ms = $4 * 1000 }
		END { print done + 0, lost + 0, qps + 0, ms + 0 }' "$net_dir/dnsperf.out")
	cpu_us=$(awk -v ns=$((_after - _before)) -v n="$done_n" 'BEGIN { print n ? ns / 1000 / n : 0 }')
}
