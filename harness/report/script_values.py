"""The values of a curl script's requests: texts as they were sent, and variables where secrets stood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from harness.observations import HttpExchange
from harness.report.marks import Mark, split
from harness.report.origins import Reading, field_reading, reading_of
from harness.report.shell import Variable, quote

__all__ = ["Parts", "Values"]

MADE = "$(openssl rand -base64 96 | tr '+/' '-_' | tr -d '=\\n' | head -c {length})"
S256 = "$(printf %s \"${name}\" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d =)"
KINDS = ("code", "access_token", "refresh_token", "id_token", "code_verifier", "client_secret", "password")
"""Whose variables have their names: no other word of the evidence becomes one that a program heeds."""

Parts = list[str | Variable]


@dataclass
class Values:
    """The variables of a script. `asked` maps those that its user must give to what they are; `before` and `after` have
    the lines that give values to the others, by the place of the request that they stand beside."""

    steps: Sequence[HttpExchange]
    asked: dict[str, str] = field(default_factory=dict)
    before: dict[int, list[str]] = field(default_factory=dict)
    after: dict[int, list[str]] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)  # (digest, transform) to the variable's name

    def parts(self, place: int, text: str) -> Parts:
        """A text that the request at this place sends, for `word`."""
        return [part if isinstance(part, str) else self.variable(place, part) for part in split(text)]

    def variable(self, place: int, mark: Mark) -> Variable:
        """The variable that holds the secret; how it comes by its value is added to the script."""
        how = f":{mark.cut[0]}:{mark.cut[1] - mark.cut[0]}" if mark.cut else ""
        key = (mark.digest, "" if mark.in_clear else mark.transform)
        if key in self._names:
            return Variable(self._names[key], how)
        reading = next((r for e in self.steps[:place] if (r := reading_of(mark.digest, e))), None)
        if mark.transform == "sha256":
            name = self.variable(place, Mark(mark.kind, mark.digest, mark.length)).name
            self._make(place, key, f"{name}_S256", S256.format(name=f"{{{name}}}"))
        elif reading is not None and mark.in_clear:
            self._read(key, mark.kind, reading)
        elif mark.kind.endswith("code_verifier") and mark.in_clear:
            self._make(place, key, self._name(mark.kind), MADE.format(length=mark.length))
        else:
            self._names[key] = self._name(mark.kind)
            self.asked[self._names[key]] = _what(mark, self.steps[place])
        return Variable(self._names[key], how)

    def _make(self, place: int, key: tuple[str, str], name: str, value: str) -> None:
        """Let the script make the value right before this request."""
        self._names[key] = name
        self.before.setdefault(place, []).append(f"{name}={value}")

    def preset(self, place: int, name: str, value: str) -> Variable | None:
        """The variable of a form field that the page has filled in; None where it has not."""
        reading = field_reading(name, value, self.steps[place], self.steps[:place])
        return Variable(self._read(("preset", value), name, reading)) if reading else None

    def _read(self, key: tuple[str, str], kind: str, reading: Reading) -> str:
        """The variable of a value that an earlier answer gives; read right after it."""
        if key not in self._names:
            self._names[key] = self._name(kind)
            place = self.steps.index(reading.exchange)
            self.after.setdefault(place, []).append(f"{self._names[key]}=$({self.take(reading)}) || exit 2")
        return self._names[key]

    def take(self, reading: Reading) -> str:
        """The command that reads it."""
        number = self.steps.index(reading.exchange) + 1
        return " ".join(["take", str(number), reading.what, *(quote(name) for name in reading.names)])

    def _name(self, kind: str) -> str:
        known = kind.removeprefix("unregistered_")
        name = known.upper() if known in KINDS else "VALUE_" + re.sub(r"[^A-Z0-9]+", "_", known.upper()[:40])
        taken = set(self._names.values())
        return next(n for n in (name, *(f"{name}_{k}" for k in range(2, len(taken) + 3))) if n not in taken)


def _what(mark: Mark, step: HttpExchange) -> str:
    """What a value is that the script's user must give."""
    kind = mark.kind.removeprefix("unregistered_").replace("_", " ")
    as_sent = f", as {mark.transform}" if mark.transform else ""
    if kind == "password":
        named = [v for k, v in parse_qsl(step.request_body) if re.search("user|name|mail|login", k) and "{{" not in v]
        return f"the password of {named[0]}" if named else "the password of the test user"
    if kind == "client secret":
        return f"the client secret of {step.about.get('client', 'the client')}{as_sent}"
    return f"{kind} of {mark.length} characters that the run made itself{as_sent}"
