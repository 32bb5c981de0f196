"""What a person does on the digits page."""

import pytest

from pyapp import store
from pyapp.checkpoint import described
from pyapp.data import mnist
from pyapp.nets.mlp import MLP
from pyapp.pages.base.digit_input import EXAMPLE
from pyapp.parity.check import SEVEN

RECIPE = store.recipe(store.WEIGHTS / "mlp.npz")["metrics"]["shipped"]


def test_train_until_it_reads_digits_then_pause(visit):
    tab = visit("#digits")
    assert tab.number("step-count") == 0
    mistakes = tab.page.locator("[data-panel=mistakes]")  # out of sight, and drawn all the same while it trains
    untrained = mistakes.inner_text()
    tab["play"].click()
    tab.wait_number("held-out-accuracy", "x > 85")
    tab.page.wait_for_function("(before) => document.querySelector('[data-panel=mistakes]').innerText !== before",
                               arg=untrained)
    assert "Pause" in tab["play"].inner_text()
    tab["play"].click()  # pause
    tab.page.wait_for_function("document.querySelector(\"[data-test='play']\").textContent.includes('Play')")
    tab.page.wait_for_selector("[data-test='play']:not([aria-busy='true'])")
    assert tab["headline"].inner_text().startswith(f"step {tab['step-count'].inner_text()},")  # no panel is behind
    tab["measure"].click()  # a call to the same worker: when it is answered, nothing of the training is left
    tab.wait_text("measured", "ms")
    before = tab.number("step-count")
    tab["measure"].click()
    tab.page.wait_for_function("document.querySelector(\"[data-test='measure']\").disabled === false")
    assert tab.number("step-count") == before > 0
    tab["step"].click()
    tab.wait_number("step-count", f"x === {before + 1:.0f}")
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")


def test_draw_a_seven_and_it_is_read_as_seven(visit):
    tab = visit("#digits?weights=pretrained")
    tab.wait_text("label", f"Its label is {mnist.shipped('test')[1][EXAMPLE]}. Draw your own.")  # no pad opens empty
    tab.draw(SEVEN)
    tab.wait_text("prediction", "7")
    assert tab.number("confidence") > 50
    tab["undo"].click()
    tab["label"].wait_for()
    tab["clear"].click()
    tab.wait_text("prediction", "empty")
    tab.draw(SEVEN)
    tab.wait_text("prediction", "7")
    tab["clear"].click()
    tab.wait_text("prediction", "empty")


@pytest.mark.thorough
def test_a_small_digit_in_a_corner_is_read_too(visit):
    tab = visit("#digits?weights=pretrained")
    tab.draw(SEVEN * [0.2, 0.2, 1] + [0.75, 0.02, 0])
    tab.wait_text("prediction", "7")
    assert tab.number("confidence") > 50


@pytest.mark.parametrize("tool", ["undo", "clear"])
def test_a_drawing_taken_away_in_mid_stroke_stays_away(visit, tool):
    tab = visit("#digits?weights=pretrained")
    tab["label"].wait_for()
    tab["clear"].click()
    tab["pad"].scroll_into_view_if_needed()
    box, mouse = tab["pad"].bounding_box(), tab.page.mouse
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.1 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    tab[tool].dispatch_event("click")
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.9 * box["height"], steps=4)
    mouse.up()
    tab.wait_text("prediction", "The pad is empty")
    tab.draw(SEVEN)
    tab.wait_text("prediction", "7")


def test_what_is_drawn_while_python_starts_is_read_when_it_is_there(visit):
    tab = visit(None)
    tab.page.goto(tab.url + "#digits?weights=pretrained")
    tab["pad"].wait_for()
    tab.draw(SEVEN)
    tab.wait_ready()
    tab.wait_text("prediction", "7")


def test_pretrained_and_back_to_own_weights(visit):
    tab = visit("#digits")
    own = tab.number("held-out-accuracy")
    tab["weights-pretrained"].check(force=True)
    tab.wait_number("held-out-accuracy", "x > 98")
    assert tab.number("held-out-accuracy") == pytest.approx(100 * RECIPE["float"], abs=0.06)
    tab["weights-own"].check(force=True)
    tab.wait_number("held-out-accuracy", f"x === {own}")


def test_bit_slider_to_two_and_back(visit):
    tab = visit("#digits?weights=pretrained")
    tab.slide("bits", "Home")
    tab.wait_number("quant-accuracy", "x < 50")
    assert tab.number("quant-accuracy") == pytest.approx(100 * RECIPE["2"], abs=0.06)
    assert "bits=2" in tab.page.url
    tab.slide("bits", 6)
    tab.wait_number("quant-accuracy", "x > 98")
    assert tab.number("quant-accuracy") == pytest.approx(100 * RECIPE["8"], abs=0.06)
    painted = tab["wrong-digit-0"].locator("canvas").element_handle()
    tab.draw(SEVEN)
    tab.wait_text("quant-prediction", "7")
    assert painted.evaluate("canvas => canvas.isConnected")  # no picture is painted again while its numbers stay
    tab.slide("bits", "End")
    tab.page.wait_for_function("!document.querySelector(\"[data-test='quant-prediction']\")")
    assert "bits" not in tab.page.url


def test_changing_the_rate_needs_no_reset_and_a_new_seed_starts_anew(visit):
    tab = visit("#digits")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab.slide("rate", "ArrowLeft")
    tab.wait_text("controls", "0.089")
    tab["step"].click()
    tab.wait_number("step-count", "x === 2")
    tab["new-seed"].click()
    tab.wait_number("step-count", "x === 0")
    assert "seed=" in tab.page.url
    tab.page.evaluate("""() => {
        const [seed, step] = ["new-seed", "step"].map((name) => document.querySelector(`[data-test="${name}"]`));
        for (const button of [step, seed, step, step]) button.click(); // faster than Python answers
    }""")
    tab.wait_number("step-count", "x === 2")


@pytest.mark.thorough
def test_a_reload_in_mid_training_goes_on_and_a_reset_offers_it_again(visit):
    tab = visit("#digits?rate=0.05&batch=64&seed=7&bits=4")
    tab["play"].click()
    tab.wait_number("step-count", "x > 20")
    tab.pause()
    step = tab.number("step-count")
    tab.page.reload()
    tab.wait_ready()
    assert tab["batch"].input_value() == "64" and tab["seed"].input_value() == "7"
    assert tab.page.url.endswith("#digits?rate=0.05&batch=64&seed=7&bits=4")
    assert tab.number("quant-accuracy") >= 0
    assert tab.number("step-count") == step
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")
    tab["resume"].click()
    tab.wait_number("step-count", f"x === {step:.0f}")


def test_a_link_with_mistakes_opens_and_says_so(visit):
    tab = visit("#digits?rate=99&wings=2&seed=abc")
    said = tab.text("notes")
    assert "rate 99 is above 1; using 1" in said and "wings" in said and "seed" in said


def test_wrong_files_are_refused_and_nothing_is_lost(visit, tmp_path):
    tab = visit("#digits")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    (tmp_path / "holiday.npz").write_bytes(b"\x89PNG not weights")
    tab["load-file"].set_input_files(tmp_path / "holiday.npz")
    tab.wait_text("load-error", "holiday.npz: expected an .npz file")
    assert tab.number("step-count") == 1
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    tab["open-image-file"].set_input_files(tmp_path / "broken.png")
    tab.page.locator("[role=alert]", has_text="broken.png").wait_for()
    tab["load-file"].set_input_files(store.WEIGHTS / "mlp.npz")
    tab.wait_number("held-out-accuracy", "x > 98")


def test_save_and_load_ones_own_weights(visit, tmp_path):
    tab = visit("#digits?seed=3")
    for step in range(1, 4):
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")
    mine = tab.save("save", tmp_path)
    assert mine.name == "bitladder-digits-step3.npz"
    tab.follow("#digits?seed=4")
    tab.wait_number("step-count", "x === 0")
    tab["load-file"].set_input_files(mine)
    tab.wait_number("step-count", "x === 3")
    assert tab["seed"].input_value() == "3"


@pytest.mark.thorough
def test_networks_of_other_sizes_and_quantised_ones_are_shown(visit, tmp_path):
    student = described(store.arrays_of(MLP((784, 20, 10)).initial(3)), "distill mlp")
    (tmp_path / "student.npz").write_bytes(store.pack(student))
    tab = visit("#digits")
    tab["load-file"].set_input_files(tmp_path / "student.npz")
    tab.page.locator("[data-test='filters'][aria-label*='weights, 20 images']").wait_for()
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["load-file"].set_input_files(store.WEIGHTS / "mlp-qat4.npz")
    tab.page.locator("[data-test='filters'][aria-label*='weights, 128 images']").wait_for()
    tab.wait_number("held-out-accuracy", "x > 98")
    tab.page.locator(".note", has_text="4-bit weights and 4-bit activations").wait_for()


@pytest.mark.thorough
def test_exact_values_by_keyboard(visit):
    tab = visit("#digits?weights=pretrained")
    tab["filters"].focus()
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    tab.page.locator("[data-test='filters-value']", has_text="column").wait_for()


@pytest.mark.thorough
def test_the_source_shown_is_the_source_that_runs(visit):
    tab = visit("#digits")
    tab.page.locator("details", has_text="symmetric_grid").locator("code").first.wait_for(state="attached")
    shown = tab.page.locator("details", has_text="symmetric_grid").locator("code").first.text_content()
    assert "scale = _safe_scale(np.asarray(largest, np.float32) / np.float32(high))" in shown


def test_a_digit_is_drawn_by_keyboard(visit):
    tab = visit("#digits?weights=pretrained")
    tab["pad"].focus()
    for _ in range(9):
        tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("Space")  # the pen is down; it does not play
    for _ in range(18):
        tab.page.keyboard.press("ArrowDown")
    tab.page.get_by_text("Pen down, 50 % across, 86 % down").wait_for(state="attached")
    tab.page.keyboard.press("Space")
    tab.wait_text("prediction", "1")
    tab.page.get_by_text("Pen up, 50 %").wait_for(state="attached")
    assert tab.number("step-count") == 0
    tab.page.keyboard.press("Delete")
    tab.wait_text("prediction", "The pad is empty")


@pytest.mark.thorough
def test_a_palm_that_lies_down_before_the_pen_draws_nothing(visit):
    tab = visit("#digits?weights=pretrained", has_touch=True)
    tab["label"].wait_for()
    tab["clear"].click()
    tab["pad"].scroll_into_view_if_needed()
    box, send = tab["pad"].bounding_box(), tab.devtools()

    def at(x: float, y: float) -> dict:
        return {"x": box["x"] + float(x) * box["width"], "y": box["y"] + float(y) * box["height"]}

    send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at(0.9, 0.9)]})
    for i, (x, y, _) in enumerate(SEVEN):
        kind = {"type": "mouseMoved" if i else "mousePressed", "button": "left", "buttons": 1, "clickCount": 1}
        send("Input.dispatchMouseEvent", kind | at(x, y) | {"pointerType": "pen"})
    send("Input.dispatchMouseEvent", {"type": "mouseReleased", "button": "left", "clickCount": 1, "pointerType": "pen"}
         | at(*SEVEN[-1][:2]))
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tab.wait_text("prediction", "7")
    tab["undo"].click()
    tab.wait_text("prediction", "The pad is empty")
