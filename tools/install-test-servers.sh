#!/usr/bin/env bash
# Installs the servers that the tests talk to, where they are missing and where that may be done: as root, with apt.
#
# Elsewhere it says what is missing and goes on: the tests that need it say so themselves. The tests start the servers
# they need, each with a configuration of its own; so none is left running by the installation, nor started at boot.
set -euo pipefail

readonly policy=/usr/sbin/policy-rc.d

say() { printf '%s\n' "$*" >&2; }

# The packages, and the program, or another file, that each brings. The compiler is for the disk with faults, Node.js for
# an edge node.
readonly servers="mosquitto:mosquitto influxdb:influxd victoria-metrics:victoria-metrics
    gcc:gcc libc6-dev:/usr/include/stdlib.h nodejs:node npm:npm"

find_missing() {
    local server
    for server in $servers; do
        # Servers live in sbin, which is on the PATH of root only.
        [[ -e ${server#*:} ]] || PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "${server#*:}" >/dev/null ||
            echo "${server%:*}"
    done
}

# Keeps the packages from starting their services (the interface is invoke-rc.d's; 101 is "action forbidden").
forbid_services() {
    [[ -e $policy ]] && return
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
}

forbid_start_at_boot() {
    local service=$1
    if command -v systemctl >/dev/null; then
        systemctl disable --quiet "$service.service" 2>/dev/null || say "warning: $service may start at the next boot"
    elif command -v update-rc.d >/dev/null && [[ -e /etc/init.d/$service ]]; then
        update-rc.d "$service" disable >/dev/null || say "warning: $service may start at the next boot"
    fi
}

main() {
    local missing package
    missing=$(find_missing | xargs)
    [[ -n $missing ]] || return 0
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        say "Not installed: $missing. On Debian: sudo apt-get install $missing"
        return 0
    fi
    say "Installing $missing for the tests"
    forbid_services
    apt-get update -qq >&2 || say "warning: apt-get update failed; trying with the lists that are there"
    # One by one: a release of Debian that lacks one of them has the others.
    for package in $missing; do
        if DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$package" >/dev/null; then
            forbid_start_at_boot "$package"
        else
            say "warning: $package could not be installed"
        fi
    done
}

main
