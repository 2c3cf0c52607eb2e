"""Cluster settings: the YAML file, and flags that override it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.sweeps import ClusterSettings, SettingsError, read_cluster_settings
from drumhead.sweeps.cluster_settings import parse_gigabytes, parse_minutes

FILE = """\
partition: gpu
account: vision
time: 4:00:00          # not a number in base 60, as YAML by itself has it
gpus: 1
mem: 16G
setup:
  - module load cuda/12.4
  - source ~/drumhead/bin/activate
more:
  reservation: spring
"""


def test_flags_override_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_cluster_settings() == ClusterSettings()
    (tmp_path / "drumhead.yaml").write_text(FILE)
    settings = read_cluster_settings(partition=None, time="30", cpus=2)
    assert (settings.partition, settings.account, settings.time, settings.cpus) == ("gpu", "vision", 30, 2)
    assert (settings.gpus, settings.mem) == (1, 16.0)
    assert settings.setup == ("module load cuda/12.4", "source ~/drumhead/bin/activate")
    assert settings.more == {"reservation": "spring"}
    assert read_cluster_settings().time == 240
    (tmp_path / "drumhead.yaml").write_text(FILE, encoding="utf-8-sig")  # editors of Windows write a byte order mark
    assert read_cluster_settings().partition == "gpu"
    (tmp_path / "other.yaml").write_text("")
    assert read_cluster_settings(tmp_path / "other.yaml") == ClusterSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("partitions: gpu", "partitions is not a field here"),
        ("time: soon", "time: .*HOURS:MINUTES:SECONDS"),
        ("time: 0", "time must be greater than 0"),
        ("mem: lots", "mem: .*16G"),
        ("cpus: 0", "cpus"),
        ("setup: module load cuda", "setup"),
        ("- partition", "names with values"),
        ("a: [", "is not YAML"),
        ("partition: !!python/object/apply:os.system [touch ran]", "is not YAML|partition"),
        ('partition: "gpu\\n#SBATCH --wrap=evil"', "one line"),
        ('setup: ["a\\nb"]', "one line"),
    ],
)
def test_an_invalid_file_is_an_error(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        read_cluster_settings(tmp_path / "lab.yaml")
    assert "lab.yaml" in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none.yaml cannot be read"):
        read_cluster_settings(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("1:30", 2), ("4:00:00", 240), ("0:10:01", 11), ("2-0", 2880), ("1-2:30", 1590), ("1-2:30:30", 1591)],
)
def test_times_are_parsed_as_sbatch_parses_them(text: str, expected: int) -> None:
    assert parse_minutes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("16G", 16.0), ("16GB", 16.0), ("1.5g", 1.5), ("1024", 1.0), ("1T", 1024.0)]
)
def test_memory_is_parsed_as_sbatch_parses_it(text: str, expected: float) -> None:
    assert parse_gigabytes(text) == expected


def test_the_example_in_the_documentation_is_valid(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/cluster.md").read_text()
    (tmp_path / "lab.yaml").write_text(text.split("```yaml\n")[1].split("```")[0])
    settings = read_cluster_settings(tmp_path / "lab.yaml")
    assert (settings.partition, settings.time, settings.gpus, settings.mem) == ("gpu", 240, 1, 16.0)
    assert settings.setup
