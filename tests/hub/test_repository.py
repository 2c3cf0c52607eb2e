"""The hub, with stand-ins for the functions of huggingface_hub: what is downloaded, and what is uploaded."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.models.test_contract import equal_weights, small

from drumhead.models import Segmenter
from drumhead.runs import RunError

hub = pytest.importorskip("huggingface_hub")


def test_only_configuration_and_weights_are_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small("nwm")
    model.save_pretrained(tmp_path / "remote")
    asked: dict[str, Any] = {}

    def snapshot_download(repository: str, **options: Any) -> str:
        asked.update(options, repository=repository)
        return str(tmp_path / "remote")

    monkeypatch.setattr(hub, "snapshot_download", snapshot_download)
    opened = Segmenter.from_pretrained("someone/waves", revision="v1")
    assert equal_weights(opened, model)
    assert asked == {
        "repository": "someone/waves",
        "allow_patterns": ["config.json", "model.safetensors"],
        "revision": "v1",
    }


class Commit(NamedTuple):
    commit_url: str


def test_push_to_hub_creates_the_repository_and_uploads_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, Any]] = []

    class Api:
        def __init__(self, token: str | None) -> None:
            calls.append(("token", token))

        def create_repo(self, repository: str, **options: Any) -> None:
            calls.append(("create", (repository, options)))

        def upload_folder(self, *, repo_id: str, folder_path: Path, **options: Any) -> Commit:
            calls.append(("upload", sorted(path.name for path in folder_path.iterdir())))
            calls.append(("options", options))
            assert equal_weights(Segmenter.from_pretrained(folder_path), model)
            return Commit(f"address of {repo_id}")

    monkeypatch.setattr(hub, "HfApi", Api)
    model = small("nwm")
    address = model.push_to_hub("someone/waves", private=True, token="secret", commit_message="first")
    assert address == "address of someone/waves"
    assert calls == [
        ("token", "secret"),
        ("create", ("someone/waves", {"private": True, "exist_ok": True})),
        ("upload", ["README.md", "config.json", "model.safetensors"]),
        ("options", {"revision": None, "commit_message": "first"}),
    ]


def test_the_api_of_huggingface_hub_has_these_functions() -> None:
    """The stand-ins above have the arguments of the real functions."""
    create = inspect.signature(hub.HfApi.create_repo).parameters
    upload = inspect.signature(hub.HfApi.upload_folder).parameters
    download = inspect.signature(hub.snapshot_download).parameters
    assert {"private", "exist_ok"} <= create.keys()
    assert {"repo_id", "folder_path", "revision", "commit_message"} <= upload.keys()
    assert {"allow_patterns", "revision", "token", "local_files_only", "cache_dir"} <= download.keys()
    assert "token" in inspect.signature(hub.HfApi).parameters


@pytest.mark.parametrize("name", ["waves", "a/b/c", "", "/waves", "../waves", "some one/waves", "a/" + "b" * 200])
def test_another_name_is_refused_before_any_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(RunError, match="OWNER/NAME"):
        small("cnn").push_to_hub(name)
