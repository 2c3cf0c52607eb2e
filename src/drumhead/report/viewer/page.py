"""The viewer's page: a template filled with styles, scripts, and the data of a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from drumhead.files import atomic_replace
from drumhead.report.viewer.bundle import MODULES, bundle

FOLDER = MODULES.parent
START, WORKER, DRUM_WORKER = "page/start.js", "network/worker.js", "drum/worker.js"
"""The modules that start the page, and the workers of its views."""


class View(NamedTuple):
    """A view of the page, which has a tab if there are several."""

    id: str
    """The identifier of its element."""
    name: str


class NetworkPage(NamedTuple):
    """What the page shows of a network."""

    heading: str
    facts: Sequence[str]
    """Short texts below the heading: parameters, scores."""
    unit: str
    """The unit of the model's time, such as ``step``."""
    units: str
    """The unit in the plural."""
    network: Mapping[str, Any]
    """The network and its samples, as JSON, for the page's worker and pictures."""
    settings: Mapping[str, Any]
    """The settings of the view, as JSON: colours, sizes of a drawing."""
    command: str
    """The command that makes the page."""


def write_viewer(path: str | Path, network: NetworkPage | None) -> None:
    """Write the page atomically; without a network it has the drum view alone.

    Raises:
        ValueError: if a number of the network is not finite.
    """
    html = render_viewer(network)
    with atomic_replace(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def render_viewer(network: NetworkPage | None) -> str:
    """Return the page as HTML.

    Raises:
        ValueError: if a number of the network is not finite.
    """
    from jinja2 import Environment, StrictUndefined

    from drumhead import __version__

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    template = environment.from_string((FOLDER / "page.html").read_text(encoding="utf-8"))
    script = inline_script(bundle(START))
    views = [View("network-view", "Network")] if network is not None else []
    views.append(View("drum-view", "Drum"))
    heading = "Drums of any shape" if network is None else network.heading
    return template.render(
        version=__version__,
        title=f"{heading}: Drumhead",
        heading=heading,
        facts=() if network is None else network.facts,
        unit="" if network is None else network.unit,
        units="" if network is None else network.units,
        command="drumhead view" if network is None else network.command,
        views=views,
        network=network is not None,
        data=page_data(network),
        css="\n".join(path.read_text(encoding="utf-8") for path in sorted((FOLDER / "css").glob("*.css"))),
        script=script,
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def page_data(network: NetworkPage | None) -> dict[str, Any]:
    """Return the JSON values of the page, by the identifiers of their elements."""
    drum = {"drum-worker": bundle(DRUM_WORKER)}
    if network is None:
        return drum
    return {"network": network.network, "settings": network.settings, "worker": bundle(WORKER), **drum}


def inline_script(script: str) -> str:
    """Return a script if it can be a script element's text as it is.

    Raises:
        ValueError: if it has characters that would end the element.
    """
    if any(ending in script.lower() for ending in ("</script", "<!--", "<script")):
        raise ValueError("a script in a page must not contain the tags of a script or comment; write '<' + '/script'")
    return script
