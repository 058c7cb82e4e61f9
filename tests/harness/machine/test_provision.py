from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import NotHere
from harness.machine import debian
from harness.machine.doctor import examine
from harness.machine.provision import NEEDS, Need, Provisioned, install_secret_service, needs_of, provision


class Thing:
    """A need that is met once it is installed, if it can be."""

    def __init__(self, here: bool = False, installable: bool = True) -> None:
        self.here = here
        self.installable = installable
        self.need = Need("Thing", self.find, self.install)

    def find(self) -> Path:
        if not self.here:
            raise NotHere("no Thing", "fetch it")
        return Path("/thing")

    def install(self) -> Path:
        if not self.installable:
            raise NotHere("no Thing: it is sold out", "wait")
        self.here = True
        return self.find()


def test_what_is_here_is_not_installed() -> None:
    told: list[str] = []

    assert provision(True, told.append, (Thing(here=True).need,)) == [Provisioned("Thing", "here", "/thing")]
    assert told == []


def test_what_is_absent_is_installed_and_said_before() -> None:
    told: list[str] = []

    assert provision(True, told.append, (Thing().need,)) == [Provisioned("Thing", "installed", "/thing")]
    assert told == ["installing Thing …"]


def test_where_installing_is_forbidden_nothing_is_installed() -> None:
    thing = Thing()

    assert provision(False, needs=(thing.need,)) == [Provisioned("Thing", "absent", "no Thing", "fetch it")]
    assert not thing.here


def test_what_cannot_be_installed_is_one_line_with_the_command_that_mends_it() -> None:
    (row,) = provision(True, needs=(Thing(installable=False).need,))

    assert str(row) == "Thing: absent, no Thing: it is sold out; to mend it: wait"


def test_one_thing_that_is_absent_does_not_keep_the_next_from_being_found() -> None:
    rows = provision(True, needs=(Thing(installable=False).need, Thing(here=True).need))

    assert [row.state for row in rows] == ["absent", "here"]


def test_other_browsers_than_chromium_are_not_installed_unless_a_cell_asks() -> None:
    assert {need.what for need in NEEDS if need.install is None} == {"Firefox", "WebKit"}
    assert needs_of({"browser": "chromium"}, *NEEDS) == NEEDS
    asked = needs_of({"browser": "firefox"}, *NEEDS)
    assert {need.what for need in asked if need.install is None} == {"WebKit"}
    assert [need.what for need in asked] == [need.what for need in NEEDS]


def test_without_root_the_secret_service_is_absent_with_the_command_for_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "may_apt", lambda: False)

    with pytest.raises(NotHere, match=r"only root on Debian can install it here.*apt-get install gnome-keyring dbus"):
        install_secret_service()


def test_apt_is_called_without_questions_and_its_error_is_told(
    monkeypatch: pytest.MonkeyPatch, program: Callable[[str, str], Path], tmp_path: Path
) -> None:
    script = 'echo "$DEBIAN_FRONTEND $@" >> CALLS\n[ "$2" = update ] || { echo "E: no space left"; exit 100; }'
    apt = program("apt-get", script.replace("CALLS", str(tmp_path / "calls")))
    monkeypatch.setenv("PATH", f"{apt.parent}:/usr/bin:/bin")
    monkeypatch.setattr(debian, "may_apt", lambda: True)
    debian._update.cache_clear()

    with pytest.raises(NotHere, match="no Secret Service: E: no space left"):
        install_secret_service()
    assert (tmp_path / "calls").read_text().splitlines() == [
        "noninteractive -q update",
        "noninteractive -q install --yes --no-install-recommends gnome-keyring dbus",
    ]


def test_the_doctor_says_of_every_absent_thing_what_mends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    rows = examine(tmp_path / "out" / "deep")

    absent = [row for row in rows if row.state == "absent"]
    assert "Secret Service" in {row.what for row in absent}
    assert all(row.mend for row in absent)
    assert Provisioned("Reports", "here", str(tmp_path / "out" / "deep")) in rows
    assert not (tmp_path / "out").exists()


def test_the_doctor_finds_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    row = next(row for row in examine(in_the_way / "out") if row.what == "Reports")
    assert row.state == "absent"
    assert str(in_the_way) in row.detail
