"""What the messages of one group come to."""

from __future__ import annotations

from gateway.spool import Group
from gateway.spool.group import Origins
from tests.gateway.configurations import message


def filled() -> Group:
    """Return a group of a message with two records, one with none, two with one each, and a record of our own."""
    group = Group("plant")
    group.add("a", ["m,metric=x value=1 1", "m,metric=y value=2 1"])
    group.add("b", [])
    group.add_each([message("c"), message("a")], ["m x=3 2", 'm s="\N{DEGREE SIGN}C" 3'])
    group.further.append("m q=500i 4")
    return group


def test_the_records_stand_in_the_order_of_their_messages_and_those_of_no_message_behind_them() -> None:
    group = filled()
    records = ["m,metric=x value=1 1", "m,metric=y value=2 1", "m x=3 2", 'm s="\N{DEGREE SIGN}C" 3']
    assert group.lines == records
    assert group.body().decode() == "\n".join([*records, "m q=500i 4", ""])
    assert group.records == group.body().count(b"\n")


def test_each_record_leads_back_to_its_message() -> None:
    group = filled()
    assert Origins.unpack(group.origins().pack())._asdict() == {
        "source": "plant",
        "topics": ["a", "b", "c"],
        "topic_of": group._topic_of,
        "records_of": group._records_of,
    }
    assert (list(group._topic_of), list(group._records_of)) == ([0, 1, 2, 0], [2, 0, 1, 1])


def test_the_bytes_of_its_records_are_known_before_they_are_committed() -> None:
    group = filled()
    assert group.written == len(group.body()) - len(b"m q=500i 4\n")


def test_a_group_in_which_no_message_became_a_record_has_no_body() -> None:
    group = Group("plant")
    group.add("a", [])
    assert (group.body(), group.lines, group.records, group.messages) == (b"", [], 0, 1)


def test_records_that_come_as_one_text_are_counted_as_those_that_come_one_by_one() -> None:
    one_by_one, together = Group("plant"), Group("plant")
    one_by_one.add("a", ["m,metric=x value=1 1", "m,metric=y value=2 1"])
    together.add_text("a", "m,metric=x value=1 1\nm,metric=y value=2 1\n", 2)
    assert (together.body(), together.records, together.written) == (
        one_by_one.body(),
        one_by_one.records,
        one_by_one.written,
    )
    assert together.origins() == one_by_one.origins()
