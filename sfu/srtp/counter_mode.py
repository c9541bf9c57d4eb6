"""The AES128_CM_HMAC_SHA1_80 transform with the face of `cryptography`'s AESGCM.

For peers without GCM. The nonce is SSRC and index alone (12 bytes: 0, 0, SSRC, ROC, SEQ);
the session salt is mixed in here. No packet limit and no hidden roll-over state.
Pure: no I/O, no clock.
"""

from hmac import compare_digest, digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TAG_LENGTH = 10


class CounterCipher:
    """Encrypt-then-authenticate for one direction, RFC 3711 4.1.1 and 4.2.1."""

    __slots__ = ("_authentication_key", "_context", "_salt")

    def __init__(self, key: bytes, salt: bytes, authentication_key: bytes) -> None:
        self._salt = int.from_bytes(salt, "big") << 16
        self._authentication_key = authentication_key
        self._context = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()

    def encrypt(
        self, nonce: bytes | memoryview, data: bytes, associated_data: bytes | memoryview
    ) -> bytes:
        """Ciphertext followed by the tag."""
        ciphertext = self._apply(nonce, data)
        return ciphertext + self._tag(nonce, ciphertext, associated_data)

    def encrypt_into(
        self,
        nonce: bytes | memoryview,
        data: bytes,
        associated_data: bytes | memoryview,
        buffer: memoryview,
    ) -> int:
        """As `encrypt`, into the buffer, which has room for exactly that; its length."""
        buffer[:] = self.encrypt(nonce, data, associated_data)
        return len(buffer)

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """The plain text; raises InvalidTag, as AESGCM does, before anything is deciphered."""
        ciphertext = data[:-TAG_LENGTH]
        if not compare_digest(
            self._tag(nonce, ciphertext, associated_data), data[len(ciphertext) :]
        ):
            raise InvalidTag
        return self._apply(nonce, ciphertext)

    def _apply(self, nonce: bytes | memoryview, data: bytes) -> bytes:
        # RFC 3711 4.1.1: IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16)
        block = self._salt ^ (int.from_bytes(nonce, "big") << 16)
        self._context.reset_nonce(block.to_bytes(16, "big"))
        return self._context.update(data)

    def _tag(
        self, nonce: bytes | memoryview, ciphertext: bytes, header: bytes | memoryview
    ) -> bytes:
        # RFC 3711 4.2: authenticated portion is the packet followed by the ROC.
        packet = b"".join((header, ciphertext, nonce[6:10]))
        return digest(self._authentication_key, packet, "sha1")[:TAG_LENGTH]
