"""`.invx/bench.json`: one flat object of figures, which several commands add to."""

import json
from pathlib import Path


def keep(target: Path, found: dict[str, float]) -> None:
    """Add figures to those that are there."""
    kept = json.loads(target.read_text()) if target.exists() else {}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(kept | found, indent=2) + "\n")
    print(f"Also in {target}.")
