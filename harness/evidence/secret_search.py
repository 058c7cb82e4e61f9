"""The audit's search for what looks like a secret: in files, in what is packed in them, and decoded; and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from harness.evidence.breach import Breach
from harness.evidence.encoded import Budget, encoded_looks
from harness.scan_layers import Bounds, Layer, layers
from harness.secret_patterns import findings

__all__ = ["SecretSearch"]

# Some 4 to 8 MB are searched in a second; the bundle of a whole run holds 69 MB.
LARGEST_SEARCHED = 96 * 2**20  # bytes of one file
MOST_SEARCHED = 192 * 2**20  # bytes of a bundle, unpacked
MOST_DECODED = 144 * 2**20  # bytes of a bundle that come of decoding
_MOST_SECRETS = 100  # that are named in one file, or in what is packed in it


class SecretSearch:
    """One search through all the files of a bundle. What does not fit its bounds is a breach: it was not searched."""

    def __init__(self) -> None:
        self._left = MOST_SEARCHED
        self._decoded = Budget(MOST_DECODED)

    def in_file(self, name: str, data: bytes) -> Iterator[Breach]:
        most = min(LARGEST_SEARCHED, self._left)
        if len(data) > most:
            yield _not_searched(name, f"at most {LARGEST_SEARCHED} bytes of a file and {MOST_SEARCHED} of a bundle are")
            data = data[:most]
        self._left -= len(data)
        expanded = min(Bounds.expanded, self._left)
        bounds = Bounds(expanded=expanded)
        for layer in layers(name, data, bounds):
            if isinstance(layer, Layer):
                yield from self._in_layer(layer)
            else:
                yield _not_searched(layer.place, layer.reason)
        self._left -= expanded - bounds.expanded

    def _in_layer(self, layer: Layer) -> Iterator[Breach]:
        plain: set[int] = set()
        for start, _, kind in islice(findings(layer.data), _MOST_SECRETS):
            plain.add(line := _line(layer.data, start))
            yield _looks_secret(layer, line, kind)
        if self._decoded.left < 0:
            yield _not_searched(layer.place, f"at most {MOST_DECODED} bytes of a bundle are decoded")
            return
        for start, kind, encoding in islice(encoded_looks(layer.data, self._decoded), _MOST_SECRETS):
            if (line := _line(layer.data, start)) not in plain:
                yield _looks_secret(layer, line, f"{kind}, encoded as {encoding}")
        if self._decoded.left < 0:
            yield _not_searched(layer.place, f"at most {MOST_DECODED} bytes of a bundle are decoded")


def _line(data: bytes, start: int) -> int:
    return data.count(b"\n", 0, start) + 1


def _looks_secret(layer: Layer, line: int, kind: str) -> Breach:
    return Breach("secret", f"{layer.place}:{line}", f"it holds what looks like a secret ({kind})")


def _not_searched(place: str, reason: str) -> Breach:
    return Breach("secret", place, f"it could not be searched for secrets: {reason}")
