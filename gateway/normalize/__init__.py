"""The one choke point: whatever a format called it, here it gets its name, type, unit, quality, time and place."""

from gateway.normalize.normalizer import Normalized, Normalizer, silences
from gateway.normalize.place import Place
from gateway.normalize.series import SeriesState, SeriesStates, TooManySeries
from gateway.normalize.usual import Alike, Taken, UsualMessages

__all__ = [
    "Alike",
    "Normalized",
    "Normalizer",
    "Place",
    "SeriesState",
    "SeriesStates",
    "Taken",
    "TooManySeries",
    "UsualMessages",
    "silences",
]
