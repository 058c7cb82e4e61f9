"""Reads a part of an answer that curl kept, in the files N.head, N.body and N.url (its address, and where it leads).

Standard library only: curl scripts carry this file with them. It goes only to addresses that ORIGINS names.
"""

import base64
import html.parser
import json
import os
import pathlib
import sys
import urllib.parse as urls
from collections.abc import Collection


class Page(html.parser.HTMLParser):
    """The forms of a page (action, and hidden fields) and the targets of its links."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        elif tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "input" and given.get("type", "").lower() == "hidden" and self.forms:
            self.forms[-1][1].setdefault(given.get("name", ""), given.get("value", ""))


def members(body: str) -> dict[str, object]:
    """The members of a JSON object; none where the body is no such thing."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def parameters(url: str) -> dict[str, str]:
    """The parameters in the query and the fragment."""
    parts = urls.urlsplit(url)
    return dict(urls.parse_qsl(f"{parts.query}&{parts.fragment}", keep_blank_values=True))


def listed(names: Collection[str]) -> list[str]:
    """`with a, b`: eight of the names at most."""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ["with " + ", ".join(sorted(names)[:8]) + more] if names else []


def shape(status: str, location: str, body: str) -> str:
    """What stays the same when an answer comes again: `303 with a redirect with code, state`, `400 invalid_grant`."""
    words, said = [status], members(body)
    if location:
        words += ["with a redirect", *listed(parameters(location))]
    if isinstance(said.get("error"), str):
        words.append(str(said["error"]))
    else:
        words += listed(said)
    return ascii(" ".join(words))[1:-1][:300]


def read(number: str, what: str, *names: str) -> str:
    """Raises LookupError or ValueError where there is no such part."""
    lines = pathlib.Path(f"{number}.head").read_text("latin-1").split("\n")
    body = pathlib.Path(f"{number}.body").read_text("utf-8", "replace")
    own, leads_to = pathlib.Path(f"{number}.url").read_text("utf-8", "replace").split("\n")[:2]
    headers = [(k.lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines)]
    if what == "shape":
        status = [line.split()[1] for line in lines if line.startswith("HTTP/")][-1]
        return shape(status, dict(headers).get("location", ""), body)
    if what == "location":
        return parameters(leads_to)[names[0]] if names else allowed(leads_to)
    if what == "json":
        return str(members(body)[names[0]])
    if what == "cookie":
        pairs = [v.split(";")[0].partition("=") for k, v in headers if k == "set-cookie"]
        return {name.strip(): value.strip().strip('"') for name, _, value in pairs}[names[0]]
    if what == "claims":
        part = str(members(body)[names[0]]).split(".")[1]
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
    if what == "between":
        return body[body.index(names[0]) + len(names[0]) :].partition(names[1])[0]
    page = Page(body)
    if what == "link":
        return allowed(next(u for u in (urls.urljoin(own, a) for a in page.links) if urls.urlsplit(u).path == names[0]))
    action, fields = page.forms[int(names[0]) - 1]
    return allowed(urls.urljoin(own, action)) if what == "action" else fields[names[1]]


def allowed(url: str) -> str:
    """The URL, if it leads to an address of the target."""
    parts = urls.urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" not in os.environ["ORIGINS"].split():
        raise LookupError(f"it leads to {url!r}, which is none of {os.environ['ORIGINS']}")
    return url


if __name__ == "__main__":
    try:
        print(read(*sys.argv[1:]))
    except (LookupError, OSError, StopIteration, ValueError) as missing:
        sys.exit(f"answer {sys.argv[1]} has no {' '.join(sys.argv[2:])!a}: {str(missing)!a}")
