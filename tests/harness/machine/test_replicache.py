"""The module of Replicache that the page loads is made at set-up, or said to be absent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import NotHere
from harness.machine import npm, replicache
from harness.machine.commands import Outcome


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Packages that are installed somewhere else, and what was called."""
    called: list[str] = []

    def run(command: list[object], *, folder: Path, **_: object) -> Outcome:
        called.append("npm" if "ci" in command else "esbuild")
        if "ci" in command:
            (folder / "node_modules" / "replicache").mkdir(parents=True)
        else:
            replicache.BUNDLE.write_text("export {};")
        return Outcome(True, "")

    monkeypatch.setattr(replicache, "REPLICACHE", replace(replicache.REPLICACHE, folder=tmp_path / "packages"))
    monkeypatch.setattr(replicache, "BUNDLE", tmp_path / "replicache.js")
    monkeypatch.setattr(npm, "run_bounded", run)
    monkeypatch.setattr(replicache, "run_bounded", run)
    return called


def test_it_is_made_once_and_found_from_then_on_without_npm(packages: list[str]) -> None:
    with pytest.raises(NotHere, match="no Replicache as reference_impl/web/replicache locks it; to mend it: "):
        replicache.find_bundle()
    assert replicache.make_bundle() == replicache.find_bundle()
    replicache.BUNDLE.unlink()
    with pytest.raises(NotHere, match="no bundle of Replicache"):
        replicache.find_bundle()
    replicache.make_bundle()
    assert packages == ["npm", "esbuild", "esbuild"]


def test_where_esbuild_fails_its_reason_is_told(packages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicache, "run_bounded", lambda *_, **__: Outcome(False, "Could not resolve"))
    with pytest.raises(NotHere, match="no bundle of Replicache: esbuild: Could not resolve"):
        replicache.make_bundle()
