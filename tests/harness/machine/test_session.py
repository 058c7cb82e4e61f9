from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.machine.secret_service import find_secret_service
from harness.machine.session import PrivateSession

try:
    find_secret_service()
    ABSENT = ""
except Exception as error:  # noqa: BLE001 - its text is the reason that the test run shows
    ABSENT = str(error)

needs_secret_service = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SET = "import keyring; keyring.set_password('service', 'user', 'secret')"
GET = "import keyring; print(keyring.get_password('service', 'user'))"
BACK_END = {"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}


def python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=20)


@needs_secret_service
def test_a_secret_crosses_from_one_process_to_another_by_the_sessions_own_keyring(temporary: Path) -> None:
    with PrivateSession.start() as session:
        environment = {**session.environment, **BACK_END}
        assert python(SET, environment).returncode == 0
        assert python(GET, environment).stdout.strip() == "secret"


@needs_secret_service
def test_two_sessions_have_two_keyrings(temporary: Path) -> None:
    with PrivateSession.start() as one, PrivateSession.start() as other:
        python(SET, {**one.environment, **BACK_END})
        assert python(GET, {**other.environment, **BACK_END}).stdout.strip() == "None"


@needs_secret_service
def test_without_a_secret_service_no_bus_is_reached(temporary: Path) -> None:
    with PrivateSession.start() as session:
        told = python(GET, {**session.without_secret_service(), **BACK_END})

    assert told.returncode != 0
    assert "NoKeyringError" in told.stderr or "RuntimeError" in told.stderr


@needs_secret_service
def test_a_daemon_that_was_stopped_by_a_signal_is_still_ended(temporary: Path) -> None:
    session = PrivateSession.start()
    assert session.service is not None
    processes = [psutil.Process(session.service.bus.pid), psutil.Process(session.service.keyring.pid)]
    processes[1].suspend()
    session.stop()

    assert not any(process.is_running() for process in processes)


def test_nothing_of_the_users_own_session_is_in_the_environment(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus")
    monkeypatch.setenv("GNOME_KEYRING_CONTROL", "/run/user/1000/keyring")
    with PrivateSession.start(secret_service=False) as session:
        environment = session.environment

    assert not {"DBUS_SESSION_BUS_ADDRESS", "GNOME_KEYRING_CONTROL"} & set(environment)
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "TMPDIR"):
        assert Path(environment[name]).is_relative_to(session.folder), name


def test_its_folders_are_readable_by_the_user_only(temporary: Path) -> None:
    with PrivateSession.start(secret_service=False) as session:
        modes = {stat.S_IMODE(place.stat().st_mode) for place in (session.folder, *session.folder.iterdir())}

    assert modes == {0o700}


@needs_linux
def test_its_end_leaves_neither_process_nor_folder(temporary: Path) -> None:
    with PrivateSession.start() as session:
        forgotten = subprocess.Popen(["sleep", "60"], env=dict(session.environment), start_new_session=True)
        (session.folder / "tmp" / "locked").mkdir()
        (session.folder / "tmp" / "locked" / "file").touch()
        (session.folder / "tmp" / "locked").chmod(0o500)

    assert forgotten.wait(timeout=5) == -9
    assert list(temporary.iterdir()) == []
    assert not [child for child in psutil.Process().children() if session.run in child.cmdline()]


def test_it_is_removed_also_when_the_run_raises(temporary: Path) -> None:
    with pytest.raises(KeyboardInterrupt), PrivateSession.start(secret_service=False):
        raise KeyboardInterrupt
    assert list(temporary.iterdir()) == []


def test_where_there_is_no_keyring_daemon_it_starts_without_and_says_why(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with PrivateSession.start() as session:
        assert session.absent is not None
        assert "no Secret Service" in session.absent.what
        assert "DBUS_SESSION_BUS_ADDRESS" not in session.environment


@needs_linux
def test_a_bus_daemon_that_does_not_start_is_told_with_what_it_said(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in {"dbus-daemon": "echo out of luck >&2; exit 1", "gnome-keyring-daemon": ""}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    with PrivateSession.start() as session:
        assert session.absent is not None
        assert "out of luck" in str(session.absent)
