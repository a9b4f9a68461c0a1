"""Writes docs/adapters.md from the adapters: what each reads, and its options.

python -m tools.adapters_reference [--check] docs/adapters.md
"""

from __future__ import annotations

import inspect

from pydantic import BaseModel

from adapters import ADAPTERS
from gateway.settings.options_table import options_table, schema_of
from gateway.settings.reference import publish

_INTRODUCTION = """\
# Formats

<!-- Generated from the docstrings and fields in adapters/: change them there, and run `make docs`. -->

A route names the format of its messages by `adapter`, and says in `[routes.options]` what there is to say about it:

```toml
[[routes]]
topic = "{site}/{line}/{machine}/telemetry"
adapter = "json"
measurement = "press"
```

All formats lead to the same points: names, types, units, quality, time and tags are treated alike whatever carried
them. `gateway decode -c FILE --topic TOPIC PAYLOAD_FILE` shows what becomes of one message. A format of your own is a
class that is loaded by its name: `adapter = "package.module:Class"` (see [CONTRIBUTING](../CONTRIBUTING.md)).
"""


def page() -> str:
    """Return the whole of docs/adapters.md."""
    overview = ["| adapter | reads |", "|---|---|"]
    sections = []
    for name, adapter in sorted(ADAPTERS.items()):
        docstring = inspect.cleandoc(adapter.__doc__ or "")
        reads = docstring.partition("\n")[0].replace("|", "\\|")
        overview.append(f"| [`{name}`](#{name}) | {reads} |")
        options = "It has no options."
        if issubclass(adapter, BaseModel) and adapter.model_fields:
            schema = schema_of(adapter)
            options = options_table(schema, schema.definitions)
        sections += [f"## `{name}`", docstring, options]
    return "\n\n".join([_INTRODUCTION.strip(), "\n".join(overview), *sections]) + "\n"


if __name__ == "__main__":
    raise SystemExit(publish(page()))
