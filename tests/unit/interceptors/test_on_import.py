"""Interceptors that wait for an import, and what they leave behind."""

from __future__ import annotations

import contextlib
import gc
import weakref

from personalize_contract.interceptors.on_import import Loading


def test_interceptors_that_were_never_installed_are_freed_at_once() -> None:
    """A reference cycle would keep the session of each test until the garbage collector runs."""
    gc.disable()
    try:
        with Loading() as loading:
            loading.when(("a_library_that_no_test_imports",), contextlib.nullcontext)
        freed = weakref.ref(loading)
        del loading
        assert freed() is None
    finally:
        gc.enable()
