"""The command line of serve.py and of `bitladder serve`: provision, build, serve."""

import argparse
import contextlib
import signal
import sys
import threading
import webbrowser
from pathlib import Path

from pyapp.places import cache_folder
from pyapp.site.build import build, check_target, export, written
from pyapp.site.lock import read_lock
from pyapp.site.options import add_options, check_options
from pyapp.site.packed import pack
from pyapp.site.provision import provision
from pyapp.site.server import in_url, make_server
from pyapp.site.single import check_single, write_single
from pyapp.site.terminal import Failure, clear_line, disk_is_full


def main(argv, root):
    """What serve.py does, for the checkout at root. Returns the exit status."""
    parser = argparse.ArgumentParser("serve.py", description="Fetch what Bitladder needs, build its site and serve it.")
    add_options(parser)
    options = parser.parse_args(argv)
    check_options(parser, options)
    return attempt(lambda: run(options, root))


def run(options, root, own=()):
    """Do what the options ask for, with the folder that has pyapp/, weights/ and web/; `own` are other folders that no
    site may be built into."""
    if options.site:
        return serve(make_server(options.port, options.site, written(options.site), options.host), options)
    if options.build:
        check_target(root, options.build, own)
    if options.single_file:
        check_single(root, options.single_file, own)
    server = None  # bound first, so that a taken port is reported before anything is fetched
    if not (options.build or options.single_file or options.provision):
        server = make_server(options.port, root / "web", host=options.host)
    provision(read_lock(root / "web"), root / "web", cache_folder())
    manifest = build(root, cache_folder())
    if server:
        return serve(server, options)
    if options.build:
        export(root, manifest, options.build)
        print(f"The site is in {options.build}, version {manifest['version']}.")
        print(sizes(*pack(manifest["files"], options.build, cache_folder())))
    if options.single_file:
        size = write_single(root, manifest, options.single_file, cache_folder())
        print(f"All of the site is in {options.single_file}, version {manifest['version']}: {size / 1e6:.1f} MB. "
              "It opens by double-click, and needs no server and no connection.")
    if not (options.build or options.single_file):
        print("Everything that the page and the commands need is in place.")


def serve(server, options):
    """Serve until Ctrl-C."""
    everywhere = options.host in ("0.0.0.0", "::", "")
    url = f"http://{in_url('127.0.0.1' if everywhere else options.host)}:{server.server_port}/"
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"Bitladder is at {url} (Ctrl-C stops it)", flush=True)
        if options.host not in ("127.0.0.1", "localhost", "::1"):
            print("Other machines can reach it too, but their browsers keep no offline copy: that needs https.",
                  flush=True)
        if not options.no_open:  # in a thread, as some browsers block until they are closed
            threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()
        server.serve_forever()


def sizes(plain, gzip, brotli):
    """How many bytes a host sends of the whole site, in a sentence."""
    megabytes = [f"{size / 1e6:.1f} MB {how}" for size, how in
                 ((plain, "uncompressed"), (gzip, "with gzip"), (brotli, "with brotli")) if size]
    missing = "" if brotli else " For .br files install the Python package brotli or Node.js, and build again."
    return f"The whole site: {', '.join(megabytes)}. Compressed files (.gz, .br) are beside the originals.{missing}"


def attempt(work):
    """Do the work; an error becomes a sentence on stderr and an exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill cleans up like Ctrl-C
    try:
        work()
        return 0
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again: complete downloads are kept.", file=sys.stderr)
        return 130
    except OSError as error:
        message = advice(error)
    except Failure as failure:
        message = str(failure)
    print(f"{clear_line()}{message}", file=sys.stderr)
    return 1


def advice(error):
    """What could not be read or written, and what to do: naming another cache helps only if the cache failed."""
    place = Path(str(error.filename)) if error.filename else None
    cache = place is None or cache_folder() in (place, *place.parents)
    message = f"{place}: {error.strerror}. Make it readable and writable" if place else f"{error.strerror or error}"
    if disk_is_full(error):
        message = f"The disk is full. Make room{f' where {place.parent} is' if place else ''}"
        message += " (a first run needs 400 MB temporarily)" if cache else ""
    other = ", or name another folder for downloads in BITLADDER_CACHE" if cache else ""
    return f"{message}{other}, and run this again."
