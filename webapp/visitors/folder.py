"""Where the server keeps what visitors leave."""

import os
from pathlib import Path


def visitors_folder() -> Path:
    """Return the folder for what visitors leave on the server: `VISITORS_DIR` (visitors/), made when first needed."""
    folder = Path(os.environ.get("VISITORS_DIR", "visitors"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
