"""The pytest plugin: its hooks and fixtures, by the names that pytest looks for."""

from personalize_contract.plugin.fixtures import (
    personalize_client,
    personalize_dataset,
    personalize_faults,
    personalize_service,
    personalize_tracker,
    personalize_url,
)
from personalize_contract.plugin.hooks import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_deselected,
    pytest_report_teststatus,
    pytest_runtest_call,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_runtestloop,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

__all__ = [
    "personalize_client",
    "personalize_dataset",
    "personalize_faults",
    "personalize_service",
    "personalize_tracker",
    "personalize_url",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_deselected",
    "pytest_report_teststatus",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_runtestloop",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]
