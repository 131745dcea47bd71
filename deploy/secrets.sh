#!/bin/sh
# Make the secrets that the compose files mount, each unless it is there: random, in deploy/secrets.
# The folder is yours alone (0700). The files in it are readable, because what runs in containers
# are other accounts, and compose mounts files with the rights that they have.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
cd secrets
chmod 700 .
contexts="invoicing analytics identity"

random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
# Written beside and moved: what is cut off here leaves no half secret.
put() {
    printf '%s\n' "$2" >"$1.new"
    chmod 644 "$1.new"
    mv "$1.new" "$1"
    echo "deploy/secrets/$1"
}
made() { [ -s "$1" ] || put "$1" "$(random)"; }
# NAME, host, database, login of the application, login of the system
uris() {
    [ -s "$1_app" ] || put "$1_app" "postgresql://$4:$(random)@$2:5432/$3"
    [ -s "$1_system" ] || put "$1_system" "postgresql://$5:$(random)@$2:5432/$3"
    [ -s "$1_admin" ] || put "$1_admin" "postgresql://postgres:$(cat postgres)@$2:5432/$3"
}

made postgres
uris database postgres invx invx_app invx_system
for name in $contexts; do
    uris "$name" "postgres-$name" "invx_$name" "invx_${name}_app" "invx_${name}_system"
done
# FILE, and whose URI stands where an administrator's does
databases() {
    [ -s "$1" ] || put "$1" "{$(for name in $contexts; do
        printf '%s"%s": {"app": "%s", "system": "%s", "admin": "%s"}' "${comma-}" "$name" \
            "$(cat "${name}_app")" "$(cat "${name}_system")" "$(cat "${name}_$2")"
        comma=', '
    done)}"
}
databases context_databases.json admin
databases served_databases.json app # for identity, which serves
if [ ! -s rabbitmq.conf ]; then
    password=$(random)
    put rabbitmq_url "amqp://invx:$password@rabbitmq:5672"
    put rabbitmq.conf "default_user = invx
default_pass = $password"
fi
if [ ! -s valkey.conf ]; then
    password=$(random)
    put valkey_url "redis://:$password@valkey:6379/0"
    put valkey.conf "requirepass $password"
fi
made grafana
