from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import NotHere, TargetError
from harness.machine.session import BUS, PrivateSession
from harness.probes.constant_key import FILE, ConstantKeyKeyring
from harness.targets.reference_situations import CHAIN, NO_BUS, SOUND, prepare

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="a D-Bus is of Linux")


@pytest.fixture(scope="module")
def machine() -> Iterator[PrivateSession]:
    with PrivateSession.start(secret_service=False) as machine:
        yield machine


def test_a_client_has_a_home_of_its_own_that_ends_with_the_situation(machine: PrivateSession, tmp_path: Path) -> None:
    with prepare("", machine, tmp_path) as made:
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
            assert Path(made.environment[name]).is_relative_to(made.folder)
            assert Path(made.environment[name]).is_dir()
    assert not made.folder.exists()


@linux_only
def test_without_a_bus_there_is_no_address_of_one(machine: PrivateSession, tmp_path: Path) -> None:
    with prepare(NO_BUS, machine, tmp_path) as made:
        assert BUS not in made.environment


@pytest.mark.parametrize("situation", [SOUND, CHAIN])
def test_a_sound_store_that_is_not_here_is_told(machine: PrivateSession, tmp_path: Path, situation: str) -> None:
    with pytest.raises(NotHere, match="Secret Service"), prepare(situation, machine, tmp_path):
        pytest.fail("the situation was made")


def test_a_weak_store_is_asked_for_in_three_ways(machine: PrivateSession, tmp_path: Path) -> None:
    null = "keyring.backends.null.Keyring"
    with prepare("one that discards values, asked for by environment", machine, tmp_path) as made:
        assert made.environment["PYTHON_KEYRING_BACKEND"] == null
    with prepare("one that discards values, asked for by command line", machine, tmp_path) as made:
        assert made.arguments == ("--store", null)
    with prepare("one that discards values, asked for by configuration file", machine, tmp_path) as made:
        written = [file.read_text() for file in made.folder.rglob("keyringrc.cfg")]
        assert written == [f"[backend]\ndefault-keyring={null}\n"]


def test_a_file_with_a_constant_key_is_opened_for_the_search(
    machine: PrivateSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with prepare("one with a constant key, asked for by environment", machine, tmp_path) as made:
        assert made.searched() == {"home": made.folder}
        monkeypatch.setenv("XDG_DATA_HOME", made.environment["XDG_DATA_HOME"])
        weak = ConstantKeyKeyring()  # type: ignore[no-untyped-call]  # keyring's own constructor is untyped
        weak.set_password("service", "user", "canary")
        file = Path(made.environment["XDG_DATA_HOME"]) / FILE
        assert b"canary" not in file.read_bytes()
        assert b"canary" in bytes(made.searched()[f"{FILE}, decrypted"])


def test_an_unknown_situation_names_the_nearest(machine: PrivateSession, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=NO_BUS), prepare("no D-Bus sesion", machine, tmp_path):
        pytest.fail("the situation was made")
