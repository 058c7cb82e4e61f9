"""Makes the site's database: two users and two clients. PASSWORD and CLIENT_SECRET come from the environment."""

import os

import django
from django.core.management import call_command

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
    redirect_uris="https://app.users.example/callback https://app.users.example/other",
)
Application.objects.create(
    name="Native application",
    client_id="native",
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    redirect_uris="http://127.0.0.1/callback",
)
