#!/bin/sh
# What it costs to write a lease: our own netlink messages beside libnftables; see bench/run.sh.
"${BUILD:-build}/bench_lease" lease && exec "${BUILD:-build}/nft_text"
