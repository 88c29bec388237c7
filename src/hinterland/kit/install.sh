#!/bin/sh
# Verifies this kit and installs Hinterland from it, without a network: sh install.sh
# As root it is for the whole machine, else for your account. sh install.sh --help tells more.
set -eu
kit=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
try() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for each in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    if try "$each"; then python=$each; break; fi
done
if [ -z "$python" ]; then
    echo "hint: Python 3.11 or later is needed, and is not on this machine." >&2
    echo "      Debian 12, Ubuntu 24.04 and Raspberry Pi OS 12 have it; or PYTHON=… sh install.sh." >&2
    exit 2
fi
pyz=$kit/install.pyz
if [ ! -e "$pyz" ]; then pyz=$kit/INSTALL.PYZ; fi  # some sticks change names to capitals
"$python" -I -B -c '
import hashlib, sys
try:
    found = hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()
except OSError as error:
    sys.exit(f"hint: install.pyz cannot be read: {error.strerror}.")
if found != sys.argv[2]:
    sys.exit("hint: The kit is refused: install.pyz is not what was signed.")
' "$pyz" @PYZ_SHA256@ || exit 2
exec "$python" -I -B "$pyz" "$@"
