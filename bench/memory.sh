#!/bin/sh
# What a lease occupies; see bench/run.sh.
exec "${BUILD:-build}/bench_lease" memory
