"""SST resources by name: from the encrypted resource file and from the environment; the file wins, name by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference_impl.config import variables
from reference_impl.config.origins import Origins
from reference_impl.config.resource_file import ResourceFileError, open_resources
from reference_impl.json_text import read_json

DECLARED = {
    variable.name.removeprefix(variables.RESOURCE_PREFIX): variable.members
    for variable in variables.SERVER
    if variable.type is variables.Type.JSON
}


class Resources:
    """Reads resources and collects what is wrong with them. A fault names the place, never a value."""

    def __init__(self, environ: Mapping[str, str], faults: list[str], origins: Origins) -> None:
        self._environ = environ
        self._origins = origins
        self.faults = faults
        self._file = _read_file(environ, faults)
        self._read: dict[str, dict[str, Any]] = {}

    def of(self, name: str) -> dict[str, Any]:
        """Return the resource; empty, with a fault, if it is absent or malformed."""
        if name not in self._read:
            self._read[name] = self._find(name)
        return self._read[name]

    def raw(self, name: str) -> str:
        """Return the resource's text as it stands, "" where it is absent; whoever asks judges it."""
        if name in self._file:
            return json.dumps(self._file[name])
        return self._environ.get(f"{variables.RESOURCE_PREFIX}{name}", "")

    def place(self, name: str) -> str:
        """Return where the resource is, or would be, read from: a variable, or the file."""
        variable = f"{variables.RESOURCE_PREFIX}{name}"
        return f"{variable} (in the resource file)" if name in self._file else variable

    def text(self, name: str, member: str) -> str:
        """Return a member that must be a string with something in it; "" and a fault otherwise."""
        value = self.of(name).get(member)
        if isinstance(value, str) and value:
            return value
        if self.of(name):
            self.faults.append(f'{self.place(name)} has no text under "{member}"')
        return ""

    def note(self, name: str, member: str, value: object, *, public: bool) -> None:
        """Tell where a member came from: what it is only of one that is ``public``, a text or numbers by name."""
        source = f"resource file, {name}" if name in self._file else f"environment {self.place(name)}"
        shown = value if isinstance(value, str) else json.dumps(value)
        plain = isinstance(value, str) or (isinstance(value, dict) and all(type(one) is int for one in value.values()))
        self._origins.note(f"{name}.{member}", source, shown, secret=not (public and plain), chosen=True)

    def _find(self, name: str) -> dict[str, Any]:
        if name in self._file:
            found = self._file[name]
            if not found:
                self.faults.append(f"{self.place(name)} is empty: deploy again")
        else:
            found = self._parse(f"{variables.RESOURCE_PREFIX}{name}")
        for member, value in found.items():
            self.note(name, member, value, public=member in DECLARED.get(name, ()))
        return found

    def _parse(self, variable: str) -> dict[str, Any]:
        text = self._environ.get(variable, "")
        try:
            value = read_json(text) if text else None
        except ValueError:
            value = None
        if isinstance(value, dict) and value:
            return value
        self.faults.append(f"{variable} is {'not a JSON object' if text else 'not set'}: start under SST, or set it")
        return {}


def _read_file(environ: Mapping[str, str], faults: list[str]) -> dict[str, dict[str, Any]]:
    """Return the resources of the file; none where there is no file. One without its key is a fault, not a fallback."""
    path, key = variables.KEY_FILE.read(environ), variables.KEY.read(environ)
    if not path and not key:
        return {}
    if not path or not key:
        given, absent = (variables.KEY_FILE, variables.KEY) if path else (variables.KEY, variables.KEY_FILE)
        faults.append(f"{given.name} is set and {absent.name} is not: SST sets both, or neither")
        return {}
    try:
        return open_resources(Path(path).read_bytes(), key)
    except OSError as error:
        faults.append(f"{variables.KEY_FILE.name}: {path} cannot be read: {error.strerror}")
    except ResourceFileError as error:
        faults.append(f"{variables.KEY_FILE.name}: {path} cannot be opened by {variables.KEY.name}: {error}")
    return {}
