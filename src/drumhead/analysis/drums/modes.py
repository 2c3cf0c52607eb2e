r"""The modes of a membrane of any shape, with a fixed or a free rim.

A membrane in which waves travel at speed ``c`` obeys ``d2y/dt2 = c^2 Laplacian y``. Its modes are the eigenvectors of
``-c^2 Laplacian``; the mode of eigenvalue ``lambda`` has the frequency ``f`` with ``(2 pi f)^2 = lambda``. A fixed rim
is at rest; a free rim has no slope across it.

On the grid of a :class:`~drumhead.analysis.drums.shapes.Drum` the operator is the five-point Laplacian. Where a fixed
rim cuts the line to a neighbour at a share ``theta`` of the spacing ``h``, that neighbour's term is
``y / (theta h^2)``: the symmetric treatment of a curved rim, with eigenvalues that converge as ``h^2``.

Source of the treatment: Gibou, Fedkiw, Cheng, Kang 2002, J. Comput. Phys. 176, 205.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from drumhead.analysis.drums.shapes import Drum, neighbour_inside
from drumhead.analysis.spectrum import Floats

Rim = Literal["fixed", "free"]
"""The rim of a membrane: at rest (``fixed``), or without slope across it (``free``)."""

SAME_EIGENVALUE = 1e-9
"""Eigenvalues that differ by less than this share of the largest count as one."""

DENSE_SHARE = 0.5
"""Above this share of all modes, the dense solver is faster than the sparse one."""


class Modes(NamedTuple):
    """Modes of a membrane on a grid, the lowest first."""

    eigenvalues: Floats
    """``(mode,)``: the eigenvalues of ``-c^2 Laplacian``; the first is 0 with a free rim, else all are above 0."""
    shapes: Floats
    """``(mode, height, width)``: orthogonal, of unit norm, 0 outside the membrane. Signs, and the basis of modes
    of one eigenvalue, are arbitrary but reproducible."""

    @property
    def frequencies(self) -> Floats:
        """``(mode,)``: the frequencies in the continuum of time, in cycles per unit of time."""
        frequencies: Floats = np.sqrt(np.maximum(self.eigenvalues, 0)) / (2 * np.pi)
        return frequencies


def membrane_modes(drum: Drum, count: int, *, rim: Rim = "fixed", c: float = 1.0) -> Modes:
    """Return the lowest modes of a membrane, as eigenvectors of its sparse Laplacian.

    Args:
        drum: the shape on its grid; parts that do not touch are separate membranes.
        count: the number of modes, 1 to the number of nodes inside.
        rim: ``fixed`` or ``free``. A free rim runs half a spacing beyond the last nodes.
        c: the wave speed.

    Raises:
        ValueError: if ``count``, ``rim`` or ``c`` is out of range.

    Of two membranes of one area, the rounder one has the lower fundamental (Faber and Krahn).

    >>> from drumhead.analysis.drums import pixel_drum
    >>> square, bar = pixel_drum(np.ones((8, 8))), pixel_drum(np.ones((4, 16)))
    >>> lowest = [membrane_modes(shape, 1).eigenvalues[0] for shape in (square, bar)]
    >>> bool(lowest[0] < lowest[1])
    True
    """
    if rim not in ("fixed", "free"):
        raise ValueError(f"rim must be 'fixed' or 'free', got {rim!r}")
    if not 0 < c < float("inf"):
        raise ValueError(f"c must be positive and finite, got {c}")
    nodes = int(drum.inside.sum())
    check_count(count, nodes)
    operator = c**2 / drum.spacing**2 * _negative_laplacian(drum, rim)
    # The shift is below all eigenvalues, which keeps the operator of a free rim regular.
    shift = 1e-3 * (c / drum.spacing) ** 2 / nodes if rim == "free" else 0.0
    eigenvalues, vectors = lowest_eigenvectors(operator, count, shift=shift)
    shapes = np.zeros((count, *drum.inside.shape))
    shapes[:, drum.inside] = vectors.T
    return Modes(eigenvalues, shapes)


def lowest_eigenvectors(operator: Any, count: int, *, shift: float = 0.0) -> tuple[Floats, Floats]:
    """Return the lowest eigenvalues ``(mode,)`` of a sparse symmetric matrix, and eigenvectors ``(node, mode)``.

    Args:
        operator: ``(node, node)``, a sparse array without negative eigenvalues.
        count: the number of eigenvalues.
        shift: what to add to the matrix while computing, if it has the eigenvalue 0.
    """
    nodes = operator.shape[0]
    if count < DENSE_SHARE * nodes:
        from scipy.sparse import eye_array
        from scipy.sparse.linalg import eigsh

        # A symmetric start vector would miss the modes without its symmetry.
        start = np.random.default_rng(0).standard_normal(nodes)
        eigenvalues, vectors = eigsh((operator + shift * eye_array(nodes)).tocsc(), k=count, sigma=0, v0=start)
        eigenvalues = eigenvalues - shift
    else:
        eigenvalues, vectors = np.linalg.eigh(operator.toarray())
    order = np.argsort(eigenvalues)[:count]
    return eigenvalues[order], _fixed_basis(eigenvalues[order], vectors[:, order])


def _fixed_basis(eigenvalues: Floats, vectors: Floats) -> Floats:
    """Return the eigenvectors with signs, and a basis of each eigenspace, that do not depend on rounding.

    The solver returns any basis of an eigenspace of several dimensions. Here its vectors are the projections of fixed
    random vectors on the eigenspace, made orthogonal in order.
    """
    fixed = np.empty_like(vectors)
    gaps = np.diff(eigenvalues) > SAME_EIGENVALUE * np.abs(eigenvalues[-1])
    for group in np.split(np.arange(len(eigenvalues)), np.flatnonzero(gaps) + 1):
        basis = vectors[:, group]
        targets = np.random.default_rng(0).standard_normal((len(vectors), len(group)))
        rotation, triangle = np.linalg.qr(basis.T @ targets)
        fixed[:, group] = basis @ (rotation * np.sign(np.diag(triangle)))
    return fixed


def check_count(count: int, nodes: int) -> None:
    """Raise ``ValueError`` unless the number of modes is from 1 to the number of nodes."""
    if not 1 <= count <= nodes:
        raise ValueError(f"count must be 1 to the number of nodes inside, {nodes}; got {count}")


def _negative_laplacian(drum: Drum, rim: Rim) -> Any:
    """Return the negative Laplacian times the squared spacing, a sparse symmetric matrix on the nodes inside."""
    from scipy.sparse import coo_array, diags_array

    linked = neighbour_inside(drum) & (drum.cuts == 1)
    weights = linked if rim == "free" else 1 / drum.cuts
    diagonal = weights.sum(axis=0)[drum.inside]
    nodes = len(diagonal)
    number = np.full(drum.inside.shape, -1)
    number[drum.inside] = np.arange(nodes)
    down, right = linked[1], linked[3]
    first = np.concatenate([number[down], number[right]])
    second = np.concatenate([np.roll(number, -1, axis=0)[down], np.roll(number, -1, axis=1)[right]])
    links = coo_array((np.ones(len(first)), (first, second)), shape=(nodes, nodes))
    return (diags_array(diagonal.astype(float)) - links - links.T).tocsc()
