"""The one choke point: whatever a format called it, here it gets its name, type, unit, quality, time and place."""

from gateway.normalize.normalizer import Normalized, Normalizer, silences
from gateway.normalize.place import Place
from gateway.normalize.series import SeriesStates, TooManySeries

__all__ = ["Normalized", "Normalizer", "Place", "SeriesStates", "TooManySeries", "silences"]
