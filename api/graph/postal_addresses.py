"""Postal addresses in the schema: as they are read, and as they are given."""

import strawberry

from api.domain.postal_address import PostalAddress as Kept
from api.graph.arguments import optional
from api.graph.declare import column, same
from api.graph.naming import or_none


@strawberry.type(description="Where letters reach somebody.")
class PostalAddress:
    address1: str = column("Street and number, such as Lindenstraße 5.")
    address2: str | None = column("What else the post needs, such as 3rd floor.")
    city: str = column("Town or city, such as Bonn.")
    province_code: str | None = column("State or province as behind the hyphen in ISO 3166-2, such as BY in DE-BY.")
    postal_code: str | None = column("Postal code, such as 53111; null where there is none.")
    country_code: str = column("Country of the address by its two letters in ISO 3166, such as DE.", "postal_country")


POSTAL_ADDRESS = same("Where letters reach the customer, null where that is not known.", missing="address1")


@strawberry.input(description="Where letters reach somebody, as a whole.")
class PostalAddressInput:
    address1: str = strawberry.field(description="Street and number, such as Lindenstraße 5.")
    address2: str | None = optional("What else the post needs, such as 3rd floor.")
    city: str = strawberry.field(description="Town or city, such as Bonn.")
    province_code: str | None = optional("State or province as behind the hyphen in ISO 3166-2, such as BY in DE-BY.")
    postal_code: str | None = optional("Postal code, such as 53111; left out where there is none.")
    country_code: str = strawberry.field(description="Country of the address by its two letters in ISO 3166.")

    def address(self) -> Kept:
        """Return the address as the domain takes it."""
        return Kept(
            address1=self.address1,
            city=self.city,
            country_code=self.country_code,
            address2=or_none(self.address2),
            province_code=or_none(self.province_code),
            postal_code=or_none(self.postal_code),
        )
