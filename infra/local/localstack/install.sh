#!/usr/bin/env bash
# Installs LocalStack without Docker, and only what is missing of it: its Python packages into an environment of their
# own, .venv-localstack, so that their pins never touch ours; Node.js; and kinesis-local, which LocalStack would
# otherwise download at the first call of Kinesis. Run infra/local/install.sh before it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
source infra/local/lib.sh

readonly here=infra/local/localstack
readonly environment=.venv-localstack
readonly python=$environment/bin/python
readonly stamp=$environment/installed
# The Python that LocalStack runs on, whichever the rest runs on.
readonly own_version=3.11
readonly sources=("$here"/{constraints.txt,install.sh} "$here"/plugin/{pyproject.toml,localstack_plugin/*.py})

# The environment was made from these sources, and the interpreter it was made with is still there.
installed() {
    [[ -e $stamp && $(<"$stamp") == "$(fingerprint "${sources[@]}")" ]] && "$python" -c '' 2>/dev/null
}

# PYTHON's, where that is of this version.
find_own_python() {
    local found
    if [[ -n ${PYTHON:-} ]] && found=$(find_python) && [[ $(version_of "$found") == "$own_version" ]]; then
        printf '%s\n' "$found"
    else
        find_version "$own_version"
    fi
}

make_environment() {
    "$1" -m venv --clear "$environment"
}

# The file pins every package there is, so nothing is resolved; what has to be built is built with its setuptools.
install_packages() {
    "$python" -m pip install --constraint "$here/constraints.txt" pip setuptools &&
        "$python" -m pip install --no-deps --no-build-isolation --no-compile --requirement "$here/constraints.txt"
}

# From a copy, since building leaves files behind.
install_plugin() {
    rm -rf "$environment/plugin" &&
        cp -R "$here/plugin" "$environment/plugin" &&
        "$python" -m pip install --no-deps --no-build-isolation "./$environment/plugin"
}

# LocalStack itself knows which version it wants, and where.
install_kinesis() {
    as_localstack -c '
from localstack.packages import InstallTarget
from localstack.services.kinesis.packages import kinesismock_package

kinesismock_package.install(target=InstallTarget.STATIC_LIBS)'
}

# The index of all AWS services, which it would otherwise make at every start.
index_services() {
    as_localstack -m localstack.aws.spec
}

as_localstack() {
    OVERRIDE_IN_DOCKER=0 FILESYSTEM_ROOT=$environment/root "$python" "$@"
}

packages=()
command -v node >/dev/null || packages+=(nodejs)
installed || command -v npm >/dev/null || packages+=(npm)
((${#packages[@]} == 0)) || install_debian_packages "${packages[@]}"

if ! installed; then
    own_python=$(find_own_python) ||
        fail "LocalStack runs on Python $own_version, and there is none in PATH or among pyenv's. Install one, or name it:" \
            "PYTHON=/path/to/python$own_version bash $here/install.sh"
    step "LocalStack's virtual environment" make_environment "$own_python"
    step "LocalStack's packages" install_packages
    step "LocalStack's DynamoDB" install_plugin
    step "LocalStack's Kinesis" install_kinesis
    step "LocalStack's index of services" index_services
    fingerprint "${sources[@]}" >"$stamp"
fi
