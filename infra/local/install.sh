#!/usr/bin/env bash
# Installs what this checkout needs to run on a laptop, and only what is missing.
#
#   install.sh          the offline engines' Debian packages, and the Python environment
#   install.sh python   the Python environment only: .venv, with the packages that constraints.txt pins
#
# One line a step; everything the steps say goes to out/install.log. PYTHON names an interpreter to use (3.11+).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly log=out/install.log
readonly python=.venv/bin/python
readonly stamp=.venv/installed
readonly extras=workers,offline,dev

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# step TITLE COMMAND...: runs the command and reports it in one line, with the end of what it said if it fails.
step() {
    local title=$1 begun
    shift
    mkdir -p "${log%/*}"
    printf '== %s\n' "$title" >>"$log"
    begun=$(wc -l <"$log")
    printf '%s ... ' "$title"
    if "$@" >>"$log" 2>&1 </dev/null; then
        echo 'done'
    else
        echo 'failed'
        tail -n "+$((begun + 1))" "$log" | tail -n 40 >&2
        fail "$title failed; all of its output is in $log."
    fi
}

# The interpreter that PYTHON names, or the first one that is new enough.
find_python() {
    local candidate candidates=(python3 python3.{11..14})
    [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

usable_environment() {
    "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Names what the environment was made from: it changes with the pins, and when the checkout is moved.
fingerprint() {
    { pwd; cat pyproject.toml constraints.txt infra/local/install.sh; } | sha256sum
}

# The listed Debian packages that are not installed, one a line.
missing_packages() {
    local package
    while read -r package _; do
        case $package in '' | \#*) continue ;; esac
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed* ]] || echo "$package"
    done <cli/debian-packages.txt
}

# A fresh machine has no list of packages, and an old list names files that are gone: then it is updated.
apt_install() {
    local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" ||
        { "${as_root[@]}" apt-get update &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"; }
}

install_debian_packages() {
    local command="apt-get update && apt-get install -y $*"
    command -v apt-get >/dev/null || fail "Not a Debian machine: install what these packages hold, then try again: $*"
    as_root=()
    if ((EUID != 0)); then
        as_root=(sudo)
        command -v sudo >/dev/null || fail "Debian packages are missing, and there is no sudo. Run this as root: $command"
        # Asks for the password here, if one is needed, and not in the middle of a step.
        sudo -n true 2>/dev/null || sudo true || fail "Debian packages are missing. Run this as root: $command"
    fi
    step "Debian packages $*" apt_install "$@"
}

make_environment() {
    "$(find_python)" -m venv --clear .venv
}

# Pins pip and setuptools too, and builds with them, so that nothing is ever resolved anew.
install_python_packages() {
    "$python" -m pip install --constraint constraints.txt pip setuptools &&
        "$python" -m pip install --constraint constraints.txt --no-build-isolation --editable ".[$extras]"
}

packages=()
if ! usable_environment && ! "$(find_python || echo false)" -c 'import ensurepip, venv' 2>/dev/null; then
    packages+=(python3-venv)
fi
if [[ ${1:-} != python ]]; then
    mapfile -t -O "${#packages[@]}" packages < <(missing_packages)
fi
((${#packages[@]} == 0)) || install_debian_packages "${packages[@]}"

if ! usable_environment; then
    find_python >/dev/null || fail 'Python 3.11 or newer is needed. Install it, or name it: PYTHON=/path/to/python3.11 make install'
    step 'Virtual environment' make_environment
fi
if [[ ! -e $stamp || $(<"$stamp") != "$(fingerprint)" ]]; then
    step 'Python packages' install_python_packages
    fingerprint >"$stamp"
fi
