"""The Allure report: Allure 3 makes it, and it is made to work from disk and to ask for nothing outside itself.

It is a view, not evidence: two reports on the same results differ.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.errors import NotHere
from harness.machine.commands import run_bounded
from harness.machine.node import find_node
from harness.machine.npm import ALLURE

__all__ = ["generate_allure"]

SECONDS = 300.0

# Every template of Allure's loads a third party's analytics, and no setting turns that off.
_ANALYTICS = re.compile(
    r"<script[^>]*googletagmanager\.com[^>]*></script>\s*<script>(?:(?!</script>).)*\bgtag\(.*?</script>", re.DOTALL
)
# What the stripping might miss in a later version of Allure, the browser refuses.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data: blob:; "
    "img-src data: blob:; font-src data:; media-src data: blob:; connect-src data: blob:; frame-src data: blob:; "
    "worker-src data: blob:; form-action 'none'"
)
_META = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'


def generate_allure(results: Sequence[Path], out: Path, cells: Sequence[str]) -> Path:
    """Makes `out/index.html` from folders of Allure results, with an environment for each cell id in `cells`; a
    result belongs to the cell that its label `cell` names. Returns the page, a single file.

    Raises NotHere where Node or Allure is not here, or Allure fails, or is not done within SECONDS.
    """
    node, allure = find_node(), ALLURE.find()
    with tempfile.TemporaryDirectory(prefix="authassay-allure-") as temporary:
        made = Path(temporary) / "report"
        settings = json.dumps({"cells": list(cells), "output": str(made)})
        configuration = shutil.copy(ALLURE.locked_in / "allurerc.mjs", temporary)
        folders = [folder.resolve() for folder in results]
        outcome = run_bounded(
            [node, allure, "generate", *folders, "--config", configuration],
            seconds=SECONDS,
            environment={**os.environ, "AUTHASSAY_ALLURE": settings, "NO_COLOR": "1"},
            folder=Path(temporary),
        )
        page = made / "index.html"
        if not outcome.ok or not page.is_file():
            raise NotHere(f"no Allure report: {outcome.line}", "authassay doctor")
        out.mkdir(parents=True, exist_ok=True)
        index = out / "index.html"
        index.write_text(seclude(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    return index


def seclude(page: str) -> str:
    """The page without Allure's analytics, and with a policy under which it can load nothing but itself."""
    return _ANALYTICS.sub("", page).replace("<head>", f"<head>\n    {_META}", 1)
