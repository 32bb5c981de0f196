"""Files that come into the page: chosen, dropped and kept; wrong ones, several at once, and in the wrong place."""

import pytest

from pyapp import store

QUICK = "#learn?size=small"
# Drops files, {name: text}, or a link on an element; whether the page kept the browser from opening them itself.
DROP = """([selector, files, link]) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(files)) dataTransfer.items.add(new File([text], name));
    if (link) dataTransfer.setData("text/uri-list", link);
    const place = document.querySelector(selector);
    const send = (type) => !place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    return [send("dragover"), send("drop")].every(Boolean);
}"""
# Files of this name are read when `arrived` is called.
SLOW = """(slow) => {
    const now = Blob.prototype.arrayBuffer;
    const arrival = new Promise((resolve) => (window.arrived = () => {
        Blob.prototype.arrayBuffer = now;
        delete window.arrived;
        resolve();
    }));
    Blob.prototype.arrayBuffer = async function () {
        if (this.name === slow) await arrival;
        return now.call(this);
    };
}"""
# Leaves a record of a run that another version of the page might have kept.
KEEP = """async (record) => {
    const db = await new Promise((resolve) => {
        const request = indexedDB.open("bitladder", 1);
        request.onupgradeneeded = () => request.result.createObjectStore("runs", { keyPath: "id" });
        request.onsuccess = () => resolve(request.result);
    });
    const transaction = db.transaction("runs", "readwrite");
    transaction.objectStore("runs").put({ ...record, file: record.file && new Uint8Array(8) });
    await new Promise((done) => (transaction.oncomplete = done));
    db.close();
}"""


def dropped(tab, place: str, files: dict | None = None, link: str = "") -> bool:
    tab.page.locator(place).first.wait_for()  # a panel's own program may come after Python is ready
    return tab.page.evaluate(DROP, [place, files or {}, link])


@pytest.mark.parametrize("place", ["h1", "[data-test='load']", "[data-test='seed']"])
def test_a_file_dropped_beside_the_pad_does_not_replace_the_page_and_is_answered(visit, place):
    tab = visit("#digits")
    name = f"{'seven' * 40}.png"  # longer than a line, with no place to break it
    assert dropped(tab, place, {name: "x"})
    tab.wait_text("load-error", "To have one drawn digit read, drop its picture on the pad.")
    assert name in tab["load-error"].inner_text()
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert dropped(tab, place, {"a.npz": "x", "b.npz": "x"})
    tab.wait_text("load-error", "2 files were dropped. Drop one at a time.")


def test_links_are_refused_except_in_fields(visit):
    tab = visit("#digits")
    link = "https://example.org/seven.png"
    assert dropped(tab, "[data-test='pad']", link=link)
    tab.follow(QUICK)
    assert dropped(tab, "h1", link=link)
    assert not dropped(tab, "[data-test='text']", link=link), "text that is dragged into a field belongs there"


@pytest.mark.parametrize("page, place", [("#digits", "pad"), (QUICK, "excerpt")])
def test_of_several_files_none_is_taken(visit, page, place):
    tab = visit(page)
    assert dropped(tab, f"[data-test='{place}']", {"a.txt": "a", "b.txt": "b"})
    tab.page.locator("[role=alert]", has_text="2 files were dropped. Drop one at a time.").wait_for()


def test_files_that_cannot_be_read_or_are_far_too_large_are_refused(visit):
    tab = visit("#digits")
    choose = """([name, bytes]) => {
        const chosen = new DataTransfer();
        chosen.items.add(new File(["x"], name));
        const [file] = chosen.files;
        if (bytes) Object.defineProperty(file, "size", { value: bytes });
        else file.arrayBuffer = async () => { throw new DOMException("gone", "NotReadableError"); };
        const field = document.querySelector("[data-test='load-file']");
        Object.defineProperty(field, "files", { value: [file], configurable: true });
        field.dispatchEvent(new Event("change", { bubbles: true }));
    }"""
    tab.page.evaluate(choose, ["gone.npz", 0])
    tab.wait_text("load-error", "gone.npz cannot be read")
    tab.page.evaluate(choose, ["film.npz", 3_000_000_000])
    tab.wait_text("load-error", "film.npz has 3,000,000,000 bytes. Use a file of at most 100,000,000 bytes.")


def test_the_file_that_was_chosen_last_counts(visit, tmp_path):
    tab = visit("#digits")
    (tmp_path / "slow.npz").write_text("no weights")
    tab.page.evaluate(SLOW, "slow.npz")
    tab["load-file"].set_input_files(tmp_path / "slow.npz")
    tab["load-file"].set_input_files(store.WEIGHTS / "mlp.npz")
    tab.wait_number("held-out-accuracy", "x > 98")
    tab.page.evaluate("window.arrived()")
    tab["step"].click()  # answered after the slow file would have been
    tab.wait_number("step-count", "x > 0")
    assert tab["load-error"].count() == 0


@pytest.mark.parametrize("wrong", [{"file": None}, {"step": "fifty"}, {"name": 5}])
def test_a_kept_run_of_another_form_is_not_offered(visit, wrong):
    tab = visit("#exponential")
    whole = {"id": "old", "link": "#digits", "step": 50, "time": 1, "file": True, "name": "a.npz"}
    tab.page.evaluate(KEEP, {**whole, **wrong})
    tab.follow("#digits")
    tab["step"].click()
    tab.page.locator("[data-test='kept']").wait_for()
    tab["reset"].click()
    tab.wait_text("resume", "Resume at step 1")
    tab["discard"].click()
    tab["resume"].wait_for(state="detached")
