"""Which back end the user asked for: by switch, by environment, or by keyring's own configuration file.

keyring would obey any of the three. Here a choice is a request, which must pass the same acceptance as the system's
own store; a request that does not pass leads to memory-only, not to some other store that nobody asked for.
"""

from __future__ import annotations

import configparser
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "PYTHON_KEYRING_BACKEND"


@dataclass(frozen=True)
class Request:
    """A back end's full class name and who named it. ``fault``: why the setting cannot even be followed."""

    name: str
    source: str
    fault: str | None = None


def find_request(switch: str | None, environ: Mapping[str, str]) -> Request | None:
    """Return the user's choice: the switch before the environment before the file; None where there is none."""
    if switch:
        return Request(switch, "the --store switch")
    if environ.get(VARIABLE):
        return Request(environ[VARIABLE], f"the environment variable {VARIABLE}")
    return _read_file(configuration_file(environ))


def configuration_file(environ: Mapping[str, str]) -> Path:
    """Return where keyring looks for its configuration on this system."""
    if sys.platform == "win32":
        folder = Path(environ.get("LOCALAPPDATA") or environ.get("ProgramData") or ".") / "Python Keyring"
    else:
        home = Path(environ.get("HOME") or Path.home())
        folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "python_keyring"
    return folder / "keyringrc.cfg"


def _read_file(path: Path) -> Request | None:
    source = f"the file {path}"
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as error:
        return Request("(unreadable)", source, f"the file cannot be read ({type(error).__name__})")
    name = parser.get("backend", "default-keyring", fallback="").strip()
    if parser.has_option("backend", "keyring-path"):
        return Request(name or "(none)", source, "keyring-path loads code from a folder, which is not accepted")
    return Request(name, source) if name else None
