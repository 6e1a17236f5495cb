"""How the API describes itself: lists are pages, and what can go wrong is said of every operation."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.pagination import BasePagination

_WRONG = {
    "400": "Something that was sent is wrong; the answer says what and how to mend it.",
    "401": "No API key, or one that is not valid.",
    "403": "The key or the user may not do this.",
    "404": "There is no such thing.",
    "409": "The state of the thing does not allow this; the answer says why.",
    "413": "What was sent is too large.",
    "415": "Send JSON.",
    "429": "Too many calls; Retry-After says when to come again.",
}
_ERROR = ResolvedComponent(  # type: ignore[no-untyped-call]
    name="Error",
    type=ResolvedComponent.SCHEMA,
    object="Error",
    schema={
        "description": "`detail` is about the call as a whole; other names are those of what was sent.",
        "anyOf": [{"type": "object", "additionalProperties": {}}, {"type": "array", "items": {}}],
    },
)


class _Pages(BasePagination):
    """As apps.core.api.paged answers."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": "string",
                    "nullable": True,
                    "format": "uri",
                    "description": "The address of the following page.",
                },
            },
        }

    def get_schema_operation_parameters(self, _view: Any) -> list[dict[str, Any]]:
        cursor = "From `next` of the page before."
        size = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
        return [
            {"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": cursor},
            {"name": "page_size", "in": "query", "schema": size, "description": "Rows a page."},
        ]


class Schema(AutoSchema):
    """A GET that answers with `many=True` is a page."""

    def _get_paginator(self) -> BasePagination:
        return _Pages()

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}Page"

    def get_operation_id(self) -> str:
        """The name of the view and the method: customer_list_get."""
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(self.view).__name__).lstrip("_")
        return f"{name}_{self.method.lower()}"

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.split(".")[1].capitalize()]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        self.registry.register_on_missing(_ERROR)
        for status, description in _WRONG.items():
            content = {"application/json": {"schema": _ERROR.ref}}
            bodies.setdefault(status, {"description": description, "content": content})
        return bodies
