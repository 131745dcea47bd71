#!/bin/sh
# Bring .venv to the state of a lock: `environment.sh base` to run Invx, `environment.sh dev` to
# work on it. Costs a few milliseconds when nothing changed: the stamp in .venv names the checksum
# of the lock and this folder (the programs in .venv hold its absolute path).
set -eu
cd "$(dirname "$0")/.."
level=${1:?base or dev}
stamp=.venv/invx-lock
have=$(cat "$stamp" 2>/dev/null) || have=

state() {
    printf '%s %s %s' "$1" "$(cat requirements/bootstrap.txt "requirements/$1.txt" | cksum)" "$PWD"
}

# An environment to work on Invx runs it as well, and stays one.
case $have in "dev "*) level=dev ;; esac
if [ -x .venv/bin/python ] && [ "$have" = "$(state "$level")" ]; then exit 0; fi

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

for python in ${INVX_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if usable "$python"; then
        "$python" scripts/environment.py "$level"
        state "$level" >"$stamp"
        exit 0
    fi
done
echo "Invx needs Python 3.11 or later, and none of these is one: ${INVX_PYTHON:-python3, python3.14 … python3.11}." >&2
echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python)," >&2
echo "or name it: make INVX_PYTHON=/path/to/python3.12 up" >&2
exit 1
