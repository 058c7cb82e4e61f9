"""Parts of a shell that a test can hinder."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.faults.hindered import StoreBroke, hindered
from harness.faults.launch import beside
from harness.probes.hindrance import SILENT, STORE_BLOCKS, STORE_BREAKS, Hindrance
from reference_impl.parts import Part, Parts


class Dispatching:
    def answer(self, channel: str, request: str) -> str:
        return f"{channel}: {request}"


def test_what_hinders_nothing_changes_nothing(tmp_path: Path) -> None:
    written: list[tuple[str, str]] = []
    vault = SimpleNamespace(_write=lambda item, value: written.append((item, value)))
    parts = hindered(tmp_path)
    assert parts[Part.BRIDGE_DISPATCHER](Dispatching()).answer("a", "b") == "a: b"
    parts[Part.TOKEN_MANAGER](SimpleNamespace(vault=vault)).vault._write("refresh_token", "x")
    assert written == [("refresh_token", "x")]


def test_a_reply_is_kept_until_the_hindrance_ends(tmp_path: Path) -> None:
    made, hindrance, replies = (
        hindered(tmp_path)[Part.BRIDGE_DISPATCHER](Dispatching()),
        Hindrance(tmp_path),
        list[str](),
    )
    hindrance.begin(SILENT)
    asking = threading.Thread(target=lambda: replies.append(made.answer("a", "b")))
    asking.start()
    asking.join(0.2)
    assert replies == []
    hindrance.end()
    asking.join(10)
    assert replies == ["a: b"]


def test_a_store_blocks_or_breaks(tmp_path: Path) -> None:
    written: list[str] = []
    vault = SimpleNamespace(_write=lambda item, value: written.append(item))
    manager, hindrance = hindered(tmp_path)[Part.TOKEN_MANAGER](SimpleNamespace(vault=vault)), Hindrance(tmp_path)
    hindrance.begin(STORE_BREAKS)
    with pytest.raises(StoreBroke):
        manager.vault._write("refresh_token", "x")
    hindrance.begin(STORE_BLOCKS)
    writing = threading.Thread(target=manager.vault._write, args=("refresh_token", "x"))
    writing.start()
    writing.join(0.2)
    assert written == []
    hindrance.end()
    writing.join(10)
    assert written == ["refresh_token"]


def test_what_is_put_beside_faults_comes_after_them() -> None:
    parts = Parts({Part.CLOCK: (lambda real: f"faulty {real}",)})
    assert beside(parts, {Part.CLOCK: lambda real: f"ahead of {real}"}).choose(Part.CLOCK, "clock") == (
        "ahead of faulty clock"
    )
