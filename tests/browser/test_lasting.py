"""Work that lasts: a page opens as it was left; runs are pinned, compared, taken back, saved and opened again."""

import inspect

import pytest

from pyapp import npz
from pyapp.checkpoint import unpacked_json
from pyapp.ladder import line
from pyapp.parity.check import SEVEN
from pyapp.runner import Runner

RECORDS = """async () => {
    const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const db = await done(indexedDB.open("bitladder", 1));
    const all = await done(db.transaction("runs").objectStore("runs").getAll());
    db.close();
    return all.map(({ file, ...rest }) => ({ ...rest, bytes: file.length }));
}"""


def train(tab, beyond: int) -> float:
    """Play to some step and pause; the step, which is kept by then."""
    tab["play"].click()
    tab.wait_number("step-count", f"x > {beyond}")
    tab.pause()
    return tab.number("step-count")


def newest(tab, condition: str) -> dict:
    """The newest record of this browser, as soon as a condition on it, `r`, holds."""
    return tab.page.evaluate(f"""async () => {{
        for (;;) {{
            const all = await ({RECORDS})();
            const r = all.sort((a, b) => b.time - a.time)[0];
            if (r && ({condition})) return r;
            await new Promise((later) => setTimeout(later, 100));
        }}
    }}""")


def test_a_page_is_as_it_was_left_after_a_reload_elsewhere_and_back(visit):
    tab = visit("#digits?rate=0.05&bits=4")
    tab.draw(SEVEN)
    tab["prediction"].wait_for()
    step = train(tab, 20)
    drawn, loss = tab.text("prediction"), tab.text("loss")
    tab.page.reload()
    tab.wait_ready()
    tab.wait_text("restored", f"Restored as you left it, step {step:,.0f}.")
    assert (tab.number("step-count"), tab.text("loss")) == (step, loss)
    tab.wait_text("prediction", drawn)
    tab.follow("#simulator")
    tab.slide("bits", "End")
    tab.follow("#digits")  # with no settings: as it was left
    assert tab.number("step-count") == step and "rate=0.05" in tab.page.url
    below, offer = tab.boxes("play", "pad"), tab["restored"].bounding_box()
    assert offer["y"] >= tab["strip"].bounding_box()["y"] + tab["strip"].bounding_box()["height"] - 2
    tab["step"].click()
    tab.wait_number("step-count", f"x === {step + 1:.0f}")
    tab["restored"].wait_for(state="detached")
    assert tab.boxes("play", "pad") == below  # nothing moves under the pointer
    tab.page.go_back()
    tab.wait_ready()
    tab["restored"].wait_for()
    assert "bits=16" in tab.page.url or "bits=8" in tab.page.url
    tab.page.go_forward()
    tab.wait_number("step-count", f"x === {step + 1:.0f}")
    tab.follow("#digits?seed=5")
    tab.wait_text("left-other", "This link has settings of its own.")
    tab.wait_number("step-count", "x === 0")
    tab["as-left"].click()
    tab.wait_number("step-count", f"x === {step + 1:.0f}")
    tab["shipped-state"].click()
    tab.wait_number("step-count", "x === 0")
    assert tab.page.url.endswith("#digits")
    newest(tab, "r.shipped && r.step === 0")
    tab.draw(SEVEN)
    tab["prediction"].wait_for()
    tab["play"].click()
    tab.wait_number("step-count", "x > 2")
    tab["page-menu"].click()
    tab["page-fresh"].click()  # at any time, also in the middle of training
    tab.wait_text("page-said", "This page is as it ships.")
    tab.page.keyboard.press("Escape")
    assert tab.number("step-count") == 0 and tab["pad"].locator("path").count() == 0
    newest(tab, "r.shipped && r.step === 0")
    tab.page.reload()
    tab.wait_ready()
    assert tab["restored"].count() == 0 and tab.number("step-count") == 0


def test_runs_are_pinned_compared_taken_back_and_described(visit, tmp_path):
    tab = visit("#qat?network=784-32-10&bits=4")
    tab.allow_clipboard()
    step = train(tab, 30)
    tab["pin"].click()
    tab.wait_text("compared", f"step {step:,.0f}")
    name = tab.page.evaluate("document.querySelector('[data-test=compared]').value")
    assert "4" in name and "784-32-10" in name
    pinned_scale = tab.number("scales-layer1-now")
    tab.page.locator("thead", has_text="pinned").first.wait_for()
    tab.wait_text("headline-compared", f"step {step:,.0f}")
    tab["back"].focus()
    tab["back"].press("Home")
    tab.wait_number("step-count", "x === 0")
    tab.page.wait_for_function("() => document.querySelector(\"[data-test='back']\").value === '0'")
    tab["back"].press("ArrowRight")
    tab.wait_number("step-count", "x === 10")
    tab["step"].click()
    tab.wait_number("step-count", "x === 11")
    difference = tab.page.locator("thead", has_text="difference").first.locator("xpath=..").locator("tbody td").last
    assert difference.inner_text()
    words = tab.text("scales-layer1-now-pinned")
    assert words[0] in "+−" and f"(pinned: {pinned_scale:g})" in words, words
    curves = tab.page.evaluate(CURVES, "loss-curves")
    (low, bottom), *_, (high, top) = curves["axis"]
    assert [dashed for dashed, _, _ in curves["ends"]] == [True, True, False, False]
    for _, y, value in curves["ends"]:  # all stand where the one axis has what is written beside them
        assert low + (bottom - y) / (bottom - top) * (high - low) == pytest.approx(value, abs=0.002)
    tab["page-menu"].click()
    tab["page-python"].click()
    tab.wait_text("page-said", "Python reproduces this run with it.")
    text = tab.page.evaluate("navigator.clipboard.readText()")
    assert 'runner.open("qat"' in text and "runner.advance(run, steps=11)" in text
    path = tab.save("page-session", tmp_path)
    assert path.name == "bitladder-qat-step11.bitladder"
    assert unpacked_json(npz.unpack(path.read_bytes())["about"])["page"] == "qat"
    for title in ("mine", "mine (2)"):  # none takes another's place
        tab["session-title"].fill("mine")
        tab["session-keep"].click()
        tab.wait_text("page-said", f"Kept in this browser as “{title}”.")
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")
    newest(tab, "r.step === 0")
    tab.page.reload()
    tab.wait_ready()
    assert tab["compared"].locator("option").count() == 2 and tab.number("step-count") == 0
    tab["page-menu"].click()
    tab["session-kept"].locator("button", has_text="mine (2)").click()
    tab.wait_number("step-count", "x === 11")
    tab.page.evaluate("document.querySelector('[data-test=page-menu]').click()")
    tab["compared"].select_option(name)
    tab["unpin"].click()
    tab["compared"].wait_for(state="detached")
    tab.follow("#simulator")
    tab["page-menu"].click()
    tab["session-open-file"].set_input_files(path)
    tab.wait_text("restored", f"Opened from {path.name}, step 11.")
    tab.wait_number("step-count", "x === 11")
    assert tab["compared"].locator("option").count() == 2 and "#qat" in tab.page.url
    path.write_bytes(path.read_bytes()[:-999])
    tab["page-menu"].click()
    tab["session-open-file"].set_input_files(path)
    tab.wait_text("load-error", "expected an .npz file")
    assert tab.number("step-count") == 11


# The numbers of a chart's y axis and where they stand; of each curve whether it is dashed, where it ends, and what is
# written there.
CURVES = r"""(name) => {
    const svg = document.querySelector(`[data-test='${name}']`);
    const number = (text) => Number(/[\d.,]+$/.exec(text)[0].replaceAll(",", ""));
    const all = (where) => [...svg.querySelectorAll(where)];
    const written = all(":scope > text").map((text) => number(text.textContent));
    const drawn = all("path.line").map((path) => [path.classList.contains("dashed"), number(path.getAttribute("d"))]);
    const axis = all(".axes text[text-anchor=end]");
    return { axis: axis.map((text) => [number(text.textContent), text.getAttribute("y") - 4]),
             ends: drawn.map(([dashed, y], i) => [dashed, y, written[i]]) };
}"""
# How far the strongest colour of a heatmap is from that of 0, on the three channels together.
STRONGEST = """async (name) => {
    const { rgb } = await import("./ui/theme.js");
    const canvas = document.querySelector(`[data-test='${name}']`);
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const zero = rgb("heat-zero");
    let most = 0;
    for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3]) most = Math.max(most, zero.reduce((sum, part, c) => sum + Math.abs(data[i + c] - part), 0));
    }
    return most;
}"""


def test_two_pinned_runs_are_compared_with_each_other_on_one_scale_and_the_page_ships_again(visit):
    kinds = ("outlier", "normal")
    native = [Runner().open("simulator", {"data": kind, "bits": 4})["frame"].scalars for kind in kinds]
    large, small = (scalars["limits"]["value"] for scalars in native)
    spoilt, plain = (f"{scalars['errors']['sqnr_db']:.2f}" for scalars in native)
    tab = visit("#simulator?data=normal&bits=4")

    def strongest(name: str, limit: float) -> int:
        """The colour when it is painted, and when the words say what has the full colour."""
        tab.wait_text("matrix-values-caption", f"full colour at ±{limit:.4g}")
        tab.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        return tab.page.evaluate(STRONGEST, name)

    alone = strongest("matrix-values", small)
    tab["pin"].click()
    tab["pin-name"].fill("plain")
    tab["pin-name"].press("Enter")
    tab.wait_text("compared", "plain")
    tab["data"].select_option("outlier")
    tab.wait_text("sqnr", spoilt)
    tab["pin"].click()
    tab["compared"].locator("option:checked", has_text="outlier").wait_for(state="attached")
    tab["viewed"].select_option("plain")
    tab.wait_text("headline-viewed", "Shown: the pinned run “plain”")
    tab.wait_text("sqnr", plain)  # of one pinned run, beside it that of the other, while the page itself has another
    row = tab["sqnr"].locator("xpath=..").locator("td").all_inner_texts()
    assert [text.split()[0] for text in row] == [plain, spoilt, f"+{float(plain) - float(spoilt):.2f}"]
    assert "plain" in tab.page.locator("thead", has_text="pinned").first.inner_text()
    assert strongest("matrix-values", large) == pytest.approx(alone * (small / large) ** 0.5, abs=4)
    assert strongest("matrix-values-pinned", large) == pytest.approx(alone, abs=4), "it has the largest number of both"
    tab["compared"].select_option("plain")  # as well: with another name both go on with it
    for name in ("constructor", ""):  # without any, one is made of the settings
        tab["pin-name"].fill(name)
        tab["pin-name"].press("Enter")
        tab.wait_text("headline-viewed", f"Shown: the pinned run “{name or 'drawn from normal'}”")
    made = tab["viewed"].input_value()
    assert made == tab["compared"].input_value() == tab["pin-name"].input_value()
    tab["pin-name"].fill(" ")
    tab["pin-name"].press("Enter")
    tab.page.wait_for_function("([where, made]) => document.querySelector(where).value === made",
                               arg=["[data-test='pin-name']", made])
    tab.slide("bits", 5)  # the page's own run is changed, so it is shown
    tab["headline-viewed"].wait_for(state="detached")
    assert tab["viewed"].input_value() == "" and tab["compared"].input_value() != ""
    tab["page-menu"].click()
    tab["page-fresh"].click()
    tab.wait_text("page-said", "This page is as it ships.")
    tab["compared"].wait_for(state="detached")
    assert tab.page.url.endswith("#simulator")


@pytest.mark.thorough
def test_a_storage_that_never_answers_is_waited_for_once_and_said(visit):
    tab = visit(None)
    tab.page.add_init_script("""indexedDB.open = () => ({});
        const later = window.setTimeout;
        window.setTimeout = (work, ms, ...more) => later(work, ms === 10_000 ? 300 : ms, ...more);""")
    tab.open("#simulator?bits=3")
    tab.slide("bits", 5)
    tab.wait_text("unkept", "does not let the page keep your work (its storage does not answer).")
    tab.follow("#errors")


@pytest.mark.thorough
def test_without_storage_with_strange_records_and_after_a_crash_the_page_works(visit):
    tab = visit(None)
    tab.expected = ("ERR_ABORTED",)  # a reload ends what is under way
    tab.page.add_init_script("""if (sessionStorage.forbidden) {
        indexedDB.open = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
    }""")
    tab.open("#rung1")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    record = newest(tab, "r.step === 1")
    assert record["link"] == "#rung1" and 1000 < record["bytes"] < 20_000
    damage = """async (change) => {
        const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        const db = await done(indexedDB.open("bitladder", 1));
        const store = () => db.transaction("runs", "readwrite").objectStore("runs");
        for (const record of await done(store().getAll())) await done(store().put({ ...record, ...change }));
        db.close();
    }"""
    tab.page.evaluate(damage.replace("...change", "file: record.file.slice(0, 500)"), {})
    tab.page.reload()
    tab.wait_ready()
    tab.wait_text("notes", "What was kept of this page cannot be used, so it is left aside")
    assert tab.number("step-count") == 0 and tab["restored"].count() == 0
    tab.page.evaluate(damage, {"file": "no bytes"})
    tab.page.reload()
    tab.wait_ready()
    assert tab["notes"].count() == 0 and tab.number("step-count") == 0
    tab.page.evaluate("sessionStorage.forbidden = 1")
    tab.page.reload()
    tab.wait_ready()
    for step in (1, 2):
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")
    tab.wait_text("unkept", "does not let the page keep your work (The operation is insecure.)")
    tab.follow("#rung2")  # the page says so once
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    assert tab["unkept"].count() == 0


@pytest.mark.thorough
def test_two_tabs_keep_their_runs_and_an_edit_comes_back_only_when_asked(visit, tmp_path):
    tab = visit("#rung1")
    other = tab.page.context.new_page()
    other.goto(tab.page.url)
    other.wait_for_function("() => document.documentElement.dataset.state === 'ready'")
    for page, steps in ((other, 3), (tab.page, 2)):
        for step in range(1, steps + 1):
            page.locator("[data-test=step]").click()
            page.wait_for_function(f"() => document.querySelector('[data-test=step-count]').textContent === '{step}'")
    newest(tab, "r.step === 2")
    assert sorted(r["step"] for r in tab.page.evaluate(RECORDS)) == [2, 3]
    assert other.locator("[data-test=step-count]").inner_text() == "3"
    other.close()
    runner = Runner()
    run = runner.open("rung1")["run"]
    source = inspect.getsource(line.predict).replace("return ", "return 1 + ")
    runner.edit(run, "predict", source)
    runner.advance(run, steps=5)
    path = tmp_path / "edited.bitladder"
    path.write_bytes(bytes(runner.save(run)["file"]))
    tab["page-menu"].click()
    tab["session-open-file"].set_input_files(path)
    tab.wait_number("step-count", "x === 5")
    tab.wait_text("code-offer", "You had edited predict here.")
    tab.wait_text("code-state", "The shipped function is running.")


def test_what_a_run_has_learned_survives_a_reload_a_dead_worker_and_a_full_storage(visit):
    """Each in the middle of training."""
    tab = visit(None)
    tab.expected = ("ERR_ABORTED",)  # a reload ends what is under way
    tab.open("#digits?seed=3")
    tab["play"].click()
    kept = newest(tab, "r.step > 5")["step"]
    tab.page.reload()
    tab.wait_ready()
    tab.wait_text("restored", "Restored as you left it, step ")
    assert tab.number("step-count") >= kept and "seed=3" in tab.page.url
    tab["play"].click()
    kept = newest(tab, f"r.step > {tab.number('step-count')}")["step"]
    tab.page.workers[0].evaluate("() => self.close()")  # says nothing, as when a browser ends it
    tab.wait_text("error", "Python stopped: its worker has ended")
    tab["retry"].click()
    tab["error"].wait_for(state="detached")
    tab.wait_ready()
    tab["restored"].wait_for()
    assert tab.number("step-count") >= kept
    send = tab.devtools()
    send("Storage.overrideQuotaForOrigin", {"origin": tab.url.rstrip("/"), "quotaSize": 1000})
    tab["play"].click()
    tab.wait_text("unkept", "This browser has no room left to keep your work. To keep it, choose Share")
    send("Storage.overrideQuotaForOrigin", {"origin": tab.url.rstrip("/")})
    tab["play"].click()
    tab["unkept"].wait_for(state="detached")
    tab.wait_kept()
    assert newest(tab, "r.step > 0")["step"] == tab.number("step-count") > kept
