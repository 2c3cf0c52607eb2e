"""Drawing in the page: pieces as in the dataset, brush strokes, and taking them back."""

from __future__ import annotations

import numpy as np
import pytest
from tests.report.viewer.node import run_js

from drumhead.data.tetromino_boards import PIECES, _paint


@pytest.mark.parametrize("cell", [1, 5, 7])
def test_pieces_are_those_of_the_dataset(cell: int) -> None:
    kinds = [(label, turns, mirrored) for label in range(1, 6) for turns in range(4) for mirrored in (False, True)]
    colours = np.random.default_rng(0).integers(0, 256, (len(kinds), 3))
    imports = {"page/tetromino.js": "PIECES, turnedCells, stampPiece"}
    body = """return input.kinds.map(([label, turns, mirrored], at) => {
      const cells = turnedCells(PIECES[label - 1].cells, turns, mirrored);
      const [height, width] = [cells.length * input.cell, cells[0].length * input.cell];
      const image = new Float32Array(3 * height * width);
      stampPiece(image, height, width, { cells, cell: input.cell, colour: input.colours[at], row: 0, column: 0 });
      return [PIECES[label - 1].name, height, width, ...[...image].map((value) => Math.round(255 * value))];
    });"""
    drawn = run_js(imports, body, {"kinds": kinds, "cell": cell, "colours": colours.tolist()})
    for (label, turns, mirrored), colour, (name, height, width, *levels) in zip(kinds, colours, drawn, strict=True):
        piece = PIECES[label - 1]
        cells = np.rot90(np.array(piece.cells, np.uint8), turns)
        cells = np.fliplr(cells) if mirrored else cells
        image = np.zeros((cells.shape[0] * cell, cells.shape[1] * cell, 3), np.uint8)
        _paint(image, np.zeros(image.shape[:2], np.uint8), cells, colour.astype(np.uint8), label=label, cell=cell)
        assert (height, width) == image.shape[:2]
        np.testing.assert_array_equal(np.reshape(levels, (3, height, width)), image.transpose(2, 0, 1))
        assert piece.mirrored == ("/" in name)


def test_a_piece_beyond_the_image_is_cut_off() -> None:
    imports = {"page/tetromino.js": "stampPiece"}
    body = """const image = new Float32Array(48);
    stampPiece(image, 4, 4, { cells: [[1, 1]], cell: 3, colour: [100, 0, 0], row: -1, column: 2 });
    return [...image.subarray(0, 16)].map((value) => Math.round(255 * value));"""
    assert run_js(imports, body) == [0, 0, 150, 100, 0, 0, 150, 150, *[0] * 8]


def test_a_stroke_is_a_line_of_discs_and_can_be_undone() -> None:
    imports = {"page/drawing.js": "Drawing"}
    body = """const drawing = new Drawing(1, 7, 9);
    drawing.begin();
    drawing.paint({ row: 3, column: 2 }, { row: 3, column: 4 }, 5, [0.5]);
    const line = [...drawing.image];
    drawing.begin();
    drawing.paint({ row: 0, column: 8 }, { row: 0, column: 8 }, 1, [1]);
    const both = [...drawing.image];
    drawing.undo();
    const undone = [...drawing.image];
    drawing.undo();
    return [line, both, undone, [...drawing.image], drawing.canUndo];"""
    line, both, undone, empty, can_undo = run_js(imports, body)
    expected = np.zeros((7, 9))
    expected[2:5, 0:7] = 0.5
    expected[[1, 5], 1:6] = 0.5
    np.testing.assert_array_equal(np.reshape(line, (7, 9)), expected)
    assert both[8] == 1
    assert undone == line
    assert not any(empty)
    assert not can_undo
