"""Parts of files, packed files and the policy, as the server sends them."""

import os

import pytest
from small_site import KINDS

WHOLE = b"web/index.html"


@pytest.mark.parametrize(("asked", "answer"), [
    ("bytes=0-0", (0, 1)), ("bytes=4-8", (4, 9)), ("bytes=4-", (4, 14)), ("bytes=-4", (10, 14)), ("bytes=-99", (0, 14)),
    ("bytes=13-99999999999999999999999", (13, 14)), ("bytes = 1-2", (1, 3)),
    ("bytes=14-", None), ("bytes=14-20", None), ("bytes=-0", None),
    *((header, (0, 14)) for header in ("bytes=0-1,3-4", "lines=0-1", "bytes=-", "bytes=4-2", "bytes=a-b", "bytes", "",
                                       "bytes=1-2-3", "bytes=--1", "bytes=\u00b2-3")),
])
def test_ranges(get, asked, answer):
    reply = get("/", Range=asked.encode("latin-1"))
    if answer is None:
        assert (reply.status, reply.headers["Content-Range"]) == (416, "bytes */14")
        return
    first, end = answer
    assert reply.body == WHOLE[first:end] and reply.headers["Accept-Ranges"] == "bytes"
    part = answer != (0, 14) or asked == "bytes=-99"
    assert (reply.status, reply.headers["Content-Range"]) == (
        (206, f"bytes {first}-{end - 1}/14") if part else (200, None))
    assert get("/", "HEAD", Range=asked.encode("latin-1")).status == 200
    assert get("/").body == WHOLE  # on the same connection


def test_a_part_only_of_the_same_file(get):
    tag = get("/").headers["ETag"]
    assert get("/", Range="bytes=4-", If_Range=tag).body == WHOLE[4:]
    assert get("/", Range="bytes=4-", If_Range=tag).headers["ETag"] == tag
    assert get("/", Range="bytes=4-", If_Range='"other"').body == WHOLE
    assert get("/", Range="bytes=4-", If_Range=f"W/{tag}").body == WHOLE
    assert get("/", Range="bytes=4-", If_None_Match=tag).status == 304


@pytest.mark.parametrize(("asked", "coding"), [
    ("gzip, deflate, br", "br"), ("br", "br"), ("gzip", "gzip"), ("GZIP;q=0.5", "gzip"), ("br;q=0, gzip", "gzip"),
    ("br; q=0.0, *", "gzip"), ("*", "br"), ("*;q=0", None), ("", None), ("identity", None), ("gzip;q=0,br;q=0", None),
    ("brotli", None),
])
def test_packed_files_are_sent_to_whom_can_unpack_them(get, site, asked, coding):
    plain = site / "web/ui/pad.js"
    for suffix, name in ((".gz", "gzip"), (".br", "br")):
        plain.with_name(f"pad.js{suffix}").write_text(name)
    reply = get("/ui/pad.js", Accept_Encoding=asked)
    assert reply.headers["Content-Encoding"] == coding and reply.body.decode() == (coding or plain.read_text())
    assert reply.headers["Content-Type"] == KINDS["x.mjs"] and reply.headers["Vary"] == "Accept-Encoding"
    assert get("/ui/pad.js", Accept_Encoding=asked, If_None_Match=reply.headers["ETag"]).status == 304
    others = [get("/ui/pad.js", Accept_Encoding=other).headers["ETag"] for other in ("br", "gzip", "identity")]
    assert len({*others}) == 3 and reply.headers["ETag"] in others
    part = get("/ui/pad.js", Accept_Encoding=asked, Range="bytes=0-3")
    assert (part.body, part.headers["Content-Encoding"]) == (plain.read_bytes()[:4], None)
    for suffix in (".gz", ".br"):
        os.utime(plain.with_name(f"pad.js{suffix}"), (1e9, 1e9))  # of an earlier pad.js
    assert get("/ui/pad.js", Accept_Encoding=asked).body == plain.read_bytes()
    assert get("/ui/pad.js.gz").status == 404


def test_a_packed_file_that_is_a_link_is_not_followed(get, site):
    (site / "web/ui/pad.js.gz").symlink_to(site / "pyapp/__init__.py")
    assert get("/ui/pad.js", Accept_Encoding="gzip").body == b"web/ui/pad.js"


def test_the_policy_comes_with_every_file(get, site):
    (site / "web/worker.js").write_text("")
    for path in ("/", "/ui/pad.js", "/bench/plain.js", "/vendor/x/x.wasm"):
        sent = get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'" in sent
        assert "connect-src 'self';" in sent
    assert "connect-src 'self' https:;" in get("/worker.js").headers["Content-Security-Policy"]
    said = '<meta http-equiv="Content-Security-Policy" content="script-src &#39;self&#39; \'sha256-x\'">'
    (site / "web/index.html").write_text(said)
    assert get("/").headers["Content-Security-Policy"] == "script-src 'self' 'sha256-x'"
