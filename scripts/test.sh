#!/bin/sh
# `make test`. Without arguments: every suite, as many at a time as there are cores (four at most),
# then those that measure time, with the machine to themselves. With arguments: pytest with them.
set -eu
cd "$(dirname "$0")/.."
scripts/browser.sh
scripts/rabbit.sh
if [ $# -gt 0 ]; then exec .venv/bin/pytest "$@"; fi
INVX_FAILURES=$(mktemp) # tests/recap.py
export INVX_FAILURES
recap() {
  if [ -s "$INVX_FAILURES" ]; then
    printf '\nWhat failed, once more:\n'
    cat "$INVX_FAILURES"
  fi
  rm -f "$INVX_FAILURES"
}
trap recap EXIT
failed=0
.venv/bin/pytest -n auto --maxprocesses 4 --dist loadfile --ignore tests/load || failed=$?
if [ $failed -gt 1 ]; then exit $failed; fi # 1: tests failed; else it was interrupted or broken
.venv/bin/pytest tests/load || failed=$?
exit $failed
