"""`invx gateway config`: where contexts are, and what is refused."""

import json
from pathlib import Path

import pytest

from invx.cli.gateway import config, upstreams_of
from invx.cli.ground import ArgumentInvalid
from invx.cli.split import PORTS
from invx.host import CONTEXTS
from invx.infra.gateway.clusters import Upstream


def test_contexts_are_at_their_names_and_ports_unless_it_is_said() -> None:
    said = ["invoicing=invoices.internal", "analytics=10.0.0.7:9000", "analytics=10.0.0.8:9000"]
    found = upstreams_of(said)
    assert found["invoicing"] == [Upstream("invoices.internal", PORTS["invoicing"])]
    assert found["analytics"] == [Upstream("10.0.0.7", 9000), Upstream("10.0.0.8", 9000)]
    assert found["identity"] == [Upstream("identity", PORTS["identity"])]
    assert set(found) == set(CONTEXTS)


@pytest.mark.parametrize(
    "said", ["billing=b", "invoicing", "invoicing=", "invoicing=h:", "invoicing=h:0", "=h:1"]
)
def test_what_is_no_address_of_a_context_is_refused(said: str) -> None:
    with pytest.raises(ArgumentInvalid, match="--context"):
        upstreams_of([said])


def test_both_files_are_written_whole_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVX_HOST", "0.0.0.0")
    for _ in range(2):
        config(tmp_path / "made", None, ["https://a.test"], 9901, tenant_requests=70)
    assert {path.name for path in (tmp_path / "made").iterdir()} == {"envoy.json", "openapi.json"}
    made = json.loads((tmp_path / "made" / "envoy.json").read_text())
    clusters = {each["name"]: each for each in made["static_resources"]["clusters"]}
    assert set(clusters) == set(CONTEXTS)
    assert {each["type"] for each in clusters.values()} == {"STRICT_DNS"}
    assert {each["dns_lookup_family"] for each in clusters.values()} == {"V4_PREFERRED"}
    assert "StdoutAccessLog" in json.dumps(made)
    assert '"tokens_per_fill": 70' in json.dumps(made)
