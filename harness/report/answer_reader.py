"""Reads a part of an answer that curl kept, in the files N.head, N.body and N.url (its address, and where it leads).

Standard library only: curl scripts carry this file with them. It goes only to addresses that ORIGINS names.
"""

import base64
import html.parser
import json
import os
import pathlib
import re
import sys
import urllib.parse as urls
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

DEEPEST = 6  # levels of JSON that are compared
NEAR = 5  # seconds by which a lifetime may differ and be the same


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
    """The parameters in the query and the fragment; none where this is no URL."""
    try:
        parts = urls.urlsplit(url)
    except ValueError:
        return {}
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


def facts(own: str, headers: Iterable[tuple[str, str]], body: str) -> dict[str, str]:
    """What is compared of the answer to a request for the URL `own`, beside its shape: of headers that bear on security
    also that there are none, all JSON values by their paths, and what the JWTs say."""
    given: dict[str, list[str]] = {}
    for name, value in headers:
        given.setdefault(name.lower(), []).append(value)
    kept = (re.split(r"\s*,\s*", value.lower()) for value in given.get("cache-control", []))
    told = {
        "cache-control": ", ".join(sorted(word for words in kept for word in words)),
        "pragma": ", ".join(given.get("pragma", [])).lower(),
        "content-type": given.get("content-type", [""])[0].partition(";")[0].strip().lower(),
        "www-authenticate": ", ".join(challenge(value) for value in given.get("www-authenticate", [])),
        **redirect(own, given.get("location", [""])[0]),
        **cookies(given.get("set-cookie", [])),
    }
    said = members(body)
    tokens = {name: str(said[name]) for name in ("access_token", "id_token") if name in said}
    every = [*told.items(), *values(said), *(one for name in tokens for one in claims(name, payload(tokens[name])))]
    return in_ascii(every)


def in_ascii(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names and values as a terminal can show them, `none` for what is empty."""
    return {ascii(name)[1:-1]: ascii(value)[1:-1] or "none" for name, value in pairs}


def challenge(value: str) -> str:
    """The scheme and the error, as `Bearer invalid_token` (RFC 6750 §3)."""
    error = re.search(r"\berror\s*=\s*\"?([\w.-]+)", value)
    return " ".join([value.strip().partition(" ")[0], *([error[1]] if error else [])])


def redirect(own: str, location: str) -> dict[str, str]:
    """Where a Location leads, and its parameters."""
    try:
        parts = urls.urlsplit(urls.urljoin(own, location)) if location else None
    except ValueError:  # it is no URL
        parts = None
    to = f"{parts.scheme}://{parts.netloc}{parts.path}" if parts else location
    return {"location": to, **{f"location's {name}": value for name, value in parameters(location).items()}}


def cookies(lines: Iterable[str]) -> dict[str, str]:
    """The names of the cookies that are set, and the attributes of each without the moment when it expires."""
    told = {}
    for line in lines:
        pair, *others = (part.strip() for part in line.split(";"))
        attributes = (re.sub(r"^expires=.*", "expires", other.lower()) for other in others)
        told[f"cookie {pair.partition('=')[0].strip()}"] = ", ".join(sorted(attributes))
    return {"cookies set": ", ".join(sorted(name.removeprefix("cookie ") for name in told)), **told}


def values(of: object, path: str = "$", depth: int = 0) -> Iterator[tuple[str, str]]:
    """All values of a JSON document and their paths, as `$.keys[0].kty`; a list of plain ones is one, in any order."""
    inner: list[tuple[str, object]] = []
    if isinstance(of, dict):
        inner = [(f"{path}.{name}", value) for name, value in of.items()]
    elif isinstance(of, list) and any(isinstance(one, dict | list) for one in of):
        inner = [(f"{path}[{place}]", value) for place, value in enumerate(of)]
    elif isinstance(of, list):
        yield path, f"[{', '.join(sorted(map(json.dumps, of)))}]"
    else:
        yield path, json.dumps(of)
    for to, value in inner if depth < DEEPEST else ():
        yield from values(value, to, depth + 1)


def claims(name: str, of: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Who issued a token, for whom, and for how many seconds."""
    for claim in ("iss", "aud"):
        yield from values(of[claim], f"{claim} of {name}") if claim in of else ()
    begin, end = of.get("iat"), of.get("exp")
    if isinstance(begin, int | float) and isinstance(end, int | float):
        yield f"lifetime of {name}", json.dumps(end - begin)


def payload(token: str) -> dict[str, object]:
    """The claims of a JWT; none where it is no such thing."""
    try:
        return members(decoded(token))
    except (LookupError, ValueError):
        return {}


def decoded(token: str) -> str:
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def differences(then: Sequence[str], now: Mapping[str, str]) -> str:
    """Lines of what is not as it was. `then` has `name: value`."""
    pairs = [(name, value) for name, _, value in (fact.partition(": ") for fact in then)]
    other = [(n, v) for n, v in pairs if now.get(n, "none") != v and not near(n, now.get(n, "none"), v)]
    return "\n".join(f"  {name}: {now.get(name, 'none')[:300]}; the run: {value[:300]}" for name, value in other)


def near(name: str, one: str, other: str) -> bool:
    """Whether these are lifetimes, and the same but for the moment at which they were asked for."""
    try:
        return bool(re.search(r"_in$|^lifetime", name)) and abs(float(one) - float(other)) <= NEAR
    except ValueError:
        return False


def read(number: str, what: str, *names: str) -> str:
    """Raises LookupError or ValueError where there is no such part."""
    lines = pathlib.Path(f"{number}.head").read_text("latin-1").split("\n")
    body = pathlib.Path(f"{number}.body").read_text("utf-8", "replace")
    own, leads_to = pathlib.Path(f"{number}.url").read_text("utf-8", "replace").split("\n")[:2]
    start = max((place for place, line in enumerate(lines) if line.startswith("HTTP/")), default=0)
    headers = [(k.lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines[start + 1 :]) if k.strip()]
    if what == "shape":
        return shape(lines[start].split()[1], dict(headers).get("location", ""), body)
    if what == "differences":
        return differences(names, facts(own, headers, body))
    if what == "location":
        return parameters(leads_to)[names[0]] if names else allowed(leads_to)
    if what == "json":
        return str(members(body)[names[0]])
    if what == "cookie":
        pairs = [v.split(";")[0].partition("=") for k, v in headers if k == "set-cookie"]
        return {name.strip(): value.strip().strip('"') for name, _, value in pairs}[names[0]]
    if what == "claims":
        return decoded(str(members(body)[names[0]]))
    if what == "own":
        return allowed(own)
    if what in ("between", "address"):
        found = body[body.index(names[0]) + len(names[0]) :].partition(names[1])[0]
        return allowed(urls.urljoin(own, found)) if what == "address" else found
    page = Page(body)
    if what == "link":
        return allowed(next(u for u in (urls.urljoin(own, a) for a in page.links) if urls.urlsplit(u).path == names[0]))
    action, fields = page.forms[int(names[0]) - 1]
    return allowed(urls.urljoin(own, action)) if what == "action" else fields[names[1]]


def allowed(url: str) -> str:
    """The URL, if it leads to an address of the target."""
    parts = urls.urlsplit(url)
    usual = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    if f"{parts.scheme}://{parts.netloc.removesuffix(usual)}" not in os.environ["ORIGINS"].split():
        raise LookupError(f"it leads to {url!r}, which is none of {os.environ['ORIGINS']}")
    return url


if __name__ == "__main__":
    try:
        print(read(*sys.argv[1:]))
    except (LookupError, OSError, StopIteration, ValueError) as missing:
        sys.exit(f"answer {sys.argv[1]} has no {' '.join(sys.argv[2:])!a}: {str(missing)!a}")
