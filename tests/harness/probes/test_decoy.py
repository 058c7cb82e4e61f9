"""The attacker who only listens: every connection counts, one's own does not."""

from __future__ import annotations

import socket

import pytest

from harness.probes.decoy import Decoy


def test_it_counts_what_connects_and_not_its_own_trial() -> None:
    decoy = Decoy()
    try:
        assert (decoy.connections, decoy.hears(), decoy.connections) == (0, True, 0)
        with socket.create_connection(("127.0.0.1", decoy.port), timeout=5) as connection:
            assert connection.recv(1) == b""  # it was accepted, and ended
        assert decoy.hears()
        assert decoy.connections == 1
    finally:
        decoy.close()


def test_a_closed_one_hears_nothing_and_may_be_closed_again() -> None:
    decoy = Decoy()
    assert decoy.hears()
    decoy.close()
    decoy.close()
    with pytest.raises(OSError, match="refused"):
        decoy.hears()
    assert decoy.connections == 0
