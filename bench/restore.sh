#!/bin/sh
# How long it takes until all leases are in force again; see bench/run.sh.
exec "${BUILD:-build}/bench_lease" restore
