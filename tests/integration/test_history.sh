#!/bin/sh
# The history: what the view shows of each lookup, and what a full disk, a lock, a deleted or
# broken file and a read-only file system do: DNS goes on, a loss is counted, recording resumes.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh

r=192.168.77.1
disk="$net_dir/mnt1"
db="$disk/history.db"
sql() { sqlite3 -cmd '.timeout 2000' "file:$db?mode=ro" "$1"; }
ask() { in_ns c1 dig +time=2 +tries=1 @$r "$@"; }
answers() { has 'status: (NOERROR|NXDOMAIN)' ask "$1"; }
recorded() { has '^[1-9]' sql "SELECT count(*) FROM lookups WHERE name = '$1'"; }
state_is() { [ "$(status_of history state)" = "$1" ]; }
error_is() { status_of history last-error | grep -E -- "$1" || { status_of history last-error; return 1; }; }
lookup_is() { # NAME TYPE WHERE
	has '^1$' sql "SELECT count(*) FROM lookups WHERE name = '$1' AND type = '$2' AND $3" || {
		sqlite3 -line "file:$db?mode=ro" "SELECT * FROM lookups WHERE name = '$1'"
		return 1
	}
}

net_up
mkdir "$disk"
mount -t tmpfs -o size=2m,mode=755 tmpfs "$disk"
chown nameward-db:nameward-db "$disk"
net_unbound <<-EOF
*.wild 60 A 198.18.0.81
EOF
cat >"$net_dir/in.conf" <<-EOF
listen lan $r:53
clients { rate off }
upstream inet {
  server 198.18.0.53
}
upstream gone {
  server 198.18.0.99:5399
  timeout 200ms
}
forward gone.test gone
zone lan {
  interface br-lan
  gate enforce
}
device tv {
  mac $(in_ns c1 cat /sys/class/net/eth0/address)
}
list ads {
  name *.ads.example *.blocked.example
}
policy default { block ads }
history {
  file $db
  commit-every 100ms
}
EOF
net_nameward <"$net_dir/in.conf"

# --- what the view shows ------------------------------------------------------------------------
ask web.example >/dev/null
ask WEB.example >/dev/null
ask web.example AAAA >/dev/null
ask www.example >/dev/null
ask x.ads.example >/dev/null
ask clean.example >/dev/null
ask none.example >/dev/null
ask a.gone.test >/dev/null
ask web.example TYPE65534 >/dev/null
ask 'sp\032ace\"'\''.example' >/dev/null
check "the lookups are recorded" wait_for 3 recorded 'a.gone.test'
who="who = 'tv' AND client = '192.168.77.11'"
check "forwarded: answer, round trip, time held, upstream" lookup_is web.example A \
	"$who AND verdict = 'forwarded' AND rcode = 'NOERROR' AND answer = '198.18.0.80' AND ms BETWEEN 0.001 AND 2000
	AND hold_ms BETWEEN 0.001 AND 2000 AND upstream = '198.18.0.53' AND list IS NULL AND n = 1"
check "AAAA is another row" lookup_is web.example AAAA "verdict = 'forwarded' AND answer = '2001:db8:18::80'"
check "cached: no round trip" has '^1$' sql "SELECT count(*) FROM lookups WHERE lower(name) = 'web.example'
	AND type = 'A' AND verdict = 'cached' AND answer = '198.18.0.80' AND ms IS NULL AND upstream IS NULL"
check "a chain" lookup_is www.example A "verdict = 'forwarded' AND answer LIKE '%198.18.0.80%'"
check "blocked: the list and its entry" lookup_is x.ads.example A \
	"verdict = 'blocked' AND list = 'ads' AND pattern = '*.ads.example' AND rcode = 'NXDOMAIN' AND answer IS NULL
	AND ms IS NULL AND hold_ms IS NULL"
check "blocked by its CNAME" lookup_is clean.example A "verdict = 'blocked-cname' AND list = 'ads' AND ms > 0"
check "no such name" lookup_is none.example A "verdict = 'forwarded' AND rcode = 'NXDOMAIN' AND hold_ms IS NULL"
check "failed" lookup_is a.gone.test A "verdict = 'failed' AND rcode = 'SERVFAIL'"
check "an unknown type" lookup_is web.example TYPE65534 "verdict = 'forwarded'"
check "a name of odd characters" has '^1$' sql "SELECT count(*) FROM lookups WHERE name LIKE 'sp\\032ace%'"
check "times are in order" has '^1$' sql "SELECT min(time) LIKE '20__-__-__T__:__:__.___Z' FROM lookups"
fetch c1 http://198.18.0.99/ 2>/dev/null
check "a refused connection is there too" wait_for 4 has '^1' sql \
	"SELECT n FROM refusals WHERE dest = '198.18.0.99' AND port = 80 AND who = 'tv'"

# --- roll-ups, and what is forgotten -----------------------------------------------------------
check "the device and the names are in views of their own" has '^tv [1-9]' sql \
	"SELECT who || ' ' || (SELECT count(*) FROM names WHERE first_who = 'tv') FROM devices WHERE who = 'tv'"
check "the day's count is that of the lookups" has '^1$' sql \
	"SELECT (SELECT sum(n) FROM daily) = (SELECT sum(n) FROM lookups)"
check "status says how long what is kept" has 'keep-daily +730.0 days' nameward status
check "forgetting wants a word more" not nameward history forget --name www.example
check "a name is forgotten" has begun nameward history forget --name WWW.example --yes
forgotten() { has '^0$' sql "SELECT (SELECT count(*) FROM lookups WHERE name = 'www.example') +
	(SELECT count(*) FROM names WHERE name = 'www.example') + (SELECT count(*) FROM pdns WHERE rrname = 'www.example')"; }
check "it is in no view any more" wait_for 5 forgotten
check "an event says so" wait_for 5 has '^1$' sql "SELECT count(*) FROM events WHERE kind = 'history-forgotten'"
as_adm() { setpriv --reuid=65534 --regid="$(getent group adm | cut -d: -f3)" --clear-groups "$@"; }
check "the socket's group may look only" has '^\.err only root' as_adm perl -MIO::Socket::UNIX -e \
	'$s = IO::Socket::UNIX->new($ARGV[0]) or die "$!"; print $s "history forget client tv\n"; print while <$s>' \
	"$net_dir/run/ctl"
check "others stay" has '^[1-9]' sql "SELECT count(*) FROM lookups WHERE name = 'web.example'"

# --- deleted before its time, copied while it is written ---------------------------------------
ask old.wild.example >/dev/null
check "an old lookup is there" wait_for 3 recorded old.wild.example
sqlite3 -cmd '.timeout 5000' "$db" "UPDATE lookup SET ts = ts - 864000000000 WHERE ts = (SELECT max(ts) FROM lookups
	WHERE name = 'old.wild.example')"
check "the daemon takes what a shell changed as it is" answers new.wild.example
check "and goes on recording" wait_for 5 recorded new.wild.example
check "only root prunes" has '^\.err only root' as_adm perl -MIO::Socket::UNIX -e \
	'$s = IO::Socket::UNIX->new($ARGV[0]) or die "$!"; print $s "history prune\n"; print while <$s>' \
	"$net_dir/run/ctl"
check "what is old is pruned by the daemon" has '^lookups +1 ' nameward history prune --before -1d --kind lookups --yes
check "it is gone" not recorded old.wild.example
check "the others stay" recorded new.wild.example
check "an event says so, too" wait_for 5 has '^1$' sql "SELECT count(*) FROM events WHERE kind = 'history-pruned'"
check "size is told" has '^lookups +[1-9]' nameward history size
check "a copy" nameward history backup "$net_dir/copy.db"
check "the copy is whole" has '^ok$' sqlite3 "$net_dir/copy.db" 'PRAGMA integrity_check'
check "the shell reads alone" has 'readonly|not authorized|unsafe' sh -c \
	"echo 'DELETE FROM lookup;' | '$BUILD/nameward' -c '$net_dir/nameward.conf' history sql"
check "and starts no program" not has uid= sh -c "echo '.shell id' | '$BUILD/nameward' -c '$net_dir/nameward.conf' history sql"
check "it does read" has '^[1-9]' sh -c \
	"echo 'SELECT count(*) FROM lookups;' | '$BUILD/nameward' -c '$net_dir/nameward.conf' history sql"

# --- locked by a shell ------------------------------------------------------------------------------
{ echo 'BEGIN IMMEDIATE;'; sleep 3; echo 'ROLLBACK;'; } | sqlite3 "$db" &
locker=$!
sleep 0.5
for i in 1 2 3 4 5; do ask locked$i.wild.example >/dev/null; done
check "locked: DNS goes on" answers locked6.wild.example
check "locked: status says so" wait_for 3 error_is 'locked'
check "locked: nothing is recorded meanwhile" not recorded locked6.wild.example
wait $locker
check "unlocked: all that was asked is recorded" wait_for 3 recorded locked6.wild.example
check "none is missing" has '^6$' sql "SELECT count(*) FROM lookups WHERE name LIKE 'locked%'"
check "nothing was dropped" test "$(status_of history dropped)" = 0
event_is() { has '^[1-9]' sql "SELECT count(*) FROM events WHERE kind = '$1' AND detail LIKE '%$2%'"; }
check "an event says how long it was" wait_for 3 event_is history-resumed 'holds it locked'

# --- killed in the middle ---------------------------------------------------------------------------
for i in 1 2 3; do
	old=$(pid_of dbwriter)
	for j in 1 2 3 4 5; do ask killed$i-$j.wild.example >/dev/null; done
	kill -9 "$old"
	check "killed ($i): DNS goes on" answers killed$i-6.wild.example
	is_new() { _new=$(pid_of dbwriter); [ -n "$_new" ] && [ "$_new" != "$old" ]; }
	check "killed ($i): it is back" wait_for 10 is_new
	again() { ask killed$i-7.wild.example >/dev/null; recorded killed$i-7.wild.example; }
	check "killed ($i): and records" wait_for 10 again
done
check "killed: the file has no damage" has '^ok$' sql 'PRAGMA integrity_check'
check "killed: it is counted" has 'process +dbwriter .*restarts 3' nameward status

# --- deleted, replaced, broken while open -----------------------------------------------------------
rm -f "$db" "$db-wal" "$db-shm"
check "deleted: DNS goes on" answers deleted1.wild.example
check "deleted: a new file takes over" wait_for 5 recorded deleted1.wild.example
check "deleted: and goes on" answers deleted2.wild.example
check "deleted: recorded" wait_for 5 recorded deleted2.wild.example
check "deleted: an event says so" wait_for 3 event_is history-replaced 'deleted or replaced'
head -c 100000 /dev/urandom >"$disk/noise"
mv "$disk/noise" "$db"
chown nameward-db "$db"
rm -f "$db-wal" "$db-shm"
check "replaced by noise: DNS goes on" answers noise1.wild.example
check "replaced by noise: put aside, a new file takes over" wait_for 10 recorded noise1.wild.example
check "the noise was kept" has history.db. ls "$disk"
check "replaced by noise: an event says where" wait_for 3 event_is history-corrupt 'is kept as'
find "$disk" -name 'history.db?*' -size +90k ! -name '*-wal' -delete

# --- a full disk ---------------------------------------------------------------------------------------
seq -f '%.0f-some-name-that-is-asked-once-only.blocked.example A' 150000 >"$net_dir/many"
in_ns c1 dnsperf -s $r -d "$net_dir/many" -n 1 -q 300 >"$net_dir/dnsperf.out" 2>&1
check "full: 150,000 questions are answered" has 'Queries completed: +1(4[89]|50).*\((99|100)' cat "$net_dir/dnsperf.out"
check "full: status says so" wait_for 5 error_is 'the disk is full'
check "full: the state is waiting" state_is waiting
check "full: DNS goes on" answers full1.wild.example
check "full: and the gate" has 198.18.0.81 nameward gate ls
lost() { echo $(($(status_of history dropped) + $(status_of history dropped_on_the_way))); }
some_lost() { [ "$(lost)" -gt 0 ]; }
check "full: what was lost is counted" wait_for 3 some_lost
mount -o remount,size=64m "$disk"
check "room again: recording resumes by itself" wait_for 40 state_is recording
check "room again: new ones too" answers room1.wild.example
check "room again: recorded" wait_for 3 recorded room1.wild.example
there=$(sql "SELECT sum(n) FROM lookups WHERE name LIKE '%.blocked.example'")
echo "    of 150,000 recorded $there, counted as lost $(lost)"
check "what is there and what was lost make all" test $((there + $(lost))) -ge 149000 -a $((there + $(lost))) -le 150010
check "full: an event says that recording resumed" wait_for 3 event_is history-resumed 'the disk is full'
check "full: and another what was dropped" wait_for 3 event_is history-dropped 'did not fit'
check "the file has no damage" has '^ok$' sql 'PRAGMA integrity_check'
kill -TERM "$nameward_pid"
wait "$nameward_pid"

# --- read-only at the start --------------------------------------------------------------------------------
mount -o remount,ro "$disk"
net_nameward <"$net_dir/in.conf"
check "read-only: DNS is up" answers ro1.wild.example
check "read-only: status says so" wait_for 3 error_is 'read-only'
mount -o remount,rw "$disk"
nsenter -m -r -t "$nameward_pid" mount -o remount,rw "$disk" # its own view of the mount
check "writable again: recording begins by itself" wait_for 20 recorded ro1.wild.example
for child in resolver nftsync dbwriter flows; do
	check "$child lived through it" has "process +$child .*restarts 0" nameward status
done
[ $net_fails = 0 ]
