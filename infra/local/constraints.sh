#!/usr/bin/env bash
# Writes constraints.txt anew: every package of every extra, at the newest version that pyproject.toml allows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/local/lib.sh

python=$(need_python)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch"
"$scratch/bin/python" -m pip install --quiet --upgrade pip setuptools
"$scratch/bin/python" -m pip install --quiet --no-build-isolation --editable '.[workers,offline,aws,emulators,files,microphone,kcl,infra,dev]'
{
    echo '# Every package at the version that is tested; "make constraints" writes this file anew.'
    "$scratch/bin/python" -m pip freeze --all --exclude-editable
} >"$scratch/constraints.txt"
cp "$scratch/constraints.txt" constraints.txt
