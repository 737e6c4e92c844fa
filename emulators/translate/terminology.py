"""Custom terminologies: how terms are translated, whatever an engine makes of them."""

from __future__ import annotations

import csv
import io
import re
import time
from dataclasses import dataclass, field
from typing import Any

from emulators.service_error import ServiceError
from emulators.translate.languages import CODES

#: Who owns them; the account of an emulator.
_ARN = "arn:aws:translate:us-east-1:000000000000:terminology/{}/LATEST"


@dataclass(frozen=True, slots=True)
class Terminology:
    """A UNI terminology from a CSV file: its first column is the source language, each other one a target."""

    name: str
    source: str
    #: By target language: term -> translation.
    terms: dict[str, dict[str, str]]
    count: int
    size: int
    description: str = ""
    made: float = field(default_factory=time.time)

    @classmethod
    def read(cls, name: str, data: bytes, description: str = "") -> Terminology:
        """Reads UTF-8 CSV with a header of language codes; ServiceError where it is no such file."""
        try:
            rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig")), strict=True) if any(row)]
        except (UnicodeDecodeError, csv.Error) as error:
            raise _invalid(f"expected CSV in UTF-8: {error}") from None
        header = [code.strip() for code in rows[0]] if rows else []
        if len(header) < 2 or not CODES.issuperset(header) or len(set(header)) < len(header):
            raise _invalid("expected a first line of language codes, the source first, such as en,es,fr")
        if wrong := next((number for number, row in enumerate(rows, 1) if len(row) != len(header)), None):
            raise _invalid(f"record {wrong}: expected {len(header)} columns, got {len(rows[wrong - 1])}")
        source, *targets = header
        terms = {
            target: {row[0]: row[column] for row in rows[1:] if row[0] and row[column]}
            for column, target in enumerate(targets, 1)
        }
        return cls(name, source, terms, len(rows) - 1, len(data), description)

    def found(self, text: str, source: str, target: str) -> dict[str, str]:
        """The terms that occur in the text, as whole words in this very spelling, with their translations."""
        terms = self.terms.get(target, {}) if source == self.source else {}
        return {term: translated for term, translated in terms.items() if _pattern(term).search(text)}

    def properties(self) -> dict[str, Any]:
        """TerminologyProperties, as the API shows them."""
        shown = {
            "Name": self.name,
            "Arn": _ARN.format(self.name),
            "SourceLanguageCode": self.source,
            "TargetLanguageCodes": list(self.terms),
            "SizeBytes": self.size,
            "TermCount": self.count,
            "CreatedAt": self.made,
            "LastUpdatedAt": self.made,
            "Directionality": "UNI",
            "SkippedTermCount": 0,
            "Format": "CSV",
        }
        return shown | ({"Description": self.description} if self.description else {})


def split(text: str, terms: dict[str, str]) -> list[str]:
    """The text cut around its terms, the longest of those that overlap: what is at odd places is a term."""
    longest = sorted(terms, key=len, reverse=True)
    return re.split(f"({'|'.join(_pattern(term).pattern for term in longest)})", text)


def _pattern(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(term)}(?!\w)")


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message)
