"""What the made-up shop sells: 41 products in six categories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """A product; `price` is in cents of the euro and None where each sale is weighed or valued on its own."""

    sku: str
    name: str
    category: str
    price: int | None
    durable: bool = False


PRICED: tuple[Product, ...] = tuple(
    sorted(
        (
            Product("TEA-EARL-100", "Earl Grey, 100 g", "Tea", 590),
            Product("TEA-ASSAM-250", "Assam Breakfast, 250 g", "Tea", 990),
            Product("TEA-DARJ-100", "Darjeeling First Flush, 100 g", "Tea", 1290),
            Product("TEA-SENCHA-100", "Sencha, 100 g", "Tea", 1150),
            Product("TEA-MATCHA-30", "Matcha, tin of 30 g", "Tea", 2490),
            Product("TEA-ROOIBOS-250", "Rooibos Vanilla, 250 g", "Tea", 790),
            Product("TEA-MINT-100", "Moroccan Mint, 100 g", "Tea", 490),
            Product("TEA-FRUIT-150", "Winter Fruits, 150 g", "Tea", 650),
            Product("COF-ESPRESSO-250", "Espresso beans, 250 g", "Coffee", 850),
            Product("COF-ESPRESSO-1000", "Espresso beans, 1 kg", "Coffee", 2890),
            Product("COF-FILTER-250", "Filter roast, 250 g", "Coffee", 890),
            Product("COF-DECAF-250", "Decaf roast, 250 g", "Coffee", 950),
            Product("COF-PAPERS-100", "Paper filters, 100 pieces", "Coffee", 350),
            Product("WARE-POT-GLASS", "Glass teapot, 1 l", "Teaware", 3490, durable=True),
            Product("WARE-POT-IRON", "Cast-iron teapot, 0.8 l", "Teaware", 6900, durable=True),
            Product("WARE-CUP-PAIR", "Pair of porcelain cups", "Teaware", 2400, durable=True),
            Product("WARE-MUG", "Stoneware mug", "Teaware", 1450, durable=True),
            Product("WARE-STRAINER", "Steel strainer", "Teaware", 790, durable=True),
            Product("WARE-KETTLE", "Gooseneck kettle, 0.9 l", "Teaware", 8900, durable=True),
            Product("WARE-CADDY", "Tea caddy, 150 g", "Teaware", 1190, durable=True),
            Product("WARE-SCALE", "Pocket scale", "Teaware", 1990, durable=True),
            Product("TOOL-KNIFE-PAR", "Paring knife", "Tools", 1690, durable=True),
            Product("TOOL-KNIFE-CHEF", "Chef's knife, 20 cm", "Tools", 7900, durable=True),
            Product("TOOL-WHETSTONE", "Whetstone 1000/3000", "Tools", 3900, durable=True),
            Product("TOOL-BOARD", "Oak chopping board", "Tools", 4500, durable=True),
            Product("TOOL-SECATEURS", "Secateurs", "Tools", 2900, durable=True),
            Product("TOOL-TROWEL", "Forged trowel", "Tools", 2200, durable=True),
            Product("TOOL-TWINE", "Garden twine, 100 m", "Tools", 450),
            Product("TOOL-OIL", "Camellia oil, 100 ml", "Tools", 890),
            Product("SWEET-SHORTBREAD", "Shortbread, 200 g", "Sweets", 520),
            Product("SWEET-HONEY-500", "Heather honey, 500 g", "Sweets", 990),
            Product("SWEET-CANDY-250", "Rock sugar, 250 g", "Sweets", 380),
            Product("SWEET-GINGER-150", "Candied ginger, 150 g", "Sweets", 560),
            Product("GIFT-CARD", "Greeting card", "Gifts", 300),
            Product("GIFT-BOX-SMALL", "Tea sampler, 8 kinds", "Gifts", 1790),
            Product("GIFT-BOX-LARGE", "Tasting box, 24 kinds", "Gifts", 4900),
        ),
        key=lambda product: (product.price or 0, product.sku),
    )
)
"""Products with a price, the cheapest first."""

WEIGHED: tuple[Product, ...] = (
    Product("LOOSE-CEYLON", "Ceylon, loose, by weight", "Tea", None),
    Product("LOOSE-OOLONG", "Oolong, loose, by weight", "Tea", None),
    Product("LOOSE-HERBS", "Herbal blend, loose, by weight", "Tea", None),
    Product("LOOSE-BEANS", "House beans, by weight", "Coffee", None),
)
"""Products weighed at the counter: what makes up the rest of an order, whatever it is."""

VALUED: Product = Product("TOOL-VINTAGE", "Restored vintage tool", "Tools", None, durable=True)
"""One of a kind each, and dear: the rest of a large order."""

PRODUCTS: tuple[Product, ...] = (*PRICED, *WEIGHED, VALUED)
