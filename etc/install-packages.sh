#!/bin/sh
# Install the packages of the named groups (see the file `packages`) that are missing.
set -eu
list=$(dirname "$0")/../packages
wanted=
for group; do
	wanted="$wanted $(awk -v g="$group" '$1 == g { print $2 }' "$list" | tr '\n' ' ')"
done
command -v apt-get >/dev/null || {
	echo "no apt-get here, so nothing is installed; needed:$wanted" >&2
	exit 0
}
there=" $(dpkg-query -W -f '${Status} ${Package}\n' $wanted 2>/dev/null |
	sed -n 's/.* ok installed //p' | tr '\n' ' ')"
missing=
for name in $wanted; do
	case $there in *" $name "*) ;; *) missing="$missing $name" ;; esac
done
[ -z "$missing" ] && exit 0
[ "$(id -u)" = 0 ] || {
	echo "packages are missing: sudo apt-get install$missing" >&2
	exit 1
}
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 || {
	apt-get update -qq
	apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
