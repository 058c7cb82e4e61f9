"""What the statement says of the run."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.evidence.predicate import commit, describe_run, versions
from tests.harness.small_run import CATALOG, SmallTarget


def test_a_run_is_described_by_what_a_verdict_can_depend_on(tmp_path: Path) -> None:
    feature = tmp_path / "small.feature"
    feature.write_bytes(b"Feature: Small\n")
    started = datetime(2027, 1, 31, 12, tzinfo=UTC)
    targets, asked = {"small": SmallTarget()}, {"controls": ["TOKEN-*"]}
    told = describe_run(CATALOG, [feature], ["b", "a"], targets, started, {"hits": 0}, asked)
    assert told["asked"] == {"controls": ["TOKEN-*"]}
    assert (told["cells"], told["targets"], told["scan"]) == (["a", "b"], {"small": "1"}, {"hits": 0})
    assert told["started"] == "2027-01-31T12:00:00+00:00"
    assert told["digests"]["features"] == {"small.feature": hashlib.sha256(b"Feature: Small\n").hexdigest()}
    assert told["digests"]["catalog"] == CATALOG.digest
    assert told["digests"]["checks"]["TOKEN-01.E1"].startswith("refuses_requests_without_s256 ")


def test_versions_name_this_product_python_and_the_tools() -> None:
    assert {"authassay", "python", "platform", "pytest", "requests", "playwright"} <= set(versions())
    assert all(versions().values())


def test_the_commit_is_cis_own_word_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SHA", "c" * 40)
    assert commit() == "c" * 40


@pytest.mark.parametrize(("status", "suffix"), [("", ""), (" M a.py\n", "-dirty")])
def test_a_checkout_with_changes_says_so(monkeypatch: pytest.MonkeyPatch, status: str, suffix: str) -> None:
    monkeypatch.delenv("GITHUB_SHA", raising=False)

    def git(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, status if "status" in command else "abc\n", "")

    monkeypatch.setattr(subprocess, "run", git)
    assert commit() == f"abc{suffix}"


@pytest.mark.parametrize("error", [FileNotFoundError("git"), subprocess.TimeoutExpired("git", 10)])
def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.delenv("GITHUB_SHA", raising=False)

    def git(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", git)
    assert commit() == "unknown"
