"""What AWS says a service takes: botocore's own model of it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from emulators.service_error import ServiceError

#: How a service calls a request that its model forbids: the first that the operation knows, else the last.
_INVALID = ("InvalidRequestException", "InvalidParameterValueException", "ValidationException")
_TYPES: Mapping[str, type] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "list": list,
    "structure": dict,
    "blob": str,
}
#: What a pattern of AWS may hold and Python's `re` does not know.
_FOREIGN = re.compile(r"\\[pP]\{")


class Requests:
    """The requests of one service (`translate`, `polly`), checked against its model."""

    def __init__(self, service: str) -> None:
        self._model = ServiceModel(Loader().load_service_model(service, "service-2"), service)

    def read(self, operation: str, request: object) -> dict[str, Any]:
        """The request with its blobs as bytes.

        Raises ServiceError, with the operation's code for a bad request, where a member is missing, of another type,
        or against a length, a pattern or a list of values of the model. Members that the model does not have are left
        out.
        """
        model = self._model.operation_model(operation)
        known = {shape.name for shape in model.error_shapes}
        try:
            read: dict[str, Any] = _read(model.input_shape, request, "request")
        except ValueError as error:
            code = next((code for code in _INVALID if code in known), _INVALID[-1])
            raise ServiceError(code, f"1 validation error detected: {error}") from None
        return read


def _read(shape: Shape, value: Any, name: str) -> Any:
    """The value as the shape says; ValueError, which does not quote it, where it is not as the shape says."""
    _check_type(shape, value, name)
    if shape.type_name == "structure":
        missing = [member for member in shape.required_members if value.get(member) is None]
        if missing:
            raise ValueError(f"value at '{missing[0]}' failed to satisfy constraint: Member must not be null")
        return {
            member: _read(inner, value[member], member)
            for member, inner in shape.members.items()
            if value.get(member) is not None
        }
    if shape.type_name == "list":
        value = [_read(shape.member, item, name) for item in value]
    elif shape.type_name == "blob":
        value = _bytes(value, name)
    _limit(shape, value, name)
    return value


def _check_type(shape: Shape, value: object, name: str) -> None:
    if type(value) is not _TYPES[shape.type_name]:
        raise ValueError(f"value at '{name}': expected {shape.type_name}, got {type(value).__name__}")


def _limit(shape: Shape, value: Any, name: str) -> None:
    size = value if isinstance(value, int) else len(value)
    failed = f"value at '{name}' failed to satisfy constraint: "
    limits = shape.metadata
    if not limits.get("min", size) <= size <= limits.get("max", size):
        least, most = limits.get("min", 0), limits.get("max", "any number")
        raise ValueError(f"{failed}expected {least} to {most}, got {size}")
    if "enum" in limits and value not in limits["enum"]:
        allowed = ", ".join(limits["enum"])
        raise ValueError(f"{failed}Member must satisfy enum value set: [{allowed}]")
    pattern = limits.get("pattern")
    if pattern and not _FOREIGN.search(pattern) and not re.fullmatch(pattern, value):
        raise ValueError(f"{failed}Member must satisfy regular expression {pattern}")


def _bytes(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f"value at '{name}': expected base64") from None
