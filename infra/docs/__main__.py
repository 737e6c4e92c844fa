"""`make docs`: writes the generated parts of the documents anew, and names the files that changed."""

from __future__ import annotations

import sys

from infra.docs.parts import PARTS, PartMissing

try:
    changed = sorted({part.file for part in PARTS if part.write()})
except PartMissing as error:
    sys.exit(f"docs: {error}")
print(*(f"wrote {file}" for file in changed) if changed else ["every generated part is up to date"], sep="\n")
