"""The toolkit under /o/, its metadata also where RFC 8414 wants them, a login page, and a resource behind tokens."""

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from oauth2_provider.decorators import protected_resource
from oauth2_provider.urls import metadata_urlpatterns


@protected_resource(scopes=["read"])
def me(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.resource_owner.username})


urlpatterns = [
    path("", include((metadata_urlpatterns, "oauth2_provider"), namespace="metadata")),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("me", me),
]
