#!/usr/bin/env bash
# Says in which folder the environment of PYTHON is, or will be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/local/lib.sh
environment_folder
