"""The playground: its net, its pages' server, its pictures, and the page in a real browser."""

import json
import re
import threading
import urllib.error
import urllib.request

import pytest
from extras import need, need_program
from helpers import PATIENCE

from chainrule.examples._data import POINTS
from chainrule.examples.playground.net import Playground, Settings
from chainrule.examples.playground.server import Server


@pytest.fixture
def server():
    server = Server(0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ask(server, path, body=None, **headers):
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(server.address + path, data, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read()


@pytest.mark.parametrize(("data", "least"), [("rings", 0.95), ("xor", 0.9), ("spirals", 0.8), ("moons", 0.9)])
def test_the_net_learns(data, least):
    net = Playground(Settings(data=data, hidden=8, depth=2, lr=0.02))
    before = net.history[0]["train_loss"]
    net.advance(800)
    assert net.history[-1]["train_accuracy"] > least and net.history[-1]["train_loss"] < before
    assert net.step == 800 and net.regions().shape == (60, 60)
    assert [tuple(layer.shape) for layer in net.neurons()] == [(8, 24, 24)] * 2


def test_a_line_does_not_part_rings_and_a_penalty_shrinks_weights():
    line = Playground(Settings(data="rings", depth=0))
    line.advance(300)
    assert line.history[-1]["train_accuracy"] < 0.75 and line.neurons() == []
    sizes = []
    for strength in (0.0, 1.0):
        net = Playground(Settings(data="rings", regularization=strength))
        net.advance(300)
        sizes.append(sum(w * w for matrix in net.weights() for row in matrix for w in row))
    assert sizes[1] < 0.2 * sizes[0]


def test_rate_and_penalty_change_on_the_way_and_the_rest_begins_anew():
    net = Playground()
    net.advance(10)
    net.change({"lr": 0.1, "regularization": 0.01})
    assert net.step == 10 and net.optimizer.param_groups[0]["lr"] == 0.1
    net.change({"hidden": 3})
    assert net.step == 0 and net.settings.lr == 0.1 and len(net.weights()[0]) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "cats"},
        {"hidden": 21},
        {"hidden": 2.5},
        {"depth": -1},
        {"lr": 0},
        {"lr": "fast"},
        {"colour": 1},
        {"activation": "x"},
        {"regularization": float("nan")},
        {"noise": True},
        {"seed": "s"},
    ],
)
def test_bad_settings_are_refused_and_change_nothing(changes):
    net = Playground()
    with pytest.raises(ValueError, match=next(iter(changes))):
        net.change(changes)
    assert net.settings == Settings()


def test_server_answers(server):
    page = ask(server, "").decode()
    assert "<canvas" in page and not re.search(r"""(src|href)=["'](?!data:)|@import|https?://""", page)  # loads nothing
    state = json.loads(ask(server, "state"))
    assert state["choices"]["data"] == list(POINTS) and len(state["points"]["train"]) == 200
    news = json.loads(ask(server, "advance", {"steps": 7}))
    assert news["measured"]["step"] == 7
    assert json.loads(ask(server, "change", {"depth": 3}))["settings"]["depth"] == 3
    assert len(json.loads(ask(server, "reset", {}))["weights"]) == 4


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("advance", {"steps": 0}, {}, 400),
        ("advance", {"steps": 10**9}, {}, 400),
        ("change", {"data": "cats"}, {}, 400),
        ("change", b"not json", {}, 400),
        ("change", b"[1]", {}, 400),
        ("nothing", {}, {}, 404),
        ("nothing", None, {}, 404),
        ("state", None, {"Host": "evil.example:80"}, 403),
        ("advance", {}, {"Origin": "http://evil.example:80"}, 403),
    ],
)
def test_server_refuses(server, path, body, headers, status):
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(server, path, body, **headers)
    assert error.value.code == status and server.net.step == 0
    error.value.close()


def test_a_port_in_use_is_said(server):
    from chainrule.examples.playground.__main__ import main

    with pytest.raises(SystemExit, match="cannot use port"):
        main(["--no-browser", "--port", str(server.server_address[1])])


@pytest.mark.slow
def test_sheet_and_film(tmp_path, capsys):
    need("matplotlib"), need("tqdm")
    image = need("PIL.Image")
    from chainrule.examples.playground.__main__ import main

    main(["--plot", str(tmp_path / "sheet.png"), "--gif", str(tmp_path / "film.gif"), "--steps", "9"])
    assert "frames" in capsys.readouterr().out and (tmp_path / "sheet.png").stat().st_size > 50_000
    with image.open(tmp_path / "film.gif") as film:
        assert film.n_frames > 5


def chromium():
    """A browser that playwright can drive, and itself."""
    api = need("playwright.sync_api")
    return api, need_program("chromium", "chromium-browser", "google-chrome")


@pytest.mark.slow
def test_in_the_browser(server):
    api, found = chromium()
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1360, "height": 860})
        page.set_default_timeout(1000 * PATIENCE)
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda r: r.url.startswith((server.address, "data:")) or faults.append(r.url))
        page.goto(server.address)
        page.wait_for_function("playground.net")
        page.get_by_role("button", name="rings").click()
        page.wait_for_function("playground.net.settings.data == 'rings'")
        untrained = page.evaluate("document.getElementById('regions').toDataURL()")
        first = page.evaluate("playground.history.at(-1).train_loss")

        page.get_by_role("button", name="Start").click()
        page.wait_for_function("playground.history.at(-1).step >= 600")
        page.get_by_role("button", name="Pause").click()
        trained = page.evaluate("document.getElementById('regions').toDataURL()")
        assert page.evaluate("playground.history.at(-1).train_loss") < 0.7 * first and trained != untrained
        assert float(page.inner_text("#train-loss")) < 0.7 * first

        page.evaluate("queue")  # an answer under way may still come
        steps = page.evaluate("playground.history.at(-1).step")
        page.get_by_role("button", name="Step").click()
        page.wait_for_function(f"playground.history.at(-1).step == {steps + 20}")
        page.evaluate(
            """const s = document.getElementById('depth'); s.value = 3; s.dispatchEvent(new Event('change'))"""
        )
        page.wait_for_function("playground.net.weights.length == 4 && playground.history.at(-1).step == 0")
        page.get_by_role("button", name="Reset").click()
        page.evaluate("queue")
        assert not faults
        browser.close()
