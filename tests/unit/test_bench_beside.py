"""What `bench.beside` says of two runs."""

import pytest

from bench.beside import shown


def test_the_ratio_is_the_middle_of_the_pairs_and_not_of_the_sums() -> None:
    text = shown([600.0, 700.0, 2000.0], [300.0, 700.0, 1800.0])
    assert "other 600 least, 700 middle" in text
    assert "here 300 least, 700 middle" in text
    assert text.endswith("ratio 0.900")


def test_runs_of_different_length_are_not_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        shown([600.0, 700.0], [600.0])
