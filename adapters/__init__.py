"""Formats on the wire: one module, or one package, for each.

`ADAPTERS` names those that come with the gateway. A foreign one is named in the configuration as
`package.module:Class`; it is written against `gateway.interfaces.Adapter`, as those here are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module

from adapters.plain_json import PlainJson
from adapters.sparkplug.adapter import Sparkplug
from gateway.interfaces import Adapter

ADAPTERS: Mapping[str, type[Adapter]] = {
    "json": PlainJson,
    "sparkplug": Sparkplug,
}

_FOREIGN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def load(name: str) -> type[Adapter]:
    """Return the adapter called `name`, or the class that `package.module:Class` names.

    Raises:
        ValueError: There is none; the message says what is wrong and what there is.
    """
    if name in ADAPTERS:
        return ADAPTERS[name]
    if not _FOREIGN.fullmatch(name):
        known = ", ".join(sorted(ADAPTERS))
        raise ValueError(f"there is no adapter {name!r}: known are {known}, or name a class as `package.module:Class`")
    module_name, _, class_name = name.partition(":")
    try:
        module = import_module(module_name)
    except (ImportError, SyntaxError) as error:
        raise ValueError(f"the adapter {name!r} cannot be imported: {error}") from error
    found: object = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise ValueError(f"the module {module_name} has no class {class_name!r}")  # noqa: TRY004  # of the configuration
    if missing := [method for method in ("decode", "advance", "names_asset") if not hasattr(found, method)]:
        raise ValueError(f"{name!r} is no adapter: it has no {' and no '.join(missing)}")
    return found
