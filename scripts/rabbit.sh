#!/bin/sh
# The broker that tests and `invx up --services` start themselves: RabbitMQ, from Debian's or
# Ubuntu's packages. The package's own daemon is not wanted: it would run for the whole machine.
set -eu
for home in /usr/lib/rabbitmq/lib/*; do
    [ -x "$home/sbin/rabbitmq-server" ] && exit 0
done
if [ "$(uname)" = Darwin ] && command -v rabbitmq-server >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "rabbit: installing Debian's package rabbitmq-server (once) …"
    log=$(mktemp) policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy # while it is there no package starts a daemon
        chmod +x $policy
        trap 'rm -f $policy' EXIT
    fi
    if { apt-get update && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends rabbitmq-server; } >"$log" 2>&1
    then rm -f "$log"; exit 0; fi
    tail -5 "$log" >&2
fi
echo "rabbit: the tests start a RabbitMQ of their own; install the package rabbitmq-server" >&2
echo "        (Debian, Ubuntu: sudo apt-get install rabbitmq-server; Mac: brew install rabbitmq)" >&2
exit 2
