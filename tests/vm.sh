#!/bin/sh
# Tests on another Debian release's kernel: boots it in qemu on this machine's own files, read
# through 9p and never written, and runs the tests that depend on the kernel.
# usage: tests/vm.sh bookworm|trixie [NAME...]    6.1 or 6.12; from tests/, all that matter if none
# Unit tests are those of the plain build. VM_ACCEL=kvm uses /dev/kvm instead of emulation.
set -eu
cd "$(dirname "$0")/.."
suite=${1:?"usage: tests/vm.sh bookworm|trixie [NAME...]"}
shift
[ $# -gt 0 ] || set -- test_batch_commit test_gate test_gate_leave test_gate_live \
	test_gate_owner test_neighbour test_nftsync test_ruleset test_sandbox test_gate_rules \
	test_gate_zones test_gate_fill test_router_example test_flush test_kill test_race \
	test_withdraw
build=$(cd "${BUILD:-build}" && pwd)
vm=$build/vm/$suite
arch=$(dpkg --print-architecture)

# With apt's state and sources in a folder of our own: the machine's stay as they are.
own_apt() { # COMMAND...
	_tool=$1
	shift
	"$_tool" -qq -o Dir::Etc::sourcelist="$vm/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$vm/lists" -o Dir::Cache="$vm/cache" \
		-o APT::Sandbox::User="$(id -un)" "$@"
}

fetch_kernel() {
	mkdir -p "$vm/lists/partial" "$vm/cache/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"http://deb.debian.org/debian $suite main" >"$vm/sources.list"
	own_apt apt-get update
	package=$(own_apt apt-cache depends "linux-image-$arch" | sed -n 's/.*Depends: \(linux-image\)/\1/p')
	(cd "$vm" && own_apt apt-get download "$package")
	dpkg-deb -x "$vm/$package"_*.deb "$vm/root"
	# Where the release has /lib in /usr, so has this one.
	[ -d "$vm/root/lib" ] || ln -s usr/lib "$vm/root/lib"
	rm -rf "$vm"/*.deb "$vm/lists" "$vm/cache"
	depmod -b "$vm/root" "$(ls "$vm/root/lib/modules")"
	touch "$vm/fetched"
}

# The first root: busybox, and the modules with which it finds the second.
make_initramfs() {
	_into=$vm/initramfs
	rm -rf "$_into"
	mkdir -p "$_into/bin"
	cp "$(command -v busybox)" "$_into/bin/busybox"
	cp tests/vm_boot.sh "$_into/init"
	for _module in virtio_pci 9pnet_virtio 9p overlay; do
		modprobe -d "$vm/root" -S "$release" --show-depends "$_module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r _file; do
		_name=$(basename "$_file" .xz)
		case $_file in
		*.xz) busybox xzcat "$_file" >"$_into/$_name" ;;
		*) cp "$_file" "$_into/$_name" ;;
		esac
		echo "/$_name" >>"$_into/modules"
	done
	(cd "$_into" && find . | cpio -o -H newc --quiet) >"$vm/initramfs.cpio"
}

[ -e "$vm/fetched" ] || fetch_kernel
release=$(ls "$vm/root/lib/modules")
make_initramfs
cat >"$vm/job" <<-END
	repository='$PWD'
	build='$build'
	modules='$vm/root/lib/modules'
	tests='$*'
END
# -icount: the clock in there runs by instructions, so that what takes 1 ms on a machine does
# not take 20 by its own clock because it is emulated.
case ${VM_ACCEL:-tcg} in tcg) clock="-icount shift=${VM_SHIFT:-1} -rtc clock=vm" ;; *) clock='-smp 2' ;; esac
echo "kernel $release, ${VM_ACCEL:-tcg}"
qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" $clock -m 3072 -nographic -no-reboot -nic none \
	-kernel "$vm/root/boot/vmlinuz-$release" -initrd "$vm/initramfs.cpio" \
	-append "console=ttyS0 quiet panic=-1 mitigations=off job=$vm/job" \
	-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
	</dev/null | sed -u 's,\r,,' | tee "$vm/output"
grep -qx 'vm: status 0' "$vm/output"
