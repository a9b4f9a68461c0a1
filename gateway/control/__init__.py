"""How a running gateway is asked and told things: a Unix socket beside the spool, for this user only.

A client sends one line of JSON, ends its side, and gets one JSON object and the end of the stream:

    {"ask": "status"}                                        how the gateway is; an empty question means this too
    {"ask": "sparkplug", "source": NAME | null}              what its Sparkplug hosts know of their nodes
    {"ask": "rebirth", "node": "GROUP/NODE", "source": ...}  have a node asked to say everything again

What cannot be answered is answered by `{"error": REASON}`. The last of the three is all that can be changed: no value,
no acknowledgement and no option of the gateway can be.
"""

from gateway.control.answers import Answers, host_applications
from gateway.control.channel import MAX_QUESTION_BYTES, ask, serve, socket_of

__all__ = ["MAX_QUESTION_BYTES", "Answers", "ask", "host_applications", "serve", "socket_of"]
