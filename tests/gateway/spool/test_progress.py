"""What a sink has, against a plain set of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.spool.progress import Progress, Stretch, common

stretches = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=12
)


def numbers(progress: Progress) -> set[int]:
    return {row for row in range(1, 60) if progress.has(row)}


def expected(of: list[tuple[int, int]]) -> set[int]:
    return {row for first, last in of for row in range(first, last + 1)}


@given(stretches)
def test_it_has_what_was_added_and_nothing_else(added: list[tuple[int, int]]) -> None:
    progress = Progress(0, added)
    assert numbers(progress) == expected(added)
    assert progress.top == max(expected(added), default=0)


@given(stretches)
def test_stretches_never_touch(added: list[tuple[int, int]]) -> None:
    progress = Progress(0, added)
    last = progress.position
    for stretch in progress.stretches:
        assert stretch.first > last + 1
        last = stretch.last


@given(stretches)
def test_filling_gap_after_gap_leaves_none(added: list[tuple[int, int]]) -> None:
    for pick in (Progress.newest_gap, Progress.oldest_gap):
        progress = Progress(0, added)
        while (gap := pick(progress)) is not None:
            assert not any(progress.has(row) for row in range(gap.first, gap.last + 1))
            progress.add(*gap)
        assert progress.stretches == []
        assert progress.position == max(expected(added), default=0)


@given(st.lists(stretches, min_size=1, max_size=3))
def test_what_all_have_is_what_each_has(added: list[list[tuple[int, int]]]) -> None:
    all_progress = [Progress(0, one) for one in added]
    assert numbers(common(all_progress)) == set.intersection(*(expected(one) for one in added))


def test_a_copy_changes_by_itself() -> None:
    progress = Progress(3, [(7, 9)])
    copy = progress.copy()
    copy.add(4, 6)
    assert (progress.position, progress.stretches) == (3, [Stretch(7, 9)])
    assert (copy.position, copy.stretches) == (9, [])
