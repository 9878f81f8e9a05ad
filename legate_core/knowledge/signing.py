"""AWS Signature Version 4, as S3 and what is compatible with it want it. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "s3"
REGION = "us-east-1"
"""What stores take that have no regions."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """Who asks, and in which region. The secret is left out of what is printed."""

    id: str
    secret: str = field(repr=False)
    region: str = REGION


def encoded(text: str, *, keep_slashes: bool = False) -> str:
    """Percent-encoded as the signature wants it: all but letters, digits and `-_.~`."""
    return quote(text, safe="/-_.~" if keep_slashes else "-_.~")


def query_of(parameters: Mapping[str, str]) -> str:
    """The query string: sorted, and with a sign of equality also where there is no value."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed(
    key: AccessKey, method: str, path: str, query: str, headers: Mapping[str, str], payload_sha256: str, now: datetime
) -> dict[str, str]:
    """These headers and the three that sign the request. `headers` holds *host*; the path and query are encoded already."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    whole = {
        **{name.lower(): " ".join(value.split()) for name, value in headers.items()},
        "x-amz-content-sha256": payload_sha256,
        "x-amz-date": stamp,
    }
    names = ";".join(sorted(whole))
    lines = "".join(f"{name}:{whole[name]}\n" for name in sorted(whole))
    request = "\n".join((method, path, query, lines, names, payload_sha256))
    scope = f"{stamp[:8]}/{key.region}/{SERVICE}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature = _mac(_key(key, stamp[:8]), "\n".join((ALGORITHM, stamp, scope, digest))).hex()
    whole["authorization"] = f"{ALGORITHM} Credential={key.id}/{scope},SignedHeaders={names},Signature={signature}"
    return whole


def _key(key: AccessKey, day: str) -> bytes:
    made = f"AWS4{key.secret}".encode()
    for part in (day, key.region, SERVICE, "aws4_request"):
        made = _mac(made, part)
    return made


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
