"""The business, customers, products, orders with lines, refunds, exchange rates and idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FACTS = ("exchange_rates", "orders", "order_lines", "refunds")

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are facts: they are appended, never changed or deleted', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

CHECK_ORDER = """
CREATE FUNCTION check_order_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.gross IS DISTINCT FROM (
    SELECT sum(total) FROM order_lines WHERE customer_id = NEW.customer_id AND order_id = NEW.order_id
  ) THEN
    RAISE EXCEPTION 'an order''s gross amount must equal the sum of its lines' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

CHECK_REFUND = """
CREATE FUNCTION check_refund_rest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.order_id IS NOT NULL AND (
    SELECT sum(amount) FROM refunds WHERE customer_id = NEW.customer_id AND order_id = NEW.order_id
  ) > (
    SELECT gross - discount FROM orders WHERE customer_id = NEW.customer_id AND order_id = NEW.order_id
  ) THEN
    RAISE EXCEPTION 'refunds must not exceed the order''s total' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE SEQUENCE order_numbers START 100001")
    op.create_table(
        "business",
        sa.Column("singleton", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column(
            "fingerprint_key",
            sa.LargeBinary(),
            server_default=sa.text("sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))"),
            nullable=False,
            comment="keys the fingerprints of idempotent inputs, which are guessable",
        ),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("singleton = 1", name=op.f("ck_business_singleton")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_business")),
    )
    op.create_table(
        "companies",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("parent_id <> company_id", name=op.f("ck_companies_not_its_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["companies.company_id"], name=op.f("fk_companies_parent_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_companies")),
    )
    op.create_index(op.f("ix_companies_parent_id"), "companies", ["parent_id"], unique=False)
    op.create_index("uq_companies_name", "companies", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("rate > 0 AND rate <= 1e9", name=op.f("ck_exchange_rates_rate_bounded")),
        sa.PrimaryKeyConstraint("currency", "effective_on", name=op.f("pk_exchange_rates")),
        comment="units of the business currency that one unit of `currency` buys from this day on",
    )
    op.create_table(
        "idempotency",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("key ~ '^[A-Za-z0-9_.:-]{16,128}$'", name=op.f("ck_idempotency_key_form")),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_idempotency")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "products",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("durable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("search_text", sa.Text(), sa.Computed("lower(sku || ' ' || name)", persisted=True), nullable=True),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_products")),
        sa.UniqueConstraint("sku", name=op.f("uq_products_sku")),
    )
    op.create_index("ix_products_name", "products", ["name", "product_id"], unique=False)
    op.create_index(
        "ix_products_search",
        "products",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="CONSUMER", nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "search_text",
            sa.Text(),
            sa.Computed(
                "lower(coalesce(first_name, '') || ' ' || coalesce(last_name, '')"
                " || ' ' || coalesce(email, '') || ' ' || coalesce(phone, ''))",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("kind IN ('CONSUMER', 'BUSINESS')", name=op.f("ck_customers_kind_known")),
        sa.CheckConstraint("merged_into <> customer_id", name=op.f("ck_customers_not_merged_into_itself")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_customers_company_id")),
        sa.ForeignKeyConstraint(["merged_into"], ["customers.customer_id"], name=op.f("fk_customers_merged_into")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customers")),
    )
    op.create_index(op.f("ix_customers_company_id"), "customers", ["company_id"], unique=False)
    op.create_index("ix_customers_created_at", "customers", ["created_at", "customer_id"], unique=False)
    op.create_index(op.f("ix_customers_merged_into"), "customers", ["merged_into"], unique=False)
    op.create_index(
        "ix_customers_search",
        "customers",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_index("ix_customers_tags", "customers", ["tags"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_customers_email",
        "customers",
        [sa.literal_column("lower(email)")],
        unique=True,
        postgresql_where=sa.text("merged_into IS NULL"),
    )
    op.create_index(
        "uq_customers_phone", "customers", ["phone"], unique=True, postgresql_where=sa.text("merged_into IS NULL")
    )
    op.create_table(
        "customer_external_ids",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "superseded_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the customer lost the identifier; it is never given to another",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_customer_external_ids_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "source", "value", name=op.f("pk_customer_external_ids")),
        sa.UniqueConstraint("source", "value", name=op.f("uq_customer_external_ids_source_value")),
    )
    _add_orders()
    _add_demo()
    _add_triggers()


def _add_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross", sa.Numeric(), nullable=False),
        sa.Column("discount", sa.Numeric(), nullable=False),
        sa.Column("business_gross", sa.Numeric(), nullable=False),
        sa.Column("business_discount", sa.Numeric(), nullable=False),
        sa.CheckConstraint("(source IS NULL) = (external_id IS NULL)", name=op.f("ck_orders_external_id_whole")),
        sa.CheckConstraint(
            "business_discount >= 0 AND business_discount <= business_gross",
            name=op.f("ck_orders_business_discount_bounded"),
        ),
        sa.CheckConstraint(
            "business_gross >= 0 AND business_gross <= 1e15", name=op.f("ck_orders_business_gross_bounded")
        ),
        sa.CheckConstraint("discount >= 0 AND discount <= gross", name=op.f("ck_orders_discount_bounded")),
        sa.CheckConstraint("gross >= 0 AND gross <= 1e15", name=op.f("ck_orders_gross_bounded")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_orders_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "order_id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_id", name=op.f("uq_orders_order_id")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_orders_source_external_id")),
    )
    op.create_index(op.f("ix_orders_number"), "orders", ["number"], unique=False)
    op.create_index("ix_orders_of_customer", "orders", ["customer_id", "placed_at", "order_id"], unique=False)
    op.create_index("ix_orders_placed_at", "orders", ["placed_at", "order_id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(), sa.Computed("quantity * unit_price", persisted=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_lines_quantity_positive")),
        sa.CheckConstraint("unit_price >= 0 AND unit_price <= 1e15", name=op.f("ck_order_lines_unit_price_bounded")),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["orders.customer_id", "orders.order_id"],
            name=op.f("fk_order_lines_customer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.product_id"], name=op.f("fk_order_lines_product_id")),
        sa.PrimaryKeyConstraint("customer_id", "order_id", "position", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("line_id", name=op.f("uq_order_lines_line_id")),
    )
    op.create_index(op.f("ix_order_lines_product_id"), "order_lines", ["product_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True, comment="null where the order it undoes is not known"),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("business_amount", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(source IS NULL) = (external_id IS NULL)", name=op.f("ck_refunds_external_id_whole")),
        sa.CheckConstraint("amount > 0 AND amount <= 1e15", name=op.f("ck_refunds_amount_bounded")),
        sa.CheckConstraint(
            "business_amount >= 0 AND business_amount <= 1e15", name=op.f("ck_refunds_business_amount_bounded")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["orders.customer_id", "orders.order_id"],
            name=op.f("fk_refunds_customer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_refunds_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "refund_id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_refunds_refund_id")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_refunds_source_external_id")),
    )
    op.create_index("ix_refunds_of_customer", "refunds", ["customer_id", "refunded_at"], unique=False)
    op.create_index("ix_refunds_of_order", "refunds", ["customer_id", "order_id"], unique=False)


def _add_demo() -> None:
    op.create_table(
        "demo_population",
        sa.Column("singleton", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", postgresql.JSONB(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("singleton = 1", name=op.f("ck_demo_population_singleton")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_demo_population")),
        comment="what the made-up customers follow from: with the same three they can be made again, and more of them",
    )
    op.create_table(
        "demo_truth",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scripted", sa.Boolean(), nullable=False, comment="a history written by hand: nothing to estimate"),
        sa.Column("purchase_rate", sa.Double(), nullable=True, comment="purchases a week while not lost"),
        sa.Column("dropout_probability", sa.Double(), nullable=True, comment="chance of being lost after a purchase"),
        sa.Column(
            "mean_spend",
            sa.Double(),
            nullable=True,
            comment="mean worth of a purchase, in the currency of the business",
        ),
        sa.Column("first_purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "dropped_out_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null while the customer may come back",
        ),
        sa.Column(
            "spends",
            postgresql.ARRAY(sa.Numeric()),
            nullable=False,
            comment="worth of each purchase, the first one first",
        ),
        sa.Column(
            "next_purchases",
            sa.Integer(),
            nullable=False,
            comment="purchases in the 52 weeks after the reference moment",
        ),
        sa.Column("next_spend", sa.Numeric(), nullable=False),
        sa.CheckConstraint("scripted = (purchase_rate IS NULL)", name=op.f("ck_demo_truth_drawn_or_scripted")),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.customer_id"],
            name=op.f("fk_demo_truth_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_demo_truth")),
        sa.UniqueConstraint("number", name=op.f("uq_demo_truth_number")),
    )


def _add_triggers() -> None:
    for function in (REFUSE_CHANGE, CHECK_ORDER, CHECK_REFUND):
        op.execute(function)
    for table in FACTS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, function in (("orders", "check_order_sum"), ("refunds", "check_refund_rest")):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {function} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
