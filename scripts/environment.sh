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
    printf '%s %s %s' "$1" "$(cat requirements/bootstrap.txt requirements/rules.txt "requirements/$1.txt" | cksum)" "$PWD"
}

# An environment to work on Invx runs it as well, and stays one.
case $have in "dev "*) level=dev ;; esac
if [ -x .venv/bin/python ] && [ "$have" = "$(state "$level")" ]; then exit 0; fi

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# A Python compiled by hand (pyenv does it) mostly lacks the optimisations of a distribution's, and
# takes half as much time again for the same code. So the system's is taken when it is quicker.
pace() {
    "$1" -c '
import time
class Thing:
    def __init__(self, one, other):
        self.one, self.other = one, other
    def sum(self):
        return self.one + len(self.other)
def work():
    for n in range(3000):
        thing = Thing(n, str(n))
        {"one": thing.sum(), **{"n": n}}
best = 9
for _ in range(20):  # the best of many: the machine may be busy
    began = time.perf_counter()
    work()
    best = min(best, time.perf_counter() - began)
print(int(best * 1e6))'
}
preferred() {
    if usable python3 && usable /usr/bin/python3 &&
        [ "$(pace /usr/bin/python3)" -lt $(($(pace python3) * 9 / 10)) ]; then
        echo /usr/bin/python3
    fi
}

for python in ${INVX_PYTHON:-$(preferred) python3 python3.14 python3.13 python3.12 python3.11}; do
    usable "$python" || continue
    failed=0
    "$python" scripts/environment.py "$level" || failed=$?
    if [ $failed -eq 0 ]; then
        state "$level" >"$stamp"
        exit 0
    fi
    # 3: this Python has no means to make an environment, so another may do.
    if [ $failed -ne 3 ]; then exit $failed; fi
done
echo "Invx needs Python 3.11 or later; none of these is one, or could be set up: ${INVX_PYTHON:-python3, python3.14 … python3.11}." >&2
echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python)," >&2
echo "or name it: make INVX_PYTHON=/path/to/python3.12 up" >&2
exit 1
