"""Where the server keeps what visitors leave."""

import os
from pathlib import Path


def visitors_folder() -> Path:
    """Say where what visitors leave on the server is kept: `VISITORS_DIR` (visitors/), made when first needed."""
    folder = Path(os.environ.get("VISITORS_DIR", "visitors"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
