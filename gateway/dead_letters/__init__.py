"""Dead letters for people: looks at them, and does with them what is asked for.

`reading` and `export` look beside a running gateway; `asking` writes down a request and follows it; `errands` does what
is asked for, inside the gateway or without one, and `retrying` knows how a letter is decoded again.
"""

from gateway.dead_letters.asking import ask, follow, look_up, withdraw
from gateway.dead_letters.errands import Errands, do_all
from gateway.dead_letters.export import plain, write_to
from gateway.dead_letters.reading import PAGE, Tally, letter, letters, number_of, pages, requests, tallies
from gateway.dead_letters.retrying import Past, Retrying
from gateway.spool import Action, Kept, Request, Results, Selection

__all__ = [
    "PAGE",
    "Action",
    "Errands",
    "Kept",
    "Past",
    "Request",
    "Results",
    "Retrying",
    "Selection",
    "Tally",
    "ask",
    "do_all",
    "follow",
    "letter",
    "letters",
    "look_up",
    "number_of",
    "pages",
    "plain",
    "requests",
    "tallies",
    "withdraw",
    "write_to",
]
