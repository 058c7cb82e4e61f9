"""Reads the first form of a page, as a browser would submit it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Form", "find_form"]


@dataclass
class Form:
    """A form: where it goes, by which method, and its fields with their values. `buttons` are named submit buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, list[str]] = field(default_factory=dict)
    password_fields: list[str] = field(default_factory=list)
    text_fields: list[str] = field(default_factory=list)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = True
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").upper()))
        elif self._inside and tag in ("input", "button") and given.get("name"):
            self._add_field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"

    def _add_field(self, tag: str, given: dict[str, str]) -> None:
        form, name, value = self.forms[-1], given["name"], given.get("value", "")
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        if kind in ("submit", "button", "image"):
            form.buttons.setdefault(name, []).append(value)
            return
        form.fields[name] = value
        if kind == "password":
            form.password_fields.append(name)
        elif kind in ("text", "email"):
            form.text_fields.append(name)


def find_form(html: str) -> Form | None:
    """The first form of a page that asks for a password, else the first form, else None."""
    parser = _Parser()
    parser.feed(html)
    return next((f for f in parser.forms if f.password_fields), next(iter(parser.forms), None))
