"""Scenarios of other systems that concern documents: each is carried by a test named after its ID.

Letters: N numbering and lifecycle, F currencies, D races and idempotency, S scale. What is left out
belongs to contexts that are still to come, and says which.
"""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
OF_DOCUMENTS = (
    *("n01", "n02", "n03", "n04", "n06", "n08", "n10", "n11", "n12"),
    *("f01", "f02", "f03", "f04"),
    *("d02", "d03", "d07", "d09", "d11", "d12", "d13", "d19", "d20"),
    *("s02", "s04", "s05", "s06", "s08"),
)
TO_COME = {
    "d04": "payments: checkout and automatic charge at once",
    "d05": "payments: the lock of a payment in flight",
    "d08": "billing: coupons",
    "d10": "billing: filters of usage",
    "d15": "billing: seats",
    "d18": "catalog: benefits of a product",
    "s01": "billing: a run over 30,000 subscriptions",
}


def carried() -> dict[str, list[str]]:
    """By ID the tests that are named after it."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for name in re.findall(r"def (test_[nfdsNFDS]\d\d_\w+)", path.read_text()):
            found.setdefault(name[5:8].lower(), []).append(f"{path.name}::{name}")
    return found


def test_every_scenario_of_documents_is_carried_by_a_test_of_its_name() -> None:
    tests = carried()
    assert [each for each in OF_DOCUMENTS if each not in tests] == []
    assert set(tests) <= {*OF_DOCUMENTS, *TO_COME}


def test_a_scenario_is_of_documents_or_says_what_it_waits_for() -> None:
    assert not set(OF_DOCUMENTS) & set(TO_COME)
    assert all(len(why) > 10 for why in TO_COME.values())
    assert len(set(OF_DOCUMENTS)) == len(OF_DOCUMENTS)
