"""Edge nodes made with libraries that are not ours: a program for each, in a process and an environment of its own.

A program takes commands as lines of JSON and answers each with one line, `{"done": "data"}`; `"cannot"` beside it says
why the library does not do that. For every message that its library publishes it writes a line before that:

    {"said": "NBIRTH", "device": "", "metrics": [{"name": "A/x", "type": "Int8", "value": -3, "time": 1700000000123}]}

so the test knows what was said, in the words that are on the wire. `{"asked": "rebirth"}` tells of a command from a
host. The commands:

| command | does |
|---|---|
| `connect` (`port`, `group`, `node`, `metrics`, `devices`) | connects, and publishes all births |
| `data` (`device`, `metrics`) | publishes new values of metrics that were born |
| `history` (`device`, `metrics`) | the same, as values of the past |
| `device_birth` (`device`, `metrics`) | brings a device to life |
| `device_death` (`device`) | says that a device is gone |
| `death` | says that the edge node is gone, and disconnects |

A metric has `name`, `type`, `value` and `time` (ms); `alias` where the test wants one. 64-bit integers are texts, for
not every language reads them as numbers. An edge node that is killed leaves its Will to the broker.

The environments are made below `build/edge-nodes` by tools/install-edge-nodes.sh.
"""
