"""Reads the forms and links of a page, as a browser would submit and follow them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Control", "Form", "Page", "find_form", "read_page"]

MOST_HTML = 200_000  # characters; the library's parser takes quadratic time for some pages


@dataclass
class Control:
    """What a user can press: a submit button of a form, or a link (then `href` says where it leads)."""

    name: str = ""
    value: str = ""
    id: str = ""
    href: str = ""
    text: str = ""

    def is_called(self, word: str) -> bool:
        """Whether a person would mean it by this word: its text or value in any case of letters, its name, its id."""
        shown = {" ".join(text.split()).casefold() for text in (self.text, self.value)}
        return word.casefold() in shown or word in (self.name, self.id, f"#{self.id}")


@dataclass
class Form:
    """A form: where it goes, by which method, its fields with their values, and what submits it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)  # of fields: id → name
    controls: list[Control] = field(default_factory=list)
    password_fields: list[str] = field(default_factory=list)
    text_fields: list[str] = field(default_factory=list)

    @property
    def buttons(self) -> dict[str, list[str]]:
        """The values of the named submit buttons, by name."""
        named: dict[str, list[str]] = {}
        for control in self.controls:
            if control.name:
                named.setdefault(control.name, []).append(control.value)
        return named

    def field_called(self, word: str) -> str:
        """The name of the field with this name or id (`user`, `#user`); "" where there is none."""
        return word if word in self.fields else self.ids.get(word.removeprefix("#"), "")


@dataclass
class Page:
    """All forms and links of a page, in its order."""

    forms: list[Form] = field(default_factory=list)
    links: list[Control] = field(default_factory=list)

    def controls(self) -> Iterator[tuple[Form | None, Control]]:
        """Everything to press, each with its form; links have none."""
        for form in self.forms:
            yield from ((form, control) for control in form.controls)
        yield from ((None, link) for link in self.links)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._inside = False
        self._said: Control | None = None  # the button or link whose text is being read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = True
            self.page.forms.append(Form(given.get("action", ""), given.get("method", "get").upper()))
        elif tag == "a" and given.get("href"):
            self._said = Control(id=given.get("id", ""), href=given["href"])
            self.page.links.append(self._said)
        elif self._inside and tag in ("input", "button"):
            self._add_field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"
        if tag in ("a", "button"):
            self._said = None

    def handle_data(self, data: str) -> None:
        if self._said is not None:
            self._said.text += data

    def _add_field(self, tag: str, given: Mapping[str, str]) -> None:
        form, name, value = self.page.forms[-1], given.get("name", ""), given.get("value", "")
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        if kind in ("submit", "button", "image"):
            control = Control(name, value, given.get("id", ""))
            form.controls.append(control)
            self._said = control if tag == "button" else None
            return
        if not name or (kind in ("checkbox", "radio") and "checked" not in given):
            return
        form.fields[name] = value
        form.ids.setdefault(given.get("id") or name, name)
        if kind == "password":
            form.password_fields.append(name)
        elif kind in ("text", "email"):
            form.text_fields.append(name)


def read_page(html: str) -> Page:
    """The forms and links of a page, as far as it can be read."""
    parser = _Parser()
    with contextlib.suppress(AssertionError):  # what the library's parser raises at a declaration that is none
        parser.feed(html[:MOST_HTML])
    return parser.page


def find_form(html: str) -> Form | None:
    """The first form of a page that asks for a password, else the first form, else None."""
    forms = read_page(html).forms
    return next((f for f in forms if f.password_fields), next(iter(forms), None))
