"""Tests of samples: the states of models on them, and the checks of samples, channels and datasets."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.data import Dataset, DatasetError, to_tensors
from drumhead.fields import StabilityWarning
from drumhead.models import RecurrentSegmenter
from drumhead.report.samples import check_samples, compute_sample_states, load_recurrent_model, shared_dataset
from drumhead.runs import DataRecord, Run


def test_sample_states_are_those_of_the_model(boards: Dataset, waves: dict[str, RecurrentSegmenter]) -> None:
    images, masks = to_tensors(boards.splits["test"], [2])
    computed = compute_sample_states(waves["LSTM"], boards, split="test", sample=2, channels=[2, 0])
    with torch.inference_mode():
        field = waves["LSTM"].states(images)[0].numpy()
    np.testing.assert_array_equal(computed.field, field[:, [2, 0]])
    np.testing.assert_array_equal(computed.prediction, waves["LSTM"].predict(images)[0].numpy())
    np.testing.assert_array_equal(computed.image, images[0].numpy())
    assert computed.mask is not None
    np.testing.assert_array_equal(computed.mask, masks[0].numpy())
    assert computed.title == "test 2"


def test_an_unstable_model_warns_once_for_all_samples(boards: Dataset, runs: dict[str, Run]) -> None:
    model = load_recurrent_model(runs["NWM"])
    with torch.no_grad():
        model.get_parameter("coupling").mul_(1000)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for sample in (0, 0):
            compute_sample_states(model, boards, split="test", sample=sample, channels=[0])
    assert [warning.category for warning in caught] == [StabilityWarning]


def test_a_model_without_states_is_refused(runs: dict[str, Run]) -> None:
    message = r"/CNN is a cnn, which has no states over time.*nwm, conv_rnn, conv_gru, conv_lstm.*figure samples"
    with pytest.raises(ValueError, match=message):
        load_recurrent_model(runs["CNN"])


def test_runs_side_by_side_need_one_dataset(boards: Dataset, runs: dict[str, Run], tmp_path: Path) -> None:
    assert shared_dataset(list(runs.values())).fingerprint == boards.fingerprint
    others = toy_dataset(tmp_path / "others", seed=1)
    other_run = toy_run(tmp_path / "stranger", "tetrominoes-cnn-2", DataRecord.from_dataset(others))
    with pytest.raises(DatasetError, match=r"samples of one dataset: .*/NWM was .*/boards, .*/stranger on .*--data"):
        shared_dataset([runs["NWM"], other_run])
    assert shared_dataset([runs["NWM"], other_run], str(others.folder)).fingerprint == others.fingerprint


def test_error_for_samples_out_of_range_lists_them(boards: Dataset) -> None:
    with pytest.raises(ValueError, match=r"from 0 to 3 in test of .*; got -1, 4"):
        check_samples(boards, "test", [0, -1, 4])
    with pytest.raises(ValueError, match="got none"):
        check_samples(boards, "test", [])
