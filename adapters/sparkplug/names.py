"""Names of metrics: which of them are not stored, and whose values they are where the name says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_WORD = re.compile(r"\{([a-z_][a-z0-9_]*)(\.\.\.)?\}")
_TAKEN = frozenset({"time", "asset", "measurement"})
METRIC = "metric"
"""The word of a pattern that is the name itself, without what says whose it is."""


class Named(NamedTuple):
    """What a name says.

    Attributes:
        name: The name of the value.
        words: What else it says: a machine, a line.
    """

    name: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class NamePattern:
    """How names of metrics are made: `{line}/{machine}/{metric...}`.

    Attributes:
        words: Its words without `metric`.
    """

    words: tuple[str, ...]
    _expression: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """Return the pattern that a text describes.

        Raises:
            ValueError: It is none; the message says why.
        """
        parts = text.split("/")
        words: list[str] = []
        expressions: list[str] = []
        for number, part in enumerate(parts, 1):
            found = _WORD.fullmatch(part)
            if found is None:
                if any(character in part for character in "{}"):
                    raise ValueError(f"the name pattern {text!r} is not understood at `{part}`: write {{word}}")
                expressions.append(re.escape(part))
                continue
            word, several = found.groups()
            if several and (word != METRIC or number < len(parts)):
                raise ValueError(f"the name pattern {text!r}: only {{metric...}} may take several levels, at the end")
            if word in _TAKEN:
                raise ValueError(f"the name pattern {text!r}: {{{word}}} cannot be a tag; call it otherwise")
            if word in words:
                raise ValueError(f"the name pattern {text!r} has {{{word}}} twice")
            words.append(word)
            expressions.append(f"(?P<{word}>{'.+' if several else '[^/]+'})")
        if METRIC not in words:
            raise ValueError(f"the name pattern {text!r} lacks {{metric}} or {{metric...}}")
        return cls(tuple(word for word in words if word != METRIC), re.compile("/".join(expressions), re.DOTALL))

    def match(self, name: str) -> Named | None:
        """Return what the name says; None if it does not fit."""
        found = self._expression.fullmatch(name)
        if found is None:
            return None
        words = found.groupdict()
        return Named(words.pop(METRIC), words)


class Listed:
    """Names that a list gives; `*` at the end of one stands for anything.

    Args:
        names: The list.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._whole = frozenset(name for name in names if not name.endswith("*"))
        self._beginnings = tuple(name[:-1] for name in names if name.endswith("*"))

    def __contains__(self, name: str) -> bool:
        return name in self._whole or name.startswith(self._beginnings)

    def among(self, names: Sequence[str]) -> set[str]:
        """Return those of the names that it gives."""
        found = self._whole.intersection(names)
        lines = "\n".join(["", *names])
        for beginning in self._beginnings:
            if f"\n{beginning}" in lines:
                found |= {name for name in names if name.startswith(beginning)}
        return {*found}


class Names:
    """Reads names by the options of a host.

    Args:
        patterns: Name patterns, the first that fits first.
        ignore: Names that are not stored; `*` at the end stands for anything.
    """

    def __init__(self, patterns: Sequence[str], ignore: Sequence[str]) -> None:
        self._patterns = [NamePattern.parse(pattern) for pattern in patterns]
        self.are_plain = not patterns
        """Whether no name says anything but itself."""
        self._ignored = Listed(ignore)
        self.words = tuple(dict.fromkeys(word for pattern in self._patterns for word in pattern.words))

    def is_ignored(self, name: str) -> bool:
        """Whether values of this name are not stored."""
        return name in self._ignored

    def ignored_among(self, names: Sequence[str]) -> set[str]:
        """Return those of the names whose values are not stored."""
        return self._ignored.among(names)

    def read(self, name: str) -> Named:
        """Return what a name says: without a pattern that fits, only itself."""
        for pattern in self._patterns:
            named = pattern.match(name)
            if named is not None:
                return named
        return Named(name, {})
