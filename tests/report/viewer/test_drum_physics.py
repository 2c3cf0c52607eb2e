"""Tests of the drums of the page against those of drumhead.analysis.drums, and of their motion against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.report.viewer.node import run_js

from drumhead.analysis.drums import (
    Drum,
    Rim,
    correct_for_grid,
    disc_drum,
    estimate_shape,
    local_spectrum,
    membrane_modes,
    polygon_drum,
    scheme_frequencies,
)
from drumhead.analysis.drums.isospectral import PAIR_VERTICES
from drumhead.analysis.drums.named import L_SHAPE, SQUARE, TRIANGLE, find_drum

Floats = npt.NDArray[np.float64]

IMPORTS = {
    "drum/shapes.js": "GRID, NAMED_POLYGONS, DRUM_NAMES, namedDrum, polygonDrum, discDrum",
    "drum/eigenvalues.js": "lowestEigenvalues, symmetricEigenvalues",
    "drum/membrane.js": "Membrane, schemeFrequencies",
    "drum/weyl.js": "estimateShape, correctForGrid",
    "drum/outline.js": "outlineOf",
}
DRUM = """
const { vertices, ...options } = input.shape;
const drum = vertices ? polygonDrum(vertices, options) : discDrum(1, options);
"""
SPIRAL = [(0.1, 0.1), (0.9, 0.15), (0.85, 0.9), (0.2, 0.8), (0.25, 0.4), (0.55, 0.42), (0.5, 0.6), (0.65, 0.3)]
"""A shape whose rim meets the grid anywhere, with corners inwards."""


def js(body: str, value: Any = None) -> Any:
    return run_js(IMPORTS, body, value)


def error(body: str, value: Any = None) -> str:
    message: str = js(f"try {{ {body} }} catch (error) {{ return error.message; }}", value)
    return message


SHAPES: dict[str, tuple[dict[str, Any], Drum]] = {
    "square": ({"vertices": SQUARE, "resolution": 24}, polygon_drum(SQUARE, resolution=24)),
    "square beside nodes": (
        {"vertices": SQUARE, "resolution": 24, "offset": 0.5},
        polygon_drum(SQUARE, resolution=24, offset=0.5),
    ),
    "triangle": ({"vertices": TRIANGLE, "resolution": 40}, polygon_drum(TRIANGLE, resolution=40)),
    "disc": ({"resolution": 13, "offset": 0.3}, disc_drum(resolution=13, offset=0.3)),
    "l-shape": ({"vertices": L_SHAPE, "resolution": 13}, polygon_drum(L_SHAPE, resolution=13)),
    "pair-1": ({"vertices": PAIR_VERTICES[0], "resolution": 10}, polygon_drum(PAIR_VERTICES[0], resolution=10)),
    "pair-2": ({"vertices": PAIR_VERTICES[1], "resolution": 10}, polygon_drum(PAIR_VERTICES[1], resolution=10)),
    "drawn": ({"vertices": SPIRAL, "resolution": 50}, polygon_drum(SPIRAL, resolution=50)),
}


@pytest.fixture(scope="module")
def in_page() -> dict[str, dict[str, dict[str, Any]]]:
    """The measures and lowest eigenvalues of all shapes, by shape and rim, as the page has them."""
    body = """return Object.fromEntries(Object.entries(input).map(([name, shape]) => {
      const { vertices, ...options } = shape;
      const drum = vertices ? polygonDrum(vertices, options) : discDrum(1, options);
      return [name, Object.fromEntries(["fixed", "free"].map((rim) => {
        const { eigenvalues, counted } = lowestEigenvalues(drum, { rim, count: 30 });
        const nodes = drum.inside.reduce((sum, one) => sum + one, 0);
        const cuts = drum.cuts.reduce((sum, cut) => sum + 1 / cut, 0);
        const corrected = correctForGrid(eigenvalues, drum.spacing);
        return [rim, { eigenvalues: [...eigenvalues], counted, nodes, cuts, area: drum.area, perimeter: drum.perimeter,
          estimate: estimateShape(corrected, rim) }];
      }))];
    }));"""
    found: dict[str, dict[str, dict[str, Any]]] = js(body, {name: shape for name, (shape, _) in SHAPES.items()})
    return found


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("rim", ["fixed", "free"])
def test_eigenvalues_are_those_of_the_package(in_page: dict[str, Any], name: str, rim: Rim) -> None:
    found, drum = in_page[name][rim], SHAPES[name][1]
    expected = membrane_modes(drum, 30, rim=rim).eigenvalues
    assert found["counted"]
    assert found["nodes"] == drum.inside.sum()
    outside = 4 * (128**2 - drum.inside.size)
    assert found["cuts"] - outside == pytest.approx((1 / drum.cuts).sum(), rel=1e-9)
    assert (found["area"], found["perimeter"]) == pytest.approx((drum.area, drum.perimeter), rel=1e-12)
    assert np.abs(np.array(found["eigenvalues"]) - expected).max() < 1e-9 * expected[-1]
    assert np.abs(np.array(found["eigenvalues"])[1:] / expected[1:] - 1).max() < 1e-8


@pytest.mark.parametrize("rim", ["fixed", "free"])
def test_area_and_rim_by_weyls_law_are_those_of_the_package(in_page: dict[str, Any], rim: Rim) -> None:
    for name, (_, drum) in SHAPES.items():
        eigenvalues = np.array(in_page[name][rim]["eigenvalues"])
        expected = estimate_shape(correct_for_grid(eigenvalues, drum.spacing), rim=rim)
        found = in_page[name][rim]["estimate"]
        assert list(found.values()) == pytest.approx(list(expected), rel=1e-8), name


def test_the_pair_has_equal_eigenvalues(in_page: dict[str, Any]) -> None:
    first, second = (np.array(in_page[name]["fixed"]["eigenvalues"]) for name in ("pair-1", "pair-2"))
    assert np.abs(first / second - 1).max() < 1e-11
    moved = np.array(PAIR_VERTICES[1], np.float64)
    moved[0, 0] += 0.1
    body = DRUM + "return [...lowestEigenvalues(drum, { count: 30 }).eigenvalues];"
    near_miss = np.array(js(body, {"shape": {"vertices": moved.tolist(), "resolution": 10}}))
    assert np.abs(first / near_miss - 1).max() > 1e-3


def test_all_eigenvalues_of_a_small_drum() -> None:
    body = DRUM + "return [...lowestEigenvalues(drum, { count: 200 }).eigenvalues];"
    shape = {"vertices": [(0, 0), (1, 0), (1, 1), (0, 1)], "resolution": 6}
    drum = polygon_drum(SQUARE, resolution=6)
    expected = membrane_modes(drum, 25).eigenvalues
    assert np.array(js(body, {"shape": shape})) == pytest.approx(expected, rel=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["square", "disc", "isospectral-1", "isospectral-2"])
def test_a_hundred_eigenvalues_on_the_grid_of_the_page_are_those_of_the_package(name: str) -> None:
    body = """const drum = namedDrum(input, "fixed");
      const { eigenvalues, counted } = lowestEigenvalues(drum, { count: 100 });
      return { counted, eigenvalues: [...eigenvalues], resolution: 1 / drum.spacing, area: drum.area };"""
    found = js(body, name)
    drum = find_drum(name, nodes=round(found["resolution"] ** 2 * found["area"]))
    assert 1 / drum.spacing == found["resolution"]
    assert found["counted"]
    assert np.array(found["eigenvalues"]) == pytest.approx(membrane_modes(drum, 100).eigenvalues, rel=1e-9)


def test_named_drums_are_those_of_the_package_and_fill_the_grid() -> None:
    body = """return [NAMED_POLYGONS, DRUM_NAMES, DRUM_NAMES.map((name) => {
      const drum = namedDrum(name, "fixed");
      const inside = [...drum.inside.keys()].filter((at) => drum.inside[at]);
      const columns = inside.map((at) => at % GRID);
      const rows = inside.map((at) => Math.floor(at / GRID));
      const range = (values) => [Math.min(...values), Math.max(...values)];
      return [range(columns), range(rows), drum.pieces];
    })];"""
    polygons, names, places = js(body)
    expected = [SQUARE, TRIANGLE, L_SHAPE, *PAIR_VERTICES]
    for found, corners in zip(polygons.values(), expected, strict=True):
        assert found == pytest.approx(np.array(corners, float))
    for name, (columns, rows, pieces) in zip(names, places, strict=True):
        assert find_drum(name, nodes=400).name == name
        assert pieces == 1
        assert max(columns[1] - columns[0], rows[1] - rows[0]) > 110
        for low, high in (columns, rows):
            assert abs(low + high - 127) <= 3  # in the middle


def test_symmetric_eigenvalues() -> None:
    generator = np.random.default_rng(0)
    matrices = [generator.standard_normal((n, n)) for n in (1, 2, 7, 40)]
    matrices = [matrix + matrix.T for matrix in matrices] + [np.zeros((5, 5)), np.diag([3.0, 1.0, 1.0, 2.0])]
    body = "return input.map((rows) => [...symmetricEigenvalues(rows.map((row) => Float64Array.from(row)))]);"
    for found, matrix in zip(js(body, [matrix.tolist() for matrix in matrices]), matrices, strict=True):
        assert np.array(found) == pytest.approx(np.linalg.eigvalsh(matrix), abs=1e-12)


@pytest.mark.parametrize("rim", ["fixed", "free"])
def test_the_pick_up_hears_the_sum_of_all_modes(rim: Rim) -> None:
    """Of a strike of one node, in a drum whose rim is on nodes: mode m swings as phi_m(s) phi_m(r) cos(2 pi f_m t)."""
    offset = 0.5 if rim == "free" else 0.0
    shape = {"vertices": L_SHAPE, "resolution": 5, "offset": offset}
    drum = polygon_drum(L_SHAPE, resolution=5, offset=offset)
    rows, columns = np.nonzero(drum.inside)
    strike, pickup = (rows[7], columns[7]), (rows[-5], columns[-5])
    body = (
        DRUM
        + """const membrane = new Membrane(drum, { rim: input.rim });
      const nodes = [...drum.inside.keys()].filter((at) => drum.inside[at]);
      membrane.strike(nodes[7], { radius: 0 });
      const record = new Float64Array(400);
      membrane.advance(400, nodes[nodes.length - 5], record);
      return { dt: membrane.dt, record: [...record] };"""
    )
    found = js(body, {"shape": shape, "rim": rim})
    modes = membrane_modes(drum, int(drum.inside.sum()), rim=rim)
    lines = local_spectrum(modes, drum, strike=strike, pickup=pickup)
    times = found["dt"] * np.arange(1, 401)
    frequencies = scheme_frequencies(modes, dt=found["dt"])
    swings = np.cos(2 * np.pi * np.outer(times, frequencies)) * drum.spacing**2
    kept = slice(1, None) if rim == "free" else slice(None)  # a free rim: the strike has no mean
    expected = swings[:, kept] @ lines.amplitudes[kept]
    assert np.abs(np.array(found["record"]) - expected).max() < 1e-10
    assert np.abs(expected).max() > 0.05


def test_energy_is_kept_without_damping_and_falls_with_it() -> None:
    """Also where the rim is at a thousandth of the spacing beside a node."""
    thin = [(0.0101, 0.0102), (1.0001, 0.0102), (1.0001, 0.7), (0.0101, 0.9)]
    body = """return input.shapes.flatMap((shape) => ["fixed", "free"].map((rim) => {
        const { vertices, ...options } = shape;
        const drum = vertices ? polygonDrum(vertices, options) : discDrum(1, options);
        const nodes = [...drum.inside.keys()].filter((at) => drum.inside[at]);
        const membrane = new Membrane(drum, { rim });
        membrane.strike(nodes[nodes.length >> 1]);
        membrane.strike(nodes[3]);
        const first = membrane.energy;
        const drifts = [];
        for (let i = 0; i < 10; i++) { membrane.advance(100); drifts.push(membrane.energy / first - 1); }
        membrane.damping = 2;
        const energies = [];
        for (let i = 0; i < 5; i++) { energies.push(membrane.energy); membrane.advance(50); }
        return { first, drifts, energies, smallest: Math.min(...drum.cuts) };
      }));"""
    shapes = [shape for shape, _ in SHAPES.values()] + [{"vertices": thin, "resolution": 100}]
    found = js(body, {"shapes": shapes})
    assert min(one["smallest"] for one in found) < 0.02
    for one in found:
        assert one["first"] > 0
        assert np.abs(one["drifts"]).max() < 1e-11
        assert (np.diff(one["energies"]) < 0).all()


def test_a_strike_in_the_middle_of_a_square_keeps_its_symmetry() -> None:
    body = (
        DRUM
        + """const membrane = new Membrane(drum);
      membrane.strike(input.row * GRID + input.column);
      membrane.advance(333);
      return [...membrane.now];"""
    )
    drum = {"vertices": SQUARE, "resolution": 40}
    centre = 63
    field = np.array(js(body, {"shape": drum, "row": centre, "column": centre})).reshape(128, 128)
    rows, columns = np.nonzero(field)
    assert (rows.min() + rows.max(), columns.min() + columns.max()) == (2 * centre, 2 * centre)
    inner = field[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert np.abs(inner).max() > 1e-2
    for turned in (inner[::-1], inner[:, ::-1], inner.T):
        assert np.abs(inner - turned).max() < 1e-13


def test_strike_and_pick_up_can_change_places() -> None:
    body = (
        DRUM
        + """const nodes = [...drum.inside.keys()].filter((at) => drum.inside[at]);
      const [one, other] = [nodes[nodes.length >> 1], nodes[nodes.length >> 2]];
      return [[one, other], [other, one]].map(([strike, pickup]) => {
        const membrane = new Membrane(drum, { damping: 0.3 });
        membrane.strike(strike, { radius: 0 });
        const record = new Float64Array(500);
        membrane.advance(500, pickup, record);
        return [...record];
      });"""
    )
    there, back = np.array(js(body, {"shape": {"vertices": SPIRAL, "resolution": 50}}))
    assert np.abs(there - back).max() < 1e-13
    assert np.abs(there).max() > 1e-3


def test_damping_lets_a_mode_fall_at_half_its_rate() -> None:
    body = (
        DRUM
        + """const membrane = new Membrane(drum, { damping: input.damping });
      for (const array of [membrane.now, membrane.before]) {
        for (let i = 1; i < 24; i++) for (let j = 1; j < 24; j++) {
          const at = (input.row + i) * GRID + input.column + j;
          array[at] = Math.sin((Math.PI * i) / 24) * Math.sin((Math.PI * j) / 24);
        }
      }
      const record = new Float64Array(2000);
      membrane.advance(2000, (input.row + 12) * GRID + input.column + 12, record);
      return { dt: membrane.dt, record: [...record] };"""
    )
    shape = {"vertices": SQUARE, "resolution": 24}
    found = js(body, {"shape": shape, "damping": 0.4, "row": 51, "column": 51})
    record = np.array(found["record"])
    peaks = [i for i in range(1, 1999) if record[i - 1] < record[i] > record[i + 1]]
    rate = np.polyfit(np.array(peaks) * found["dt"], np.log(record[peaks]), 1)[0]
    assert rate == pytest.approx(-0.2, rel=0.01)


def test_a_line_that_crosses_itself_is_cut_into_loops() -> None:
    body = "return outlineOf(input, 0.1);"
    eight = [(0, 0), (10, 10), (10, 0), (0, 12)]
    found = js(body, eight)
    assert found["loops"] == 2
    assert len(found["corners"]) == 3
    x = 60 / 11
    left = [(0, 0), (0, 12), (x, x)]
    assert sorted(map(tuple, found["corners"])) == [pytest.approx(corner) for corner in sorted(left)]
    square = [(0, 0), (10, 0), (10, 10), (0, 10), (0, -0.3), (0.2, -0.3)]  # the end passes the start
    assert js(body, square)["loops"] == 1


def test_the_trembling_of_a_hand_does_not_lengthen_the_rim() -> None:
    generator = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    points = np.stack([64 + 40 * np.cos(angles), 64 + 40 * np.sin(angles)], axis=1)
    shaken = points + generator.uniform(-0.3, 0.3, points.shape)
    corners = np.array(js("return outlineOf(input, 0.6).corners;", shaken.tolist()))
    assert len(corners) < 60

    def length(line: Floats) -> float:
        return float(np.hypot(*(np.roll(line, -1, axis=0) - line).T).sum())

    assert length(corners) == pytest.approx(2 * np.pi * 40, rel=0.02)
    assert length(shaken) > 1.1 * 2 * np.pi * 40


def test_the_largest_of_several_pieces_is_the_drum() -> None:
    """Two squares joined by a bridge between two rows of nodes: the area and rim are those of the larger."""
    y = 64.5
    bridge = [(20, 44), (60, 44), (60, y - 0.3), (80, y - 0.3), (80, 54), (100, 54)]
    bridge += [(100, 74), (80, 74), (80, y + 0.3), (60, y + 0.3), (60, 84), (20, 84)]
    body = """const drum = polygonDrum(input, { resolution: 1, start: [0, 0] });
      return [drum.pieces, drum.area, drum.perimeter, drum.inside.reduce((sum, one) => sum + one, 0)];"""
    pieces, area, perimeter, nodes = js(body, bridge)
    assert pieces == 2
    assert nodes == 39**2
    assert area == pytest.approx(40**2, rel=0.02)
    assert perimeter == pytest.approx(4 * 40, rel=0.15)  # half of the bridge's rim counts


@pytest.mark.parametrize(
    ("vertices", "words"),
    [
        ([(30, 30), (60.4, 30), (60.4, 30.8), (30, 30.8)], "no inside"),
        ([(30, 30), (60, 30), (60, 33), (30, 33)], "thinner than three cells"),
        ([(300, 300), (400, 300), (400, 400)], "no inside"),
    ],
)
def test_what_is_no_drum_is_said(vertices: list[tuple[float, float]], words: str) -> None:
    assert words in error("polygonDrum(input, { resolution: 1, start: [0, 0] });", vertices)


@pytest.mark.parametrize("points", [[], [(1, 1), (5, 5)], [(1, 1), (5, 5), (9, 9)], [(1, 1)] * 20])
def test_a_line_without_inside_is_said(points: list[tuple[float, float]]) -> None:
    assert "no inside" in error("outlineOf(input, 0.5);", points)


def test_unknown_drums_and_too_few_eigenvalues_are_refused() -> None:
    assert "drums are square, disc" in error('namedDrum("cube", "fixed");')
    assert "24 eigenvalues or more, got 3" in error('estimateShape([1, 2, 3], "fixed");')
