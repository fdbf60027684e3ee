#!/bin/sh
# Configuration: every error in one run; a reload takes effect whole or not at all, and costs
# no lease and no question; what is said to a second instance and where a port is taken.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
log="$net_dir/nameward.log"
daemon() { timeout 10 "$BUILD/namewardd" "$@"; }
generation() { status_of nameward generation; }
is_generation() { [ "$(generation)" = "$1" ]; }
logged() { # PATTERN: a line behind the mark
	tail -n +"$mark" "$log" | grep -E -- "$1"
}
set_mark() { mark=$(($(wc -l <"$log") + 1)); }
exits_with() { # STATUS COMMAND...
	_status=$1
	shift
	"$@"
	_got=$?
	[ $_got = "$_status" ] || { echo "exit status $_got"; return 1; }
}

# --- --check: all errors, each with its place ---------------------------------------------------
bad="$net_dir/bad.conf"
cat >"$bad" <<-'EOF'
	listen lan 192.168.77.1:99999
	upstrem x {
	  server 1.2.3.4
	}
	upstream u {
	  server 300.1.1.1
	  timeout 2
	  order quick
	}
	zone lan {
	  interface br-lan
	  gate enfroce
	}
	policy default { block adds }
	list ads {
	  name *.ads.example
	}
	cache {
	  size 5
	  size 6MiB
	}
	policy default {
	  block ads
	}
	history {
EOF
check "a bad configuration: exit 78" exits_with 78 daemon -c "$bad" --check
daemon -c "$bad" --check 2>"$net_dir/bad.out"
for place in 1:12 2:1 6:10 7:11 8:9 12:8 14:24 19:8 20:3 22:8 25:9; do
	check "line:column $place is told" grep -q "^$bad:$place: error: " "$net_dir/bad.out"
done
check "with the source line" grep -qx '      gate enfroce' "$net_dir/bad.out"
check "with a caret under the word" grep -qx '           ^' "$net_dir/bad.out"
check "with a hint: a slip of the keys" grep -q "did you mean 'enforce'?" "$net_dir/bad.out"
check "with a hint: a list by a wrong name" grep -q "did you mean 'ads'?" "$net_dir/bad.out"
check "with a hint: the place of the first" grep -q "first at $bad:19" "$net_dir/bad.out"
printf 'upstrem x\nlist ads "of mine\ninclude missing.conf\n' >"$net_dir/open.conf"
check "a string that is not closed, where it opens" has "^$net_dir/open.conf:2:10: error" \
	daemon -c "$net_dir/open.conf" --check
check "a file that cannot be read" has "^$net_dir/open.conf:3:9: error.*No such file" \
	daemon -c "$net_dir/open.conf" --check
check "the daemon does not start by it, exit 78" exits_with 78 daemon -c "$bad"
check "nor without its file, exit 78" exits_with 78 daemon -c "$net_dir/none.conf"
check "garbage: exit 78" exits_with 78 daemon -c "$BUILD/namewardd" --check
check "the command line says the same" has "$bad:12:8: error" nameward config check "$bad"

# --- the running daemon ---------------------------------------------------------------------------
configure() { # MODE-OF-ZONE [LINE...]
	cat <<-EOF
	listen lan $r:53
	upstream inet {
	  server 198.18.0.53
	}
	zone lan {
	  interface br-lan
	  gate $1
	}
	list ads {
	  file $net_dir/ads.txt
	}
	policy default { block ads }
	history {
	  file $net_dir/db/history.db
	  commit-every 100ms
	}
	EOF
	shift
	for _line; do echo "$_line"; done
}
# The same, into the file of the running daemon, and SIGHUP.
reload() {
	set_mark
	{ configure "$@"; echo "control $net_dir/run/ctl"; } >"$net_dir/nameward.conf"
	kill -HUP "$nameward_pid"
}
ask() { # CLIENT NAME PATTERN [SERVER]
	has "$3" in_ns "$1" dig +time=1 +tries=2 "@${4:-$r}" "$2"
}
net_up
net_unbound <<-EOF
*.wild 60 A 198.18.0.81
EOF
for a in 198.18.0.80 198.18.0.81 198.18.0.99; do net_web $a 80; done
echo 'ads.example' >"$net_dir/ads.txt"
configure observe >"$net_dir/in.conf"
net_nameward <"$net_dir/in.conf"
check "observing: a bare address passes" has hello fetch c1 http://198.18.0.99/
check "c1 looks up" ask c1 web.example 198.18.0.80
check "a name that is on no list" ask c1 tracker.wild.example 198.18.0.81
ask_on c2 reload wild.example 198.18.0.81

cp "$bad" "$net_dir/nameward.conf"
set_mark
kill -HUP "$nameward_pid"
check "SIGHUP with a bad file: each error is logged" wait_for 3 logged ':12:8: error: '
check "and that the old one stays" wait_for 3 logged 'generation 1 stays in force'
check "it serves on by the old one" ask c1 other.wild.example 198.18.0.81

printf 'ads.example\n*.tracker.wild.example\n' >"$net_dir/ads.txt"
reload observe
check "a good file: generation 2" wait_for 5 is_generation 2
check "a new entry of a list blocks, though the name is cached" ask c1 tracker.wild.example NXDOMAIN
check "what was cached is there still" ask c1 web.example 198.18.0.80
check "before enforcing, c1 passes where it did not look up" has hello fetch c1 http://198.18.0.99/

reload enforce
check "observe to enforce" wait_for 5 is_generation 3
check "the lease got under observe holds" has hello fetch c1 http://198.18.0.80/
check "without one it is refused now" refused c1 http://198.18.0.99/
check "new leases are made" ask c1 new.wild.example 198.18.0.81
check "and open" has hello fetch c1 http://198.18.0.81/

reload enforce "listen more $r:5300 [fd77::1]:53"
check "more addresses to listen on" wait_for 5 is_generation 4
check "the new port answers" has 198.18.0.80 in_ns c1 dig +time=1 +tries=2 @$r -p 5300 web.example
check "the new family answers" ask c1 web.example 198.18.0.80 fd77::1
check "over TCP too" has 198.18.0.80 in_ns c1 dig +tcp @fd77::1 web.example
check "the old one still does" ask c1 web.example 198.18.0.80
check "leases are still there" has hello fetch c1 http://198.18.0.80/
reload enforce
check "fewer addresses" wait_for 5 is_generation 5
check "the port is closed" not has 198.18.0.80 in_ns c1 dig +time=1 +tries=1 @$r -p 5300 web.example

cached=$(status_of cache entries)
reload enforce "block-ttl 5s"
check "another setting" wait_for 5 is_generation 6
check "the cache is kept" [ "$(status_of cache entries)" -ge "$cached" ]
reload enforce \
	"upstream other {" "server 198.18.0.53:5399" "timeout 500ms" "}" "forward web.example other"
check "a name is forwarded elsewhere" wait_for 5 is_generation 7
check "the cache is flushed" [ "$(status_of cache entries)" -lt "$cached" ]
check "what was cached does not answer for the new server" ask c1 web.example SERVFAIL
reload enforce
check "back to the old server" wait_for 5 is_generation 8
check "it answers again" ask c1 web.example 198.18.0.80

start_in router ncat -lk $r 5301
taken=$net_pid
wait_for 3 in_ns router ncat -z $r 5301
reload enforce "listen taken $r:5301"
check "an address that another program has: told" wait_for 3 logged '5301 is taken by .*root'
check "and the old generation stays" wait_for 3 logged 'generation 8 stays in force'
check "it serves on" ask c1 web.example 198.18.0.80

i=0
while [ $i -lt 15 ]; do
	reload enforce
	sleep 0.05
	i=$((i + 1))
done
more_than_8() { [ "$(generation)" -gt 8 ]; }
check "many reloads in a row: it is there" wait_for 5 more_than_8
check "leases are still there after all of them" has hello fetch c1 http://198.18.0.80/
check "no process was restarted" not has 'process .*restarts [1-9]' nameward status
ask_stop
check "all $asked questions during the reloads were answered" not grep . "$net_dir/unanswered"

# --- a second instance ------------------------------------------------------------------------------
configure enforce >"$net_dir/second.conf"
echo "control $net_dir/run/ctl" >>"$net_dir/second.conf"
check "a second instance is told which process is there" has "$nameward_pid" \
	in_ns router timeout 10 "$BUILD/namewardd" -f -c "$net_dir/second.conf"
sed -i "s,^control .*,control $net_dir/run2/ctl," "$net_dir/second.conf"
check "with another control socket, who has the port" has "53.*namewardd" \
	in_ns router timeout 10 "$BUILD/namewardd" -f -c "$net_dir/second.conf"
sed "s,^listen .*,listen lan $r:5301," "$net_dir/second.conf" >"$net_dir/third.conf"
check "where another program has the port, which" has "5301 is taken by ncat .pid $taken" \
	in_ns router timeout 10 "$BUILD/namewardd" -f -c "$net_dir/third.conf"
check "and exits with 1" exits_with 1 in_ns router timeout 10 "$BUILD/namewardd" -f -c "$net_dir/second.conf"
check "the first one was not disturbed" ask c1 web.example 198.18.0.80
check "nor its table" has hello fetch c1 http://198.18.0.80/

# --- what was understood, as a configuration ----------------------------------------------------------
for conf in "$net_dir/nameward.conf" etc/default.conf etc/nameward.conf; do
	cp "$conf" "$net_dir/whole.conf"
	# the machine's resolv.conf may name only an address that these listen on
	grep -q '^upstream' "$conf" || echo 'upstream u { server 192.0.2.53 }' >>"$net_dir/whole.conf"
	daemon -c "$net_dir/whole.conf" --print-config >"$net_dir/printed1.conf"
	daemon -c "$net_dir/printed1.conf" --print-config >"$net_dir/printed2.conf"
	check "$(basename "$conf"): what --print-config prints has no error" \
		daemon -c "$net_dir/printed1.conf" --check
	check "$(basename "$conf"): and means the same" cmp "$net_dir/printed1.conf" "$net_dir/printed2.conf"
done
[ $net_fails = 0 ]
