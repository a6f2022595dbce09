"""The MQTT client that everything here shares: how it connects, and how it is encrypted."""

import uuid
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote

if TYPE_CHECKING:
    from paho.mqtt.client import Client

PASSWORD = "FOOTLIGHTS_MQTT_PASSWORD"  # name of the environment variable
RECONNECT = (1, 4)  # seconds between two attempts, the first and the longest


def port_of(address: SplitResult) -> int:
    """The port of an address: where none is given 1883, and 8883 for mqtts."""
    return address.port or (8883 if address.scheme == "mqtts" else 1883)


def new_client(
    address: SplitResult, password: str | None, timeout: float, reconnect: tuple[int, int] = RECONNECT
) -> "Client":
    """A client for mqtt:// in clear, or mqtts:// by TLS with verified certificates. It is not connected yet: set its
    callbacks, then call `connect_async` and `loop_start`.
    """
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2, client_id=f"footlights-{uuid.uuid4().hex[:12]}")
    if address.username:
        client.username_pw_set(unquote(address.username), password)
    if address.scheme == "mqtts":
        import ssl

        client.tls_set_context(ssl.create_default_context())
    client.connect_timeout = timeout
    client.reconnect_delay_set(*reconnect)
    return client
