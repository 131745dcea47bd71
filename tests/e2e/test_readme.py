"""What the README shows is run exactly as it stands, by a pytest of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 30


def snippet() -> str:
    """The Python of the README; there is one."""
    [found] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(found)


def run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A project of somebody who installed Invx; a checkout has no entry points, so it is named."""
    (folder / "test_readme_example.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "invx.testing.plugin"]
    return subprocess.run(
        [*command, "-c", "/dev/null", "--rootdir", str(folder), str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its pytest keeps a cluster in its cache, so the second run is a warm one."""
    return tmp_path_factory.mktemp("project")


def test_the_example_of_the_readme_passes_as_it_stands(project: Path) -> None:
    text = snippet()
    assert len(text.splitlines()) < LINES_MAX
    done = run(project, text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_an_example_that_is_wrong_fails_and_says_what_the_api_said(project: Path) -> None:
    """So that a pass means something."""
    wrong = snippet().replace('"currency": "EUR"', '"currency": "DEM"')
    done = run(project, wrong)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "POST /v1/legal-entities: 422" in done.stdout
    assert "/currency" in done.stdout
