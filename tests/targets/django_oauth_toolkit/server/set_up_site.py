"""Makes the site's signing key and its database: two users and two clients.

From the environment: PASSWORD and CLIENT_SECRET, besides what the settings read.
"""

import os
from pathlib import Path

import django
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import call_command

key = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
Path(os.environ["FOLDER"], "signing-key.pem").write_bytes(key)
django.setup()
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User  # noqa: E402 - Django's models exist only once it is set up
from oauth2_provider.models import Application  # noqa: E402

for name in ("alice", "bob"):
    User.objects.create_user(name, password=os.environ["PASSWORD"])

Application.objects.create(
    name="Web application",
    client_id="web",
    client_secret=os.environ["CLIENT_SECRET"],
    client_type=Application.CLIENT_CONFIDENTIAL,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    algorithm=Application.RS256_ALGORITHM,
    redirect_uris="https://app.users.example/callback https://app.users.example/silent",
)
Application.objects.create(
    name="Native application",
    client_id="native",
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    algorithm=Application.RS256_ALGORITHM,
    redirect_uris="http://127.0.0.1/callback",
)
