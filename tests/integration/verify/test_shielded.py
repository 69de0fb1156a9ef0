"""The suite is shielded from the project that it is called in."""

from pathlib import Path

import pytest

from helpers.command import environment, run, run_process

SOME = "-kitems-10 or items-11"
RAISE = "raise RuntimeError('a hostile module')\n"

# The complete files of projects.
HOSTILE = {
    "broken options, and modules named as ours": {
        "pytest.ini": "[pytest]\naddopts = --no-such-option\n",
        "conftest.py": RAISE,
        "personalize_contract.py": RAISE,
        "contract/__init__.py": RAISE,
        "suite.py": RAISE,
        "yaml.py": RAISE,
    },
    "an ini that is none": {
        "pytest.ini": "this is not an ini file",
        "conftest.py": "def pytest_collection_modifyitems(items):\n    items.clear()\n",
    },
    "settings of its own": {
        "pytest.ini": (
            "[pytest]\naddopts = -k nothing\nfilterwarnings = error\n"
            "personalize_target = live\npersonalize_cassettes = nowhere\n"
        ),
    },
    "another pytest": {
        "pyproject.toml": "[tool.pytest.ini_options]\nminversion = '99'\n",
        "tox.ini": "[pytest]\naddopts = --no-such-option\n",
        "setup.cfg": "[tool:pytest]\naddopts = --no-such-option\n",
    },
}

ENVIRONMENTS = {
    "of pytest": {
        "PYTEST_ADDOPTS": "--no-such-option",
        "PYTEST_PLUGINS": "no_such_plugin",
        "PYTEST_DEBUG": "1",
    },
    "of the network": {
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
        "REQUESTS_CA_BUNDLE": "/nowhere",
    },
    "of AWS": {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_PROFILE": "no-such-profile",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_RETRY_MODE": "no-such-mode",
        "AWS_MAX_ATTEMPTS": "none",
        "AWS_DEFAULTS_MODE": "none",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_CA_BUNDLE": "/nowhere",
    },
    "of Python": {
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "1",
        "LC_ALL": "C",
        "FORCE_COLOR": "1",
        "COLUMNS": "20",
    },
}


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_project_of_the_caller_changes_nothing(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    # As for the script: `python -m` puts the folder in front of everything.
    env = environment(PYTHONSAFEPATH="1")

    done = run_process("verify", "--target=recorded", SOME, cwd=tmp_path, env=env)

    assert done.returncode == 0, done.stderr
    assert "all 6 clauses asked about hold on recorded" in done.stdout
    left = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {Path(name) for name in files}


@pytest.mark.parametrize("variables", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environment_of_the_caller_changes_nothing(
    variables: dict[str, str], tmp_path: Path
) -> None:
    env = environment(**variables)
    call = run_process if "PYTHONWARNINGS" in variables else run

    done = call("verify", "--target=reference", SOME, cwd=tmp_path, env=env)

    assert done.returncode == 0, done.stderr
    assert "all 6 clauses asked about hold on reference" in done.stdout
    assert list(tmp_path.iterdir()) == []
