"""`personalize_contracts`: contract files of a downstream repo."""

from __future__ import annotations

from textwrap import dedent

import pytest

from helpers.shop import Shop

TIGHTER = """
tightens: PutItems
members:
- at: items
  max-members: 2
  source: Our batch job
- at: items[].properties.category
  required: true
  type: string
  max-length: 8
  source: Our catalogue
"""

WITH_SCHEMA = """
tightens: PutItems
members:
- at: items[].properties
  schema: items.avsc
"""

SCHEMA = """
{"type": "record", "name": "Items", "namespace": "com.amazonaws.personalize.schema",
 "version": "1.0",
 "fields": [
   {"name": "ITEM_ID", "type": "string"},
   {"name": "CATEGORY", "type": ["null", "string"], "categorical": true},
   {"name": "NUMBER_OF_RATINGS", "type": "int"},
   {"name": "CREATION_TIMESTAMP", "type": ["null", "long"]}]}
"""


@pytest.fixture
def repo(shop: Shop) -> Shop:
    """A repo with a folder for its contract files."""
    shop.ini("personalize_contracts = contracts")
    (shop.path / "contracts").mkdir()
    return shop


def write(repo: Shop, name: str, text: str) -> None:
    (repo.path / "contracts" / name).write_text(dedent(text), "utf-8")


PUT = """
@pytest.mark.personalize_contract{mark}
def test_it():
    put({arguments})
"""


@pytest.mark.parametrize(
    ("arguments", "clause", "found_line"),
    [
        ("3", "own.items.max-members", "items: it has 3 members"),
        ("1, properties='{}'", "own.category.required", "items[0].properties.category: it is abs*"),
        (
            """1, properties='{"category": 1}'""",
            "own.category.type",
            "items[0].properties.category: it is a number",
        ),
        (
            """1, properties='{"category": "porcelain"}'""",
            "own.category.max-length",
            "items[0].properties.category: it has 9 characters",
        ),
    ],
)
def test_own_clause_is_checked_on_top_of_the_shipped_ones(
    repo: Shop, arguments: str, clause: str, found_line: str
) -> None:
    """The service doesn't know the own clause: it answers 200, and the check fails the test."""
    write(repo, "ours.yaml", TIGHTER)
    repo.tests(PUT.format(mark="", arguments=arguments))
    result = repo.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [f"*{clause} is broken by this test's request*", f"*{found_line.replace('[', '[[]')}*"]
    )
    assert "ClientError" not in result.stdout.str()


def test_tightened_contract_can_be_kept_and_broken_on_purpose(repo: Shop) -> None:
    write(repo, "ours.yaml", TIGHTER)
    repo.tests(
        PUT.format(mark="", arguments="2")
        + PUT.replace("test_it", "test_too_many").format(
            mark="(violates=['own.items.max-members'])", arguments="3"
        )
    )
    repo.record().assert_outcomes(passed=2)
    repo.run().assert_outcomes(passed=2)


def test_field_rules_and_a_dataset_schema_combine(repo: Shop) -> None:
    write(repo, "items.avsc", SCHEMA)
    write(repo, "schema.yaml", WITH_SCHEMA)
    write(repo, "ours.yaml", TIGHTER)
    good = """1, properties='{"category": "tea", "numberOfRatings": 1}'"""
    repo.tests(PUT.format(mark="", arguments=good))
    repo.run("--personalize-target=reference").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("properties", "found_line"),
    [
        ('{"numberOfRatings": 12}', None),
        ('{"numberOfRatings": "12", "category": null}', None),
        ('{"numberOfRatings": 1, "creationTimestamp": 1719511760}', None),
        ('{"numberOfRatings": 1, "brew": "hot"}', "the schema has no field for the key 'brew'"),
        ('{"numberOfRatings": 1, "itemId": "tea"}', "the schema has no field for the key 'itemId'"),
        ('{"numberOfRatings": 1.5}', "numberOfRatings is a number, not int"),
        ('{"numberOfRatings": "many"}', "numberOfRatings is a string, not int"),
        ('{"numberOfRatings": null}', "numberOfRatings is null, not int"),
        ('{"category": "tea"}', "numberOfRatings, which the schema requires, is absent"),
        ('["tea"]', "it is not the JSON text of an object"),
    ],
)
def test_properties_are_checked_against_the_dataset_schema(
    repo: Shop, properties: str, found_line: str | None
) -> None:
    write(repo, "ours.yaml", WITH_SCHEMA)
    write(repo, "items.avsc", SCHEMA)
    repo.tests(PUT.format(mark="", arguments=f"1, properties={properties!r}"))
    result = repo.run("--personalize-target=reference")
    if found_line is None:
        result.assert_outcomes(passed=1)
    else:
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*own.properties.schema is broken*", f"*{found_line}*"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("ours.yaml", "members: []", "ours.yaml:1: operation must be ours*"),
        ("ours.yaml", "tightens: PutTea", "ours.yaml:1: tightens must name one of *"),
        ("ours.yaml", "tightens: [", "ours.yaml:2: *"),
        ("ours.yaml", "- tea", "ours.yaml:1: a contract file must be a mapping*"),
        (
            "ours.yaml",
            "tightens: PutItems\nmembers:\n- at: items\n  max-members: 2\n- at: items\n  most: 2",
            "ours.yaml:5: 'most' is not a rule of a member*",
        ),
        (
            "ours.yaml",
            "tightens: PutItems\nmembers:\n- at: items\n  max-members: few",
            "ours.yaml:3: max-members: 'few' is not a valid value",
        ),
        (
            "ours.yaml",
            "tightens: PutItems\nmembers:\n- max-members: 2",
            "ours.yaml:3: it has no 'at'",
        ),
        (
            "ours.yaml",
            "tightens: PutItems\nmembers:\n- at: items[].properties\n  schema: none.avsc",
            "ours.yaml:3: schema: *none.avsc: No such file*",
        ),
        (
            "ours.yaml",
            "tightens: PutItems\nmembers:\n- at: items[].itemId\n  pattern: '['",
            "ours.yaml:3: pattern: *",
        ),
        ("PutTea.yaml", "like: [tea]\noperation: PutTea", "PutTea.yaml:1: like: *'tea'"),
        (
            "PutTea.yaml",
            "like: [operation]\nwords: {path: tea}\noperation: PutTea",
            "PutTea.yaml:1: words: a shared text needs a value for *",
        ),
        (
            "PutTea.yaml",
            "operation: PutTea\npath: /tea\ncolour: green",
            "PutTea.yaml:1: *",
        ),
        ("PutItems.yaml", "operation: PutItems", "PutItems.yaml:*begin with `tightens:` instead"),
    ],
)
def test_invalid_file_is_refused_with_its_line_and_the_reason(
    repo: Shop, name: str, text: str, message: str
) -> None:
    write(repo, name, text)
    repo.tests(PUT.format(mark="", arguments="1"))
    result = repo.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: */contracts/{message}"])


def test_missing_folder_is_refused(shop: Shop) -> None:
    shop.ini("personalize_contracts = nowhere")
    shop.tests(PUT.format(mark="", arguments="1"))
    result = shop.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: personalize_contracts: *nowhere is not a folder*"])
