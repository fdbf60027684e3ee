#!/bin/sh
# In the machine that tests/vm.sh boots: make it a system that tests can run on, run them, say
# how it went, power off.
. "$1"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for folder in /dev/shm /run; do mount -t tmpfs tmpfs $folder; done # not what runs there
release=$(uname -r)
# Modules of this kernel: modprobe, which the kernel calls, looks for them here.
mkdir -p "/lib/modules/$release"
mount --bind "$modules/$release" "/lib/modules/$release"
ip link set lo up
cd "$repository" || exit
etc/users.sh
for module in nf_tables nf_conntrack_netlink nfnetlink_log bridge veth; do modprobe $module; done
echo "booted $release at $(date +%T), up $(cut -d' ' -f1 /proc/uptime) s"
TEST_LIMIT_S=3600 tests/run.sh "$build" "$build" $tests
echo "vm: status $?"
echo o >/proc/sysrq-trigger
sleep 60
