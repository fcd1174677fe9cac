import pathlib
import resource
import sys

import httpx
import openai
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import long_tests  # noqa: E402
from long_tests import pytest_collection_modifyitems  # noqa: E402, F401
from processes import GATEWAY, Gateway, Mock  # noqa: E402
from resources import KEY, resources  # noqa: E402


FIGURES = pytest.StashKey()


def pytest_addoption(parser):
    long_tests.pytest_addoption(parser)
    parser.addoption("--kills", type=int, default=50, metavar="N",
                     help="deaths of each zone in the long form of survival; replacements and upgrades in proportion")


def pytest_terminal_summary(terminalreporter, config):
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures")
    for line in figures:
        terminalreporter.write_line(line)


def pytest_configure(config):
    # The load comes from this process: thousands of connections.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if not GATEWAY.exists():
        raise pytest.UsageError(f"{GATEWAY} is not there: install the gateway first (./test.sh --e2e does)")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, (Gateway, Mock)):
                report.sections.append((f"log of {name}", value.log()[-6000:]))


@pytest.fixture
def show(request, capsys):
    """show(text): a figure, at once and once more at the end of the run."""
    figures = request.config.stash.setdefault(FIGURES, [])

    def say(text):
        figures.append(f"{request.node.name}: {text}")
        with capsys.disabled():
            print(f"\n    {text}", end="", flush=True)

    return say


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    process = Mock(tmp_path_factory.mktemp("mock"))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, mock):
    """One gateway for the tests of a file that do not disturb it."""
    process = Gateway(tmp_path_factory.mktemp("gateway"), resources(mock.base))
    yield process
    process.stop()


@pytest.fixture
def start_gateway(tmp_path):
    """Starts gateways of the test's own; stopped at its end."""
    started = []

    def start(resources, config=None, environment=None, wait=True, **process):
        process = Gateway(tmp_path / f"gateway{len(started)}", resources, config, environment, wait, **process)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def client(gateway):
    """The official SDK, without retries of its own."""
    with openai.OpenAI(base_url=gateway.base, api_key=KEY, max_retries=0, timeout=30) as sdk:
        yield sdk


@pytest.fixture
def http(gateway):
    with httpx.Client(base_url=gateway.url, headers={"authorization": f"Bearer {KEY}"}, timeout=30) as session:
        yield session
