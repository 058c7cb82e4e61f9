"""The end of the chain: values live in this process and end with it."""

from __future__ import annotations

from reference_impl.session_store.errors import NotFound
from reference_impl.session_store.model import Entry, Limit


class MemoryBackEnd:
    """A dictionary. Nothing is written anywhere."""

    name = "memory"
    limit = Limit()

    def __init__(self) -> None:
        self._kept: dict[Entry, str] = {}

    def write(self, entry: Entry, stored: str) -> None:
        """Keep ``stored`` until the process ends."""
        self._kept[entry] = stored

    def read(self, entry: Entry) -> str:
        """Return the kept text. Raises NotFound."""
        try:
            return self._kept[entry]
        except KeyError:
            raise NotFound(f"no {entry.item} is stored for this account") from None

    def delete(self, entry: Entry) -> None:
        """Remove the entry. Raises NotFound."""
        self.read(entry)
        del self._kept[entry]

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries."""
        return tuple(self._kept)

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()
