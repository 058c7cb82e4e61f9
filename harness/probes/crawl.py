"""All pages of a web application that its signed-in user reaches by links, asked for with his session."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from harness.probes.http import Answer, HttpProbe

__all__ = ["crawl"]

MOST = 60  # pages
LEAVES = re.compile(r"(?i)log[-_]?(out|off)|sign[-_]?(out|off)|delete|remove|unsubscribe|revoke")
"""Links that might end the session or destroy something are not followed."""
ATTRIBUTES = {("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("iframe", "src"), ("form", "action")}


def crawl(agent: HttpProbe, case: str, home: str, paths: Iterable[str], **about: str) -> list[Answer]:
    """GET the application's first page, these paths, and what they link to on its origin, each once, up to MOST."""
    waiting = [f"{home}/", *(f"{home}{path}" for path in paths)]
    answers: list[Answer] = []
    seen: set[str] = set()
    while waiting and len(answers) < MOST:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        answer = agent.get(case, url, role="web", **about)
        answers.append(answer)
        found = [answer.location] if answer.location else _links(answer)
        waiting += [link for link in found if _is_of(home, link)]
    return answers


def _is_of(home: str, link: str) -> bool:
    return link.startswith(f"{home}/") and not LEAVES.search(urlsplit(link).path)


def _links(answer: Answer) -> list[str]:
    if "html" not in answer.headers.get("Content-Type", ""):
        return []
    parser = _Links()
    parser.feed(answer.text)
    return [urldefrag(urljoin(answer.url, link)).url for link in parser.found]


class _Links(HTMLParser):
    """The URLs of a page that a GET leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "get").lower() != "get":
            return
        self.found += [value for name, value in given.items() if (tag, name) in ATTRIBUTES and value]
