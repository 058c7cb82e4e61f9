"""Stands for the window in which a keyring asks its user for the password, and for the user who does not give it.

It speaks as much as gnome-keyring asks of a prompter (gcr 3: org.gnome.keyring.internal.Prompter). Linux only.
"""

from __future__ import annotations

from jeepney import DBusAddress, HeaderFields, Message, new_method_call, new_method_return

from harness.probes.bus_name import BusName

__all__ = ["Prompter"]

NAME = "org.gnome.keyring.SystemPrompter"
CALLBACK = "org.gnome.keyring.internal.Prompter.Callback"


class Prompter(BusName):
    """On the bus at `address` until it is closed. `answers`: it is dismissed at once; else it waits for ever."""

    name = NAME

    def __init__(self, address: str, answers: bool) -> None:
        """Raises TargetError where the bus has a prompter already."""
        self._answers = answers
        self.asked = 0
        super().__init__(address)

    def _reply(self, message: Message) -> None:
        if not message.body:
            return
        fields = message.header.fields
        self._connection.send(new_method_return(message))
        client = DBusAddress(message.body[0], bus_name=fields[HeaderFields.sender], interface=CALLBACK)
        match fields[HeaderFields.member]:
            case "BeginPrompting":
                self.asked += 1
                if self._answers:
                    self._connection.send(new_method_call(client, "PromptReady", "sa{sv}s", ("", {}, "")))
            case "PerformPrompt":
                self._connection.send(new_method_call(client, "PromptReady", "sa{sv}s", ("no", {}, "")))
            case "StopPrompting":
                self._connection.send(new_method_call(client, "PromptDone"))
