#!/usr/bin/env bash
# Builds the container image and tries it: its commands must run, as its own user; with docker also on a read-only root
# and without a network.
#
#   IMAGE         name and tag; by default factory-telemetry-gateway:latest
#   BASE          base image; by default the Dockerfile's, or a Debian made here where no registry can be reached
#   CERTIFICATES  PEM file of authorities that pip trusts while building; by default what pip is set to (PIP_CERT)
#
# Uses docker where an engine answers. Otherwise buildah, which needs no engine: as root with chroots and plain copies
# of folders, which work inside containers and virtual machines too; the image is then also written to build/image.tar,
# for `docker load` or `podman load` elsewhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly image=${IMAGE:-factory-telemetry-gateway:latest}
readonly suite=trixie # the Debian that the official slim image is made of
readonly debian_base=localhost/debian-python:$suite

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

apt_install() {
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        fail "$* needed; on Debian: sudo apt-get install $*"
    fi
    say "Installing $*"
    apt-get update -qq >&2 || say "warning: apt-get update failed; trying with the lists that are there"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" >/dev/null
}

# What buildah and debootstrap work in, while they do.
container=
root=

clean_up() {
    [[ -z $container ]] || buildah rm "$container" >/dev/null
    [[ -z $root ]] || rm -rf "$root"
    container=
    root=
}
trap clean_up EXIT

# Sets `arguments`, which docker and buildah understand alike.
build_arguments() {
    local certificates=${CERTIFICATES:-${PIP_CERT:-}}
    arguments=(
        --tag "$image"
        --build-arg "VERSION=$(sed -nE 's/^version = "(.*)"$/\1/p' pyproject.toml)"
        --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)"
        # Of the commit, not of the build: the same source gives the same image.
        --build-arg "CREATED=$(git log -1 --format=%cI 2>/dev/null || echo 1970-01-01T00:00:00Z)"
    )
    [[ -z ${BASE:-} ]] || arguments+=(--build-arg "BASE=$BASE")
    [[ -z $certificates ]] || arguments+=(--secret "id=certificates,src=$certificates")
}

build_with_docker() {
    local sandbox=(--rm --read-only --network none --cap-drop ALL --security-opt no-new-privileges)
    build_arguments
    DOCKER_BUILDKIT=1 docker build --quiet "${arguments[@]}" . >/dev/null
    try docker run "${sandbox[@]}" --volume "$PWD/config:/etc/gateway:ro" --entrypoint "" "$image"
    say "Built $image, $(($(docker image inspect --format '{{.Size}}' "$image") / 1000000)) MB"
}

# Makes the base image that stands in for the official one: the smallest Debian, Python, and nobody's manual pages.
make_debian_base() {
    ! buildah inspect --type image "$debian_base" &>/dev/null || return 0
    command -v debootstrap >/dev/null || apt_install debootstrap
    say "No registry can be reached: making a base of Debian $suite"
    root=$(mktemp -d --tmpdir gateway-base.XXXXXX)
    debootstrap --variant=minbase --include=python3,ca-certificates "$suite" "$root" >"$root.log" ||
        fail "debootstrap failed: $(tail -n 3 "$root.log")"
    rm -rf "$root.log" "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/{cache/apt,lib/apt/lists,log}/*
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / >/dev/null
    buildah commit --quiet "$container" "$debian_base" >/dev/null
    clean_up
}

build_with_buildah() {
    command -v buildah >/dev/null || apt_install buildah
    export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot} STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
    if [[ -z ${BASE:-} ]] && ! buildah pull --quiet --policy missing "$(default_base)" &>/dev/null; then
        make_debian_base
        BASE=$debian_base
    fi
    build_arguments
    # HEALTHCHECK exists only in Docker's own format of images.
    buildah build --quiet --format docker "${arguments[@]}" . >/dev/null
    container=$(buildah from "$image")
    try buildah run --volume "$PWD/config:/etc/gateway:ro" "$container" --
    mkdir -p build
    rm -f build/image.tar
    buildah push --quiet "$image" "docker-archive:build/image.tar:$image"
    say "Built $image, $(($(stat --format %s build/image.tar) / 1000000)) MB; also in build/image.tar"
}

default_base() { sed -nE 's/^ARG BASE=(.*)$/\1/p' Dockerfile; }

# Usage: try COMMAND_THAT_RUNS_IN_THE_IMAGE...
#
# The example's brokers and databases are replaced by ones without secrets, which are not here to be checked.
try() {
    say "Trying it"
    "$@" gateway --version
    "$@" env \
        GATEWAY_SOURCES='[{"name": "plant", "url": "mqtt://plant"}, {"name": "packaging", "url": "mqtt://packaging"}]' \
        GATEWAY_SINKS='[{"name": "local", "type": "historian"}]' \
        gateway check -c /etc/gateway/gateway.toml
}

say "Building $image"
if docker info &>/dev/null; then
    build_with_docker
else
    build_with_buildah
fi
