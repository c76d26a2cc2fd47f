"""Lines of purchases, to record or to suppose."""

import strawberry

from api.domain.purchase import NewLine
from api.graph.arguments import optional
from api.graph.naming import amount, or_none
from api.graph.shared import MoneyInput


@strawberry.input(description="One line of a purchase: an article, how many, and at what price.")
class PurchaseLineInput:
    sku: str = strawberry.field(
        description="Article number, such as TEA-EARL-100; one not known yet becomes a new product."
    )
    name: str | None = optional("Name of the article, needed when the product is not known yet.")
    category: str | None = optional("Group the product belongs to, such as Tea; used when it is not known yet.")
    durable: bool | None = optional("Whether the product lasts for years; used when it is not known yet.")
    quantity: int = strawberry.field(description="How many pieces were bought, 1 to 1,000,000.")
    unit_price: MoneyInput = strawberry.field(description="Price of one piece; all lines have the same currency.")

    def line(self) -> NewLine:
        """Return the line to record."""
        return NewLine(
            sku=self.sku,
            name=or_none(self.name),
            category=or_none(self.category),
            durable=or_none(self.durable),
            quantity=self.quantity,
            unit_price=amount(self.unit_price),
        )
