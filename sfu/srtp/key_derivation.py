"""SRTP key derivation: master key and salt in, session keys out.

Pure: no I/O, no clock.
"""

from enum import IntEnum

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MASTER_KEY_LENGTH = 16
SALT_LENGTH = 14  # of the derivation; GCM's 12-byte salt is padded to it


class Label(IntEnum):
    """The purpose of a derived key, RFC 3711 4.3.1 and 4.3.2."""

    RTP_ENCRYPTION = 0
    RTP_AUTHENTICATION = 1
    RTP_SALT = 2
    RTCP_ENCRYPTION = 3
    RTCP_SALT = 5


def derive(master_key: bytes, master_salt: bytes, label: Label, length: int) -> bytes:
    """The AES-CM keystream for a label; the key derivation rate is zero, so the index is too."""
    # RFC 3711 4.3.1: x = (label << 48) XOR salt; 4.3.3: the counter block is x * 2^16.
    # RFC 7714 11: a 96-bit salt is extended with zeros on the right.
    salt = int.from_bytes(master_salt.ljust(SALT_LENGTH, b"\0"), "big")
    block = ((salt ^ (label << 48)) << 16).to_bytes(16, "big")
    return Cipher(algorithms.AES(master_key), modes.CTR(block)).encryptor().update(bytes(length))
