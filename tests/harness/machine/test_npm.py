from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import NotHere
from harness.machine import npm
from harness.machine.commands import Outcome
from harness.machine.npm import ALLURE, OPENAUTH, LockedPackages
from harness.machine.replicache import REPLICACHE

EVERY = pytest.mark.parametrize("packages", [ALLURE, OPENAUTH, REPLICACHE], ids=lambda packages: packages.what)


def installed(packages: LockedPackages, folder: Path, stamp: str) -> LockedPackages:
    entry = folder / "node_modules" / packages.entry
    entry.parent.mkdir(parents=True)
    entry.touch()
    (folder / "stamp").write_text(stamp)
    return replace(packages, folder=folder)


@EVERY
def test_what_was_installed_by_another_lock_is_not_used(packages: LockedPackages, tmp_path: Path) -> None:
    with pytest.raises(NotHere, match=f"no {packages.what} as .* locks it; to mend it: "):
        installed(packages, tmp_path, "of another lock").find()


@EVERY
def test_every_locked_version_is_exact_and_names_no_address(packages: LockedPackages) -> None:
    asked = json.loads((packages.locked_in / "package.json").read_text())["dependencies"]
    locked = json.loads((packages.locked_in / "package-lock.json").read_text())["packages"]

    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in asked.items())
    assert all("integrity" in package and "resolved" not in package for name, package in locked.items() if name)


def test_where_npm_fails_its_reason_is_told_and_nothing_half_made_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npm, "run_bounded", lambda *_, **__: Outcome(False, "npm error code ENOTFOUND"))
    packages = replace(OPENAUTH, folder=tmp_path)

    with pytest.raises(NotHere, match="no OpenAuth: npm: npm error code ENOTFOUND; to mend it: npm ci --prefix"):
        packages.install()
    with pytest.raises(NotHere, match="no OpenAuth as harness/targets/openauth_server locks it"):
        packages.find()


def test_what_npm_installed_is_found_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(command: object, *, folder: Path, **_: object) -> Outcome:
        (folder / "node_modules" / OPENAUTH.entry).mkdir(parents=True)
        return Outcome(True, "")

    monkeypatch.setattr(npm, "run_bounded", made)
    packages = replace(OPENAUTH, folder=tmp_path)

    assert packages.install() == packages.find() == tmp_path / "node_modules" / "@openauthjs" / "openauth"
