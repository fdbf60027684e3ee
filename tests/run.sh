#!/bin/sh
# Run every unit test program and every integration test; the last line counts.
# usage: run.sh BUILD SANITIZED_BUILD [NAME...]
# An integration test prints "ok TEXT" or "FAIL TEXT" for each thing it checks, or "skip WHY".
set -u
cd "$(dirname "$0")/.."
build=$1 san=$2 limit_s=${TEST_LIMIT_S:-300}
shift 2
passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

wanted() { # NAME [WANTED...]
	name=$1
	shift
	[ $# = 0 ] && return 0
	for w; do [ "$w" = "$name" ] && return 0; done
	return 1
}

count() { # STATUS OK FAILED SKIPPED NAME
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	if [ "$1" != 0 ] || [ "$3" != 0 ]; then
		[ "$3" != 0 ] || failed=$((failed + 1))
		echo "--- $5 failed (status $1):"
		grep -E '^\[  (ERROR|LINE|FAILED)|^FAIL |^ *#[0-4] |ERROR: ' "$out" | head -n 40
		echo "... and its last lines:"
		tail -n 30 "$out"
	else
		echo "$5: $2 passed$([ "$4" = 0 ] || echo ", $4 skipped")"
	fi
}

# What cmocka printed before its summary, which names what failed or was skipped once more.
once() { sed '/^\[==========\].* run\./q' "$out"; }

# The system call filter cannot be had under a sanitizer: its tests run in the plain build too.
plain=$build/tests/unit/test_sandbox
[ "$san" != "$build" ] || plain=
for test in "$san"/tests/unit/test_* $plain; do
	[ -f "$test" ] && [ -x "$test" ] || continue
	name=$(basename "$test")
	wanted "$name" "$@" || continue
	UBSAN_OPTIONS=print_stacktrace=1 timeout "$limit_s" "$test" >"$out" 2>&1
	status=$?
	skips=$(once | grep -c '^\[  SKIPPED \] [a-z]')
	case $plain:$test in ?*:"$san"/*/test_sandbox) name="$name without its filter" skips=0 ;; esac
	count $status "$(grep -c '^\[       OK \]' "$out")" \
		"$(once | grep -c '^\[  FAILED  \] [a-z]')" "$skips" "$name"
done
for test in tests/integration/test_*.sh; do
	[ -x "$test" ] || continue
	name=$(basename "$test" .sh)
	wanted "$name" "$@" || continue
	BUILD=$build SAN=$san timeout "$limit_s" "$test" >"$out" 2>&1
	status=$?
	count $status "$(grep -c '^ok ' "$out")" "$(grep -c '^FAIL ' "$out")" \
		"$(grep -c '^skip ' "$out")" "$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed != 0 ]
