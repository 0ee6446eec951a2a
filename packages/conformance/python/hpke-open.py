"""Opens HPKE messages (RFC 9180) with pyhpke: reads a list of {sk, enc, box, info, aad} in hexadecimal, prints a list of plain texts in hexadecimal."""

import json
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
opened = []
for one in json.load(sys.stdin):
    key = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(bytes.fromhex(one["sk"])))
    context = suite.create_recipient_context(bytes.fromhex(one["enc"]), key, info=bytes.fromhex(one["info"]))
    opened.append(context.open(bytes.fromhex(one["box"]), aad=bytes.fromhex(one["aad"])).hex())
print(json.dumps(opened))
