"""Every sample folder is decoded as its `expected.toml` says."""

from __future__ import annotations

import pytest

from adapters import ADAPTERS
from tests.adapters.samples import DATA, Sample, in_order, read_samples, readings, rejects

SAMPLES = [sample for name in ADAPTERS if (DATA / name).is_dir() for sample in read_samples(name)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.adapter}/{sample.name}")
def test_a_sample_is_decoded_as_expected(sample: Sample) -> None:
    adapter = sample.make_adapter()
    if sample.expected.error:
        with pytest.raises(ValueError, match=sample.expected.error):
            list(adapter.decode(sample.message))
        return
    for _ in range(2):  # what was remembered of the first must not change the second
        decoded = list(adapter.decode(sample.message))

        assert readings(decoded) == in_order(expected.reading() for expected in sample.expected.readings)
        found = rejects(decoded)
        assert [reject.name for reject in found] == sorted(reject.name for reject in sample.expected.rejects)
        for reject, expected in zip(found, sorted(sample.expected.rejects, key=lambda one: one.name), strict=True):
            assert expected.reason in reject.reason
