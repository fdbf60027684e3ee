#!/bin/busybox sh
# The first program of the machine that tests/vm.sh boots: mounts the host's files, with a
# layer over them that holds what is written, and goes on there as tests/vm_inside.sh.
PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /proc /dev /host /layer /root
mount -t proc proc /proc
mount -t devtmpfs dev /dev
while read -r module; do insmod "$module"; done </modules
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=524288 host /host
mount -t tmpfs -o size=60% tmpfs /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /root
job=$(sed 's/.*job=\([^ ]*\).*/\1/' /proc/cmdline)
umount /proc
mount --move /dev /root/dev
. "/root$job"
exec switch_root /root /bin/sh "$repository/tests/vm_inside.sh" "$job"
