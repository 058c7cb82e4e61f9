"""Authassay's sessions, for people and for CI: `python3 noxfile.py -s verify`.

It needs nothing but Python 3.11 or later. Everything that it installs lies under `.nox`, from `requirements.lock`, by
hash; what is there already is used again, without the network. Whoever has nox can run `nox -s verify` as well.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
ENVIRONMENT = ROOT / ".nox" / "authassay"
SHELL_LOCK = ROOT / "reference_impl" / "desktop" / "shell" / "requirements.lock"
STAMP = ENVIRONMENT / "stamp"
FOREIGN = ROOT / "tests" / "targets"  # systems of others
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


def set_up() -> None:
    """Makes `.nox/authassay` what the lock says, unless it is. Ends the process with one line where it cannot."""
    stamp = _stamp()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp:
        return
    if "--no-install" in sys.argv:
        sys.exit("noxfile: .nox/authassay is not what requirements.lock says, and --no-install forbids to change it")
    print("noxfile: setting up .nox/authassay from requirements.lock …", flush=True)
    _need_venv()
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    _call(sys.executable, "-m", "venv", ENVIRONMENT)
    uv = ENVIRONMENT / "uv.lock.txt"
    uv.write_text(_locked("uv"))
    _call(PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", uv)
    install = (PYTHON, "-m", "uv", "pip", "install", "-q", "--python", PYTHON)
    _call(*install, "--require-hashes", "--only-binary", ":all:", "-r", LOCK)
    _call(*install, "--offline", "--no-deps", "--no-build-isolation", "--editable", ROOT)
    STAMP.write_text(stamp)


def set_up_site(lock: Path) -> None:
    """Makes an environment of its own for a system that Authassay verifies, from its lock, unless it is there."""
    folder = ROOT / ".nox" / lock.parent.parent.name.replace("_", "-")
    stamp, python = folder / "stamp", folder / BIN.name / PYTHON.name
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return
    print(f"noxfile: setting up {folder.relative_to(ROOT)} from {lock.relative_to(ROOT)} …", flush=True)
    _call(PYTHON, "-m", "uv", "venv", "-q", "--clear", "--python", PYTHON, folder)
    install = (PYTHON, "-m", "uv", "pip", "install", "-q", "--python", python)
    _call(*install, "--require-hashes", "--only-binary", ":all:", "-r", lock)
    stamp.write_text(lock.read_text())


def _stamp() -> str:
    inputs = b"\0".join([LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode()])
    return f"{hashlib.sha256(inputs).hexdigest()} python {sys.version_info.major}.{sys.version_info.minor}"


def _locked(name: str) -> str:
    block = re.search(rf"^{name}==(?:.*\\\n)+.*\n", LOCK.read_text(), re.MULTILINE)
    if block is None:
        sys.exit(f"noxfile: {LOCK.name} has no hashes for {name}; make it anew as CONTRIBUTING.md says")
    return block.group()


def _need_venv() -> None:
    # Debian's python3 comes without ensurepip, which venv needs.
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    if not shutil.which("apt-get"):
        sys.exit("noxfile: this Python has no ensurepip; install a whole Python 3.11 or later")
    if os.geteuid() != 0:
        sys.exit(f"noxfile: this Python cannot make environments; to mend it: sudo apt-get install {package}")
    print(f"noxfile: installing {package} …", flush=True)
    subprocess.run(["apt-get", "-q", "update"], stdout=subprocess.DEVNULL)
    _call("apt-get", "-q", "install", "--yes", "--no-install-recommends", package)


def _call(*command: str | Path) -> None:
    own = {
        "DEBIAN_FRONTEND": "noninteractive",
        "PIP_CACHE_DIR": str(ROOT / ".nox/cache/pip"),  # nothing is written into the user's home
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_CACHE_DIR": str(ROOT / ".nox/cache/uv"),
        **({"UV_SYSTEM_CERTS": "1"} if _has_system_certificates() else {}),
        **({"UV_DEFAULT_INDEX": os.environ["PIP_INDEX_URL"]} if "PIP_INDEX_URL" in os.environ else {}),
    }
    done = subprocess.run([str(part) for part in command], env={**own, **os.environ}, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"noxfile: {' '.join(str(part) for part in command)} failed; what it said stands above")


def _has_system_certificates() -> bool:
    # Where the machine has them they count, as a company's own do; a bare container has none, and uv brings some.
    paths = ssl.get_default_verify_paths()
    return sys.platform != "linux" or bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def start_again() -> None:
    """Runs this file by the nox of the environment that it sets up, and ends with its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python may read this far
        sys.exit(f"noxfile: Python 3.11 or later is needed; this is {sys.version.split()[0]} at {sys.executable}")
    set_up()
    command = [str(PYTHON), "-m", "nox", "-f", str(ROOT / "noxfile.py"), *sys.argv[1:]]
    if os.name != "nt":
        os.execv(PYTHON, command)
    sys.exit(subprocess.call(command))  # exec on Windows would not wait


try:
    import nox
except ModuleNotFoundError:
    start_again()

from nox.command import CommandFailed  # noqa: E402

nox.needs_version = ">=2024.3.2"
nox.options.sessions = ["tests", "verify"]
nox.options.default_venv_backend = "none"  # all sessions share .nox/authassay

LINT = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "--diff", "."),
    "mypy": ("mypy",),
    "import-linter": ("lint-imports",),
}
TESTS = {**LINT, "pytest": ("pytest",)}
THIS_OS = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
STORES = {"linux": "secret-service", "macos": "keychain", "windows": "credential-locker"}
CELLS = [
    (system, stage, browser, store)
    for system, native in STORES.items()
    for stage in ("dev", "staging", "prod")
    for browser in ("chromium", "firefox")
    for store in (native, "memory")
]


def authassay_command(session: nox.Session, *arguments: str) -> None:
    """Runs the product's command line in its own environment."""
    set_up()
    session.run(str(BIN / "authassay"), *arguments, external=True)


def run_all(session: nox.Session, checks: dict[str, tuple[str, ...]]) -> None:
    """Runs every check, also after one that failed, and sums up at the end."""
    set_up()
    session.chdir(ROOT)
    failed = []
    for name, (command, *arguments) in checks.items():
        try:
            session.run(str(BIN / command), *arguments, external=True)
        except CommandFailed:
            failed.append(name)
    if failed:
        session.error(f"failed: {', '.join(failed)}")
    session.log(f"all passed: {', '.join(checks)}")


@nox.session
def tests(session: nox.Session) -> None:
    """Lint, types, layer contracts and all tests. `-- ARGS` go to pytest."""
    set_up()
    offline = [word for word in session.posargs if word == "--no-install"]
    session.run(str(PYTHON), "-m", "harness.machine", *offline, external=True)
    run_all(
        session, {**TESTS, "pytest": (*TESTS["pytest"], *(word for word in session.posargs if word not in offline))}
    )


@nox.session
def verify(session: nox.Session) -> None:
    """The main job: run, faults, audit, report and gate on the reference implementation."""
    authassay_command(session, "verify", *session.posargs)


@nox.session
def firefox(session: nox.Session) -> None:
    """The controls of web client, sync and settings in Firefox, or others: `-- --controls WEB-01`."""
    set_up()
    offline = [word for word in session.posargs if word == "--no-install"]
    session.run(str(PYTHON), "-m", "harness.machine", *offline, external=True)
    controls = () if "--controls" in session.posargs else ("--controls", "WEB-*,SYNC-*,SETTINGS-*")
    authassay_command(session, "run", "--cell", "browser=firefox", *controls, *session.posargs)


@nox.session
def targets(session: nox.Session) -> None:
    """Two issuers of others, installed, started and verified by their descriptions: `-- NAME` for one of them."""
    set_up()
    if not session.posargs or "django-oauth-toolkit" in session.posargs:
        set_up_site(FOREIGN / "django_oauth_toolkit" / "server" / "requirements.txt")
    session.run(str(PYTHON), "-m", "tests.targets.systems", *session.posargs, external=True)


@nox.session
def hunt(session: nox.Session) -> None:
    """Looks for an order of events that loses, doubles or holds up a mutation: `-- --seed 7 --number 500`."""
    set_up()
    session.run(str(PYTHON), "-m", "harness.hunt", *session.posargs, external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Measures the reference beside others, and prints the ratios: `-- --seconds 5 NAME…`. Asserts nothing."""
    set_up()
    session.run(str(PYTHON), "-m", "tests.bench", *session.posargs, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, types and layer contracts."""
    run_all(session, LINT)


@nox.session
def faults(session: nox.Session) -> None:
    """The kill matrix: is every seeded fault caught?"""
    authassay_command(session, "faults", *session.posargs)


@nox.session
def report(session: nox.Session) -> None:
    """The reports of a bundle: `-- BUNDLE`, the newest below reports/out where none is named."""
    newest = sorted(ROOT.glob("reports/out/run-*/bundle"))[-1:]
    if not session.posargs and not newest:
        session.error("no bundle below reports/out yet; make one: python3 noxfile.py -s verify")
    authassay_command(session, "report", *(session.posargs or map(str, newest)))


@nox.session
def authassay(session: nox.Session) -> None:
    """Any command of the product: `-- ARGS`."""
    authassay_command(session, *session.posargs)


@nox.session
@nox.parametrize(["os", "stage", "browser", "store"], CELLS)
def cell(session: nox.Session, os: str, stage: str, browser: str, store: str) -> None:
    """One cell of the matrix."""
    if os != THIS_OS:
        session.skip(f"this machine is {THIS_OS}: the cell is not run here")
    point = f"os={os},stage={stage},browser={browser},store={store}"
    authassay_command(session, "run", "--cell", point, *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Makes both locks anew from pyproject.toml: versions and hashes, no address of an index."""
    set_up()
    how = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header",
           "--no-annotate", "-q", *session.posargs)  # fmt: skip
    compiling = (str(BIN / "uv"), "pip", "compile", "pyproject.toml", *how)
    session.run(*compiling, "--extra", "allure", "--extra", "test", "-o", LOCK.name, external=True)
    # What the shell needs besides is large, and installed where a run needs it; see harness/machine/shell.py.
    names = [line.split("==")[0] for line in LOCK.read_text().splitlines() if "==" in line]
    besides = [word for name in names for word in ("--no-emit-package", name)]
    session.run(*compiling, "--extra", "shell", *besides, "-o", str(SHELL_LOCK.relative_to(ROOT)), external=True)


if __name__ == "__main__":
    nox.main()
