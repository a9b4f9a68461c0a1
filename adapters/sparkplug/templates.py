"""Templates: structured values, and the single values they are made of."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.sparkplug.payload import DEFAULT_LIMITS, Metric, Template
from adapters.sparkplug.scalars import field_of

PARAMETERS = "parameters"
"""The folder that the parameters of a template are given under."""


def members(template: Template, depth: int = DEFAULT_LIMITS.depth) -> Iterator[tuple[str, Metric]]:
    """Yield the path and the metric of each single value in a template and in those within it.

    Names are joined by `/`, as those of metrics are. A member that only its alias names has the path of what it stands
    in, and a `/` at the end. The parameter `Size` is `parameters/Size`, after the members. A member with a fault, or
    nested too deep, is yielded with its fault.

    Args:
        template: A definition, or an instance, which in a DATA message may have only the members that changed.
        depth: How many levels of templates are entered.
    """
    return _members(template, "", depth)


def _members(template: Template, path: str, depth: int) -> Iterator[tuple[str, Metric]]:
    for metric in template.metrics:
        name = path + metric.name
        if not isinstance(metric.value, Template) or metric.is_null:
            yield name, metric
        elif depth > 1:
            yield from _members(metric.value, name + "/", depth - 1)
        else:
            yield name, metric._replace(value=None, field="", fault="templates nested too deep")
    for parameter in template.parameters:
        field = "" if parameter.value is None else field_of(parameter.type, parameter.value)
        name = f"{PARAMETERS}/{parameter.name}"
        yield path + name, Metric(name, datatype=parameter.type, value=parameter.value, field=field)
