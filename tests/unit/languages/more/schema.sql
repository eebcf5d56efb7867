-- Customers and what they ordered.
CREATE SCHEMA IF NOT EXISTS shop;

/* Everyone who ever bought. */
CREATE TABLE shop.customers (
    id BIGINT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP DEFAULT now()
);

CREATE TYPE shop.order_state AS ENUM ('open', 'paid', 'sent');

CREATE TABLE IF NOT EXISTS orders (
    id BIGINT PRIMARY KEY,
    customer_id BIGINT REFERENCES shop.customers (id),
    total NUMERIC(10, 2)
);

CREATE UNIQUE INDEX orders_by_customer ON orders (customer_id);

-- What each customer spent.
CREATE OR REPLACE VIEW spending AS
SELECT c.email, sum(o.total) AS spent
FROM shop.customers AS c
JOIN orders AS o ON o.customer_id = c.id
GROUP BY c.email;

CREATE MATERIALIZED VIEW top_customers AS
SELECT email FROM spending WHERE spent > 1000;

-- Gives the number of orders.
CREATE FUNCTION count_orders(customer BIGINT) RETURNS INTEGER AS $$
    SELECT count(*) FROM orders WHERE customer_id = customer;
$$ LANGUAGE sql;

CREATE TRIGGER orders_touch BEFORE UPDATE ON orders
    FOR EACH ROW EXECUTE FUNCTION touch_row();

WITH recent AS (
    SELECT * FROM orders WHERE total > 10
)
SELECT * FROM recent JOIN spending USING (email);

INSERT INTO orders (id, total) VALUES (1, 2.5);

ALTER TABLE orders ADD COLUMN note TEXT;
