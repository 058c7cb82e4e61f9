"""What the phrases about bound tokens make of verifiers and clients."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from steps.token_binding import flip_one_bit

UNRESERVED = r"[A-Za-z0-9._~-]"


@given(st.from_regex(UNRESERVED + "{43,128}", fullmatch=True))
def test_a_verifier_with_one_bit_changed_is_well_formed_and_another_one(verifier: str) -> None:
    other = flip_one_bit(verifier)
    assert re.fullmatch(UNRESERVED + "{43,128}", other)
    differences = [ord(one) ^ ord(two) for one, two in zip(verifier, other, strict=True)]
    assert sum(bits.bit_count() for bits in differences) == 1
