#!/bin/sh
# Resolve requirements/*.in into locks with hashes and without addresses. Options go to uv.
set -eu
cd "$(dirname "$0")/.."
# bootstrap first, base before dev: dev takes the versions that base has.
for name in bootstrap base dev rules; do
    case $name in
        dev) more="--constraint requirements/base.txt" ;;
        rules) more=--no-deps ;; # only their files are used
        *) more= ;;
    esac
    # shellcheck disable=SC2086  # two words, one or none
    UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/uv pip compile --quiet --universal \
        --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
        $more "$@" "requirements/$name.in" --output-file "requirements/$name.txt"
    echo "requirements/$name.txt: $(grep -c '^[a-z0-9].*==' "requirements/$name.txt") packages"
done
