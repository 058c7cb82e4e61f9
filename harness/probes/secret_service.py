"""What a Secret Service holds, as another program than the one under test sees it. Linux only."""

from __future__ import annotations

from contextlib import closing

__all__ = ["list_entries"]


def list_entries(address: str) -> frozenset[tuple[str, str]]:
    """Service and user name of every entry in every collection on the bus at `address`; the label where they are not
    given. No secret is read."""
    import secretstorage  # only where there is a Secret Service
    from jeepney.io.blocking import open_dbus_connection

    with closing(open_dbus_connection(bus=address)) as connection:
        return frozenset(
            (found.get("service", item.get_label()), found.get("username", ""))
            for collection in secretstorage.get_all_collections(connection)
            for item in collection.get_all_items()
            for found in (item.get_attributes(),)
        )
