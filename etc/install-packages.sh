#!/bin/sh
# Install the packages of the named groups (see the file `packages`) that are missing.
set -eu
list=$(dirname "$0")/../packages
missing=
for group; do
	for name in $(awk -v g="$group" '$1 == g { print $2 }' "$list"); do
		dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
			missing="$missing $name"
	done
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 || {
	apt-get update -qq
	apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
