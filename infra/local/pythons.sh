#!/usr/bin/env bash
# Lists the Pythons of this machine that the tests run on, one a version and one a line, oldest first: what PYTHON may be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/local/lib.sh
find_pythons
