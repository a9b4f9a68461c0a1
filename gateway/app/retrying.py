"""Makes what decodes dead letters again, with parts of its own."""

from __future__ import annotations

from gateway.app.assembly import assemble
from gateway.catalogue import Catalogue
from gateway.dead_letters import Past, Retrying
from gateway.settings.models import Settings
from gateway.spool import Redelivery
from gateway.translator import Translator
from gateway.waiting import Waiting


def retrying(settings: Settings, past: Past) -> Retrying:
    """Return what decodes letters as this configuration says, knowing of the past what the spool remembers.

    Raises:
        ConfigurationError: The configuration cannot work.
    """
    assembly = assemble(settings, "the configuration")
    waiting = {source: Waiting(settings.spool.max_held) for source in assembly.routers}
    catalogue = Catalogue(past.catalogue)
    translators = {
        source: Translator(
            source,
            router,
            assembly.paths[source],
            assembly.encoder,
            Redelivery(),
            waiting[source],
            catalogue,
            assembly.status,
        )
        for source, router in assembly.routers.items()
    }
    for source, messages in past.remembered.items():
        translators[source].recall(messages)
    return Retrying(translators, waiting, assembly.states)
