"""Auth lifecycle events: what happened, which event it becomes, and its safe way to the bus.

The outbox alone, in a function of somebody's own, needs a database file, a client of EventBridge, and the issuer's
private key, for consumers refuse what is not signed:

    database = Database(Path("/mnt/state/events.sqlite"), OUTBOX_SCHEMA)
    outbox = Outbox(database, SystemClock(), EventSigner.of_key(private_jwk))
    publisher = Publisher(boto3.client("events"), "the-bus", "app.prod")
    with database.transaction() as connection:
        …                                       # the change itself
        outbox.add(connection, event)           # its event: both are committed, or neither
    Relay(outbox, publisher).publish_all()      # now, or in another invocation: nothing is lost between

and who subscribes, or has an archive replayed; ``keys()`` returns the JSON of ``<issuer>/.well-known/event-keys.json``,
not older than ten minutes, and not the issuer's ``jwks_uri``, which knows no key that has ended:

    database = Database(Path("/mnt/state/received.sqlite"), SUBSCRIBER_SCHEMA)
    Subscriber(database, Consumer("prod", "app.prod", issuer, EventVerifier(keys))).receive(envelope)
"""

from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events.authenticity import EventSigner, EventVerifier
from reference_impl.events.consumer import SCHEMA as SUBSCRIBER_SCHEMA
from reference_impl.events.consumer import Consumer, Refused, Subscriber
from reference_impl.events.fields import EventType, Reason
from reference_impl.events.outbox import SCHEMA as OUTBOX_SCHEMA
from reference_impl.events.outbox import DeadLetter, Message, Outbox
from reference_impl.events.publisher import Publisher, PublishReport
from reference_impl.events.relay import Relay
from reference_impl.events.schema import AuthEvent
from reference_impl.events.validation import InvalidEvent, violations

__all__ = [
    "OUTBOX_SCHEMA",
    "SUBSCRIBER_SCHEMA",
    "AuthEvent",
    "Consumer",
    "Database",
    "DeadLetter",
    "EventSigner",
    "EventType",
    "EventVerifier",
    "InvalidEvent",
    "Message",
    "Outbox",
    "PublishReport",
    "Publisher",
    "Reason",
    "Refused",
    "Relay",
    "Subscriber",
    "SystemClock",
    "violations",
]
