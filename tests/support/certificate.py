"""A certificate of one day and its key, for ends of DTLS that OpenSSL plays."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Signed by itself, as in WebRTC."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(today).not_valid_after(today + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()), key
