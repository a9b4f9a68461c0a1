"""Tries a broker: whether it takes the credentials and would grant the subscriptions. Leaves nothing behind."""

from __future__ import annotations

from collections.abc import Sequence

from aiomqtt import Client, MqttError, ProtocolVersion
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.reasoncodes import ReasonCode

from gateway.mqtt.endpoint import Endpoint, find
from gateway.mqtt.outcomes import ConnectionEnded
from gateway.mqtt.reasons import REFUSED
from gateway.settings.sources import MqttSource

ANSWER_SECONDS = 5.0
_VERSIONS = {"5": ProtocolVersion.V5, "3.1.1": ProtocolVersion.V311}


async def probe(settings: MqttSource, client_id: str, topic_filters: Sequence[str]) -> str:
    """Connect with a session of its own, subscribe, and go; return what was found, in words.

    Raises:
        ConnectionError: The broker cannot be reached, refuses the credentials, or refuses a subscription.
    """
    try:
        endpoint = await find(settings)
    except ConnectionEnded as error:
        raise ConnectionError(f"{error.reason}. {error.remedy}") from error
    granted: list[int] = []
    version = ""
    versions = ["5", "3.1.1"] if settings.protocol == "auto" else [settings.protocol]
    for version in versions:
        try:
            granted = await _try(endpoint, version, client_id, topic_filters)
        except (MqttError, OSError) as error:
            if version == versions[-1]:
                raise ConnectionError(f"no connection to {settings.url}: {error}") from error
        else:
            break
    if refused := [wanted for wanted, qos in zip(topic_filters, granted, strict=True) if qos >= REFUSED]:
        raise ConnectionError(f"the broker refuses to subscribe to {', '.join(refused)}: allow it in the broker's ACL")
    lowest = min(granted, default=1)
    promise = "" if lowest else "; at QoS 0 nothing can be promised before a message is committed"
    return f"connected with MQTT {version}, {len(granted)} subscriptions granted at QoS {lowest}{promise}"


async def _try(endpoint: Endpoint, version: str, client_id: str, topic_filters: Sequence[str]) -> list[int]:
    async with Client(
        endpoint.host,
        endpoint.port,
        identifier=client_id,
        username=endpoint.username,
        password=None if endpoint.password is None else endpoint.password.decode(),
        protocol=_VERSIONS[version],
        tls_context=endpoint.context,
        timeout=ANSWER_SECONDS,
        clean_start=True if version == "5" else MQTT_CLEAN_START_FIRST_ONLY,
        clean_session=None if version == "5" else True,
    ) as client:
        answers: list[int] = []
        for topic_filter in topic_filters:
            codes = await client.subscribe(topic_filter, qos=1)
            answers += [code.value if isinstance(code, ReasonCode) else int(code) for code in codes]
        return answers
