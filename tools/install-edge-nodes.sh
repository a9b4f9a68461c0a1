#!/usr/bin/env bash
# Makes an environment below build/edge-nodes for each library whose edge nodes the tests talk to, from its lock file.
#
# Done once for each lock file. What cannot be installed is said, and the tests that need it say so themselves.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly sources=tests/edge_nodes environments=build/edge-nodes

say() { printf '%s\n' "$*" >&2; }

# Usage: is_made ENVIRONMENT LOCK...
is_made() {
    local environment=$1 lock
    shift
    for lock in "$@"; do
        [[ -e $environment/.made && ! $lock -nt $environment/.made ]] || return 1
    done
}

make_python() {
    local library=$1 environment=$environments/$1
    rm -rf "$environment"
    .venv/bin/python -m venv "$environment" &&
        install_locked "$environment" "$sources/requirements-build.lock" &&
        install_locked "$environment" "$sources/$library/requirements.lock"
}

install_locked() {
    "$1/bin/python" -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps --no-build-isolation \
        --requirement "$2" >&2
}

make_node() {
    local library=$1 environment=$environments/$1
    if ! command -v npm >/dev/null; then
        say "Not installed: npm"
        return 1
    fi
    rm -rf "$environment"
    mkdir -p "$environment"
    cp "$sources/$library/package.json" "$sources/$library/package-lock.json" "$environment/"
    # None of them has a script that its use needs.
    npm ci --prefix "$environment" --silent --ignore-scripts --no-audit --no-fund >&2
}

# Usage: make LIBRARY HOW LOCK...
make() {
    local library=$1 how=$2
    shift 2
    is_made "$environments/$library" "$@" && return
    say "Installing the edge nodes of $library"
    if "$how" "$library"; then
        touch "$environments/$library/.made"
    else
        say "warning: the edge nodes of $library could not be installed"
    fi
}

for folder in "$sources"/*/; do
    library=$(basename "$folder")
    if [[ -e $folder/requirements.lock ]]; then
        make "$library" make_python "$folder/requirements.lock" "$sources/requirements-build.lock"
    elif [[ -e $folder/package-lock.json ]]; then
        make "$library" make_node "$folder/package-lock.json"
    fi
done
