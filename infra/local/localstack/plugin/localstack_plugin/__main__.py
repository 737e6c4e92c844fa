"""Runs LocalStack for the process whose id is the argument, and ends when that process is gone."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time

from localstack.runtime.main import main

#: How often it looks for its parent, in seconds.
_INTERVAL = 0.25


def _end_with(parent: int) -> None:
    # A parent that was killed can tell nobody, and cannot tidy up.
    while os.getppid() == parent:
        time.sleep(_INTERVAL)
    shutil.rmtree(os.environ["FILESYSTEM_ROOT"], ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    main()
