#!/bin/sh
# Run every unit test program and every integration test, TEST_JOBS at a time (one a core);
# the last line counts.
# usage: run.sh BUILD SANITIZED_BUILD [NAME...]
# An integration test prints "ok TEXT" or "FAIL TEXT" for each thing it checks, or "skip WHY".
set -u
cd "$(dirname "$0")/.."
build=$1 san=$2 limit_s=${TEST_LIMIT_S:-300}
shift 2

# What cmocka printed before its summary, which names what failed or was skipped once more.
once() { sed '/^\[==========\].* run\./q' "$1"; }

# One test: what it prints goes to a file, what is to be said of it to the screen, its counts
# ("passed failed skipped") beside that file.
run_one() { # TEST RESULTS
	out=$2/$(echo "$1" | tr / _) name=$(basename "$1" .sh) # two kinds may share a name
	from_s=$(date +%s)
	case $1 in
	*.sh)
		BUILD=$build SAN=$san timeout "$limit_s" "$1" >"$out" 2>&1
		status=$?
		ok=$(grep -c '^ok ' "$out")
		bad=$(grep -c '^FAIL ' "$out")
		skips=$(grep -c '^skip ' "$out")
		;;
	*)
		[ "$name" != test_sandbox ] || [ "$build" = "$san" ] || case $1 in
		"$san"/*) name="$name without its filter" ;;
		esac
		UBSAN_OPTIONS=print_stacktrace=1 timeout "$limit_s" "$1" >"$out" 2>&1
		status=$?
		ok=$(grep -c '^\[       OK \]' "$out")
		bad=$(once "$out" | grep -c '^\[  FAILED  \] [a-z]')
		skips=$(once "$out" | grep -c '^\[  SKIPPED \] [a-z]')
		case $name in *" without its filter") skips=0 ;; esac
		;;
	esac
	took_s=$(($(date +%s) - from_s))
	if [ $status != 0 ] || [ "$bad" != 0 ]; then
		[ "$bad" != 0 ] || bad=1
		{
			echo "--- $name failed (status $status, $took_s s):"
			grep -E '^\[  (ERROR|LINE|FAILED)|^FAIL |^ *#[0-4] |ERROR: ' "$out" | head -n 40
			echo "... and its last lines:"
			tail -n 30 "$out"
		} >"$out.said"
	else
		[ "$skips" = 0 ] || skipped=", $skips skipped"
		echo "$name: $ok passed${skipped-} ($took_s s)" >"$out.said"
	fi
	cat "$out.said"
	echo "$ok $bad $skips" >"$out.counts"
}

if [ "${TEST_RESULTS-}" ]; then
	run_one "$1" "$TEST_RESULTS"
	exit 0
fi

wanted() { # NAME [WANTED...]
	name=$1
	shift
	[ $# = 0 ] && return 0
	for w; do [ "$w" = "$name" ] && return 0; done
	return 1
}

TEST_RESULTS=$(mktemp -d)
export TEST_RESULTS
trap 'rm -rf "$TEST_RESULTS"' EXIT
# The long ones first, so that no core waits for one at the end. The system call filter cannot
# be had under a sanitizer: its tests run in the plain build too.
plain=$build/tests/unit/test_sandbox
[ "$san" != "$build" ] || plain=
for test in tests/integration/test_*.sh "$san"/tests/unit/test_* $plain; do
	[ -f "$test" ] && [ -x "$test" ] && wanted "$(basename "$test" .sh)" "$@" && echo "$test"
done | xargs -r -P "${TEST_JOBS:-$(nproc)}" -n 1 tests/run.sh "$build" "$san" || exit
cat "$TEST_RESULTS"/*.counts 2>/dev/null | awk '
	{ passed += $1; failed += $2; skipped += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || passed == 0 }'
