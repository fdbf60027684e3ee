#!/bin/sh
# Make the accounts that nameward's processes run as. Runs again without harm.
# The supervisor stays root with few capabilities; each child becomes one of these.
set -eu

make_account() {
	if ! getent passwd "$1" >/dev/null; then
		useradd --system --user-group --no-create-home --home-dir /nonexistent \
			--shell /usr/sbin/nologin --comment "$2" "$1"
		echo "account $1 made"
	fi
}

make_account nameward-resolver "nameward DNS"
make_account nameward-gate "nameward nftables"
make_account nameward-db "nameward history"
make_account nameward-flow "nameward refused connections"
make_account nameward-list "nameward list compiler"
make_account nameward-local "nameward hosts and leases"

# The history's folder: its owner writes, group adm reads (setgid: what is made in it too);
# others only pass through. The copies of lists are no secret.
install -d -o nameward-db -g adm -m 2751 /var/lib/nameward
install -d -o nameward-list -g nameward-list -m 755 /var/lib/nameward/lists
