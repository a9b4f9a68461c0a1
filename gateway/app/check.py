"""Finds what is wrong with a configuration before it matters: in the files it names, and on the network."""

from __future__ import annotations

import ssl
from pathlib import Path

from gateway.app.assembly import Assembly
from gateway.errors import Problem, SinkError
from gateway.mqtt.probe import probe
from gateway.settings.models import Settings
from gateway.settings.sinks import InfluxDB
from gateway.settings.sources import MqttSource, Tls
from gateway.sinks import open_sink

MOUNTED = Path("/run/secrets")
"""Where container engines mount secrets."""


def check(settings: Settings, file: str) -> list[Problem]:
    """Return what is wrong with the files that the configuration names: secrets and certificates."""
    problems: list[Problem] = []
    for number, source in enumerate(settings.sources, 1):
        problems += _secret(source.password_file, file, f"sources[{number}].password_file")
        if source.tls is not None:
            problems += _certificates(source.tls, file, f"sources[{number}].tls")
    for number, sink in enumerate(settings.sinks, 1):
        if isinstance(sink, InfluxDB):
            problems += _secret(sink.password_file, file, f"sinks[{number}].password_file")
            problems += _secret(sink.token_file, file, f"sinks[{number}].token_file")
            problems += _certificates(Tls(ca=sink.ca), file, f"sinks[{number}]")
    return problems


async def check_connections(assembly: Assembly, file: str) -> list[tuple[str, str, Problem | None]]:
    """Try brokers, topics, sinks and disk; return what was tried, what was found, and the problem if there is one."""
    settings = assembly.settings
    found: list[tuple[str, str, Problem | None]] = []
    for number, source in enumerate(settings.sources, 1):
        what = f"source {source.name} ({source.url})"
        try:
            session = assembly.sessions.get(source.name)
            if session is None:
                filters = [wanted.topic_filter for wanted in assembly.routers[source.name].subscriptions]
            else:
                filters = [topic_filter for topic_filter, _ in session.subscriptions()]
            found.append((what, await _try_broker(settings, source, filters), None))
        except ConnectionError as error:
            found.append((what, "", Problem(file, f"sources[{number}]", str(error))))
    for number, sink_settings in enumerate(settings.sinks, 1):
        what = f"sink {sink_settings.name}"
        try:
            sink = open_sink(sink_settings)
            try:
                found.append((what, sink.check(), None))
            finally:
                sink.close()
        except SinkError as error:
            found.append((what, "", Problem(file, f"sinks[{number}]", str(error))))
    return found


async def _try_broker(settings: Settings, source: MqttSource, filters: list[str]) -> str:
    return await probe(source, f"{settings.id}-{source.name}-check", filters)


def _secret(path: Path | None, file: str, key: str) -> list[Problem]:
    if path is None:
        return []
    try:
        text = path.read_text()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        return [Problem(file, key, f"the secret {path} cannot be read: {reason}", "Make the file, for this user only")]
    if not text.strip():
        return [Problem(file, key, f"the secret {path} is empty", "Write the secret into it")]
    # What a container engine mounts is the container's alone, whatever its mode says.
    if mode & 0o007 and MOUNTED not in path.parents:
        reason = f"everyone on this machine may read the secret {path}"
        return [Problem(file, key, reason, f"Run chmod 600 {path}", warning=True)]
    return []


def _certificates(tls: Tls, file: str, key: str) -> list[Problem]:
    problems = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.ca is not None:
        try:
            context.load_verify_locations(tls.ca)
        except OSError as error:
            remedy = "Name a PEM file of certificates"
            problems.append(Problem(file, f"{key}.ca", f"{tls.ca} cannot be used: {_reason(error)}", remedy))
    if tls.cert is not None and tls.key is not None:
        try:
            # A password would be asked for on the terminal: a gateway has nobody to answer.
            context.load_cert_chain(tls.cert, tls.key, password=lambda: "")
        except OSError as error:
            reason = f"{tls.cert} and {tls.key} cannot be used: {_reason(error)}"
            remedy = "Name the PEM files of a certificate and of its key, unencrypted"
            problems.append(Problem(file, f"{key}.cert", reason, remedy))
    return problems


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it is not PEM").replace("_", " ").lower()
    return error.strerror or str(error)
