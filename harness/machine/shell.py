"""Qt WebEngine for the desktop shell: an extra of its own, found, or said to be absent."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import ssl
import sys
from pathlib import Path

from harness.errors import NotHere
from harness.machine.commands import run_bounded
from harness.machine.debian import apt_command, apt_install
from harness.machine.places import CHECKOUT

__all__ = ["SHELL_LOCK", "find_shell", "install_shell"]

SHELL_LOCK = CHECKOUT / "reference_impl" / "desktop" / "shell" / "requirements.lock"
START_SECONDS, INSTALL_SECONDS = 60.0, 900.0
# What Qt WebEngine loads, by Debian's names; `libasound2` and `libglib2.0-0` are called otherwise since Debian 13.
LIBRARIES = (
    "libegl1", "libgl1", "libnss3", "libgbm1", "libxkbcommon0", "libxkbfile1", "libxcomposite1", "libxdamage1",
    "libxrandr2", "libxtst6", "libxfixes3", "libxext6", "libx11-6", "libxcb1", "libxcb-dri3-0", "libfontconfig1",
    "libdbus-1-3", "libgssapi-krb5-2", "libbrotli1", "libudev1",
    "libxrender1", "libdrm2", "libexpat1",
)  # fmt: skip
NAMED_TWICE = ("libasound2", "libglib2.0-0")
_LOCK_NAME = SHELL_LOCK.relative_to(CHECKOUT).as_posix()
MEND = f"python -m uv pip install --require-hashes -r {_LOCK_NAME}, with the Python of .nox/authassay"


@functools.cache
def find_shell() -> Path:
    """Where Qt WebEngine is, if it loads. Raises NotHere with the command that mends it."""
    if importlib.util.find_spec("PySide6") is None:
        raise NotHere("no Qt WebEngine for the desktop shell", MEND)
    outcome = run_bounded([sys.executable, "-c", "import PySide6.QtWebEngineWidgets"], seconds=START_SECONDS)
    if not outcome.ok:
        mend = apt_command(*libraries()) if "cannot open shared object" in outcome.line else MEND
        raise NotHere(f"Qt WebEngine does not load: {outcome.line}", mend)
    spec = importlib.util.find_spec("PySide6")
    return Path(spec.origin or "").parent if spec else Path()


def install_shell() -> Path:
    """Installs the wheels by their lock, and the system's libraries where they lack. Raises NotHere."""
    if importlib.util.find_spec("PySide6") is None:
        command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", sys.executable, "--require-hashes",
                   "--only-binary", ":all:", "-r", str(SHELL_LOCK)]  # fmt: skip
        outcome = run_bounded(command, seconds=INSTALL_SECONDS, environment=_environment())
        if not outcome.ok:
            raise NotHere(f"no Qt WebEngine for the desktop shell: {outcome.line}", MEND)
        importlib.invalidate_caches()
    find_shell.cache_clear()
    try:
        return find_shell()
    except NotHere:
        if shutil.which("apt-get") is None:
            raise
    apt_install("libraries of Qt WebEngine", *libraries())
    find_shell.cache_clear()
    return find_shell()


def _environment() -> dict[str, str]:
    """This process's, with what the set-up tells uv: its own cache, the machine's certificates, the chosen index."""
    told = {"UV_CACHE_DIR": str(CHECKOUT / ".nox/cache/uv")}
    if ssl.get_default_verify_paths().cafile:
        told["UV_SYSTEM_CERTS"] = "1"
    if "PIP_INDEX_URL" in os.environ:
        told["UV_DEFAULT_INDEX"] = os.environ["PIP_INDEX_URL"]
    return {**told, **os.environ}


def libraries() -> tuple[str, ...]:
    """The packages of this Debian."""
    version = Path("/etc/debian_version")
    told = version.read_text(encoding="utf-8").split(".")[0].strip() if version.is_file() else ""
    newer = not told.isdigit() or int(told) >= 13
    return (*LIBRARIES, *(f"{name}t64" if newer else name for name in NAMED_TWICE))
