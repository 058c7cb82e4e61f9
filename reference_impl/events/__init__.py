"""Auth lifecycle events: what happened, which event it becomes, and its safe way to the bus.

Re-exported: what somebody needs who publishes events of his own through the same outbox.
"""

from reference_impl.events.outbox import Outbox
from reference_impl.events.publisher import Publisher, PublishReport
from reference_impl.events.relay import Relay
from reference_impl.events.schema import AuthEvent, EventType, Reason

__all__ = ["AuthEvent", "EventType", "Outbox", "PublishReport", "Publisher", "Reason", "Relay"]
