"""Does with dead letters what is asked for: through the gateway that runs, or here if none does."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.app.retrying import retrying
from gateway.app.run import open_spool
from gateway.dead_letters import ask, do_all, follow, look_up, withdraw
from gateway.errors import GatewayError, SpoolFull, SpoolLocked
from gateway.settings.models import Settings
from gateway.spool import Action, Request, Selection


def carry_out(
    settings: Settings, action: Action, chosen: Selection, *, counts: bool = False, wait: bool = True
) -> Iterator[Request]:
    """Do something with letters; yield the request as it proceeds, the last time when it is done.

    The gateway that runs does it, and goes on if nobody waits. If none runs it is done here, and the gateway delivers
    at its next start what letters come to.

    Raises:
        SpoolError: The spool cannot be opened.
        GatewayError: It could not be done; what is done of it stays done.
    """
    path = settings.spool.path
    try:
        spool = open_spool(settings)
    except SpoolLocked:
        request = ask(path, action, chosen, counts=counts)
        yield request
        if wait:
            yield from follow(path, request.id)
        return
    try:
        request = ask(path, action, chosen, counts=counts)
        try:
            for _ in do_all(spool, [source.name for source in settings.sources], lambda past: retrying(settings, past)):
                yield look_up(path, request.id)
        except SpoolFull as error:
            done = look_up(path, request.id).results.letters
            raise GatewayError(
                f"there is no room for what the letters come to ({done} of {request.expected} are done): {error}. "
                "Start the gateway, so that the sinks take what waits, and ask again"
            ) from error
        except ValueError as error:
            raise GatewayError(f"a letter was not written by this program: {error}") from error
        finally:
            if not look_up(path, request.id).done:
                withdraw(path, request.id)
        yield look_up(path, request.id)
    finally:
        spool.close()
