#!/usr/bin/env bash
# Resolves the dependencies of pyproject.toml into the three lock files; with --upgrade, to the newest versions.
#
#   requirements.lock        what the gateway needs to run
#   requirements-build.lock  what builds its wheel
#   requirements-dev.lock    both, and what the tests and checks need
#
# The files carry hashes and name no server, so that any mirror may deliver the packages. All three agree on versions: what
# was tested is what runs. The edge nodes of other libraries (tests/edge_nodes) have lock files of their own.
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

lock_edge_nodes() {
    local requirements folder
    for requirements in tests/edge_nodes/requirements-build.in tests/edge_nodes/*/requirements.in; do
        compile "${requirements%.in}.lock" "$@" "$requirements"
    done
    # npm writes the lock beside the manifest; whom to sponsor is no part of what is locked.
    for folder in tests/edge_nodes/*/package.json; do
        folder=${folder%/*}
        npm install --prefix "$folder" --silent --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
        .venv/bin/python - "$folder/package-lock.json" <<'PYTHON'
import json, pathlib, sys
file = pathlib.Path(sys.argv[1])
lock = json.loads(file.read_text())
for package in lock["packages"].values():
    package.pop("funding", None)
file.write_text(json.dumps(lock, indent=2) + "\n")
PYTHON
    done
}

if [[ ! -x $uv_venv/bin/uv ]]; then
    .venv/bin/python -m venv "$uv_venv"
    "$uv_venv/bin/python" -m pip install --disable-pip-version-check --quiet uv
fi
compile requirements.lock "$@" pyproject.toml
compile requirements-dev.lock "$@" --constraints requirements.lock --group dev pyproject.toml
compile requirements-build.lock --constraints requirements-dev.lock --group build
lock_edge_nodes "$@"
