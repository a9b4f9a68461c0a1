"""The secret of a sink: read from its file at start, and again when the database refuses it (rotation)."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import ConfigurationError, Problem

MAX_SECRET_BYTES = 64 * 1024
"""More than any token; a wrong path to something large is not read whole."""


class Credential:
    """A secret in a file, or none at all.

    Args:
        path: The file, or None where there is no secret.
        key: The key of the configuration that names it, for messages.
        ascii_only: It goes into a header as it stands, which takes no other characters.

    Attributes:
        secret: Without the white space around it; empty if there is no file.

    Raises:
        ConfigurationError: The file cannot be read, or what it holds cannot be a secret.
    """

    def __init__(self, path: Path | None, key: str, *, ascii_only: bool) -> None:
        self._path = path
        self._key = key
        self._ascii_only = ascii_only
        self.secret = self._read()

    def reload(self) -> bool:
        """Read the file again; return whether it holds another secret now.

        A file that cannot be read leaves the secret as it is: it may be in the middle of being replaced.
        """
        try:
            secret = self._read()
        except ConfigurationError:
            return False
        changed = secret != self.secret
        self.secret = secret
        return changed

    def _read(self) -> str:
        if self._path is None:
            return ""
        try:
            with self._path.open("rb") as file:
                secret = file.read(MAX_SECRET_BYTES).decode().strip()
        except OSError as error:
            raise self._problem(
                f"cannot be read ({error.strerror})", "Create it, or let the gateway's user read it"
            ) from error
        except UnicodeDecodeError as error:
            raise self._problem("is not a text", "Put nothing but the secret into it") from error
        if not secret or not secret.isprintable():
            raise self._problem("is empty or has several lines", "Put nothing but the secret into it")
        if self._ascii_only and not secret.isascii():
            raise self._problem("is no token: it has characters beyond ASCII", "Put nothing but the token into it")
        return secret

    def _problem(self, reason: str, remedy: str) -> ConfigurationError:
        return ConfigurationError([Problem(str(self._path), self._key, reason, remedy)])
