"""Phase singularities: where they are, how they turn, and how many there can be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumhead.waves import Grid, find_singularities, masked, plane_wave, ring_windings, rotating_wave
from drumhead.waves.singularities import Singularities

UNIT = Grid(frames=3, height=16, width=20, dt=0.3, spacing=(1, 1))
CENTRE = (9.54, 7.3)
"""(y, x), off the grid."""


def linear_core(
    centre: tuple[float, float], shape: tuple[int, int], spacing: tuple[float, float]
) -> npt.NDArray[np.complex128]:
    """Return one frame of ``x - i y`` about the centre: a wave that turns from +x towards +y."""
    y, x = (np.linspace(0, step * (n - 1), n) for step, n in zip(spacing, shape, strict=True))
    return np.asarray(x[None, None, :] - centre[1] - 1j * (y[None, :, None] - centre[0]), np.complex128)


def random_field(seed: int, shape: tuple[int, int, int]) -> npt.NDArray[np.complex128]:
    generator = np.random.default_rng(seed)
    return generator.standard_normal(shape) + 1j * generator.standard_normal(shape)


def test_a_rotating_wave_has_one_singularity_of_opposite_charge_and_chirality() -> None:
    y, x = np.mgrid[:16, :20]
    found = find_singularities(np.exp(1j * (0.3 - np.arctan2(y - 9.6, x - 7.3)))[None], spacing=1)
    assert [each.tolist() for each in (found.frame, found.row, found.column)] == [[0], [9], [7]]
    assert (found.charge.tolist(), found.chirality.tolist()) == ([-1], [1])


@pytest.mark.parametrize("chirality", [-1, 1])
def test_chirality_is_that_of_the_synthetic_wave_in_every_frame(chirality: int) -> None:
    wave = rotating_wave(UNIT, centre=CENTRE, chirality=chirality)  # type: ignore[arg-type]
    found = find_singularities(wave, spacing=1)
    assert found.frame.tolist() == [0, 1, 2]
    assert set(found.chirality.tolist()) == {chirality}
    assert set(found.charge.tolist()) == {-chirality}


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.4), (2.0, 0.1)])
def test_the_position_of_a_linear_core_is_exact_in_units_of_length(spacing: tuple[float, float]) -> None:
    centre = 9.6 * spacing[0], 7.3 * spacing[1]
    found = find_singularities(linear_core(centre, (16, 20), spacing), spacing=spacing)
    np.testing.assert_allclose([found.y[0], found.x[0]], centre, rtol=0, atol=1e-12)
    assert len(found.y) == 1


def test_the_position_of_a_sheared_core_is_exact() -> None:
    y, x = np.mgrid[:16, :20]
    sheared = (x - 7.3) + 0.8 * (y - 9.6) - 1j * (0.2 * (x - 7.3) + (y - 9.6))
    found = find_singularities(sheared[None], spacing=1)
    np.testing.assert_allclose([found.y, found.x], [[9.6], [7.3]], rtol=0, atol=1e-12)


def test_the_position_of_a_core_of_unit_amplitude_is_right_to_a_tenth_of_a_site() -> None:
    core = linear_core((9.6, 7.3), (16, 20), (1, 1))
    found = find_singularities(core / np.abs(core), spacing=1)
    np.testing.assert_allclose([found.x[0], found.y[0]], [7.393, 9.540], rtol=0, atol=5e-4)
    assert np.hypot(found.x[0] - 7.3, found.y[0] - 9.6) < 0.12


def test_a_core_on_an_edge_between_plaquettes_is_found_once() -> None:
    found = find_singularities(linear_core((9.5, 7.0), (16, 20), (1, 1)), spacing=1)
    assert (found.y.tolist(), found.x.tolist()) == ([9.5], [7.0])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(1, 6, 9), (2, 2, 2), (2, 5, 3), (1, 16, 16)]))
def test_charges_on_a_circular_sheet_add_up_to_zero(seed: int, shape: tuple[int, int, int]) -> None:
    found = find_singularities(random_field(seed, shape), spacing=1, boundary="circular")
    assert not np.bincount(found.frame, weights=found.charge, minlength=shape[0]).any()


def test_charges_on_an_open_sheet_need_not_add_up_to_zero() -> None:
    sums = {int(find_singularities(random_field(seed, (1, 16, 16)), spacing=1).charge.sum()) for seed in range(50)}
    assert len(sums) > 1


def test_a_third_of_random_plaquettes_has_a_charge() -> None:
    found = find_singularities(random_field(0, (20, 30, 40)), spacing=1, boundary="circular")
    assert len(found.frame) / (20 * 30 * 40) == pytest.approx(1 / 3, abs=0.01)


def test_a_mirror_image_flips_every_charge() -> None:
    field = random_field(1, (2, 9, 12))
    there, mirrored = find_singularities(field, spacing=(1, 2)), find_singularities(field[:, :, ::-1], spacing=(1, 2))
    assert sorted(zip(there.frame, there.row, 10 - there.column, -there.charge, strict=True)) == sorted(
        zip(mirrored.frame, mirrored.row, mirrored.column, mirrored.charge, strict=True)
    )
    np.testing.assert_allclose(np.sort(22 - there.x), np.sort(mirrored.x), atol=1e-12)


def test_transposing_the_movie_swaps_y_and_x_and_the_charge() -> None:
    field = random_field(2, (1, 9, 12))
    there, transposed = find_singularities(field, spacing=1), find_singularities(field.swapaxes(1, 2), spacing=1)
    assert sorted(zip(there.x.round(9), there.y.round(9), -there.charge, strict=True)) == sorted(
        zip(transposed.y.round(9), transposed.x.round(9), transposed.charge, strict=True)
    )


@pytest.mark.parametrize("wavelength", [2.1, 2.5, 9.0])
def test_a_plane_wave_has_no_singularity(wavelength: float) -> None:
    wave = plane_wave(UNIT, wave_vector=(-1.6 / wavelength, 6.0 / wavelength), frequency=1.0)
    assert not len(find_singularities(wave, spacing=1).frame)


def test_a_hole_in_the_core_hides_the_singularity_from_plaquettes_but_not_from_rings() -> None:
    wave = rotating_wave(UNIT, centre=(9.4, 7.3))
    valid = np.ones((16, 20), np.bool_)
    valid[9:11, 7:9] = False
    holed = masked(wave, valid)
    for options in ({"z": holed}, {"z": wave, "valid": valid}):
        assert not len(find_singularities(**options, spacing=1).frame)
        around = ring_windings(**options, radius=3)
        assert (around.charge[:, 9, 7] == -1).all()
        assert around.defined[:, 9, 7].all()
        assert not around.defined[:, 9, 4].any()  # this outline passes through the hole
        assert not around.charge[:, 3, 3].any()
        assert around.defined[:, 3, 3].all()


@pytest.mark.parametrize("boundary", ["open", "circular"])
def test_a_ring_has_the_sum_of_the_charges_inside_it(boundary: str) -> None:
    field = random_field(3, (2, 9, 11))
    inner = ring_windings(field, radius=1, boundary=boundary)  # type: ignore[arg-type]
    outer = ring_windings(field, radius=2, boundary=boundary)  # type: ignore[arg-type]
    sums = sum(np.roll(inner.charge, (i, j), axis=(1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1))
    np.testing.assert_array_equal(outer.charge[outer.defined], np.asarray(sums)[outer.defined])
    assert outer.defined.sum() == (2 * 6 * 8 if boundary == "open" else 2 * 9 * 11)


def test_rings_keep_a_spiral_and_exclude_a_close_pair() -> None:
    y, x = np.mgrid[:16, :20]
    spiral = (x - 7.3) - 1j * (y - 9.6)
    pair = (x - 3.3 - 1j * (y - 4.6)) * (x - 4.4 + 1j * (y - 4.6))  # opposite charges in neighbouring plaquettes
    field = (spiral * pair)[None]
    assert sorted(find_singularities(field, spacing=1).charge.tolist()) == [-1, -1, 1]
    found = find_singularities(field, spacing=1, ring=2)
    assert (found.row.tolist(), found.column.tolist(), found.charge.tolist()) == ([9], [7], [-1])


def test_a_threshold_of_amplitude_excludes_silent_plaquettes_only_if_asked() -> None:
    y, x = np.mgrid[:16, :20]
    field = (x - 7.3 - 1j * (y - 9.6)) * np.where((x > 5) & (x < 10), 1e-3, 1)
    assert len(find_singularities(field[None], spacing=1).frame) == 1
    assert not len(find_singularities(field[None], spacing=1, min_amplitude=0.1).frame)
    assert len(find_singularities(field[None], spacing=1, min_amplitude=1e-5).frame) == 1


def test_a_singularity_on_the_seam_of_a_circular_sheet_is_found_across_it() -> None:
    y, x = np.arange(8)[:, None], np.arange(10)
    field = np.sin(2 * np.pi * (x - 9.5) / 10) + 1j * np.sin(2 * np.pi * (y - 7.5) / 8)
    found = find_singularities(field[None], spacing=1, boundary="circular")
    positions = sorted(zip(found.y.round(6).tolist(), found.x.round(6).tolist(), found.charge.tolist(), strict=True))
    assert positions == [(3.5, 4.5, 1), (3.5, 9.5, -1), (7.5, 4.5, -1), (7.5, 9.5, 1)]
    assert len(find_singularities(field[None], spacing=1).frame) == 1


def test_long_movies_are_handled_in_blocks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    field = random_field(4, (9, 6, 7))
    whole = find_singularities(field, spacing=1, min_amplitude=0.3)
    monkeypatch.setattr("drumhead.waves.blocks.BLOCK_VALUES", 100)
    in_blocks = find_singularities(field, spacing=1, min_amplitude=0.3)
    assert all(np.array_equal(*pair) for pair in zip(whole, in_blocks, strict=True))


def test_frames_without_a_phase_have_none_and_do_not_affect_others() -> None:
    wave = rotating_wave(UNIT, centre=CENTRE)
    wave[0] = np.nan
    assert find_singularities(wave, spacing=1, min_amplitude=0.1).frame.tolist() == [1, 2]
    assert isinstance(find_singularities(wave.astype(np.complex64), spacing=1), Singularities)


def test_invalid_arguments_are_rejected() -> None:
    wave = rotating_wave(UNIT)
    with pytest.raises(ValueError, match="complex movie"):
        find_singularities(wave.real, spacing=1)
    with pytest.raises(ValueError, match=r"at least 2 rows and 2 columns is needed, got shape \(3, 1, 20\)"):
        find_singularities(wave[:, :1], spacing=1)
    with pytest.raises(ValueError, match="got shape"):
        find_singularities(wave[0], spacing=1)
    with pytest.raises(ValueError, match="spacing"):
        find_singularities(wave, spacing=0)
    with pytest.raises(ValueError, match="min_amplitude"):
        find_singularities(wave, spacing=1, min_amplitude=2)
    with pytest.raises(ValueError, match="ring"):
        find_singularities(wave, spacing=1, ring=9)
    with pytest.raises(ValueError, match="boundary"):
        find_singularities(wave, spacing=1, boundary="periodic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="radius"):
        ring_windings(wave, radius=0)
