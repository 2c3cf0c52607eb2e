"""Repositories of the Hugging Face hub, by the functions of huggingface_hub, which is imported only here."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drumhead.hub.folder import CONFIG, WEIGHTS, save_folder
from drumhead.runs import RunError

if TYPE_CHECKING:
    from drumhead.models import Segmenter

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
INSTALL = "huggingface_hub is not installed: pip install 'drumhead[hub]'"


def is_repository(name: str) -> bool:
    """Whether a name has the form of a repository, OWNER/NAME.

    >>> is_repository("someone/my-model"), is_repository("runs/a/b"), is_repository("../up")
    (True, False, False)
    """
    return REPOSITORY.fullmatch(name) is not None


def download(repository: str, **options: Any) -> Path:
    """Return a folder with the configuration and the weights of a model on the hub; no other file is downloaded.

    Args:
        repository: OWNER/NAME.
        **options: of ``huggingface_hub.snapshot_download``, such as ``revision``, ``token`` or ``local_files_only``.

    Raises:
        RunError: if the name is not that of a repository, or huggingface_hub is not installed.
    """
    if not is_repository(repository):
        raise RunError(f"{repository} is neither a folder nor the name OWNER/NAME of a repository on the hub")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise RunError(f"there is no folder {repository}, and to download a repository: {INSTALL}") from error
    return Path(snapshot_download(repository, allow_patterns=[CONFIG, WEIGHTS], **options))


def upload(
    model: Segmenter,
    repository: str,
    *,
    private: bool | None = None,
    token: str | None = None,
    revision: str | None = None,
    commit_message: str = "Model of Drumhead",
) -> str:
    """Write a model to a repository of the hub, created if it is missing, and return the address of the commit.

    Args:
        model: the model.
        repository: OWNER/NAME.
        private: whether a new repository is private; None: what the owner has chosen.
        token: the access token; None: that of `hf auth login`.
        revision: the branch; None: main.
        commit_message: the message of the commit.

    Raises:
        RunError: if the name is not that of a repository, or huggingface_hub is not installed.
    """
    if not is_repository(repository):
        raise RunError(f"a repository on the hub has a name OWNER/NAME; got {repository!r:.100}")
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise RunError(f"the model cannot be uploaded, since {INSTALL}") from error
    api = HfApi(token=token)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        save_folder(model, folder)
        api.create_repo(repository, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repository, folder_path=folder, revision=revision, commit_message=commit_message
        )
    return str(getattr(commit, "commit_url", commit))
