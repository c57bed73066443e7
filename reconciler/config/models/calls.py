"""How services of live calls are written in reconciler.yaml: what every one says, and what is a provider's own.

An MTT account serves by itself and is not written again. Knows no network code.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.config.models.entries import Phone, Secret, ServiceAddress, Shape, Word
from reconciler.secrets import SecretRef


class ServiceEntry(Shape):
    """What every service says; a provider's shape gives `provider` its name and adds what is its own."""

    provider: str = Field(description="Whose API it is.")
    base_url: ServiceAddress = Field(description="Where the API is.")

    @property
    def options(self) -> dict[str, str | SecretRef]:
        """What it says beside these two."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: each for name, each in named.items() if each is not None and name not in {"provider", "base_url"}}


class TelphinCalls(ServiceEntry):
    """A Telphin application: live calls of its extensions."""

    provider: Literal["telphin"] = Field(description="Whose API it is.")
    client_id: Secret = Field(description="The application's id.", examples=[{"env": "TELPHIN_APP_ID"}])
    client_secret: Secret = Field(description="The application's secret.", examples=[{"env": "TELPHIN_APP_SECRET"}])
    client: Word = Field("@me", description="Whose extensions are meant where none is named.")
    base_url: ServiceAddress = Field(
        "https://apiproxy.telphin.ru", description="The host; the login and the API are below it."
    )


class UisCalls(ServiceEntry):
    """A customer of UIS, CoMagic, Novofon or CallGear: calls between two numbers; a key, or a login with a password."""

    provider: Literal["uis"] = Field(description="Whose API it is.")
    access_token: Secret | None = Field(None, description="A permanent key.", examples=[{"env": "UIS_ACCESS_TOKEN"}])
    login: Word | None = Field(None, description="Whose sessions they are, where there is no permanent key.")
    password: Secret | None = Field(None, description="The login's password.", examples=[{"env": "UIS_PASSWORD"}])
    virtual_phone_number: Phone | None = Field(
        None, description="The rented number that calls come from, unless a call says another."
    )
    base_url: ServiceAddress = Field(
        "https://callapi.uiscom.ru/v4.0", description="Where the API is; the brands have hosts of their own."
    )


CallsEntry = Annotated[TelphinCalls | UisCalls, Field(discriminator="provider")]
CALL_SHAPES: dict[str, type[ServiceEntry]] = {"telphin": TelphinCalls, "uis": UisCalls}
