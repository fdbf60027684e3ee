#!/bin/sh
# Histories of several routers on one PostgreSQL server: equal rows, no row lost or there
# twice, whatever is interrupted. They are made by importing another program's log.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skip not root"; exit 0; }
. tests/integration/net.sh
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$postgres" ] || { echo "skip no PostgreSQL"; exit 0; }

# The server: in a folder of its own, as account postgres, on a socket there.
connection="host=$net_dir/pg user=fleet dbname=postgres"
psql_one() { "$postgres/psql" -XAtq "$connection" -c "$1"; }
server_up() {
	setpriv --reuid postgres --regid postgres --clear-groups "$postgres/postgres" \
		-D "$net_dir/pg" -k "$net_dir/pg" -F -c listen_addresses= >>"$net_dir/pg.log" 2>&1 &
	server=$!
	wait_for 20 psql_one "SELECT 1"
}
server_down() { # SIGNAL
	[ -n "$server" ] || return
	kill "-$1" "$server"
	wait "$server"
	server=
}
server=
trap 'server_down INT; net_down' EXIT

# ROUTER ROWS FIRST-S STEP-S: lookups as AdGuard Home logs them, oldest first.
log_of() {
	awk -v router="$1" -v rows="$2" -v first="$3" -v step="$4" 'BEGIN {
		for (i = 0; i < rows; i++) {
			s = first + int(i * step)
			printf "{\"T\":\"%s.%06dZ\",\"QH\":\"h%d.%s.example\",\"QT\":\"%s\",\"QC\":\"IN\"," \
				"\"IP\":\"192.168.1.%d\",\"CID\":\"%s\",\"Elapsed\":%d,\"Upstream\":\"9.9.9.9:53\"," \
				"\"Result\":%s,\"Answer\":\"%s\"}\n", strftime("%Y-%m-%dT%H:%M:%S", s, 1), i % 1000000,
				i % 997, router, i % 3 ? "A" : "TYPE65280", 10 + i % 40, i % 7 ? "" : "tv",
				1000000 + i * 1000, i % 5 ? "{}" : "{\"Reason\":3,\"Rules\":[{\"Text\":\"||a\\tb^\"}]}",
				"AAGBgAABAAEAAAAAAWEHZXhhbXBsZQNvcmcAAAEAAcAMAAEAAQAAASwABMAAAgE="
		} }'
}
nameward_of() { # ROUTER VERB...
	_conf="$net_dir/$1.conf"
	shift
	"$BUILD/nameward" -c "$_conf" "$@"
}
record() { # ROUTER ROWS FIRST-S STEP-S
	log_of "$@" >"$net_dir/$1.json"
	nameward_of "$1" history import --apply "$net_dir/$1.json" >"$net_dir/$1.imported" 2>&1
}
export_of() { # ROUTER: with sanitizers, if there is such a build
	_exporter="${SAN:-$BUILD}/nameward"
	[ -x "$_exporter" ] || _exporter="$BUILD/nameward"
	"$_exporter" -c "$net_dir/$1.conf" export postgres "$connection" --router "$1" -o csv \
		>"$net_dir/$1.exported" 2>"$net_dir/$1.err"
	_status=$?
	tail -n 1 "$net_dir/$1.exported"
	cat "$net_dir/$1.err"
	return $_status
}
columns="who, client, name, site, type, verdict, rcode, upstream, list, pattern, answer, n"
here() { # ROUTER: all its rows, by time
	sqlite3 -separator '|' "file:$net_dir/$1/history.db?mode=ro" \
		"SELECT ts, $columns, cast(round(ms * 1000) AS integer) FROM lookups ORDER BY ts"
}
there() {
	psql_one "SELECT (extract(epoch FROM ts) * 1000000)::bigint, $columns,
		round((ms * 1000)::numeric) FROM nameward.lookups WHERE router = '$1' ORDER BY ts"
}
equal() { # ROUTER
	here "$1" >"$net_dir/here"
	there "$1" >"$net_dir/there"
	[ -s "$net_dir/here" ] || return 1
	cmp "$net_dir/here" "$net_dir/there" || diff "$net_dir/here" "$net_dir/there" | head -n 5
}
count_of() { psql_one "SELECT count(*) FROM nameward.lookups WHERE router = '$1'"; }

for r in north south; do
	install -d -o nameward-db "$net_dir/$r"
	cat >"$net_dir/$r.conf" <<-EOF
	listen lan 127.0.0.1:53
	upstream inet {
	  server 198.18.0.53
	}
	history {
	  file $net_dir/$r/history.db
	  keep lookups 10y
	}
	control $net_dir/$r/ctl
	EOF
done
install -d -o postgres -m 700 "$net_dir/pg"
setpriv --reuid postgres --regid postgres --clear-groups "$postgres/initdb" -D "$net_dir/pg" \
	-U fleet -A trust --no-sync -E UTF8 --locale=C >"$net_dir/initdb.log" 2>&1
# What a stranger may write into a log, and what a log may hold that is no lookup.
cat >"$net_dir/hostile.json" <<-'EOF'
{"T":"2026-10-30T10:00:00Z","QH":"=cmd\\032a\\\\b\\.,\"x.example","QT":"A","IP":"fd77::5","CID":"=1+1\t\n\"\\N,;","Result":{"Reason":3,"Rules":[{"Text":"/\\.\\\\x[,\"]\u2028\u0000$/"}]}}
{"T":"2026-10-30T10:00:01Z","QH":"","QT":"NS","IP":"192.168.1.5","Result":{}}
{"T":"2026-10-30T10:00:02Z","QH":"a..b","QT":"A","IP":"192.168.1.5","Result":{}}
{"T":"2026-10-30T10:00:03Z","QH":"cut.exam
EOF
# around the end of October 2026; the other one all of a day
record north 3000 1793489400 1
check "a dry run writes nothing" has '^-? *,?.*left out,1,its name is not a domain name' \
	nameward_of north history import "$net_dir/hostile.json" -o csv
check "and an import what is good" has ',written,2,' \
	nameward_of north history import --apply "$net_dir/hostile.json" -o csv
check "a second one nothing" has ',there,2,' \
	nameward_of north history import --apply "$net_dir/hostile.json" -o csv
record south 12000 1793000000 6
install -d -m 700 "$net_dir/private"
sqlite3 "$net_dir/private/pihole-FTL.db" "PRAGMA journal_mode = WAL; CREATE TABLE queries (id INTEGER
	PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, type INTEGER NOT NULL, status INTEGER
	NOT NULL, domain TEXT NOT NULL, client TEXT NOT NULL, forward TEXT);
	INSERT INTO queries VALUES (1, 1792999000, 1, 2, 'p.example', '192.168.1.5', '9.9.9.9#53'),
	(2, 1792999001, 1, 0, 'p.example', '192.168.1.5', NULL)" >/dev/null
chmod 600 "$net_dir/private/pihole-FTL.db"
check "Pi-hole's database is read where it lies" has 'FTL\.db,2,left out' \
	nameward_of south history import --apply "$net_dir/private/pihole-FTL.db" -o csv
check "and its lookups are written" has '^p\.example\|9\.9\.9\.9$' sqlite3 \
	"file:$net_dir/south/history.db?mode=ro" "SELECT name, upstream FROM lookups WHERE ts < 1792999002000000
	AND ts >= 1792999000000000 AND name = 'p.example'"
check "without a server nothing is lost, and it says so" has '^nameward: the server: .*socket' export_of north
check "a server starts" server_up
export_of south >"$net_dir/south.both" &
both=$!
check "a router copies its history" has '^north,3002,0,0,' export_of north
check "another one, at the same time" wait $both
check "the rows of one are equal" equal north
check "and of the other" equal south
check "each month is a partition" has '^lookups_2026_10,lookups_2026_11$' psql_one "SELECT
	string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relispartition AND relkind = 'r'"
check "and rows of both sides of its edge are there" has '^1200 2026-11-01 00:00:00.0018\+00$' \
	psql_one "SET TIME ZONE 'UTC'; SELECT count(*) || ' ' || min(ts) FROM
	nameward.lookups_2026_11 WHERE router = 'north'"
check "a second call finds nothing to do" has '^north,0,0,0,' export_of north

# The other ways out: what reads them finds the same rows.
exported() { # FORMAT SQL: its answer about the lines (t.x) or cells of the export
	nameward_of north history export --format "$1" >"$net_dir/export"
	case $1 in
	csv) sqlite3 :memory: ".import --csv $net_dir/export t" "$2" ;;
	*) sqlite3 :memory: "CREATE TABLE t (x)" ".mode ascii" '.separator "\037" "\n"' \
		".import $net_dir/export t" ".mode list" '.separator "|" "\n"' "$2" ;;
	esac
}
check "every line of the export is JSON" has '^3002\|3002$' exported ndjson \
	"SELECT count(*), sum(json_valid(x) AND json_extract(x, '$.v') = 1) FROM t"
check "no name is changed by it" has '^3002\|0$' exported ndjson "ATTACH '$net_dir/north/history.db' AS h;
	SELECT count(*), sum(json_extract(x, '$.name') IS NOT l.name OR json_extract(x, '$.pattern') IS
	NOT l.pattern) FROM t JOIN h.lookups l ON l.ts = json_extract(x, '$.ts')"
check "nor by CSV, but for what looks like a formula" has '^3002\|1$' exported csv "ATTACH
	'$net_dir/north/history.db' AS h; SELECT count(*), sum(t.name IS NOT l.name OR t.who IS NOT
	l.who) FROM t JOIN h.lookups l ON l.ts = t.ts + 0"
check "passive DNS has its keys" has '^0\|1$' exported cof "SELECT sum(json_type(x, '$.rrname') IS
	NOT 'text' OR json_type(x, '$.rrtype') IS NOT 'text' OR json_type(x, '$.rdata') IS NOT 'text' OR
	json_type(x, '$.time_first') IS NOT 'integer' OR json_type(x, '$.time_last') IS NOT 'integer' OR
	json_type(x, '$.count') IS NOT 'integer'), count(*) > 10 FROM t"

# Rows that came late are behind the mark: they are found by their hours.
record north 500 1793400000 2
check "rows that were recorded late" has '^north,500,0,[1-9]' export_of north
check "are there as well" equal north

# The server is killed while a batch is in its transaction.
psql_one "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.rows > 18000
	THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END';
	CREATE TRIGGER slow BEFORE UPDATE ON nameward.cursors FOR EACH ROW EXECUTE FUNCTION slow()"
record south 10000 1793200000 1
export_of south >"$net_dir/killed" &
victim=$!
check "an export is under way" wait_for 20 has Sleep psql_one "SELECT wait_event FROM pg_stat_activity"
server_down QUIT
check "it fails with its server" not wait $victim
check "and says so" has '^nameward: the server: ' cat "$net_dir/killed"
check "the server comes back" server_up
check "with whole batches" test "$(count_of south)" = 17001
psql_one "DROP TRIGGER slow ON nameward.cursors"
check "the next call goes on" has '^south,5000,0,0,' export_of south
check "and no row is lost or there twice" equal south

# The tables of another version.
psql_one "DROP VIEW nameward.routers; UPDATE nameward.version SET version = 1"
check "older tables" export_of north
check "are brought up to date" test "$(psql_one "SELECT string_agg(router || ' ' || rows, ',' ORDER BY
	router) FROM nameward.routers")" = "north 3502,south 22001"
psql_one "UPDATE nameward.version SET version = 99"
check "newer ones are refused" has 'of a newer version' export_of north
psql_one "UPDATE nameward.version SET version = 2"

# Another history file in the old one's place.
rm -f "$net_dir"/north/history.db*
record north 10 1793600000 1
check "a new file is said" has 'another history before' export_of north
check "and its rows come to the others" test "$(count_of north)" = 3512
check "a password on the command line is refused" has 'a password here' \
	"$BUILD/nameward" -c "$net_dir/north.conf" export postgres "$connection password=x"
check "the daemon does not need libpq" not has libpq ldd "$BUILD/namewardd"
check "no report of a sanitizer" not grep -Eq 'Sanitizer|runtime error:' "$net_dir"/*.err
[ $net_fails = 0 ]
