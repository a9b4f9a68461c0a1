"""Faces: how machines speak on MQTT. The same machine may have any of them."""

from simulators.faces.face import Face
from simulators.faces.flat_json import FlatJson
from simulators.faces.nested_json import NestedJson
from simulators.faces.scalar_topics import ScalarTopics
from simulators.faces.sparkplug_b import SparkplugB
from simulators.faces.umh_core import UmhCore

FACES: dict[str, type[Face]] = {face.name: face for face in (FlatJson, NestedJson, UmhCore, ScalarTopics, SparkplugB)}
"""All faces, by their names."""
