"""What a person does on the page that trains with codes."""

import pytest

from pyapp import store
from pyapp.__main__ import main
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.quantized.network import Settings, quantize_network
from pyapp.training.trainer import evaluate


def rounded(bits: int, activations: int) -> float:
    """Accuracy of the shipped float network, rounded to `bits` without training, in percent."""
    network = quantize_network(mlp.load(), Settings(bits, activations=activations), mnist.calibration())
    return 100 * evaluate(network.simulated(), network.parameters, *mnist.shipped("test"))["accuracy"]


def test_two_bits_win_back_what_rounding_costs_and_the_curves_grow(visit):
    tab = visit("#qat")
    tab.wait_text("recorded", "Recorded; press Play")
    assert tab.number("trained-accuracy") > 92 and "Press Play" not in tab["loss-curves"].text_content()
    tab["reset"].click()
    tab["recorded"].wait_for(state="detached")
    assert tab.number("rounded-accuracy") == pytest.approx(rounded(2, 8), abs=0.006)
    assert tab.number("float-accuracy") > 99 and tab.number("trained-accuracy") < 60
    assert "Press Play" in tab["loss-curves"].text_content()
    tab["play"].click()
    tab.wait_number("trained-accuracy", "x > 92")
    tab.pause()
    assert "Press Play" not in tab["loss-curves"].text_content()
    assert tab.number("step-count") >= 63 and tab.number("held-out-accuracy") == tab.number("trained-accuracy")
    assert 0 < tab.number("scales-layer1-changed") < 20
    tab["accuracy-curves"].focus()
    tab.page.keyboard.press("End")
    tab.wait_text("accuracy-curves-value", "batches")


def test_step_reset_and_pin(visit):
    tab = visit("#qat?bits=4&activations=4")
    first = tab.text("scales-layer1-now")
    tab.page.locator(".skip").press("Enter")
    for _ in range(6):  # Play is so many tabs away
        tab.page.keyboard.press("Tab")
        if tab["play"].evaluate("(button) => button.matches(':focus')"):
            break
    assert tab["play"].evaluate("(button) => button.matches(':focus')")
    for step in (1, 2):
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")
    assert tab.text("scales-layer1-now") != first
    tab["pin"].click()
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")
    now, change, *_ = tab.text("scales-layer1-now").split()  # and the pinned value
    assert now == first and change[0] in "+−"
    tab.page.locator("thead", has_text="pinned").first.wait_for()
    tab["unpin"].click(force=True)


@pytest.mark.thorough
def test_every_control_does_what_it_says(visit):
    tab = visit("#qat?network=784-32-10&start=scratch")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["optimiser"].select_option("sgd")
    tab.page.locator("[data-param='optimiser'] .note", has_text="rate set to 0.1").wait_for()
    tab.slide("rate", "ArrowLeft")
    tab.wait_text("controls", "0.089")
    tab["batch"].select_option("64")
    for name, position in (("shift", 2), ("share", 0.5), ("temperature", 4)):
        tab.slide(name, position)
        tab.page.wait_for_function("wanted => location.hash.includes(wanted)", arg=f"{name}={position}")
    tab["layer"].select_option("layer2")
    tab.page.locator("tr.chosen", has_text="layer2").wait_for()
    tab["step"].click()
    tab.wait_number("step-count", "x === 2")  # none of these started the run anew
    tab.slide("bits", 3)
    tab.wait_number("step-count", "x === 0")
    tab.page.wait_for_function("document.querySelectorAll(\"[data-test='code-counts'] strong\").length === 7")
    for name, choice in (("activations", "3"), ("per", "channel"), ("estimator", "ste"), ("network", "784-64-32-10")):
        tab[name].select_option(choice)
        tab.page.wait_for_function("wanted => location.hash.includes(wanted)", arg=f"{name}={choice}")
    tab.page.locator("[data-panel='scales']", has_text="STE learns no scales").wait_for()
    tab.page.locator("[data-test='scales'] tr", has_text="layer3").wait_for()
    tab["seed"].fill("5")
    tab["seed"].press("Enter")
    tab["new-seed"].click()
    tab["network"].select_option("784-128-64-10")
    tab["start"].select_option("pretrained")
    tab.wait_number("rounded-accuracy", "x > 50")
    tab["undo-change"].click()
    tab.page.wait_for_function("location.hash.includes('start=scratch')")


@pytest.mark.thorough
def test_a_link_to_a_student_starts_from_scratch_and_says_so(visit):
    tab = visit("#qat?network=784-32-10&rate=3&wings=2")
    said = tab.text("notes")
    assert "so it starts from scratch" in said and "rate 3 is above 0.1; using 0.1" in said and "wings" in said
    assert tab["start"].input_value() == "scratch" and tab.text("rounded-accuracy") == "–"
    tab["codes"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("codes-value", "neuron 1, row 1, column 2: code")
    tab["gathering"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("gathering-value", "before")


def test_integers_alone_are_measured_on_demand(visit):
    tab = visit("#qat?network=784-32-10")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["measure-integers"].click()
    tab["differ"].wait_for()
    assert tab.number("measured-step") == 1
    assert abs(tab.number("integer-accuracy") - tab.number("simulated-accuracy")) < 1
    tab["measure-integers"].click()
    tab["reset"].click()  # in the midst of it
    tab["differ"].wait_for(state="detached")
    tab.wait_number("step-count", "x === 0")
    tab["activations"].select_option("none")
    tab.page.locator("[data-panel='integers']", has_text="Activations are float").wait_for()
    tab.page.wait_for_function("document.querySelector(\"[data-test='measure-integers']\").disabled")
    assert tab.page.locator("[role=alert]").count() == 0


@pytest.mark.thorough
def test_a_reload_in_mid_training_goes_on(visit):
    tab = visit("#qat?network=784-32-10")
    tab["play"].click()
    tab.wait_number("step-count", "x > 20")
    tab.pause()
    step, scale = tab.number("step-count"), tab.text("scales-layer1-now")
    tab.page.reload()
    tab.wait_ready()
    tab.wait_number("step-count", f"x === {step:.0f}")
    assert tab.text("scales-layer1-now") == scale
    tab["step"].click()
    tab.wait_number("step-count", f"x === {step + 1:.0f}")


def test_files_wrong_and_right(visit, tmp_path):
    tab = visit("#qat?bits=3&activations=3")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["load-file"].set_input_files(store.WEIGHTS / "ladder.npz")
    tab.wait_text("load-error", "ladder.npz holds")
    tab.wait_text("load-error", "expected a digits network")
    assert tab.number("step-count") == 1
    mine = tab.save("save", tmp_path)
    assert mine.name == "bitladder-qat-step1.npz"
    exported = tmp_path / "net.safetensors"
    assert main(["export", "mlp", "--bits", "4", "--format", "safetensors", "--out", str(exported)]) == 0
    for path, bits in ((store.WEIGHTS / "mlp-qat2.npz", "2"), (store.WEIGHTS / "mlp.npz", "3")):
        tab.slide("bits", 3)
        tab.page.get_by_text("weights in 3 bits;").wait_for()  # a step before the restart would be lost with it
        tab["step"].click()
        tab.wait_number("step-count", "x > 0")
        tab["load-file"].set_input_files(path)  # codes bring their bits
        tab.wait_number("step-count", "x === 0")
        tab.page.locator(".files .note", has_text=f"{path.name}: training starts from these weights").wait_for()
        assert tab["bits"].input_value() == bits
    tab["load-file"].set_input_files(exported)
    tab.page.locator(".files .note", has_text=f"{exported.name}: training starts from these weights").wait_for()
    assert tab["bits"].input_value() == "4"
    tab.follow("#qat?activations=8")
    tab.wait_number("step-count", "x === 0")
    tab["load-file"].set_input_files(mine)
    tab.wait_number("step-count", "x === 1")
    assert tab["activations"].input_value() == "3"


@pytest.mark.thorough
def test_the_shipped_results_are_those_of_the_recipes(visit):
    tab = visit("#qat")
    for bits in (4, 3, 2):
        facts = store.recipe(store.WEIGHTS / f"mlp-qat{bits}.npz")
        row = tab["shipped"].locator("tr", has_text=f"{facts['bits']} bits, {facts['activations']} bits")
        assert f"{100 * facts['metrics']['test']['accuracy']:.2f} %" in row.inner_text()
