#!/usr/bin/env bash
# Installs what this checkout needs to run on a laptop, and only what is missing.
#
#   install.sh          the offline engines' Debian packages, and the Python environment
#   install.sh python   the Python environment only: .venv, with the packages that constraints.txt pins
#
# LocalStack has a script of its own, localstack/install.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/local/lib.sh

readonly python=.venv/bin/python
readonly stamp=.venv/installed
readonly sources=(pyproject.toml constraints.txt infra/local/install.sh)
readonly extras=workers,offline,infra,dev

usable_environment() {
    "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# The listed Debian packages that are not installed, one a line.
missing_packages() {
    local package
    while read -r package _; do
        case $package in '' | \#*) continue ;; esac
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed* ]] || echo "$package"
    done <cli/debian-packages.txt
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
if [[ ! -e $stamp || $(<"$stamp") != "$(fingerprint "${sources[@]}")" ]]; then
    step 'Python packages' install_python_packages
    fingerprint "${sources[@]}" >"$stamp"
fi
