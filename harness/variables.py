"""Every environment variable that the harness, its nox file and its scripts read or set, declared once.

AGENTS.md's table is made of them; what the code reads is compared with it (OPS-01).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["EVERY", "SYSTEM", "Variable"]

AT_ONCE = "none: it counts from the next command on"


@dataclass(frozen=True)
class Variable:
    """One variable. `read_by` names files; `stages`: which stages of a target it concerns; `rotation`: what to do when
    its value is to change or has leaked."""

    name: str
    read_by: str
    meaning: str
    example: str = ""
    default: str = "not set"
    stages: str = "every"
    secret: bool = False
    rotation: str = AT_ONCE


EVERY = (
    Variable(
        "AUTHASSAY_CHROMIUM",
        "harness/machine/chromium.py",
        "the browser to use, before any that is found",
        "/opt/chrome/chrome",
    ),
    Variable(
        "PLAYWRIGHT_BROWSERS_PATH",
        "harness/machine/chromium.py",
        "where a download of Playwright's is looked for",
        "/opt/browsers",
        "Playwright's own place",
    ),
    Variable(
        "SSL_CERT_FILE",
        "harness/machine/node.py",
        "certificate authorities that npm trusts too",
        "/etc/ssl/company.pem",
    ),
    Variable(
        "GITHUB_SHA", "harness/evidence/predicate.py", "the commit that the statement names", "a commit", "git is asked"
    ),
    Variable("COLUMNS", "harness/report/terminal.py", "the width of tables where output is no terminal", "120", "160"),
    Variable(
        "PIP_INDEX_URL",
        "noxfile.py, pip",
        "the index to install from; may hold credentials",
        "https://pypi.company.example/simple",
        "pip's own",
        secret=True,
        rotation="change the credentials at the index, then here",
    ),
    Variable(
        "AUTHASSAY_RUN",
        "harness/machine/session.py",
        "set by a run for its processes, which end with it: do not set it",
    ),
    Variable("AUTHASSAY_ALLURE", "reports/allure/allurerc.mjs", "set for Allure's configuration: do not set it"),
    Variable(
        "ORIGINS",
        "harness/report/answer_reader.py",
        "set by a curl script of a report for the reader of its answers: the origins that may be asked",
    ),
)
"""What is the product's own."""

SYSTEM = frozenset(
    {
        "PATH", "HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramFiles", "ProgramFiles(x86)", "ProgramData",
        "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMPDIR", "TERM",
        "PYTHONPATH", "DISPLAY", "WAYLAND_DISPLAY",
        # of Qt: the shell puts what it was launched with there, and takes away what others put there
        "QT_QPA_PLATFORM", "QTWEBENGINE_CHROMIUM_FLAGS", "QTWEBENGINE_DISABLE_SANDBOX", "QTWEBENGINE_REMOTE_DEBUGGING",
    }
)  # fmt: skip
"""What the operating system's and Qt's own conventions define; the code reads these as every program does."""


def every() -> Iterator[Variable]:
    """Each declared variable."""
    yield from EVERY
