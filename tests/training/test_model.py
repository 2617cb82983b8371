"""The JSON alone gives what scikit-learn gives."""

import json
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

import leadops.training.train_model
from leadops.errors import PermanentError
from leadops.training.encode import learn_encodings, learn_standard, standardise
from leadops.training.fit import calibrate, fit_logistic
from leadops.training.matrix import Matrix
from leadops.training.model import load, predict
from leadops.training.train_model import TimeSplit, describe_data, train_model
from tests.promises import promise_examples
from tests.training.conftest import START, settings
from tests.training.matrices import category, drawn, matrix, number

SIZE = 600
SETTINGS = settings(regularisation=[1.0])
PARTS = TimeSplit(slice(0, 400), slice(400, 500), slice(500, SIZE))


def sample(seed: int) -> Matrix:
    random = np.random.default_rng(seed)
    views = random.poisson(2, SIZE).astype(float)
    size = np.where(random.random(SIZE) < 0.3, np.nan, random.integers(1, 5000, SIZE))
    words = [[None, "software", "finance", f"rare {n % 97}"][random.integers(0, 4)] for n in range(SIZE)]
    logits = views - 2 + 0.4 * np.array([word == "software" for word in words])
    columns = {"views": number(views), "size": number(size, log=True), "industry": category(words)}
    return matrix(columns, drawn(logits, seed), start=START)


@examples(max_examples=promise_examples(10), deadline=None)
@given(seed=st.integers(0, 1000), kind=st.sampled_from(["sigmoid", "isotonic"]))
def test_prediction_from_the_json_is_scikit_learns(seed: int, kind: str) -> None:
    rows = sample(seed)
    wanted = SETTINGS.model_copy(update={"calibration": kind})
    body = json.loads(json.dumps(train_model(rows, PARTS, settings=wanted).model.body()))

    training, later = rows.take(PARTS.training), rows.take(PARTS.calibration)
    encodings = learn_encodings(training, wanted)
    standard = learn_standard(training, encodings)
    regression = fit_logistic(
        standardise(training, encodings, standard, dtype=np.float32), training.reached, penalty=1.0
    )
    assert isinstance(regression, LogisticRegression)
    logits = regression.decision_function(standardise(rows, encodings, standard)).astype(np.float64)
    if kind == "isotonic":
        steps = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        expected = steps.fit(logits[PARTS.calibration], later.reached).predict(logits)
    else:
        platt = calibrate(logits[PARTS.calibration], later.reached, kind="sigmoid")
        expected = 1 / (1 + np.exp(-(platt.slope * logits + platt.intercept)))
    assert np.abs(predict(body, rows) - expected).max() < 1e-9


@pytest.mark.parametrize(
    ("newest", "seen"), [(100, slice(300, 400)), (400, slice(0, 400)), (9999, slice(0, 400))]
)
def test_the_newest_training_leads_choose_the_penalty(
    newest: int, seen: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen_by: list[list[int]] = []

    def choose(_: object, reached: np.ndarray, penalties: list[float]) -> float:
        chosen_by.append(reached.tolist())
        return penalties[0]

    monkeypatch.setattr(leadops.training.train_model, "choose_penalty", choose)
    rows = sample(5)
    train_model(rows, PARTS, settings=SETTINGS.model_copy(update={"search_leads": newest}))
    assert chosen_by == [rows.reached[seen].tolist()]


def test_where_the_newest_are_all_alike_all_training_leads_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen_by: list[int] = []

    def choose(_: object, reached: np.ndarray, penalties: list[float]) -> float:
        chosen_by.append(len(reached))
        return penalties[0]

    monkeypatch.setattr(leadops.training.train_model, "choose_penalty", choose)
    train_model(sample(5), PARTS, settings=SETTINGS.model_copy(update={"search_leads": 1}))
    assert chosen_by == [400]


def test_the_uncalibrated_logits_are_scikit_learns() -> None:
    rows = sample(3)
    model = train_model(rows, PARTS, settings=SETTINGS).model
    regression = LogisticRegression()
    regression.classes_ = np.array([0, 1])
    regression.coef_ = np.array([model.coefficients])
    regression.intercept_ = np.array([model.intercept])
    standard = learn_standard(rows.take(PARTS.training), model.encodings)
    probabilities = regression.predict_proba(standardise(rows, model.encodings, standard))[:, 1]
    assert np.abs(1 / (1 + np.exp(-model.logits(rows))) - probabilities).max() < 1e-9


def test_contributions_and_intercept_are_the_logit() -> None:
    rows = sample(4)
    model = train_model(rows, PARTS, settings=SETTINGS).model
    parts = model.contributions(rows)
    assert parts.shape == (SIZE, len(model.encodings))
    assert np.allclose(parts.sum(axis=1) + model.intercept, model.logits(rows), atol=1e-12)


def test_words_are_known_again_however_they_are_numbered() -> None:
    rows = sample(5)
    model = train_model(rows, PARTS, settings=SETTINGS).model
    column = rows.columns["industry"]
    assert column.codes is not None
    words = [None if code < 0 else column.words[code - 1] for code in column.codes]
    alone = [float(model.predict(matrix_of_one(rows, n, words[n]))[0]) for n in range(20)]
    assert alone == pytest.approx(model.predict(rows)[:20].tolist(), abs=1e-12)


def matrix_of_one(rows: Matrix, place: int, word: str | None) -> Matrix:
    one = rows.take(slice(place, place + 1))
    return matrix(one.columns | {"industry": category([word])}, one.reached, start=START)


def test_a_model_whose_numbers_do_not_fit_is_refused() -> None:
    body = train_model(sample(6), PARTS, settings=SETTINGS).model.body()
    with pytest.raises(PermanentError, match="another format"):
        load(body | {"format": 2})
    with pytest.raises(PermanentError, match="do not fit"):
        load(body | {"coefficients": body["coefficients"][1:]})


def test_a_model_has_one_digest_whatever_it_was_measured_with() -> None:
    model = train_model(sample(7), PARTS, settings=SETTINGS).model
    assert model.model_copy(update={"measures": {"auc": 0.5}}).digest() == model.digest()
    assert model.model_copy(update={"intercept": model.intercept + 1}).digest() != model.digest()


def test_each_part_of_the_data_is_described_from_its_first_lead_to_its_last() -> None:
    rows = matrix({"views": number([1] * 6)}, [0, 1, 1, 0, 0, 1], start=START, hours=24)
    parts = TimeSplit(slice(0, 3), slice(3, 5), slice(5, 6))

    def day(number: int) -> str:
        return (START + timedelta(days=number)).isoformat()

    assert describe_data(rows, parts) == {
        "hash": rows.digest(),
        "training": {"leads": 3, "reached": 2, "from": day(0), "to": day(2)},
        "calibration": {"leads": 2, "reached": 0, "from": day(3), "to": day(4)},
        "test": {"leads": 1, "reached": 1, "from": day(5), "to": day(5)},
    }
