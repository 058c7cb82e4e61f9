"""Chromium: found where it is, installed where that is allowed.

In this order: `AUTHASSAY_CHROMIUM`, an installed Chrome, Chromium or Edge, a download of Playwright's, and then, only
to install it, `playwright install chromium` and Debian's package.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.errors import NotHere
from harness.machine.commands import run_bounded
from harness.machine.debian import apt_command, apt_install
from harness.machine.places import TOOLS

__all__ = ["SETTING", "find_chromium", "install_chromium", "is_snap"]

SETTING = "AUTHASSAY_CHROMIUM"
DOWNLOADS = TOOLS / "browsers"
DOWNLOAD_SECONDS = 600.0

_NAMES = (
    "google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge", "microsoft-edge-stable",
)  # fmt: skip
_MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
_WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Chromium\Application\chrome.exe",
            r"Microsoft\Edge\Application\msedge.exe")  # fmt: skip
_DOWNLOADED = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)


def find_chromium(environ: Mapping[str, str] = os.environ) -> Path:
    """The executable of a Chromium. Raises NotHere with the command that brings one."""
    if setting := environ.get(SETTING):
        if os.access(setting, os.X_OK) and Path(setting).is_file():
            return Path(setting)
        raise NotHere(f"{SETTING} names {setting!r}, which is no executable file", f"correct it, or unset {SETTING}")
    found = next(_installed(environ), None) or next(_downloaded(environ), None)
    if found is None:
        raise NotHere("no Chromium, Chrome or Edge", _mend())
    return found


def install_chromium() -> Path:
    """Downloads or installs a Chromium. Raises NotHere with the reason; ends within the bounds of its two tries."""
    command = [sys.executable, "-m", "playwright", "install", "chromium", "--no-shell"]
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(DOWNLOADS)}
    outcome = run_bounded(command, seconds=DOWNLOAD_SECONDS, environment=environment)
    if outcome.ok and (found := _newest(DOWNLOADS)) and starts(found):
        return found
    # A download without the libraries that it needs does not start; Debian's package brings them along.
    shutil.rmtree(DOWNLOADS, ignore_errors=True)
    try:
        apt_install("Chromium", "chromium")
    except NotHere as absent:
        raise NotHere(f"{absent.what}; Playwright's download: {outcome.line}", _mend()) from absent
    return find_chromium()


def starts(chromium: Path) -> bool:
    """Whether it tells its version within 20 s. On Windows this would open a window, so there it is taken to start."""
    return sys.platform == "win32" or run_bounded([chromium, "--version"], seconds=20).ok


def _installed(environ: Mapping[str, str]) -> Iterator[Path]:
    for name in _NAMES:
        found = shutil.which(name, path=environ.get("PATH"))
        if found and not is_snap(Path(found)):
            yield Path(found)
    if sys.platform == "darwin":
        candidates = [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in _MAC]
    else:
        roots = [environ[name] for name in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA") if name in environ]
        candidates = [Path(root) / name for name in _WINDOWS for root in roots]
    yield from (path for path in candidates if path.is_file())


def is_snap(command: Path) -> bool:
    """Whether it is a snap, which sees neither the private home nor the temporary folder of a run; or, as Ubuntu's
    browsers are, a short script that starts one, or asks to install it."""
    if "/snap/" in str(command.resolve()):
        return True
    return command.stat().st_size < 10_000 and b"/snap/bin" in command.read_bytes()


def _downloaded(environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/nonexistent")
    caches = {
        "darwin": home / "Library/Caches/ms-playwright",
        "win32": Path(environ.get("LOCALAPPDATA", home)) / "ms-playwright",
    }
    shared = environ.get("PLAYWRIGHT_BROWSERS_PATH") or caches.get(sys.platform, home / ".cache/ms-playwright")
    yield from (found for folder in (Path(shared), DOWNLOADS) if (found := _newest(folder)))


def _newest(folder: Path) -> Path | None:
    found = [path for pattern in _DOWNLOADED for path in folder.glob(pattern) if os.access(path, os.X_OK)]
    return max(found, key=lambda path: _revision(path.relative_to(folder).parts[0]), default=None)


def _revision(name: str) -> int:
    digits = name.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


def _mend() -> str:
    if shutil.which("apt-get"):
        return apt_command("chromium")
    return f"install Chrome or Chromium, or set {SETTING} to the path of one"
