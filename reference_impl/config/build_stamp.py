"""The stamp of a packed build: which stage it is for, and what it may speak to. The packer writes it
(build/packer.py).

It holds nothing secret and no value of another stage: hosts of other stages are there as SHA-256 only, so that a build
can refuse them without naming them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reference_impl.json_text import read_json

FILE_NAME = "build-stamp.json"
OF_THIS_PROGRAM = Path(__file__).parent.parent / FILE_NAME  # beside the package's modules, where the packer puts it


@dataclass(frozen=True)
class BuildStamp:
    """One stage, with the endpoints that a client of it uses. ``internal``: it may be switched to ``other_stages``.

    ``foreign``: SHA-256 (hex) of the hosts of stages that are not compiled in.
    """

    stage: str
    issuer: str
    api_url: str
    client_id: str
    web_url: str = ""
    audience: str = ""
    ca_file: str = ""  # relative to the stamp, "" for the system's authorities
    internal: bool = False
    other_stages: Mapping[str, Mapping[str, str]] | None = None
    foreign: tuple[str, ...] = ()

    @property
    def origins(self) -> dict[str, str]:
        """The stage's origins by their SST resources; "" for one that the stamp does not name."""
        return {"Issuer": self.issuer, "Api": self.api_url, "Web": self.web_url}

    def refuses(self, url: str) -> bool:
        """Say whether the URL's host belongs to a stage that is not compiled in."""
        return host_digest(url) in self.foreign

    def as_json(self) -> str:
        """Return the stamp's text; `read_stamp` gives an equal one back."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def host_digest(url: str) -> str:
    """Return the SHA-256 of a URL's host with its port, in lower case."""
    return hashlib.sha256(urlsplit(url).netloc.lower().encode()).hexdigest()


def digests(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the digests of the URLs' hosts, sorted."""
    return tuple(sorted({host_digest(url) for url in urls}))


def read_stamp(path: Path = OF_THIS_PROGRAM) -> BuildStamp | None:
    """Return the stamp of this program; None where it was not packed. Raises ValueError for a damaged stamp."""
    if not path.is_file():
        return None
    try:
        # `Any`: read from JSON; what is not a stamp's field is refused by its constructor.
        written: Any = read_json(path.read_text(encoding="utf-8"))
        stamp = BuildStamp(**{**written, "foreign": tuple(written.get("foreign", ()))})
        if not all(
            isinstance(text, str) for text in (stamp.stage, stamp.client_id, stamp.ca_file, *stamp.origins.values())
        ):
            raise TypeError("a text of it is none")
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is no build stamp: pack the build again") from error
    return stamp
