"""Find a Chromium for the browser tests, or install one; print its path.

First a browser that is there; else, as root on Debian, its package; else Playwright's own download. The headless shell,
with which Playwright tests as well, is the same Chromium without the windows and menus that nobody sees here.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ADVICE = "found no Chromium and could not install one: install it, or set CHROMIUM to the path of its program"


def find() -> str | None:
    """Look for a browser: in CHROMIUM, on the PATH, among Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    return next((path for name in NAMES if (path := shutil.which(name))), None) or find_playwrights_own()


def find_playwrights_own() -> str | None:
    try:
        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Error:
        return None
    return path if Path(path).is_file() else None


def install() -> None:
    """Try each way in turn; what the installers say goes to the error output."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], stdout=sys.stderr, env=quiet, check=False)
        # The fonts let Chinese pages be looked at.
        packages = ["chromium-headless-shell", "fonts-noto-cjk"]
        subprocess.run(["apt-get", "install", "-qq", "-y", *packages], stdout=sys.stderr, env=quiet, check=False)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)


def main() -> None:
    if find() is None and "CHROMIUM" not in os.environ:
        install()
    path = find()
    if path is None:
        sys.exit(ADVICE)
    print(path)


if __name__ == "__main__":
    main()
