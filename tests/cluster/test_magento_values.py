"""What the magento chart's schema refuses: mistakes, and what somebody would smuggle in."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.cluster.magento_chart import BUCKET, CHART, RELEASE, Charted, Object, laid_over, planned


@pytest.fixture(scope="session")
def charted(tools: Path) -> Charted:
    return Charted(tools=tools)


BAD: dict[str, Object] = {
    "an-unknown-value": {"replicas": 2},
    "an-unknown-value-inside": {"web": {"replica": 2}},
    "a-password": {"database": {"password": "secret"}},
    "no-uid": {"store": {"uid": ""}},
    "a-uid-that-is-no-label": {"store": {"uid": "a_b"}},
    "a-name-that-is-no-label": {"store": {"name": "Müller & Söhne"}},
    "no-image": {"image": {"repository": ""}},
    "neither-tag-nor-digest": {"image": {"tag": ""}},
    "a-digest-that-is-none": {"image": {"digest": "sha256:abc"}},
    "no-secret": {"existingSecret": ""},
    "no-base-url": {"install": {"baseUrl": ""}},
    "a-base-url-without-a-slash": {"install": {"baseUrl": "https://acme.example.com"}},
    "a-host-with-nginx-in-it": {"websites": {"a.example.com x; include /etc/passwd": "base"}},
    "a-code-with-nginx-in-it": {"websites": {"a.example.com": "base; }"}},
    "a-wildcard-host": {"websites": {"*.example.com": "base"}},
    "an-ingress-without-hosts": {"websites": {}, "ingress": {"enabled": True}},
    "a-gateway-without-parents": {"gateway": {"enabled": True}},
    "an-external-database-without-host": {"database": {"mode": "external"}},
    "a-host-that-nobody-would-ask": {"cache": {"mode": "internal", "host": "cache.example.com"}},
    "an-unknown-mode": {"search": {"mode": "elastic"}},
    "a-cache-password-without-a-session-password": {"sessions": {"auth": False}},
    "a-storefront-that-is-ajar": {"storefront": "ajar"},
    "a-storefront-that-is-a-switch": {"storefront": False},
    "no-replicas": {"web": {"replicas": 0}},
    "a-quick-start": {"web": {"startupSeconds": 10}},
    "a-size-in-words": {"media": {"storage": {"size": "big"}}},
    "an-access-mode-that-pods-cannot-share": {"media": {"storage": {"accessMode": "ReadOnlyMany"}}},
    "media-nowhere": {"media": {"mode": "ftp"}},
    "a-bucket-that-is-not-named": {"media": {"mode": "s3", "s3": {"region": "eu-central-1"}}},
    "a-bucket-without-a-region": {"media": {"mode": "s3", "s3": {"bucket": "pictures"}}},
    "a-bucket-that-nobody-would-ask": {"media": {"s3": BUCKET}},
    "an-endpoint-that-nobody-would-ask": {"media": {"s3": {"endpoint": "https://s3.example.com"}}},
    "a-bucket-beside-a-claim": {"media": {"mode": "s3", "s3": BUCKET, "existingClaim": "pictures"}},
    "an-endpoint-with-a-path": {
        "media": {"mode": "s3", "s3": {**BUCKET, "endpoint": "https://s3.example.com/pictures"}}
    },
    "an-endpoint-without-a-scheme": {
        "media": {"mode": "s3", "s3": {**BUCKET, "endpoint": "s3.example.com:9000"}}
    },
    "a-role-for-a-volume": {"media": {"s3": {"auth": "role"}}},
    "an-unknown-way-into-a-bucket": {"media": {"mode": "s3", "s3": {**BUCKET, "auth": "public"}}},
    "an-annotation-that-is-no-text": {"serviceAccount": {"annotations": {"a": 1}}},
    "an-account-that-is-no-name": {"serviceAccount": {"name": "Shop"}},
    "a-token-for-pods": {"serviceAccount": {"automount": True}},
    "a-prefix-that-leads-out": {"media": {"mode": "s3", "s3": {**BUCKET, "prefix": "../other"}}},
    "an-access-key": {"media": {"mode": "s3", "s3": {**BUCKET, "accessKey": "AKIA"}}},
    "media-left-in-a-volume": {"backup": {"enabled": True, "media": "bucket"}},
    "a-consumer-with-a-space": {"consumers": {"items": [{"name": "a b"}]}},
    "a-template-in-a-name": {"store": {"tenant": "{{ .Values }}"}},
    "a-restore-from-nowhere": {
        "restore": {"name": "a"},
        "backup": {"enabled": False},
    },
    "a-monitor-without-metrics": {"metrics": {"serviceMonitor": {"enabled": True}}},
    "a-peer-with-an-unknown-field": {"networkPolicy": {"webFrom": [{"namespace": "a"}]}},
    "no-peer-at-all": {"networkPolicy": {"webFrom": []}},
    "no-schedule": {"backup": {"schedule": "daily"}},
    "a-mailbox-port": {"networkPolicy": {"internet": {"ports": [70000]}}},
}


@pytest.mark.parametrize("over", [pytest.param(over, id=name) for name, over in BAD.items()])
def test_the_schema_refuses(over: Object, charted: Charted) -> None:
    done = charted.with_values("template", RELEASE, str(CHART), values=laid_over(planned(), over))
    assert done.returncode != 0
    assert "don't meet the specifications of the schema" in done.stderr


def test_two_consumers_of_one_name_are_refused(charted: Charted) -> None:
    items = [{"name": "product_alert"}, {"name": "product.alert"}]
    values = laid_over(planned(), {"consumers": {"items": items}})
    done = charted.with_values("template", RELEASE, str(CHART), values=values)
    assert "differs in . or _ only" in done.stderr


def test_every_value_is_in_the_readme_and_its_example_is_accepted(charted: Charted) -> None:
    readme = (CHART / "README.md").read_text()
    named = set(re.findall(r"`([a-zA-Z]+)(?=[.`])", readme))
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(defaults) <= named
    example = re.findall(r"<<'END'\n(.*?)END", readme, re.DOTALL)[0]
    objects = charted.render(yaml.safe_load(example))
    assert {"Deployment", "StatefulSet", "Job", "Ingress"} <= {item["kind"] for item in objects}


def test_the_defaults_are_of_the_schema_s_own_shape() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(schema["properties"]) == set(defaults)
    for name, value in defaults.items():
        shape = schema["properties"][name]
        if isinstance(value, dict) and "properties" in shape:
            assert set(shape["properties"]) == set(value), name
