#!/usr/bin/env bash
# Installs what this checkout needs to run on a laptop, and only what is missing.
#
#   install.sh                the offline engines' Debian packages, and the Python environment
#   install.sh debian         the Debian packages only
#   install.sh python         the Python environment only: .venv, with the packages that constraints.txt pins
#   install.sh dependencies   the same without the project itself: an image's layer that outlives a change of the code
#
# EXTRAS names the extras of pyproject.toml to install; by default, what a developer needs. LocalStack and the KCL
# workers have scripts of their own: localstack/install.sh and kcl/install.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/local/lib.sh

readonly part=${1:-all}
readonly extras=${EXTRAS:-workers,offline,aws,emulators,files,infra,dev}
readonly python=.venv/bin/python
readonly stamp=.venv/installed
readonly sources=(pyproject.toml constraints.txt infra/local/install.sh)

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

# What pyproject.toml requires with these extras, one a line: pip does not install that without the project.
requirements() {
    "$python" - "$extras" <<'PYTHON'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
chosen = (project["optional-dependencies"][extra] for extra in sys.argv[1].split(","))
print(*project["dependencies"], *(line for lines in chosen for line in lines), sep="\n")
PYTHON
}

# Pins pip and setuptools too, and builds with them, so that nothing is ever resolved anew.
install_python_packages() {
    local install=("$python" -m pip install --constraint constraints.txt)
    "${install[@]}" pip setuptools || return
    if [[ $part == dependencies ]]; then
        requirements | "${install[@]}" --no-build-isolation --requirement /dev/stdin
    else
        "${install[@]}" --no-build-isolation --editable ".[$extras]"
    fi
}

# What the environment was made from: these files, in this place, and the extras.
current() {
    fingerprint "${sources[@]}"
    echo "$extras"
}

usable_python() {
    "$(find_python || echo false)" -c 'import ensurepip, venv' 2>/dev/null
}

packages=()
if [[ $part != debian ]] && ! usable_environment && ! usable_python; then
    packages+=(python3-venv)
fi
if [[ $part != python && $part != dependencies ]]; then
    mapfile -t -O "${#packages[@]}" packages < <(missing_packages)
fi
((${#packages[@]} == 0)) || install_debian_packages "${packages[@]}"
[[ $part != debian ]] || exit 0

if ! usable_environment; then
    find_python >/dev/null || fail 'Python 3.11 or newer is needed. Install it, or name it: PYTHON=/path/to/python3.11 make install'
    step 'Virtual environment' make_environment
fi
if [[ ! -e $stamp || $(<"$stamp") != "$(current)" ]]; then
    step 'Python packages' install_python_packages
    # Without the project it is not done.
    [[ $part == dependencies ]] || current >"$stamp"
fi
