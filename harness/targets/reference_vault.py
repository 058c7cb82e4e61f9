"""What a keyring of one client's own holds, read by another program than the client."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from harness.observations import NativeItem, NativeListing
from harness.observe import Recorder
from harness.secret_patterns import MARK
from reference_impl.session_store.model import Entry

__all__ = ["Vault"]


@dataclass(frozen=True)
class Vault:
    """All entries of the application `app` on the bus at `address`."""

    app: str
    address: str
    stages: tuple[str, ...]
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def listing(self, recorder: Recorder, case: str, about: dict[str, str]) -> NativeListing:
        """Recorded. Contents are told by their fingerprints and the secrets in them."""
        items = tuple(sorted(self._items(recorder), key=lambda item: item.name))
        listing = NativeListing(case=case, about=about, items=items, elapsed=recorder.elapsed)
        return recorder.record(listing)

    def _items(self, recorder: Recorder) -> Iterator[NativeItem]:
        import secretstorage  # only where there is a Secret Service
        from jeepney.io.blocking import open_dbus_connection

        with closing(open_dbus_connection(bus=self.address)) as connection:
            for collection in secretstorage.get_all_collections(connection):
                for item in collection.get_all_items():
                    found, content = item.get_attributes(), item.get_secret()
                    named = (found.get("service", item.get_label()), found.get("username", ""))
                    told = recorder.redactor.text(content.decode("utf-8", "replace"))
                    marks = tuple(mark.group().decode() for mark in re.finditer(MARK, told.encode()))
                    fingerprint = hmac.new(self.key, content, hashlib.sha256).hexdigest()[:16]
                    kept_in = collection.collection_path.rpartition("/")[2]
                    yield NativeItem(self._readable(named), kept_in, fingerprint, marks)

    def _readable(self, named: tuple[str, str]) -> str:
        """`stage/account/item` for an entry that follows the documented scheme, else its own names."""
        for stage in self.stages:
            if Entry(self.app, stage, "x", "x").service == named[0]:
                return f"{stage}/{named[1]}"
        return "/".join(filter(None, named))
