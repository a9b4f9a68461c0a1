#!/usr/bin/env bash
# Resolves the dependencies of pyproject.toml into the three lock files; with --upgrade, to the newest versions.
#
#   requirements.lock        what the gateway needs to run
#   requirements-build.lock  what builds its wheel
#   requirements-dev.lock    both, and what the tests and checks need
#
# The files carry hashes and name no server, so that any mirror may deliver the packages. All three agree on versions: what
# was tested is what runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly uv_venv=build/uv

# Usage: compile OUTPUT ARGUMENT...
compile() {
    local output=$1
    shift
    "$uv_venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --output-file "$output" "$@" >/dev/null
    printf 'Locked %s packages in %s\n' "$(grep -c '^[a-z0-9].*==' "$output")" "$output" >&2
}

if [[ ! -x $uv_venv/bin/uv ]]; then
    .venv/bin/python -m venv "$uv_venv"
    "$uv_venv/bin/python" -m pip install --disable-pip-version-check --quiet uv
fi
compile requirements.lock "$@" pyproject.toml
compile requirements-dev.lock "$@" --constraints requirements.lock --group dev pyproject.toml
compile requirements-build.lock --constraints requirements-dev.lock --group build
