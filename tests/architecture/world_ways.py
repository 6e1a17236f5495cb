"""An endpoint, for the walk. Its address is one that is never called."""

from apps.campaigns.models import Endpoint


def of_ways() -> dict[str, dict]:
    pk = {"pk": Endpoint.objects.create(name="Warehouse", url="https://127.0.0.1/hook").pk}
    names = ("endpoint_edit", "endpoint_rotate", "endpoint_test", "endpoint_switch", "api_endpoint_detail",
             "api_endpoint_rotate", "api_endpoint_test")  # fmt: skip
    return dict.fromkeys(names, pk)
