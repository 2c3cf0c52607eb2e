"""Deterministic fuzzing: settings, strategies, and counts of the cases that were run."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from tests.hostile.payloads import saved

from drumhead.checksums import strip_csv_checksum

CASES: Counter[str] = Counter()
"""The number of cases of each target; reported at the end of the session."""

TOKENS = [b"\0", b"\n", b"\r", b",", b'"', b"'", b"{", b"[", b"(", b"}", b"\\", b"../", b"=1", b"\xff", b"\xef\xbb\xbf"]
TOKENS += [
    b"nan",
    b"-inf",
    b"1e999",
    b"9" * 40,
    b"null",
    b"true",
    b"\\ud800",
    b"<<: *a",
    b"!!int ''",
    b"&a ",
    b"\x1b[2J",
]
EXTREMES = [bytes([byte]) * length for byte in (0, 0x7F, 0x80, 0xFF) for length in (1, 2, 4, 8)]
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**12,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "x" * 200,
    "../../x",
    "\x1b[2J",
]
JUNK += [
    "nan",
    "=1",
    "a\0b",
    [],
    {},
    [[]],
    {"name": "x"},
    ["background"] * 300,
    "published",
    "nwm",
    "cnn",
    2**32,
    2**63,
    -(2**63),
]


def same_each_time(cases: int) -> settings:
    """Return settings that run the same cases each time."""
    return settings(
        max_examples=cases,
        derandomize=True,
        database=None,
        deadline=None,  # a busy machine is not an error of the code; tests.hostile.guard has its own limit
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes with a few of them changed, most often near the beginning, where headers are."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.one_of(st.integers(0, min(200, len(content))), st.integers(0, len(content))))
        some = draw(st.integers(1, 64))
        match draw(st.sampled_from(["flip", "cut", "remove", "insert", "repeat", "extreme"])):
            case "flip":
                content[place : place + 1] = bytes(byte ^ (1 << some % 8) for byte in content[place : place + 1])
            case "cut":
                del content[place:]
            case "remove":
                del content[place : place + some]
            case "insert":
                content[place:place] = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=16)))
            case "repeat":
                content[place:place] = content[place : place + some]
            case "extreme":
                extreme = draw(st.sampled_from(EXTREMES))
                content[place : place + len(extreme)] = extreme
    return bytes(content)


@st.composite
def rewritten(draw: st.DrawFn, whole: bytes) -> bytes:
    """JSON with a few values or names in it changed, left out or added."""
    value = json.loads(whole)
    for _ in range(draw(st.integers(1, 3))):
        places = list(places_in(value))
        if not places:
            break
        inside, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "replace", "replace", "remove", "rename", "repeat"])):
            case "replace":
                inside[key] = draw(st.one_of(st.sampled_from(JUNK), st.integers(), st.text(max_size=9)))
            case "remove":
                del inside[key]
            case "rename" if isinstance(inside, dict):
                inside[draw(st.sampled_from(["", "name", "extra", "__class__", "../x"]))] = inside.pop(key)
            case _:
                inside[key] = [inside[key]] * 2
    return json.dumps(value).encode()


def places_in(value: object) -> Any:
    """Every list or mapping in a value, with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places_in(value[key])


def without_seal(name: str, whole: bytes) -> bytes:
    """A file as it would be without its checksum, which else is all that a change comes to."""
    if name.endswith(".json"):
        return json.dumps({key: value for key, value in json.loads(whole).items() if key != "sha256"}).encode()
    if name.endswith("metrics.csv"):
        return strip_csv_checksum(whole.decode()).encode()
    if name.endswith(".safetensors"):
        return save(load(whole))
    if name.endswith(".ckpt"):
        return saved(torch.load(io.BytesIO(whole), weights_only=True))
    return whole


def hostile(name: str, whole: bytes) -> st.SearchStrategy[bytes]:
    """What may be found in place of a file."""
    bare = without_seal(name, whole)
    strategies: list[st.SearchStrategy[bytes]] = [damaged(bare), damaged(bare), damaged(whole), st.binary(max_size=200)]
    if name.endswith(".json"):
        strategies += [rewritten(bare)] * 4
    if name.endswith((".ckpt", ".pt")):
        old = torch.load(io.BytesIO(whole), weights_only=True)
        strategies += [damaged(saved(old, _use_new_zipfile_serialization=False))] * 2
    return st.one_of(*strategies)


def counted(target: str, check: Callable[..., None]) -> Callable[..., None]:
    """A check that counts its cases."""

    def count(*arguments: Any) -> None:
        CASES[target] += 1
        check(*arguments)

    return count
