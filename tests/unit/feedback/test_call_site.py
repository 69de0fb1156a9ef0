"""The call site of a request is in the user's code, wherever libraries are imported from."""

import zipfile
from pathlib import Path

import pytest

from personalize_contract.feedback.call_site import is_users

LIBRARIES = {
    "installed": "venv/lib/python3.11/site-packages/anything/client.py",
    "Debian's": "usr/lib/python3/dist-packages/anything/client.py",
    "pip install --target": "layer/anything/client.py",
    "vendored in a folder of that name": "shop/_vendor/anything/client.py",
    "a client copied without metadata": "libs/botocore/endpoint.py",
    "a client inside a package of the project": "shop/libs/urllib3/connection.py",
}
PROJECT = {
    "a test": "tests/test_shop.py",
    "a package": "shop/upload/items.py",
    "a project in a folder named like a library": "requests/test_shop.py",
    "a module named like a library's folder": "vendor.py",
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layer" / "anything-1.0.dist-info").mkdir(parents=True)
    for package in ("libs/botocore", "layer/anything", "shop", "shop/libs", "shop/libs/urllib3"):
        (tmp_path / package).mkdir(parents=True, exist_ok=True)
        (tmp_path / package / "__init__.py").touch()


@pytest.mark.parametrize("path", LIBRARIES.values(), ids=LIBRARIES)
def test_a_library_is_not_user_code(path: str, tmp_path: Path) -> None:
    assert not is_users(str(tmp_path / path))


@pytest.mark.parametrize("path", PROJECT.values(), ids=PROJECT)
def test_the_project_is_user_code(path: str, tmp_path: Path) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert is_users(str(file))


def test_a_zip_file_is_a_library(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "libs.zip", "w") as archive:
        archive.writestr("anything/client.py", "")
    assert not is_users(str(tmp_path / "libs.zip" / "anything" / "client.py"))


@pytest.mark.parametrize("path", ["<string>", "<frozen importlib._bootstrap>"])
def test_code_without_a_file_is_not_user_code(path: str) -> None:
    assert not is_users(path)
