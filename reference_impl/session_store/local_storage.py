"""What an earlier version kept in plain text: a JSON file of the browser's local storage, key to text.

It is read once, to bring its sign-ins to the secure store, and what has been brought is removed from it; when nothing
else is in it, the file goes. The browser's own folders go with the last of the sign-ins: to remove a key there leaves
its text in LevelDB's logs. Whoever could read it has the tokens: they are marked as imported, and the client asks the
issuer for others right after.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reference_impl.session_store.errors import BackEndUnavailable, ItemDamaged, NotFound
from reference_impl.session_store.files import UNFINISHED, remove_file, replace_file
from reference_impl.session_store.model import Entry, Limit
from reference_impl.session_store.values import Kept, encode


@dataclass(frozen=True)
class LocalStorage:
    """Where the file is, and which of its keys hold what: key → (stage, account, item). ``browser``: folders in which
    the browser kept the same texts, LevelDB's."""

    path: Path
    keys: Mapping[str, tuple[str, str, str]]
    browser: tuple[Path, ...] = ()


class LocalStorageSource:
    """The file as a place that sign-ins can be brought from. Nothing is written to it."""

    name = "local storage"
    limit = Limit()

    def __init__(self, storage: LocalStorage, app: str) -> None:
        self._path, self._browser = storage.path, storage.browser
        self._keys = {Entry(app, *address): key for key, address in storage.keys.items()}

    def entries(self) -> tuple[Entry, ...]:
        """Return what there is to bring; where there is nothing more, remove what a crash has left.

        Raises ItemDamaged, BackEndUnavailable.
        """
        texts = self._texts()
        if not texts:
            self._tidy()
        return texts

    def read(self, entry: Entry) -> str:
        """Return the text, as old as the file, in the store's form. Raises NotFound."""
        value = self._content().get(self._keys.get(entry, ""))
        if not isinstance(value, str):
            raise NotFound("nothing is stored under this name")
        return encode(Kept(value, max(1, self._modified() // 1_000_000), imported=True))

    def write(self, entry: Entry, stored: str) -> None:
        """Refuse: plain text is left, and not gone to."""
        raise BackEndUnavailable("nothing is written to local storage")

    def delete(self, entry: Entry) -> None:
        """Remove the text, and the file with the last of them. Raises NotFound."""
        content, modified = self._content(), self._modified()
        if content.pop(self._keys.get(entry, ""), None) is None:
            raise NotFound("nothing is stored under this name")
        try:
            if content:
                replace_file(self._path, json.dumps(content).encode())
                os.utime(self._path, ns=(modified, modified))  # what is still in it is as old as before
            else:
                remove_file(self._path)
        except OSError as error:
            raise BackEndUnavailable(f"{self._path} cannot be changed ({type(error).__name__})") from error
        if not self._texts():
            self._tidy()

    def _texts(self) -> tuple[Entry, ...]:
        content = self._content()
        return tuple(entry for entry, key in self._keys.items() if isinstance(content.get(key), str))

    def _tidy(self) -> None:
        """Remove all that may still hold a sign-in, now that none is to be brought. Raises BackEndUnavailable."""
        try:
            self._path.with_name(self._path.name + UNFINISHED).unlink(missing_ok=True)
            for folder in self._browser:
                if folder.is_dir():
                    shutil.rmtree(folder)
        except OSError as error:
            raise BackEndUnavailable(
                f"what lies beside {self._path} cannot be removed ({type(error).__name__})"
            ) from error

    def close(self) -> None:
        """Nothing is held open."""

    def _content(self) -> dict[str, object]:
        try:
            content = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BackEndUnavailable(f"{self._path} cannot be read ({type(error).__name__})") from error
        except ValueError:
            content = None  # falls to the one message below; that of json may quote the value
        if not isinstance(content, dict):
            raise ItemDamaged(f"{self._path} is not an object in JSON")
        return content

    def _modified(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0
