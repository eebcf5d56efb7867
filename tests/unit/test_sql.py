"""SQL of several dialects: what scripts define and refer to, and where statements end."""

from __future__ import annotations

import time

import pytest

from glossator.index.parsing import parse
from tests.unit.parsing_checks import check_entries, table

TRANSACT = """\
USE Shop
GO
-- Everyone who buys.
CREATE TABLE [dbo].[Customers] (
    [Id] INT IDENTITY(1,1) NOT NULL,
    [Name] NVARCHAR(100)
) WITH (DATA_COMPRESSION = PAGE)
CREATE NONCLUSTERED INDEX [IX_Customers_Name] ON [dbo].[Customers] ([Name])
GO
/* Finds one. */
CREATE OR ALTER PROCEDURE dbo.GetCustomer
    @Id INT
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #found (Id INT);
    BEGIN TRAN
    INSERT INTO #found SELECT Id FROM [dbo].[Customers] WHERE Id = @Id;
    COMMIT TRAN
    EXEC dbo.LogAccess @Id;
END
GO
ALTER VIEW Sales.Totals WITH SCHEMABINDING AS
SELECT CustomerId, SUM(Total) AS Total FROM Sales.Orders GROUP BY CustomerId
GO
"""

ORACLE = """\
CREATE OR REPLACE PACKAGE BODY stock IS
    FUNCTION available(p_id NUMBER) RETURN NUMBER IS
        v_count NUMBER;
    BEGIN
        SELECT COUNT(*) INTO v_count FROM items WHERE id = p_id;
        RETURN v_count;
    END;

    PROCEDURE reserve(p_id NUMBER) IS
    BEGIN
        UPDATE items SET reserved = 1 WHERE id = p_id;
    END reserve;
END stock;
/
CREATE OR REPLACE TRIGGER items_touch
BEFORE UPDATE ON items FOR EACH ROW
DECLARE
    v_now DATE;
BEGIN
    v_now := SYSDATE;
END;
/
CREATE TABLE items (id NUMBER PRIMARY KEY);
"""

MYSQL = """\
CREATE TABLE `items` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

DELIMITER //
CREATE DEFINER=`root`@`localhost` PROCEDURE `restock`(IN amount INT)
BEGIN
  IF amount > 0 THEN
    UPDATE items SET count = count + amount;
  END IF;
END //
DELIMITER ;

CREATE VIEW scarce AS SELECT * FROM items WHERE count < 3;
"""

POSTGRES = """\
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE OR REPLACE FUNCTION shop.total(customer bigint)
RETURNS numeric LANGUAGE plpgsql AS $body$
DECLARE
  result numeric := 0;
BEGIN
  SELECT sum(o.total) INTO result FROM shop.orders AS o WHERE o.customer = customer;
  RETURN result;
END;
$body$;
CREATE FUNCTION one() RETURNS integer BEGIN ATOMIC SELECT 1; SELECT 2; END;
CREATE PROCEDURE pay(id integer) AS 'UPDATE orders SET paid = true; ' LANGUAGE sql;
CREATE POLICY own ON orders USING (owner = current_user);
"""

SQLITE = """\
CREATE TABLE IF NOT EXISTS notes (id INTEGER, text TEXT CHECK (text <> ';'));
CREATE TRIGGER notes_log AFTER INSERT ON notes
BEGIN
  INSERT INTO log VALUES (CASE WHEN new.id > 1 THEN 'x' ELSE 'y' END);
  UPDATE counts SET n = n + 1;
END;
CREATE VIRTUAL TABLE search USING fts5(text);
"""

SCRIPTS = {
    "transact": (
        TRANSACT,
        [
            ("table", "dbo.Customers", 3, 7),
            ("key", "IX_Customers_Name", 8, 8),
            ("function", "dbo.GetCustomer", 10, 21),
            ("view", "Sales.Totals", 23, 24),
        ],
    ),
    "oracle": (
        ORACLE,
        [
            ("package", "stock", 1, 13),
            ("function", "stock.available", 2, 7),
            ("function", "stock.reserve", 9, 12),
            ("function", "items_touch", 15, 21),
            ("table", "items", 23, 23),
        ],
    ),
    "mysql": (
        MYSQL,
        [("table", "items", 1, 4), ("function", "restock", 7, 12), ("view", "scarce", 15, 15)],
    ),
    "postgres": (
        POSTGRES,
        [
            ("type", "mood", 1, 1),
            ("function", "shop.total", 2, 10),
            ("function", "one", 11, 11),
            ("function", "pay", 12, 12),
            ("rule", "own", 13, 13),
        ],
    ),
    "sqlite": (
        SQLITE,
        [("table", "notes", 1, 1), ("function", "notes_log", 2, 6), ("table", "search", 7, 7)],
    ),
}


@pytest.mark.parametrize("dialect", sorted(SCRIPTS))
def test_definitions(dialect: str) -> None:
    text, expected = SCRIPTS[dialect]
    parsed = parse("script.sql", text)
    assert table(parsed) == expected
    check_entries(text, parsed)


@pytest.mark.parametrize(
    ("text", "name", "signature", "names"),
    [
        (TRANSACT, "dbo.GetCustomer", "CREATE OR ALTER PROCEDURE dbo.GetCustomer @Id INT", {"Customers", "LogAccess"}),
        (TRANSACT, "Sales.Totals", "ALTER VIEW Sales.Totals WITH SCHEMABINDING", {"Orders"}),
        (ORACLE, "stock.available", "FUNCTION available(p_id NUMBER) RETURN NUMBER", {"items"}),
        (MYSQL, "restock", "CREATE DEFINER=`root`@`localhost` PROCEDURE `restock`(IN amount INT)", {"items"}),
        (POSTGRES, "shop.total", "CREATE OR REPLACE FUNCTION shop.total(customer bigint) RETURNS numeric", {"orders"}),
        (SQLITE, "notes_log", "CREATE TRIGGER notes_log AFTER INSERT ON notes", {"log", "counts"}),
    ],
)
def test_signatures_and_references(text: str, name: str, signature: str, names: set[str]) -> None:
    entry = next(entry for entry in parse("script.sql", text).entries if entry.qualified_name == name)
    assert entry.signature.startswith(signature)
    assert names <= set(entry.references)


def test_comments_above_statements_are_their_docs() -> None:
    docs = {entry.name: entry.doc for entry in parse("script.sql", TRANSACT).entries}
    assert docs["Customers"] == "Everyone who buys."
    assert docs["GetCustomer"] == "Finds one."


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE",
        "CREATE TABLE (",
        "CREATE FUNCTION f( AS $$ never closed",
        "CREATE PROCEDURE p AS BEGIN 'never closed",
        "CREATE TABLE t (a int /* never closed",
        "CREATE VIEW ${schema}.v AS SELECT 1;",
        "DELIMITER\nCREATE TABLE t (a int);",
        "CREATE INDEX ON t (a);",
    ],
)
def test_broken_statements_lose_nothing(text: str) -> None:
    check_entries(text, parse("script.sql", text))


def test_a_large_script_takes_time_in_proportion() -> None:
    def seconds(count: int) -> float:
        text = "".join(f"CREATE TABLE t{n} (id int);\nCREATE FUNCTION f{n}() AS $$ x $$;\nGO\n" for n in range(count))
        best = 60.0
        for _ in range(3):
            start = time.process_time()
            parse("script.sql", text)
            best = min(best, time.process_time() - start)
        return best

    seconds(10)
    # Ten times as much text: a parser that looked at all of it for every statement would take a hundred times as long.
    assert seconds(2000) < 40 * max(seconds(200), 0.02)
