"""The first tables: products, customers, orders and what hangs on them, tickets, and missed lookups."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("email", name=op.f("uq_customers_email")),
    )
    op.create_table(
        "lookup_misses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookup_misses")),
    )
    op.create_index(op.f("ix_lookup_misses_order_number_missed_at"), "lookup_misses", ["order_number", "missed_at"])
    op.create_table(
        "products",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("restock_on", sa.Date()),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_products")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_products_stock")),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_number", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("key", name=op.f("uq_tickets_key")),
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("cancel_key", sa.String(length=200)),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("shipping_fee", sa.BigInteger(), nullable=False),
        sa.Column("ship_to_name", sa.Text(), nullable=False),
        sa.Column("ship_to_street", sa.Text(), nullable=False),
        sa.Column("ship_to_postal_code", sa.Text(), nullable=False),
        sa.Column("ship_to_city", sa.Text(), nullable=False),
        sa.Column("ship_to_country", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_orders_customer_id_customers")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_orders")),
        sa.UniqueConstraint("cancel_key", name=op.f("uq_orders_cancel_key")),
        sa.CheckConstraint(
            "status IN ('paid', 'packed', 'shipped', 'delayed', 'delivered', 'cancelled')",
            name=op.f("ck_orders_status"),
        ),
    )
    op.create_index(op.f("ix_orders_customer_id"), "orders", ["customer_id"])
    op.create_index(op.f("ix_orders_placed_at"), "orders", ["placed_at"])
    op.create_table(
        "product_names",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sku"], ["products.sku"], name=op.f("fk_product_names_sku_products"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sku", "language", name=op.f("pk_product_names")),
    )
    op.create_table(
        "invoices",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_invoices_order_number_orders")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_invoices")),
        sa.UniqueConstraint("order_number", name=op.f("uq_invoices_order_number")),
    )
    op.create_table(
        "order_lines",
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_order_lines_order_number_orders")),
        sa.ForeignKeyConstraint(["sku"], ["products.sku"], name=op.f("fk_order_lines_sku_products")),
        sa.PrimaryKeyConstraint("order_number", "number", name=op.f("pk_order_lines")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_lines_quantity")),
    )
    op.create_index(op.f("ix_order_lines_sku"), "order_lines", ["sku"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_refunds_order_number_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("key", name=op.f("uq_refunds_key")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint("status IN ('requested', 'approved', 'paid', 'rejected')", name=op.f("ck_refunds_status")),
    )
    op.create_index(op.f("ix_refunds_order_number"), "refunds", ["order_number"])
    op.create_table(
        "shipments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("place", sa.Text()),
        sa.Column("scanned_at", sa.DateTime(timezone=True)),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_shipments_order_number_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
    )
    op.create_index(op.f("ix_shipments_order_number"), "shipments", ["order_number"])
    op.create_table(
        "damage_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_number", "line"],
            ["order_lines.order_number", "order_lines.number"],
            name=op.f("fk_damage_reports_order_number_line_order_lines"),
        ),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_damage_reports_order_number_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_damage_reports")),
        sa.UniqueConstraint("key", name=op.f("uq_damage_reports_key")),
    )
    op.create_index(op.f("ix_damage_reports_order_number"), "damage_reports", ["order_number"])
    op.create_table(
        "exchanges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_number", "line"],
            ["order_lines.order_number", "order_lines.number"],
            name=op.f("fk_exchanges_order_number_line_order_lines"),
        ),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_exchanges_order_number_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
        sa.UniqueConstraint("key", name=op.f("uq_exchanges_key")),
    )
    op.create_index(op.f("ix_exchanges_order_number"), "exchanges", ["order_number"])
    op.create_table(
        "refund_lines",
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id_refunds")),
        sa.PrimaryKeyConstraint("refund_id", "line", name=op.f("pk_refund_lines")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_refund_lines_quantity")),
    )


def downgrade() -> None:
    """Drop them, those that others name last."""
    for table in (
        "refund_lines",
        "exchanges",
        "damage_reports",
        "shipments",
        "refunds",
        "order_lines",
        "invoices",
        "product_names",
        "orders",
        "tickets",
        "products",
        "lookup_misses",
        "customers",
    ):
        op.drop_table(table)
