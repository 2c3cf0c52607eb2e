"""What mkdocs calls to build the site: generated pages, their navigation, the check that it opens offline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from generators.notebook_pages import notebook_page, notebook_paths
from generators.offline import files_that_load
from generators.pages import FOLDERS, expand, generated_pages
from generators.public_names import primary_paths
from generators.root_pages import relink
from generators.text import link_code


def on_config(config: Any) -> Any:
    """Put the generated pages into the navigation."""
    config.nav = expand(config.nav, list(generated_pages()))
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages, and the notebooks."""
    for path, markdown in generated_pages().items():
        files.append(File.generated(config, path, content=markdown))
    for path, script in notebook_paths().items():
        page = notebook_page(script)
        files.append(File.generated(config, path, content=page.markdown))
        for picture, content in page.pictures.items():
            files.append(File.generated(config, picture, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Colour examples with prompts as a Python session, and link public names and files of the root to their pages."""
    markdown = re.sub(r"^```python\n(?=>>> )", "```pycon\n", markdown, flags=re.MULTILINE)
    is_reference = page.file.src_uri.startswith(FOLDERS)
    return markdown if is_reference else link_code(relink(markdown), primary_paths())


def on_post_build(config: Any) -> None:
    """Refuse a site that loads anything from another machine."""
    loaded = [f"{file}: {address}" for file, address in files_that_load(Path(config.site_dir))]
    if loaded:
        raise PluginError("pages must load nothing from other machines: " + "; ".join(loaded))
