import numpy as np
import pytest

from pyapp.core.optim import OPTIMISERS
from pyapp.nets.mlp import MLP
from pyapp.training.trainer import Trainer, anneal, evaluate, judge

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 6)).astype(np.float32)
LABELS = (X[:, 0] + X[:, 1] > 0).astype(np.int64)


def trainer(optimiser: str = "adam", rate: float = 0.01) -> Trainer:
    model = MLP((6, 8, 2))
    p = model.initial(seed=5)
    return Trainer(model, p, OPTIMISERS[optimiser](p, rate), X, LABELS, seed=5, batch=8,
                   augment=lambda x, rng: x + rng.standard_normal(x.shape).astype(np.float32) * np.float32(0.01))


@pytest.mark.parametrize(("optimiser", "rate"), [("sgd", 0.3), ("adam", 0.02)])
def test_it_learns_what_can_be_learned(optimiser, rate):
    t = trainer(optimiser, rate)
    for _ in range(300):
        t.step()
    assert evaluate(t.model, t.p, X, LABELS)["accuracy"] >= 0.96


def test_an_epoch_sees_every_image_once():
    t, seen = trainer(), []
    t.augment = lambda x, rng: seen.append(x) or x
    while not seen or not t.epoch_ended:
        t.step()
    assert sorted(map(bytes, np.concatenate(seen))) == sorted(map(bytes, X))
    assert t.epoch == 1 and t.steps == 7  # six batches of 8 and one of 2


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("steps", [0, 3, 7, 10])
def test_a_restored_run_goes_on_as_if_never_interrupted(optimiser, steps):
    one = trainer(optimiser)
    for _ in range(steps):
        one.step()
    two = trainer(optimiser)
    two.p.vector[:] = one.p.vector
    two.load_state({name: array.copy() for name, array in one.state().items()})
    assert [two.step() for _ in range(12)] == [one.step() for _ in range(12)]
    assert (one.p.vector == two.p.vector).all() and one.epoch == two.epoch


@pytest.mark.parametrize(("name", "value"), [
    ("order", None), ("order", np.zeros(3, np.int64)), ("order", np.full(50, 50)), ("rng", np.zeros(2, np.uint32)),
    ("counters", np.array([-1, 0, 0, 0])), ("optimiser.m", np.zeros(1, np.float32)),
])
def test_a_state_that_does_not_fit_is_refused(name, value):
    t = trainer()
    t.step()
    state = t.state()
    state.pop(name)
    if value is not None:
        state[name] = value
    with pytest.raises(ValueError, match="expected"):
        trainer().load_state(state)


def test_judging_in_pieces_equals_judging_at_once():
    t = trainer()
    *pauses, result = judge(t.model, t.p, X, LABELS, chunk=7)
    assert pauses == [None] * 8
    whole = evaluate(t.model, t.p, X, LABELS)
    assert result["loss"] == pytest.approx(whole["loss"], rel=1e-5)
    assert (result["predictions"] == whole["predictions"]).all()
    assert whole["accuracy"] == (t.model.forward(t.p, X).argmax(axis=1) == LABELS).mean()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_training_whose_loss_is_not_finite_stops_at_once():
    t, said = trainer("sgd", 1e38), []
    with pytest.raises(ValueError, match=r"not a finite number after step \d; train with a lower rate than 1e\+38"):
        anneal(t, 80, 1e38, said.append)
    assert t.steps < 10 and len(said) <= 1
