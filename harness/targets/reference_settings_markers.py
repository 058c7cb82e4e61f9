"""What makes up environment selector and debug page of the reference, looked for in packed clients."""

from __future__ import annotations

import zipfile
from pathlib import Path

__all__ = ["MARKERS", "found_in"]

MARKERS = {
    "the selector": b'action="/switch/',
    "the selector of the web": b'id="environment"',
    "the debug page": b'id="debug"',
    "its script": b'fetch("/internal',
    "its report": b"class DebugReport",
    "its views": b"def internal_page",
}


def found_in(folder: Path) -> tuple[str, ...]:
    """The markers in the artifacts of a folder, as `artifact: marker`."""
    found: dict[str, None] = {}
    for artifact in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(artifact) as archive:
            for name in archive.namelist():
                data = archive.read(name)
                found |= {f"{artifact.name}: {called}": None for called, text in MARKERS.items() if text in data}
    return tuple(found)
