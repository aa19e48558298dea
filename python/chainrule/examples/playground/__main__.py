"""Entry of `python -m chainrule.examples.playground`; the package's docstring describes it."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from chainrule.examples import playground
from chainrule.examples._data import POINTS
from chainrule.examples._extras import need
from chainrule.examples.playground import sheet
from chainrule.examples.playground.net import Settings
from chainrule.examples.playground.server import Server


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m chainrule.examples.playground",
        description=playground.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", choices=POINTS, default="spirals", help="of the page at first, and of the film")
    parser.add_argument("--plot", metavar="FILE", help="draw a sheet of decision regions into this file")
    parser.add_argument("--gif", metavar="FILE", help="draw a film of three nets that learn into this file")
    parser.add_argument("--steps", type=int, default=5000, help="training steps for sheet and film (default: 5000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random numbers (default: 0)")
    parser.add_argument("--port", type=int, default=8231, help="of the page (default: 8231; 0: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="only say where the page is")
    args = parser.parse_args(argv)
    if args.steps < 1:
        parser.error(f"--steps must be positive, got {args.steps}")
    for option in ("plot", "gif"):
        path = getattr(args, option)
        if path and not Path(path).absolute().parent.is_dir():
            parser.error(f"--{option}: there is no folder {Path(path).absolute().parent}")
    return args


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    if args.plot or args.gif:
        need("matplotlib", "tqdm", *(["PIL"] if args.gif else []))
        if args.plot:
            sheet.draw_sheet(args.plot, args.steps, args.seed)
        if args.gif:
            sheet.draw_film(args.gif, args.data, args.steps, args.seed)
        return
    try:
        server = Server(args.port, Settings(data=args.data, hidden=8, depth=2, seed=args.seed))
    except OSError as error:
        raise SystemExit(f"cannot use port {args.port}: {error.strerror}. Choose another with --port.") from None
    print(f"The playground is at {server.address} (Ctrl-C ends it)", flush=True)
    if not args.no_browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
