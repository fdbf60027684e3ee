#!/bin/sh
# The real processes: their rights, how they come back, reload and stop; and that what the
# gate refuses is written down.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/integration/net.sh
net_up
net_unbound </dev/null || { echo "FAIL unbound does not answer"; exit 1; }

conf() { # [LINE]
	cat <<-EOC
	listen lan 192.168.77.1:53
	upstream world {
		server 198.18.0.53
	}
	zone lan {
		interface br-lan
		gate enforce
	}
	history {
		file $net_dir/history/history.db
		commit-every 200ms
	}
	${1:-}
	EOC
}
start_nameward() {
	conf >"$net_dir/conf.in"
	net_nameward <"$net_dir/conf.in"
}
start_nameward || { echo "FAIL it does not start"; cat "$net_dir/nameward.log"; exit 1; }

ask() { # NAME: one try, by c1
	in_ns c1 dig +short +time=3 +tries=1 @192.168.77.1 "$1" A
}
pid_of() { # ROLE
	for _p in $(cat "/proc/$nameward_pid/task/$nameward_pid/children"); do
		[ "$(cat "/proc/$_p/comm" 2>/dev/null)" = "$1" ] && echo "$_p"
	done
}
pids() { for _r in resolver nftsync dbwriter flows; do pid_of "$_r"; done | sort; }
rights() { # ROLE ACCOUNT CAPABILITIES
	_p=$(pid_of "$1")
	_s=$(tr '\t\n' ' ' <"/proc/$_p/status" | tr -s ' ')
	_uid=$(id -u "$2")
	echo "$_s"
	case $_s in *" Uid: $_uid $_uid $_uid $_uid "*) ;; *) return 1 ;; esac
	for _set in CapPrm CapEff CapBnd; do
		case $_s in *" $_set: 000000000000$3 "*) ;; *) return 1 ;; esac
	done
	case $_s in *" CapAmb: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 "*) ;; *) return 1 ;; esac
}
history() { sqlite3 "file:$net_dir/history/history.db?mode=ro" "$1"; }
logged() { grep -q -- "$1" "$net_dir/nameward.log"; }
gone() { for _p; do case $(sed -n 's/^State:.//p' "/proc/$_p/status" 2>/dev/null) in '' | Z*) ;; *) return 1 ;; esac; done; }

check "the resolver has its account and no capability" rights resolver nameward-resolver 0000
check "dbwriter has its account and no capability" rights dbwriter nameward-db 0000
check "nftsync has its account and CAP_NET_ADMIN" rights nftsync nameward-gate 1000
check "flows has its account and CAP_NET_ADMIN" rights flows nameward-flow 1000
check "the supervisor keeps eight capabilities" \
	has 'CapEff:.0*15e3$' cat "/proc/$nameward_pid/status"
check "a name is answered" has '^198.18.0.80$' ask web.example

# what the gate refuses
mac=$(in_ns c1 cat /sys/class/net/eth0/address)
check "an address nobody looked up is refused" refused c1 http://198.18.0.99/
check "over IPv6 too" refused c1 "http://[2001:db8:18::99]:8080/"
row() { [ "$(history "SELECT count(*) FROM refusals WHERE $1")" -ge 1 ]; }
check "and recorded: who, where to, which service" wait_for 5 row \
	"client='192.168.77.11' AND dest='198.18.0.99' AND port=80 AND interface='br-lan'"
check "the same over IPv6" wait_for 5 row "dest='2001:db8:18::99' AND port=8080"
check "with the device's MAC address" [ "$(history "SELECT count(*) FROM device WHERE mac='$mac'")" = 1 ]

# each one killed: it comes back, the others stay, names are answered
for role in resolver nftsync dbwriter flows; do
	others=$(pids | grep -vx "$(pid_of "$role")" | tr '\n' ' ')
	old=$(pid_of "$role")
	kill -9 "$old"
	back() { [ -n "$(pid_of "$role")" ] && [ "$(pid_of "$role")" != "$old" ]; }
	check "$role comes back" wait_for 5 back
	check "  the others have stayed" [ "$(pids | grep -vx "$(pid_of "$role")" | tr '\n' ' ')" = "$others" ]
	check "  and a name is answered" has '^198.18.0.80$' ask web.example
	check "  and status says so" has "$role +.*restarts 1" nameward status
done
refused c2 http://198.18.0.99/
check "refusals are recorded after all that" wait_for 5 row "client='192.168.77.12'"

# reload
before=$(pids | tr '\n' ' ')
lost=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	kill -HUP "$nameward_pid"
	[ "$(ask web.example)" = 198.18.0.80 ] || lost=$((lost + 1))
done
check "no query is lost in ten reloads" [ $lost = 0 ]
check "and no process replaced" [ "$(pids | tr '\n' ' ')" = "$before" ]
conf "listen more 192.168.77.1:5355" >"$net_dir/nameward.conf"
echo "control $net_dir/run/ctl" >>"$net_dir/nameward.conf"
kill -HUP "$nameward_pid"
on_new_port() { in_ns c1 dig +short +time=1 +tries=1 -p 5355 @192.168.77.1 web.example | grep -q 198.18; }
check "a new address is served after a reload" wait_for 5 on_new_port
good=$(cat "$net_dir/nameward.conf")
echo "no-such-thing" >>"$net_dir/nameward.conf"
kill -HUP "$nameward_pid"
check "a configuration with an error is refused" wait_for 5 logged "stays in force"
check "and what was before is served" has '^198.18.0.80$' ask web.example
echo "$good" >"$net_dir/nameward.conf"

# two of them
check "a second instance is refused" \
	has 'running already' in_ns router "$BUILD/namewardd" -c "$net_dir/nameward.conf"
sed "s,run/ctl,run/other," "$net_dir/nameward.conf" >"$net_dir/other.conf"
check "one with another control socket is told who has the port" \
	has "is taken by namewardd \(pid $nameward_pid\)|is taken by resolver" \
	in_ns router "$BUILD/namewardd" -c "$net_dir/other.conf"

# the end
all="$nameward_pid $(pids | tr '\n' ' ')"
kill -TERM "$nameward_pid"
# shellcheck disable=SC2086
check "SIGTERM ends all of them" wait_for 6 gone $all
wait "$nameward_pid"
check "with status 0" [ $? = 0 ]
check "and no socket is left" [ ! -e "$net_dir/run/ctl" ]
start_nameward
all=$(pids | tr '\n' ' ')
kill -9 "$nameward_pid"
# shellcheck disable=SC2086
check "children leave when the supervisor is killed" wait_for 4 gone $all
start_nameward
check "and the next one starts" has '^198.18.0.80$' ask web.example

# as an ordinary user
mkdir "$net_dir/user"
chown nobody "$net_dir/user"
conf "control $net_dir/user/ctl" | sed "s,192.168.77.1:53,127.0.0.1:5399,; s,$net_dir/history,$net_dir/user," \
	>"$net_dir/user.conf"
start_in router setpriv --reuid nobody --regid nogroup --clear-groups \
	"$BUILD/namewardd" -c "$net_dir/user.conf" 2>"$net_dir/user.log"
on_loopback() { in_ns router dig +short +time=1 +tries=1 -p 5399 @127.0.0.1 web.example | grep -q 198.18; }
check "an ordinary user can serve" wait_for 5 on_loopback
check "and is told that the gate is off" grep -q 'the gate is off' "$net_dir/user.log"
[ $net_fails = 0 ]
