#!/bin/sh
trap 'echo "hint: The kit is refused: install.sh is not what was signed." >&2; exit 2' EXIT #
# A torn or changed copy of this ends early, with that sentence; one with CRLF thanks to that #.
# Verifies this kit and installs Hinterland from it, without a network: sh install.sh
# As root it is for the whole machine, else for your account. sh install.sh --help tells more.
set -eu
tell() { trap - EXIT; printf 'hint: %s\n' "$1" >&2; exit 2; }
kit=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
try() { "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for each in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    if try "$each"; then python=$each; break; fi
    if [ "$each" = "${PYTHON:-}" ]; then
        tell "PYTHON=$PYTHON is no Python 3.11 or later.
      Name another, or none: unset PYTHON."
    fi
done
if [ -z "$python" ]; then
    tell "Python 3.11 or later is needed, and is not on this machine.
      Debian 12, Ubuntu 24.04 and Raspberry Pi OS 12 have it; or PYTHON=… sh install.sh."
fi
pyz=$kit/install.pyz
if [ ! -e "$pyz" ]; then pyz=$kit/INSTALL.PYZ; fi  # some sticks change names to capitals
if [ ! -f "$pyz" ]; then tell "The kit is refused: install.pyz is missing."; fi
why=$("$python" -I -B -c '
import hashlib, sys
try:
    found = hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()
except OSError as error:
    sys.exit(print(f"install.pyz cannot be read ({error.strerror})"))
if found != sys.argv[2]:
    print("install.pyz is not what was signed")
' "$pyz" @PYZ_SHA256@)
if [ "$why" ]; then tell "The kit is refused: $why."; fi
exec "$python" -I -B "$pyz" "$@"
