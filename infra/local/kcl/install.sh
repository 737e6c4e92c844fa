#!/usr/bin/env bash
# Installs what KCL workers need beside the Python environment, and only what is missing: a Java runtime, and
# amazon_kclpy, whose setup fetches the jars of the Kinesis Client Library. It checks these, and makes the archive of
# their classes that spares a daemon half of its start. Run infra/local/install.sh before it.
#
#   install.sh           all of it
#   install.sh debian    the Java runtime only
#   install.sh package   amazon_kclpy with its jars only: an image's layer that outlives a change of the code
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
source infra/local/lib.sh

readonly part=${1:-all}
environment=$(environment_folder)
readonly environment
readonly python=$environment/bin/python
readonly stamp=$environment/kcl-installed
readonly sources=(constraints.txt infra/local/kcl/install.sh)
# The oldest Java that the workers take, and where they look for it.
readonly oldest=17
readonly package=openjdk-17-jre-headless
readonly java=${JAVA_HOME:+$JAVA_HOME/bin/}java

usable_java() {
    local version
    version=$("$java" -version 2>&1 | sed -n 's/^[a-z]* version "\([0-9]*\).*/\1/p') && ((${version:-0} >= oldest))
}

# Checks Java and each jar, and makes the class-data archive where there is none.
make_archive() {
    "$python" -m processors.hosts.kcl.daemon.class_data_archive
}

# Made from these sources, and all of it is still there.
installed() {
    [[ -e $stamp && $(<"$stamp") == "$(fingerprint "${sources[@]}")" ]] && make_archive >/dev/null 2>&1
}

# Always builds anew: pip would keep the package with whatever jars one build brought.
install_package() {
    "$python" -m pip install --constraint constraints.txt --no-build-isolation --no-cache-dir --no-deps \
        --force-reinstall amazon_kclpy
}

if [[ $part == package ]]; then
    step 'Kinesis Client Library' install_package
    fingerprint "${sources[@]}" >"$stamp"
    exit
fi
usable_java || install_debian_packages "$package"
usable_java ||
    fail "KCL workers need Java $oldest or newer, and $java is none: unset JAVA_HOME, or put a newer one first in PATH."
[[ $part != debian ]] || exit 0

if ! installed; then
    step 'Kinesis Client Library' install_package
    step "Kinesis Client Library's class data" make_archive
    fingerprint "${sources[@]}" >"$stamp"
fi
