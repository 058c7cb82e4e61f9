"""Runs of these tests lie in a temporary folder of the test's own, so that no other run on the machine is met."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A short path: it holds sockets, whose names have at most 107 bytes."""
    tmp_path_factory.getbasetemp()  # pytest's own folder is not to be made in this one
    with tempfile.TemporaryDirectory(prefix="aa-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """Makes a shell script in a folder that tests put on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(name: str, text: str) -> Path:
        script = folder / name
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
        return script

    return make
