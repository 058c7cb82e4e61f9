"""What a page of a shell on Chromium may do that a confined one may not, told by what it does.

An empty page does it in its place, and its policy (CSP) is set aside: the shell is judged by what it lets pages do.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from harness.errors import TargetError
from harness.probes.devtools import Devtools
from harness.probes.witness import Witness

__all__ = ["ELECTRON_WORLD", "reach_of"]

ELECTRON_WORLD = "Electron Isolated Context"
# Node in the page's world, by what only Node has; a page's own bundle may define a `process`.
NODE = """
(() => typeof require === "function" && typeof require.resolve === "function"
  || typeof process === "object" && process !== null && typeof Object(process.versions).node === "string")()
"""
ELECTRON = "/ Electron\\//.test(navigator.userAgent)"
READ = """
fetch(URL).then((answer) => answer.text()).then((text) => text.includes(MARK)).catch(() => false)
"""


def reach_of(page: Devtools, url: str, folder: Path) -> dict[str, str]:
    """The settings by what they do. `url`: the page's; `folder`: where a file can be put for it to read."""
    page.call("Page.setBypassCSP", enabled=True)
    try:
        page.show_blank(url)
        return _reach(page, folder)
    finally:
        page.call("Page.setBypassCSP", enabled=False)


def _reach(page: Devtools, folder: Path) -> dict[str, str]:
    told: dict[str, str] = {
        "node in the page's world": _state(page.evaluate(NODE)),
        "reads across origins": _reads_across_origins(page),
        "reads local files": _reads_files(page, folder),
    }
    if isolated := _isolated(page):
        told["preload in the page's world"] = isolated
    return told


def _reads_across_origins(page: Devtools) -> str:
    """Whether script reads what another origin does not let it read."""
    witness = Witness()
    try:
        at = json.dumps(witness.url("http", "127.0.0.1"))
        read = READ.replace("URL", at).replace("MARK", json.dumps("witness"))
        return _state(page.evaluate(read))
    finally:
        witness.close()


def _reads_files(page: Devtools, folder: Path) -> str:
    mark, file = secrets.token_hex(8), folder / "for-pages.txt"
    file.write_text(mark)
    try:
        read = READ.replace("URL", json.dumps(file.resolve().as_uri()))
        return _state(page.evaluate(read.replace("MARK", json.dumps(mark))))
    finally:
        file.unlink()


def _isolated(page: Devtools) -> str:
    """Of Electron, whose isolated world the protocol shows: whether the preload runs in the page's world."""
    if not page.evaluate(ELECTRON):
        return ""
    return "off" if ELECTRON_WORLD in page.worlds() else "on"


def _state(holds: object) -> str:
    if not isinstance(holds, bool):
        raise TargetError("the page did not tell what it may do")
    return "on" if holds else "off"
