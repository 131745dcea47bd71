#!/bin/sh
# The browser in which tests look at pages: Chromium, from Debian's or Ubuntu's packages.
set -eu
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "browser: installing Debian's package chromium (once) …"
    log=$(mktemp)
    if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium; } >"$log" 2>&1
    then rm -f "$log" && exit 0; fi
    tail -5 "$log" >&2
fi
echo "browser: the tests look at pages in Chromium; install the package chromium" >&2
echo "         (Debian, Ubuntu: sudo apt-get install chromium; Mac: brew install chromium)" >&2
exit 2
