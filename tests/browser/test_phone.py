"""Every page on a phone: nothing is wider than the screen, also after what a finger does.

A page needs nothing here to be looked at; where more has to be on the screen first, it has a link or a step of its own.
"""

import pytest

from pyapp import pages
from pyapp.parity.check import SEVEN
from pyapp.softmax.methods import METHODS

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SMALLEST = {"width": 320, "height": 640}
LINKS = {  # what makes a page wide; by default it is opened as it is
    "affine": ["?bits=3"],
    "arena": ["?size=64&rounds=1"],
    "attention": ["?length=64&bits=2&method=ibert&row=21"],
    "digits": ["?weights=pretrained"],
    "errors": ["?layout=matrix"],
    "exponential": ["?scale=0.3"],
    "generator": ["?generator=teacher&bits=4"],
    "inference": ["?bits=3"],
    "learn": ["?size=small&batch=1"],
    "matmul": [f"?step={step}&rows=8&inner=16&columns=8&per=channel" for step in (2, 6, 8)],
    "methods": ["?rows=32&length=16"],
    "mixed": ["?method=round&clip=minmax"],
    "qat": ["?network=784-32-10&per=channel"],
    "shift": ["?rows=32&length=16"],
    "simulator": ["?bits=8&per=group", "?rows=1&columns=64&data=outlier"],
    "staircase": ["?method=tflite"],
    "text": ["?tokens=30"],
}
USUAL = [(page, LINKS.get(page, [""])[0]) for page in pages.names()]
MORE = [(page, query) for page, queries in LINKS.items() for query in queries[1:]]
WALKS = 4  # so many tabs, in which Python starts once


def affine(tab):
    slide(tab, "bits", 2)
    tab.wait_text("verdict-skewed", "of its 4 codes")


def arena(tab):
    tab["measure"].click()
    tab.wait_text("measure", "again")


def attention(tab):
    tab["map-plain-error"].tap(position={"x": 60, "y": 40})  # two screen pixels a cell
    tab.page.wait_for_url("**row=21**")
    tab.wait_text("map-plain-error-value", "query")  # what was tapped is still read when the finger has gone
    for name in ("float", "plain", "shifted", "plain-error", "shifted-error"):
        tab[f"map-{name}"].focus()
        tab.page.keyboard.press("ArrowRight")
        tab.wait_text(f"map-{name}-value", "query 21")
        fits(tab)


def swipe(tab, *fingers):
    """Upwards, from places (x, y)."""
    send = tab.devtools()
    for kind, up in [("touchStart", 0), *(("touchMove", 10 * step) for step in range(12)), ("touchEnd", None)]:
        points = [] if up is None else [{"x": x, "y": y - up, "id": x} for x, y in fingers]
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def swipe_over(tab, name):
    """A finger that scrolls the page from a slider leaves the slider where it was."""
    position = tab[name].input_value()
    tab[name].evaluate("(slider) => slider.scrollIntoView({ block: 'center' })")
    box, top = tab[name].bounding_box(), tab.page.evaluate("scrollY")
    part = 0.2 if float(position) > float(tab[name].get_attribute("max")) / 2 else 0.8
    swipe(tab, (box["x"] + part * box["width"], box["y"] + box["height"] / 2))
    tab.page.wait_for_function(f"scrollY > {top} + 50")
    assert tab[name].input_value() == position


def swipe_over_point(tab, name):
    """A finger that scrolls the page from a picture leaves the point in it where it was; a tap moves the point."""
    tab[name].evaluate("(picture) => picture.scrollIntoView({ block: 'center' })")
    box, top, link = tab[name].bounding_box(), tab.page.evaluate("scrollY"), tab.page.url
    swipe(tab, (box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2))
    tab.page.wait_for_function(f"scrollY > {top} + 50")
    assert tab.page.url == link
    tab[name].tap(position={"x": 0.7 * box["width"], "y": box["height"] / 2})
    tab.page.wait_for_url(lambda url: url != link)


def digits(tab):
    tab["pad"].scroll_into_view_if_needed()
    drawn, top = "document.querySelector(\"[data-test='pad']\").innerHTML", tab.page.evaluate("scrollY")
    tab.draw_by_finger(SEVEN)
    tab.wait_text("prediction", "7")
    assert tab.page.evaluate("scrollY") == top
    before = tab.page.evaluate(drawn)
    box = tab["pad"].bounding_box()
    swipe(tab, *((box["x"] + x, box["y"] + 130) for x in (40, 100)))  # two fingers scroll and leave no stroke
    tab.page.wait_for_function(f"scrollY > {top}")
    assert tab.page.evaluate(drawn) == before and "7" in tab.text("prediction")
    swipe_over(tab, "bits")
    slide(tab, "bits", "Home")
    tab.wait_number("quant-accuracy", "x < 50")


def errors(tab):
    tab.wait_number("bands-2-count", "x > 0")
    fits(tab)
    tab["error-map"].tap(position={"x": 30, "y": 30})
    tab["cell-code"].wait_for()


def exponential(tab):
    slide(tab, "x", -4)
    tab.wait_text("point-q", "−13")


def generator(tab):
    tab.wait_number("judged-mini_bits-read", "x > 0")
    assert tab["judged"].evaluate("(table) => table.offsetWidth <= table.parentElement.clientWidth")
    tab["next"].first.tap()
    tab.wait_text("which", "seed 1346")
    slide(tab, "temperature", 0.35)
    tab.page.wait_for_url("**temperature=0.35**")


def guidelines(tab):
    tab.page.locator("[data-test='claims'] .good").first.wait_for()


def inference(tab):
    tab.draw_by_finger(SEVEN)
    tab.wait_text("prediction", "7")
    tab.wait_number("{done}", "x > 0")


def learn(tab):
    tab.page.wait_for_function("document.querySelector(\"[data-test='pending']\")?.textContent === ''")
    fits(tab)
    slide(tab, "bits", "Home")
    tab.wait_text("title-quant", "2 bits")


def matmul(tab):
    step = int(tab.page.url.partition("step=")[2][0])
    tab["next" if step < 8 else "back"].click()
    tab.wait_text("step-title", f"{step + 1 if step < 8 else step - 1}.")


def methods(tab):
    tab.wait_text("measured", f"{len(METHODS)} of {len(METHODS)}")
    fits(tab)
    tab["methods-itamax"].tap()
    tab.wait_text("picture-title", METHODS["itamax"].title)


def mixed(tab):
    tab.wait_text("found", "18")
    tab.wait_number("verified", "x >= 8")
    tab["rivals-3"].wait_for()


def qat(tab):
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    fits(tab)
    swipe_over(tab, "bits")
    tab["step"].click()
    tab.wait_number("step-count", "x === 2")  # the run goes on
    slide(tab, "bits", "End")
    tab.wait_number("step-count", "x === 0")
    assert "bits=8" in tab.page.url


def rung(tab):
    tab.wait_text("code-state", "The shipped function is running.")


def rung1(tab):
    swipe_over_point(tab, "surface")
    rung(tab)


def shift(tab):
    tab.wait_text("progress", "% measured")


def simulator(tab):
    slide(tab, "bits", 2)
    tab.wait_number("codes-used", "x <= 3")


def staircase(tab):
    swipe_over_point(tab, "stairs-both")


def text(tab):
    tab["play"].click()
    tab.wait_number("written", "x === 30")
    tab.page.locator("[data-test='text-quant'] span").nth(12).tap()
    tab.page.locator("p", has_text="Character number 13 of the quantised text").wait_for()


def vision(tab):
    tab["matrix"].wait_for()


STEPS = {step.__name__: step for step in (
    affine, arena, attention, digits, errors, exponential, generator, guidelines, inference, learn, matmul, methods,
    mixed, qat, shift, simulator, staircase, text, vision)} | {f"rung{i}": rung for i in range(2, 8)} | {"rung1": rung1}


def slide(tab, name: str, position) -> None:
    """Move a slider of the strip, or of the controls that a phone shows when asked to."""
    if not tab[name].is_visible():
        tab["controls-toggle"].click()
    tab.slide(name, position)


def fits(tab) -> None:
    """The page does not scroll sideways; what is wider than the screen has to scroll within itself.

    Pictures follow a change of size a frame later, so it is waited for.
    """
    tab.page.wait_for_function("(width) => innerWidth === width && document.documentElement.scrollWidth <= width",
                               arg=tab.page.viewport_size["width"])


@pytest.mark.parametrize("links", [*(pytest.param(USUAL[i::WALKS], id=f"walk {i + 1}") for i in range(WALKS)),
                                   pytest.param(MORE, id="more", marks=pytest.mark.thorough)])
def test_pages_fit_a_phone(visit, links):
    tab = None
    for page, query in links:
        link = f"#{page}{query}"
        tab = tab.follow(link) if tab else visit(link, **PHONE)
        try:
            fits(tab)
            if page in STEPS:
                STEPS[page](tab)
            tab.page.set_viewport_size(SMALLEST)
            fits(tab)
            tab.page.set_viewport_size(PHONE["viewport"])
        except Exception as error:
            error.add_note(f"on {page}{query}")
            raise


def test_what_an_empty_chart_says_lies_over_no_number_of_its_axes(visit):
    tab = visit("#rung3", **PHONE)
    tab.page.wait_for_selector("[data-test=nothing-yet]", state="attached")
    over = tab.page.evaluate("""() => {
      const box = (text) => text.getBoundingClientRect();
      const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      return Array.from(document.querySelectorAll("[data-test=nothing-yet]")).flatMap((words) =>
        Array.from(words.parentElement.querySelectorAll(".axes text"))
          .filter((number) => !apart(box(words), box(number))).map((number) => number.textContent));
    }""")
    assert over == []
