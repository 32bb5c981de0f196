"""Links as people send, cut and mistype them: each opens a page, says what it could not use, and never hangs."""

import pytest

from pyapp.pages import page

ODD = ("__proto__", "constructor", "toString", "hasOwnProperty", "%", "%zz", "%00", "a?b", "1%261", "+", "👩‍🚀", "")


def test_an_invalid_value_is_reported_and_the_page_works(visit):
    tab, names = visit("#digits"), ("optimiser", "rate", "seed", "bits")
    usual = {param.name: str(param.default) for param in page("digits").PARAMS}
    for value in ODD:
        print(repr(value))  # is shown with a failure
        tab.follow("#digits?" + "&".join(f"{name}={value}" for name in names))
        for name in names:
            tab.wait_text("notes", f"{name} is ")
            assert tab[name].input_value() == usual[name] or name in ("rate", "bits")  # sliders hold positions
        assert tab.page.evaluate("location.hash") == "#digits"
        assert tab["play"].is_enabled()


def test_a_name_that_every_object_inherits_is_not_a_parameter(visit):
    tab = visit("#digits?__proto__=1&constructor=2&=3")
    tab.wait_text("notes", "There are no parameters “__proto__”, “constructor” and “” here; they are ignored.")
    tab.follow("#digits?" + "&".join(f"{'n' * 50}{i}=1" for i in range(500)))
    tab.wait_text("notes", "and 495 more here")
    assert len(tab.text("notes")) < 500


@pytest.mark.parametrize("name", ["constructor", "__proto__", "%", "digits%3Frate=1", "a&b", "x" * 3000])
def test_a_missing_page_is_reported(visit, name):
    tab = visit("#digits")
    tab.page.evaluate("(name) => { location.hash = name; }", name)
    tab.wait_text("notes", "There is no page “")
    assert len(tab.text("notes")) < 200 and tab.page.evaluate("location.hash") == "#digits"


def test_what_is_moved_while_a_link_is_obeyed_stays(visit):
    """The link changes rows; before Python has answered, the reader changes the bits; then undo is pressed."""
    tab = visit("#simulator?rows=64&bits=5")
    tab.page.evaluate("""async () => {
        location.hash = "#simulator?rows=24&bits=5";
        await new Promise((done) => addEventListener("hashchange", done, { once: true }));
        const slider = document.querySelector("[data-test=bits]");
        slider.value = 6;
        for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type, { bubbles: true }));
    }""")
    tab.page.wait_for_function("location.hash.includes('rows=24') && location.hash.includes('bits=6')")
    tab.page.wait_for_timeout(500)  # Python has answered the link, which asks once more for what is not yet so
    assert "bits=6" in tab.page.evaluate("location.hash")
    tab["undo-change"].click()
    tab.page.wait_for_function("location.hash.includes('bits=5')")
    assert "rows=24" in tab.page.evaluate("location.hash")


def test_a_question_mark_in_a_text_stays(visit):
    tab = visit("#text?tokens=1&prompt=What is it? 1+1 & more")
    assert tab["prompt"].input_value() == "What is it? 1 1 "
    assert tab.page.evaluate("location.hash") == "#text?prompt=What+is+it%3F+1+1+&tokens=1"
    tab.follow("#text?prompt=a?b%26c%2B%25&tokens=1")
    assert tab["prompt"].input_value() == "a?b&c+%"


def test_a_note_goes_when_its_cause_has_gone(visit):
    tab = visit("#digits?rate=99&rate=98&nonsense=1")
    tab.wait_text("notes", "rate 98 is above 1; using 1")
    for words in ("There is no parameter “nonsense”", "sets “rate” more than once"):
        assert words in tab.text("notes")
    tab.slide("rate", 20)
    tab["notes"].wait_for(state="detached")


@pytest.mark.thorough
def test_a_page_that_python_cannot_open_uses_its_defaults(visit):
    """No link is known that Python refuses as a whole; here one is made."""
    tab = visit(None)
    tab.page.add_init_script("""{
        const { postMessage } = Worker.prototype;
        Worker.prototype.postMessage = function (message, ...more) {
            if (message.method === "open" && message.args.params.seed === "7") message.args.page = "constructor";
            return postMessage.call(this, message, ...more);
        };
    }""")
    tab.open("#digits?seed=7")
    tab.wait_text("notes", "The page cannot be opened with these settings, so it uses the defaults.")
    assert "there is no page 'constructor'" in tab.text("notes")
    assert tab["seed"].input_value() == "1" and tab["play"].is_enabled()
