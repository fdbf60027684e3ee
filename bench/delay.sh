#!/bin/bash
# How long an answer takes while others have the history in hand: a reader that holds a
# transaction open, a shell that holds the write lock, questions over all of it, copies of it,
# a prune of half of it. BENCH_S seconds each at BENCH_RATE new names a second; see bench/run.sh.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/integration/net.sh
. bench/world.sh
seconds=${BENCH_S:-10}
rate=${BENCH_RATE:-1000}
rows=${HISTORY_ROWS:-300000}
db=$net_dir/db/history.db

measure() { # CASE
	names $((rate * seconds)) "${1// /-}" delay.example >"$net_dir/names"
	in_ns c1 dnsperf -v -s 192.168.77.1 -d "$net_dir/names" -n 1 -c 4 -Q "$rate" >"$net_dir/dnsperf.out" 2>&1
	awk '$1 == ">" { print $NF * 1000 }' "$net_dir/dnsperf.out" | sort -n >"$net_dir/ms"
	for part in 50 99 99.9; do
		sample "$rate new names/s" "$1" nameward "ms p$part" "$(awk -v p=$part '
			{ ms[NR] = $1 } END { i = int(NR * p / 100 + 0.999); print ms[i < 1 ? 1 : i] }' "$net_dir/ms")"
	done
	sample "$rate new names/s" "$1" nameward "lost" "$((rate * seconds - $(wc -l <"$net_dir/ms")))"
	sample "$rate new names/s" "$1" nameward "WAL MiB" "$(($(stat -c %s "$db-wal") / 1048576))"
	wait_for 20 has '^history +queue +0$' nameward status
}

# Until measure has ended.
meanwhile() { # COMMAND...
	while [ ! -e "$net_dir/measured" ]; do "$@" >/dev/null 2>&1 || sleep 0.1; done
}
held_by() { # SQL: a shell that has said this and waits
	mkfifo "$net_dir/shell"
	sqlite3 -cmd '.timeout 10000' "$db" <"$net_dir/shell" >/dev/null &
	holder=$!
	exec 8>"$net_dir/shell"
	echo "$1" >&8
}
let_go() {
	exec 8>&-
	wait $holder
	rm "$net_dir/shell"
}
beside() { # CASE COMMAND...
	_case=$1
	shift
	rm -f "$net_dir/measured"
	meanwhile "$@" &
	_pid=$!
	measure "$_case"
	touch "$net_dir/measured"
	wait $_pid
}
copy() {
	rm -f "$net_dir/copy.db"
	nameward history backup "$net_dir/copy.db"
}
prune() { # a day more each time
	days=$((${days:-30} - 1))
	nameward history prune --before "-${days}d" --kind lookups --yes
}

"$BUILD/bench_history" "$net_dir" "$rows" keep >&2 || exit 1
mv "$net_dir/bench_history.db" "$db"
rm -f "$net_dir"/bench_history.db-*
chown nameward-db "$db"
world_up
start_nameward enforce <<-END
	history {
	  file $db
	}
END
server_answers
measure "nobody"
held_by "BEGIN; SELECT count(*) FROM lookups;"
measure "a reader holds a transaction"
let_go
held_by "BEGIN IMMEDIATE;"
measure "a shell holds the write lock"
let_go
beside "questions over all of it" nameward top names -S @1
beside "copies of it" copy
beside "prunes of it" prune
measure "nobody again"
nameward status | grep -E '^history +(dropped|queue|rows)' | sed 's/^/    /' >&2
stop_server
