"""Makes the secrets that compose.yaml hands to its containers: random, each readable by the user of its container only.

    sudo python3 tools/make_secrets.py

Run as root, because each container has a user of its own. Secrets that exist are left as they are. Needs nothing but
Python's standard library.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "config" / "compose" / "secrets"

# The users of the images.
INFLUXDB, MOSQUITTO, GATEWAY = 1000, 1883, 10001

_ITERATIONS = 101
"""What mosquitto_passwd 2.0 takes. The passwords are random and long: guessing them is hopeless at any number."""


def main() -> int:
    """Make what is missing; return the exit code."""
    if os.geteuid() != 0:
        sys.stderr.write("Run this as root: each secret belongs to the user of the container that reads it.\n")
        return 1
    token = _make("influxdb_token", GATEWAY, secrets.token_hex(32))
    _make("influxdb_admin_token", INFLUXDB, token)
    _make("influxdb_password", INFLUXDB, secrets.token_hex(24))
    gateway = _make("mqtt_password", GATEWAY, secrets.token_hex(24))
    machines = _make("machines_password", GATEWAY, secrets.token_hex(24))
    _make(
        "mosquitto_passwords",
        MOSQUITTO,
        f"gateway:{_mosquitto_hash(gateway)}\nmachines:{_mosquitto_hash(machines)}",
    )
    FOLDER.chmod(0o711)  # each user reaches its own file and sees no others
    return 0


def _make(name: str, user: int, text: str) -> str:
    """Write a secret if there is none; return the one that is there now."""
    path = FOLDER / name
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400), "w", encoding="ascii") as file:
        file.write(f"{text}\n")
    os.chown(path, user, user)
    sys.stderr.write(f"Made {path}\n")
    return text


def _mosquitto_hash(password: str) -> str:
    """Return a line's second half of mosquitto's password file: `$7$`, PBKDF2 with SHA-512 (mosquitto_passwd 2.0)."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


if __name__ == "__main__":
    raise SystemExit(main())
