from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.machine.places import CHECKOUT
from harness.machine.provision import Need, Provisioned
from tests.targets import systems

NOXFILE = CHECKOUT / "noxfile.py"
LOCK = CHECKOUT / "requirements.lock"
SHELL_LOCK = CHECKOUT / "reference_impl" / "desktop" / "shell" / "requirements.lock"
NOX = "the environment of noxfile.py has nox"

# A Debian python3 without python3-venv.
NO_ENSUREPIP = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "ensurepip" else find(name, *rest)
"""
NOT_ROOT = "\nimport os\nos.geteuid = lambda: 1000\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing has been set up."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("noxfile.py", "requirements.lock", "pyproject.toml"):
        (folder / name).write_bytes((CHECKOUT / name).read_bytes())
    return folder


def run(checkout: Path, *arguments: str, path: Path | None = None, patch: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the noxfile by a Python that has no nox; `patch` comes before it."""
    start = f"{patch}\nimport runpy, sys\nsys.argv = ['noxfile.py', *{arguments!r}]\n"
    start += f"runpy.run_path({str(checkout / 'noxfile.py')!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start],
        env={"PATH": str(path) if path else os.environ["PATH"], "HOME": str(checkout)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def stamp_of(checkout: Path) -> str:
    pytest.importorskip("nox", reason=NOX)
    code = "import runpy; print(runpy.run_path('noxfile.py')['_stamp'](), end='')"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=30, check=True).stdout


def test_no_install_forbids_to_set_up_the_environment(checkout: Path) -> None:
    done = run(checkout, "-s", "verify", "--", "--no-install")

    assert done.returncode != 0
    assert done.stderr == (
        "noxfile: .nox/authassay is not what requirements.lock says, and --no-install forbids to change it\n"
    )
    assert not (checkout / ".nox").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Debian's way")
def test_a_python_that_cannot_make_environments_names_the_package_to_install(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "apt-get").touch(mode=0o755)
    done = run(checkout, "-s", "tests", path=tmp_path, patch=NO_ENSUREPIP + NOT_ROOT)

    assert done.returncode != 0
    package = f"python3.{sys.version_info.minor}-venv"
    assert done.stderr == (
        f"noxfile: this Python cannot make environments; to mend it: sudo apt-get install {package}\n"
    )


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may install packages")
def test_root_on_debian_gets_the_missing_package_installed(checkout: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n[ "$2" = update ]\n')
    apt.chmod(0o755)
    done = run(checkout, "-s", "tests", path=tmp_path, patch=NO_ENSUREPIP)

    assert done.returncode != 0
    package = f"python3.{sys.version_info.minor}-venv"
    assert calls.read_text().splitlines() == [
        "-q update", f"-q install --yes --no-install-recommends {package}",
    ]  # fmt: skip
    assert "failed; what it said stands above" in done.stderr


def test_an_environment_that_fits_the_lock_is_used_without_setting_anything_up(checkout: Path) -> None:
    python = checkout / ".nox" / "authassay" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho started "$@"\n')
    python.chmod(0o755)
    (python.parents[1] / "stamp").write_text(stamp_of(checkout))

    assert run(checkout, "-s", "lint").stdout == f"started -m nox -f {checkout}/noxfile.py -s lint\n"


def test_an_environment_of_an_older_lock_is_not_used(checkout: Path) -> None:
    folder = checkout / ".nox" / "authassay"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "stamp").write_text(stamp_of(checkout))
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")

    assert run(checkout, "-s", "lint", "--", "--no-install").returncode != 0


def test_the_lock_names_hashes_for_everything_and_no_address() -> None:
    text = LOCK.read_text() + SHELL_LOCK.read_text()
    pinned = re.findall(r"^[a-z0-9][\w.-]*==.*$", text, re.MULTILINE)

    assert len(pinned) > 50
    assert all(line.endswith("\\") for line in pinned), "a package without a hash"
    assert not re.search(r"https?:|file:|--(?:extra-)?index-url|--find-links", text)


def test_the_lock_meets_every_requirement_of_the_project() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    text = LOCK.read_text() + SHELL_LOCK.read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))
    unmet = [
        line
        for line, required in ((line, Requirement(line)) for line in lines)
        if not required.specifier.contains(locked.get(canonicalize_name(required.name), "0.dev0"))
    ]

    assert unmet == [], "make the lock anew: python3 noxfile.py -s lock"


def test_the_lock_of_allure_names_no_address_of_a_registry() -> None:
    packages = json.loads((CHECKOUT / "reports" / "allure" / "package-lock.json").read_text())["packages"]

    assert packages["node_modules/allure"]["version"].startswith("3.18.")
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if name and "integrity" not in package]


def test_the_sessions_are_those_that_the_readme_names() -> None:
    pytest.importorskip("nox", reason=NOX)
    command = [sys.executable, "-m", "nox", "-f", str(NOXFILE), "--list"]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    for name in ("tests", "verify"):
        assert f"* {name} ->" in listing  # these two run by default
    for name in ("lint", "faults", "report", "targets", "authassay"):
        assert f"- {name} ->" in listing
    assert "- cell(os='linux', stage='prod', browser='chromium', store='secret-service') ->" in listing


@cache
def sessions() -> dict[str, Any]:
    """What the noxfile defines. Nox does not like to read it twice."""
    return runpy.run_path(str(NOXFILE))


@pytest.mark.parametrize(
    ("named", "site", "needs"),
    [
        ((), True, ["oidc-provider"]),
        (("oidc-provider",), False, ["oidc-provider"]),
        (("django-oauth-toolkit",), True, []),
    ],
)
def test_of_the_systems_of_others_only_what_was_named_is_installed(
    named: tuple[str, ...], site: bool, needs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nox", reason=NOX)
    targets = sessions()["targets"].func
    installed: list[str] = []
    monkeypatch.setitem(targets.__globals__, "set_up", lambda: None)
    monkeypatch.setitem(targets.__globals__, "set_up_site", lambda lock: installed.append(lock.parent.parent.name))
    targets(SimpleNamespace(posargs=[*named], run=lambda *command, external: None))
    assert installed == ["django_oauth_toolkit"] * site

    asked: list[Need] = []

    def provision(may_install: bool, tell: object, wanted: tuple[Need, ...]) -> list[Provisioned]:
        asked.extend(wanted)
        return []

    monkeypatch.setattr(systems, "provision", provision)
    monkeypatch.setattr(systems, "_verify", lambda name, serve: 0)
    assert systems.main(named) == 0
    assert [need.what for need in asked] == needs


def test_a_system_that_is_none_is_told_with_the_nearest() -> None:
    with pytest.raises(SystemExit, match=r"'oidc-provder' is no system here \(did you mean 'oidc-provider'"):
        systems.main(["oidc-provder"])
