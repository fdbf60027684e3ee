#!/bin/sh
# The rules that a machine can hold: who includes whom (the privilege rule), third-party
# headers in their places, sizes, unique names. Prints every breach; exit 1 if there is one.
set -eu
cd "$(dirname "$0")/.."
bad=0
breach() { echo "$*"; bad=1; }

# folder: the folders whose headers it may include, besides its own
may_include() {
	case $1 in
	lib) echo "" ;;
	conf) echo "lib" ;;
	blocklists | local) echo "lib conf" ;;
	fetch) echo "lib conf blocklists" ;;
	resolver) echo "lib conf blocklists local" ;;
	nftsync | flows | db) echo "lib conf" ;;
	export) echo "lib db" ;;
	cli) echo "lib conf blocklists fetch db export" ;;
	daemon) echo "lib conf" ;;
	esac
}

# header pattern: the files that may include it
may_use() {
	case $1 in
	event2/*) echo "lib/chan.c lib/child.c [a-z]*/*" ;;
	ares*.h) echo "resolver/upstream*.c resolver/ares_compat.h fetch/fetch_hosts.c" ;;
	openssl/*) echo "resolver/upstream_tls.c resolver/upstream_trust.c" ;;
	libmnl/*) echo "nftsync/* resolver/neighbour*.c flows/nflog.c flows/flows.c" ;;
	libnftnl/*) echo "nftsync/*" ;;
	sqlite3.h) echo "db/*" ;;
	curl/*) echo "fetch/fetch_get.c" ;;
	seccomp.h) echo "lib/syscall_filter.c" ;;
	pcre2.h) echo "blocklists/list_regex.c" ;;
	idn2.h) echo "blocklists/list_idn.c" ;;
	maxminddb.h) echo "blocklists/list_mmdb.c" ;;
	libpsl.h) echo "db/site.c blocklists/list_guard.c" ;;
	libpq-fe.h) echo "export/pg_link.c" ;;
	esac
}

for folder in lib conf blocklists fetch local resolver nftsync flows db export cli daemon; do
	allowed=" $folder $(may_include $folder) "
	for file in "$folder"/*.[ch]; do
		for inc in $(sed -n 's,^#include "\([a-z_]*\)/[a-z0-9_]*\.h".*,\1,p' "$file" | sort -u); do
			case $allowed in *" $inc "*) continue ;; esac
			# the supervisor's main calls the entry of each process, and only main
			entry=$(sed -n "s,^#include \"\($inc/[a-z0-9_]*\.h\)\".*,\1,p" "$file" | tr '\n' ' ')
			case "$file $entry" in
			"daemon/main.c resolver/resolver.h " | "daemon/main.c nftsync/nftsync.h " | \
				"daemon/main.c db/dbwriter.h " | "daemon/main.c flows/flows.h " | \
				"daemon/main.c blocklists/compiler.h " | \
				"daemon/main.c local/local_reader.h local/mdns.h ") continue ;;
			esac
			breach "$file: includes from $inc/, which $folder/ may not"
		done
		for inc in $(sed -n 's,^#include <\(event2/[a-z_]*\.h\|ares[a-z_]*\.h\|openssl/[a-z0-9]*\.h\|libmnl/[a-z]*\.h\|libnftnl/[a-z]*\.h\|sqlite3\.h\|curl/[a-z]*\.h\|seccomp\.h\|pcre2\.h\|idn2\.h\|maxminddb\.h\|libpsl\.h\|libpq-fe\.h\)>.*,\1,p' "$file"); do
			fine=0
			for pattern in $(may_use "$inc"); do
				# shellcheck disable=SC2254
				case $file in $pattern) fine=1 ;; esac
			done
			case $file in *.h) [ "$file" = resolver/ares_compat.h ] || fine=0 ;; esac
			[ $fine = 1 ] || breach "$file: may not include <$inc>"
		done
	done
	for file in "$folder"/*.c; do
		lines=$(wc -l <"$file")
		[ "$lines" -le 500 ] || breach "$file: $lines lines, 500 at most"
		awk -v file="$file" '
			/^[a-zA-Z].*\)$|^[a-zA-Z].*,$|^[a-zA-Z].*\($/ { name = $0 }
			/^\{$/ { start = NR }
			/^\}/ { if (start && NR - start - 1 > 80)
					print file ":" start ": function of " NR - start - 1 " lines, 80 at most: " name
				start = 0 }' "$file" | grep . && bad=1
	done
	for file in "$folder"/*.h; do
		lines=$(wc -l <"$file")
		case $file in # two catalogues: the messages and the configuration's values
		lib/msg.h | conf/conf_values.h) limit=340 ;;
		resolver/wire.h) limit=200 ;;
		*) limit=150 ;;
		esac
		[ "$lines" -le $limit ] || breach "$file: $lines lines, $limit at most"
	done
done
# leases live by the clock that nobody sets and that goes on in a suspend
for file in $(grep -l clock_wall nftsync/lease*.[ch] nftsync/gate*.[ch] resolver/hold.[ch]); do
	breach "$file: asks the wall clock"
done
# what can be asked for can be completed
words=" $(sed -n "s/.*\(verbs+\{0,1\}\|words\)='\{0,1\}\"\{0,1\}\([^'\"]*\).*/\2/p" etc/completion.bash | tr '\n' ' ') "
for name in $(sed -n 's/^\t\.name = "\([a-z ]*\)",$/\1/p' cli/verb_*.c | tr ' ' '\n' | sort -u); do
	case $words in
	*" $name "*) ;;
	*) [ "$name" = names ] || breach "etc/completion.bash: does not complete $name" ;;
	esac
done
for name in $(find lib conf blocklists fetch local resolver nftsync flows db export cli daemon -name '*.[ch]' -printf '%f\n' | sort | uniq -d); do
	breach "two files are called $name"
done
if grep -nE '(//[^"]*$|\bTODO\b|\bFIXME\b|\bXXX\b)' */*.[ch] | grep -vE '"[^"]*//|/\*.*//|\* .*//'; then
	breach "a comment of another style, or a note left behind (above)"
fi
exit $bad
