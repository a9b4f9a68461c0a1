"""The one choke point: whatever a format called it, here it gets its name, type, unit, quality, time and place."""

from gateway.normalize.assorted import Assorted, Part
from gateway.normalize.normalizer import Normalized, Normalizer, silences
from gateway.normalize.place import Place
from gateway.normalize.series import SeriesState, SeriesStates, TooManySeries
from gateway.normalize.usual import Alike, Checked, Taken, UsualMessages

__all__ = [
    "Alike",
    "Assorted",
    "Checked",
    "Normalized",
    "Normalizer",
    "Part",
    "Place",
    "SeriesState",
    "SeriesStates",
    "Taken",
    "TooManySeries",
    "UsualMessages",
    "silences",
]
