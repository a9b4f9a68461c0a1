#!/usr/bin/env bash
# Makes .venv and installs what a make target needs: `setup.sh runtime` to run, `setup.sh development` to work on it.
#
# Says what it does in one line a step on stderr, so that stdout belongs to the command that follows. May be interrupted
# at any time and run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly venv=.venv
readonly unfinished=$venv/.unfinished

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Prints the Python to use: $PYTHON, or the first on the PATH that is recent enough.
find_python() {
    local candidate
    if [[ -n ${PYTHON:-} ]]; then
        is_recent "$PYTHON" || fail "PYTHON=$PYTHON does not run, or is older than Python 3.11"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_recent "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed and not on the PATH; install it (on Debian: apt-get install python3)," \
        "or name it: make PYTHON=/path/to/python3 TARGET"
}

# Debian splits the part of the standard library that puts pip into a new environment into a package of its own.
require_ensurepip() {
    local python=$1 package
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
        say "Installing $package"
        apt-get update -qq >&2 || say "warning: apt-get update failed; trying with the lists that are there"
        DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$package" >/dev/null ||
            fail "$package could not be installed: Python cannot make a virtual environment without it"
    else
        fail "this Python cannot make a virtual environment; on Debian and Ubuntu: sudo apt-get install $package"
    fi
}

make_environment() {
    local python
    # What an interrupted installation leaves can look complete to pip, so it is not built upon.
    if [[ -e $unfinished ]]; then
        say "An earlier set-up was interrupted: starting $venv anew"
        rm -rf "$venv"
    fi
    if [[ -x $venv/bin/python ]] && is_recent "$venv/bin/python" && "$venv/bin/python" -m pip --version &>/dev/null; then
        return
    fi
    python=$(find_python)
    require_ensurepip "$python"
    say "Making $venv with $("$python" --version)"
    rm -rf "$venv"
    mkdir "$venv"
    touch "$unfinished"
    "$python" -m venv "$venv"
}

pip_install() { "$venv/bin/python" -m pip install --disable-pip-version-check --quiet "$@" >&2; }

install_locked() {
    local lock=$1
    say "Installing $(grep -c '^[a-z0-9].*==' "$lock") packages of $lock"
    pip_install --require-hashes --requirement "$lock"
}

install_project() {
    # Editable, so that a change of the code is a change of the commands; the build backend is locked like the rest.
    pip_install --no-index --no-deps --no-build-isolation --editable .
}

main() {
    make_environment
    touch "$unfinished"
    case ${1:-} in
        runtime)
            install_locked requirements.lock
            install_locked requirements-build.lock
            ;;
        development) install_locked requirements-dev.lock ;;
        *) fail "usage: $0 runtime|development" ;;
    esac
    install_project
    # Whoever can develop can run.
    [[ $1 == runtime ]] || touch "$venv/.runtime"
    touch "$venv/.$1"
    rm "$unfinished"
}

main "$@"
