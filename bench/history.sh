#!/bin/bash
# The history: what a lookup costs to record, and how long each question of
# nameward-history(5), `top` and `report` take over so many lookups of 30 days; see bench/run.sh.
# HISTORY_ROWS=10000000 needs 1 GB in TMPDIR and some minutes.
set -u
cd "$(dirname "$0")/.." || exit 1
rows=${HISTORY_ROWS:-1000000}
folder=$(mktemp -d "${TMPDIR:-/tmp}/nameward-bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
db=$folder/bench_history.db
BUILD=${BUILD:-build}

sample() { # TABLE CASE WHO MEASURE VALUE
	printf '%s\t%s\t%s\t%s\t%s\n' "$@"
}
timed() { # CASE WHO COMMAND...
	_case=$1 _who=$2 _began=$EPOCHREALTIME
	shift 2
	"$@" >"$folder/out" || { echo "$_case failed" >&2; exit 1; }
	sample "questions over $rows lookups" "$_case" "$_who" ms \
		"$(((${EPOCHREALTIME/[.,]/} - ${_began/[.,]/}) / 1000))"
}
nameward() { "$BUILD/nameward" -c "$folder/nameward.conf" "$@"; }

# Each example of the manual: its sentence, a tab, its statement in one line.
questions() {
	awk '/^\.Sh EXAMPLES/ { on = 1 } /^\.Sh WHAT IS KEPT/ { on = 0 }
		!on { next }
		/^\.Bd -literal/ { sql = ""; inside = 1; next }
		/^\.Ed/ { inside = 0; print title "\t" sql; title = ""; next }
		inside { sql = sql " " $0; next }
		/^\./ { if ($1 == ".Pp") title = ""; next }
		{ title = title (title ? " " : "") $0 }' man/nameward-history.5
}

"$BUILD/bench_history" "$folder" "$((rows < 200000 ? rows : 200000))" | tail -n 2 >"$folder/cost"
read -r bytes written < <(awk '/a home/ { print $(NF - 1), $NF }' "$folder/cost")
sample "a home: 5 lookups/s, commit each 2 s" "a lookup" nameward "bytes in the file" "$bytes"
sample "a home: 5 lookups/s, commit each 2 s" "a lookup" nameward "bytes written" "$written"

"$BUILD/bench_history" "$folder" "$rows" keep >&2 || exit 1
cat >"$folder/nameward.conf" <<-END
history {
  file $db
}
END
while IFS=$'\t' read -r title sql; do
	title=${title%:} sql=${sql//\'tv\'/\'device-7\'}
	timed "${title:0:38}" sqlite3 sqlite3 "file:$db?mode=ro" "${sql//192.0.2.1/198.18.1.1}"
done < <(questions)
for what in names sites clients lists upstreams types verdicts; do
	timed "top $what, a day" nameward nameward top $what
	timed "top $what, all" nameward nameward top $what -S @1
done
timed "client, all" nameward nameward client device-7 -S @1
timed "who asked for a name, all" nameward nameward who h7000000.example7000.net -S @1
timed "report, a week" nameward nameward report --week --html "$folder/page"
timed "report, 30 days" nameward nameward report -S -30d --html "$folder/page"
timed "history size" nameward nameward history size
timed "history backup" nameward nameward history backup "$folder/copy.db"
timed "integrity_check" sqlite3 sqlite3 "$folder/copy.db" 'PRAGMA integrity_check'
chown -R nameward-db "$folder"
timed "history prune, the older half" nameward nameward history prune --before -15d --kind lookups --yes
