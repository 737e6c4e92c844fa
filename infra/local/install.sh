#!/usr/bin/env bash
# Installs what this checkout needs to run on a laptop, and only what is missing.
#
#   install.sh                the offline engines' Debian packages, and the Python environment
#   install.sh debian         the Debian packages only
#   install.sh python         the Python environment only, with the packages that constraints.txt pins: .venv, or beside
#                             it .venv-3.12 where PYTHON is of another version than .venv
#   install.sh dependencies   the same without the project itself: an image's layer that outlives a change of the code
#
# EXTRAS names the extras of pyproject.toml to install; by default, what a developer needs. LocalStack and the KCL
# workers have scripts of their own: localstack/install.sh and kcl/install.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/local/lib.sh

readonly part=${1:-all}
readonly extras=${EXTRAS:-workers,offline,aws,emulators,files,infra,dev}
environment=$(environment_folder)
readonly environment
readonly python=$environment/bin/python
readonly stamp=$environment/installed
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
    "$(need_python)" -m venv --clear "$environment"
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
    # In one that only tries another Python, Python compiles what is imported: that is a third of the time.
    [[ $environment == .venv ]] || install+=(--no-compile)
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

packages=()
if [[ $part != debian ]] && ! usable_environment; then
    found=$(find_python) || found=''
    version=$(version_of "$found") || version=3
    makes_environments "$found" || packages+=("python$version-venv")
fi
if [[ $part != python && $part != dependencies ]]; then
    mapfile -t -O "${#packages[@]}" packages < <(missing_packages)
fi
((${#packages[@]} == 0)) || install_debian_packages "${packages[@]}"
[[ $part != debian ]] || exit 0

if ! usable_environment; then
    need_python >/dev/null
    step 'Virtual environment' make_environment
fi
if [[ ! -e $stamp || $(<"$stamp") != "$(current)" ]]; then
    step 'Python packages' install_python_packages
    # Without the project it is not done.
    [[ $part == dependencies ]] || current >"$stamp"
fi
