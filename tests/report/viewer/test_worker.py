"""The worker's messages, in Node: its script is bundled as in the page, and its global scope is imitated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.report.viewer.network_runs import Case, decode, encode, largest_difference, run_in_package, toy_case
from tests.report.viewer.node import run_js

from drumhead.report.viewer.bundle import bundle
from drumhead.report.viewer.network_data import network_data

SIZE = (40, 50)

WORKER = """
const received = [];
let changed = () => {};
const scope = {
  postMessage(message, transfer = []) {
    received.push(structuredClone(message, { transfer }));
    changed();
  },
};
new Function("self", input.script)(scope);
const image = () => decodeFloats(input.image, "float32");
const send = (message) => scope.onmessage({ data: message });
const run = (id, change = {}) => send({ type: "run", id, image: image(), height: 40, width: 50, ...change });
/** Wait for a message of a type. */
const until = async (type, id) => {
  while (!received.some((message) => message.type === type && (id === undefined || message.id === id))) {
    await new Promise((resolve) => (changed = resolve));
  }
};
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const finish = () => {
  const text = (values) => values && Buffer.from(values.buffer).toString("base64");
  const arrays = ["states", "logits", "stiffness", "damping"];
  const answer = received.map((message) => {
    const copy = { ...message };
    for (const name of arrays) if (name in copy) copy[name] = text(copy[name]);
    return copy;
  });
  setTimeout(() => process.exit(0), 0); // the worker waits for messages for ever
  return answer;
};
"""


@pytest.fixture(scope="module")
def case() -> Case:
    """A network that takes many slices of the worker's time."""
    return toy_case("nwm", SIZE, steps=60, pixel_widths=(64, 64), initial_stiffness=0.5, initial_damping=0.1)


def converse(case: Case, body: str, **value: Any) -> list[dict[str, Any]]:
    """Return what the worker sends while a page runs some statements."""
    network = network_data(case.model, class_names=["a", "b", "c", "d"], dtype="float32")
    script = bundle("network/worker.js")
    given = {"script": script, "network": network, "image": encode(case.image.numpy()), **value}
    messages: list[dict[str, Any]] = run_js(
        {"shared/float16.js": "decodeFloats"}, f"{WORKER}\n{body}\nreturn finish();", given
    )
    return messages


def kinds(messages: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Return type and id of the messages, without those of frames and maps."""
    return [(each["type"], each.get("id")) for each in messages if each["type"] not in ("frames", "maps")]


def test_a_run_sends_maps_all_frames_and_the_result(case: Case) -> None:
    messages = converse(case, "send({ type: 'load', network: input.network }); run(5); await until('result');")
    assert kinds(messages) == [("ready", None), ("result", 5)]
    assert messages[1]["type"] == "maps"
    assert messages[-1]["type"] == "result"
    frames = messages[2:-1]
    assert len(frames) > 1  # while it computes
    theirs = run_in_package(case)
    first = 0
    for message in frames:
        assert (message["type"], message["id"], message["first"]) == ("frames", 5, first)
        states = decode(message["states"], -1, 2, *SIZE)
        assert len(states) == message["count"] > 0
        assert largest_difference(states, theirs.states[first : first + len(states)]) < 1e-5
        first += message["count"]
    assert first == 61
    for name, values in zip(("stiffness", "damping"), theirs.maps, strict=True):
        assert np.allclose(decode(messages[1][name], 2, *SIZE), values, atol=1e-5)
    assert largest_difference(decode(messages[-1]["logits"], 4, *SIZE), theirs.logits) < 1e-4
    assert messages[-1]["seconds"] > 0


def test_maps_of_an_lstm_are_null() -> None:
    messages = converse(
        toy_case("conv_lstm", SIZE, steps=2),
        "send({ type: 'load', network: input.network }); run('a'); await until('result');",
    )
    assert messages[1] == {"type": "maps", "id": "a", "stiffness": None, "damping": None}


def test_a_stopped_run_sends_nothing_more(case: Case) -> None:
    body = """
    send({ type: "load", network: input.network });
    run(1);
    await until("frames");
    send({ type: "stop", id: 77 }); // another run
    send({ type: "stop", id: 1 });
    send({ type: "stop", id: 1 }); // again
    await pause(100);
    run(2);
    await until("result", 2);
    """
    messages = converse(case, body)
    assert kinds(messages) == [("ready", None), ("stopped", 1), ("result", 2)]
    stopped = messages.index({"type": "stopped", "id": 1})
    assert all(message["id"] == 2 for message in messages[stopped + 1 :])
    assert sum(message["count"] for message in messages[:stopped] if message["type"] == "frames") < 61


def test_a_newer_run_or_network_stops_the_run_in_progress(case: Case) -> None:
    body = """
    send({ type: "load", network: input.network });
    run(1);
    run(2);
    await until("frames", 2);
    run(3);
    await until("frames", 3);
    send({ type: "load", network: input.network });
    run(4);
    await until("result", 4);
    """
    ready, stopped = ("ready", None), "stopped"
    expected = [ready, (stopped, 1), (stopped, 2), (stopped, 3), ready, ("result", 4)]
    assert kinds(converse(case, body)) == expected


def test_every_error_is_a_sentence_and_the_worker_goes_on(case: Case) -> None:
    body = """
    run(0);
    send({ type: "sing" });
    send({ type: "load", network: input.network });
    run(1, { image: image().subarray(1) });
    run(2, { height: 0 });
    run(3, { height: 40000 });
    run(4, { image: image().fill(NaN) });
    for (const id of [1, 2, 3, 4]) {
      run(id, [{}, { image: image().subarray(1) }, { height: 0 }, { height: 40000 }, { image: image().fill(NaN) }][id]);
      await until("error", id);
    }
    run(5);
    await until("result");
    """
    messages = converse(case, body)
    errors = {each["id"]: each["message"] for each in messages if each["type"] == "error"}
    assert errors == {
        0: "No network is loaded.",
        None: "A message must be load, run or stop; got sing.",
        1: "The image must be 3 channels of 40 x 50 pixels; got 5999 numbers.",
        2: "The image's height must be a whole number of pixels; got 0.",
        3: "An image of 40000 x 50 pixels is too large for 60 steps of 2 channels: at most 550072 pixels fit.",
        4: "The image's values must be finite.",
    }
    assert kinds(messages)[-1] == ("result", 5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("network.config.name = 'cnn'", "model must be one of nwm, conv_rnn, conv_gru, conv_lstm; got cnn."),
        ("network.config.readout = 'median'", "readout must be one of last, mean, max, fft, linear; got median."),
        ("network.config.boundary = 'none'", "boundary must be one of circular, fixed, free; got none."),
        ("network.config.nonlinearity = 'relu'", "nonlinearity must be one of tanh, linear; got relu."),
        ("network.config.dt = 0", "dt must be positive and finite; got 0."),
        ("network.config.steps = 1e9", "steps must be from 1 to 4096; got 1000000000."),
        ("network.config.pixel_widths = [4096, 4096]", "at most 4000000 weights; this one has"),
        ("network.config.width = 5", "must have the shape 5 x 3 x 3 x 3; they have 4,3,3,3."),
        ("delete network.weights.coupling", "The network has no weights coupling."),
        ("network.weights.coupling.data = 'AAAA'", "float32 numbers have 4 bytes each; got 3 bytes"),
        ("network.weights.coupling.data = 'AAAAAA=='", "coupling must be 36 numbers; they are 1."),
        ("network.weights.coupling.data = btoa('\\xff'.repeat(144))", "The weights coupling must be finite."),
    ],
)
def test_a_network_that_cannot_run_is_refused(case: Case, change: str, words: str) -> None:
    body = f"const network = input.network; {change}; send({{ type: 'load', network }});"
    (message,) = converse(case, body)
    assert (message["type"], message["id"]) == ("error", None)
    assert words in message["message"]


def test_states_that_grow_beyond_all_bounds_are_an_error() -> None:
    case = toy_case("nwm", SIZE, nonlinearity="linear", dt=3.0, steps=200)
    with torch.no_grad():
        case.model.get_parameter("pixel_network.layers.4.bias").zero_()  # it depends on states, which are not finite
    assert not torch.isfinite(case.model.states(case.image[None])).all()
    messages = converse(case, "send({ type: 'load', network: input.network }); run(1); await until('error');")
    assert kinds(messages) == [("ready", None), ("error", 1)]
    assert "grow beyond all bounds at step" in messages[-1]["message"]
