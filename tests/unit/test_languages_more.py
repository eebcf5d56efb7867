"""Definitions, docs, signatures, references and imports of the languages besides the first ten.

The sources lie in `languages/more/`; each uses what is characteristic of its language.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glossator.index.languages import LANGUAGES
from glossator.index.masking import masked
from glossator.index.parsing import parse
from tests.unit.parsing_checks import check_entries, table

if TYPE_CHECKING:
    from glossator.index.entries import Entry, ParsedFile

SOURCES = Path(__file__).parent / "languages" / "more"

DEFINITIONS = {
    "accounts.ex": """
        1-69 module Shop.Accounts
        12-12 constant Shop.Accounts.page_size
        14-15 type Shop.Accounts.id
        17-17 method Shop.Accounts.load
        19-19 struct Shop.Accounts.defstruct
        21-25 module Shop.Accounts.NotFound
        22-22 struct Shop.Accounts.NotFound.defexception
        24-24 function Shop.Accounts.NotFound.exception
        27-44 function Shop.Accounts.get_user
        46-52 function Shop.Accounts.list_users
        54-54 function Shop.Accounts.offset
        56-56 macro Shop.Accounts.is_adult
        58-64 macro Shop.Accounts.traced
        66-66 function Shop.Accounts.count
        68-68 function Shop.Accounts.<|>
        71-74 protocol Shop.Priced
        72-73 method Shop.Priced.price
        77-77 method Shop.Accounts.price
    """,
    "accounts_test.exs": """
        1-13 module Shop.AccountsTest
        8-12 test Shop.AccountsTest.get_user/1
        9-11 test Shop.AccountsTest.get_user/1.finds by id
    """,
    "Backup.psm1": """
        4-16 function Copy-Backup
        18-21 function Compress-Backup
        23-26 enum Level
        28-43 class Backup
        32-34 constructor Backup.Backup
        36-38 method Backup.IsDue
        40-42 method Backup.Latest
    """,
    "Build.groovy": """
        6-30 class Build
        18-22 method Build.run
        24-29 method Build.describe
        32-34 interface Step
        36-38 enum Mode
        40-42 function deploy
    """,
    "Cache.swift": """
        4-5 constant defaultLifetime
        7-14 protocol Storable
        9-9 type Storable.Key
        12-12 method Storable.encode
        13-13 constructor Storable.init
        16-25 enum CacheError
        21-24 property CacheError.isFatal
        27-76 class Cache
        32-32 type Cache.Completion
        34-42 struct Cache.Box
        39-41 method Cache.Box.touch
        46-49 property Cache.count
        53-57 constructor Cache.init
        59-61 method Cache.deinit
        63-68 method Cache.value
        70-73 method Cache.subscript
        75-75 method Cache.==
        79-79 property Cache.debugDescription
        81-84 method Cache.prune
        87-91 class Downloader
        88-90 method Downloader.fetch
        93-95 function makeKey
    """,
    "Cart.vue": """
        1-35 component Cart
        12-15 interface Line
        17-17 constant lines
        18-18 constant count
        20-24 function checkout
        26-28 function sumOf
    """,
    "Clock.svelte": """
        1-26 component Clock
        2-2 constant ZONE
        8-8 variable format
        9-9 variable now
        11-14 function tick
    """,
    "counter.erl": """
        12-12 macro TIMEOUT
        13-13 macro KEY
        15-18 struct state
        20-20 type amount
        21-21 method on_change
        23-26 function start_link
        28-33 function increment
        35-36 function init
        38-42 function handle_call
        44-45 function add
    """,
    "deploy.sh": """
        8-9 variable BUILD_DIR
        10-10 variable DEPLOY_TIMEOUT
        11-14 variable HOSTS
        17-22 function usage
        24-29 function copy_build
        31-37 function restart_service
        39-48 function main
    """,
    "flags.cmake": """
        5-5 variable SHOP_VERSION
        6-6 variable SHOP_TESTS
        8-14 function add_flag_if_known
        16-19 macro shop_library
        21-25 resource shop
        28-28 test cart_test
    """,
    "handler.clj": """
        7-7 constant max-items
        9-12 constant routes
        14-14 constant state
        16-19 function parse-id
        21-24 function page
        26-31 macro with-timing
        33-36 protocol Priced
        35-35 method Priced.price
        36-36 method Priced.discount
        38-42 class Item
        40-40 method Item.price
        41-42 method Item.discount
        44-44 function render
        46-48 function render
        52-52 method String.price
        54-59 function handler
        61-62 test parse-id-test
    """,
    "Inventory.fs": """
        1-58 module Shop.Inventory
        7-11 union Shop.Inventory.Amount
        13-17 struct Shop.Inventory.Item
        17-17 method Shop.Inventory.Item.IsEmpty
        19-20 class Shop.Inventory.IStore
        20-20 method Shop.Inventory.IStore.Find
        22-22 type Shop.Inventory.OutOfStock
        24-41 class Shop.Inventory.MemoryStore
        28-28 constructor Shop.Inventory.MemoryStore.new
        30-33 method Shop.Inventory.MemoryStore.Add
        35-35 method Shop.Inventory.MemoryStore.Create
        38-41 method Shop.Inventory.MemoryStore.Find
        43-43 constant Shop.Inventory.defaultLimit
        45-49 function Shop.Inventory.add
        51-54 function Shop.Inventory.total
        56-58 module Shop.Inventory.Report
        57-58 function Shop.Inventory.Report.print
    """,
    "inventory.rb": """
        6-79 module Warehouse
        8-9 constant Warehouse.SHELF_LIMIT
        11-14 constant Warehouse.LEVELS
        16-74 class Warehouse.Shelf
        27-31 class Warehouse.Shelf.Position
        28-30 method Warehouse.Shelf.Position.to_s
        34-37 method Warehouse.Shelf.parse
        40-44 constructor Warehouse.Shelf.initialize
        46-46 method Warehouse.Shelf.empty
        48-55 method Warehouse.Shelf.<<
        57-59 method Warehouse.Shelf.each
        61-63 method Warehouse.Shelf.label=
        65-67 method Warehouse.Shelf.full?
        69-69 class Warehouse.Shelf.FullError
        71-73 method Warehouse.Shelf.volume
        76-78 class Warehouse.Shelf.Audit
        77-77 method Warehouse.Shelf.Audit.run
        81-89 test Warehouse.Shelf
        84-88 test Warehouse.Shelf.when full
        85-87 test Warehouse.Shelf.when full.refuses another item
        91-93 function restock
    """,
    "Ledger.m": """
        5-5 variable LedgerErrorDomain
        7-10 enum LedgerState
        12-17 protocol LedgerDelegate
        14-14 method LedgerDelegate.ledger:didPost:
        16-16 method LedgerDelegate.ledgerShouldClose
        19-31 class Ledger
        28-28 method Ledger.initWithOwner
        29-29 method Ledger.ledgerWithName:limit:
        33-56 class Ledger
        37-43 method Ledger.initWithOwner
        45-50 method Ledger.post:error:
        52-54 method Ledger.ledgerWithName:limit:
        60-62 method Ledger.description
        66-68 function LedgerSum
    """,
    "Makefile": """
        4-4 variable CC
        5-5 variable SOURCES
        7-9 macro HELP
        13-14 function all
        16-18 function shop
        20-21 function %.o
        23-24 function clean
    """,
    "network.tf": """
        1-8 resource terraform
        10-12 resource provider.aws
        14-19 variable variable.region
        21-26 resource locals
        22-22 variable locals.name
        23-25 variable locals.tags
        28-34 resource aws_ami.base
        36-49 resource aws_instance.web
        51-54 resource network
        56-58 variable output.address
    """,
    "Orbits.jl": """
        1-81 module Orbits
        13-14 constant Orbits.GRAVITY
        16-16 type Orbits.AbstractBody
        18-28 struct Orbits.Body
        27-27 constructor Orbits.Body.Body
        30-33 struct Orbits.World
        35-38 enum Orbits.Phase
        40-49 function Orbits.energy
        51-51 function Orbits.kinetic
        53-57 function Orbits.step!
        59-59 function Orbits.Base.show
        61-63 function Orbits.+
        65-65 function Orbits.distance
        67-72 macro Orbits.timed_step
        74-77 module Orbits.Units
        75-75 constant Orbits.Units.AU
        76-76 function Orbits.Units.to_au
        79-79 function Orbits.World
    """,
    "panel.R": """
        5-6 constant DEFAULT_WIDTH
        8-17 function summarise_panel
        19-19 function check_panel
        21-21 function %||%
        23-27 function print.panel
        29-43 class PanelStack
        34-38 method PanelStack.push
        41-41 method PanelStack.validate
        45-45 class Panel
        47-47 function render
        49-51 method Panel.render
        53-56 function outer_fun
    """,
    "Parser.hs": """
        13-18 type Expr
        20-21 type Env
        23-25 type Parser
        27-33 class Eval
        29-31 method Eval.eval
        33-33 method Eval.size
        36-38 method Expr.eval
        40-40 method Expr.size
        43-46 method Parser.fmap
        48-56 function simplify
        58-60 constant answer
        64-65 function <+>
        67-69 type Term
        71-72 type Elem
        74-75 function Zero
        77-81 function parseExpr
    """,
    "Parsers.scala": """
        8-12 trait Token
        10-11 method Token.text
        14-25 object Token
        15-15 class Token.Word
        16-18 object Token.End
        22-24 class Token.Rich
        23-23 method Token.Rich.isEmpty
        27-59 class Parser
        36-36 type Parser.Result
        41-42 constructor Parser.this
        44-44 method Parser.parse
        46-49 method Parser.map
        51-58 method Parser.many
        61-64 object Parser
        63-63 method Parser.apply
    """,
    "player.dart": """
        8-9 constant maxVolume
        11-12 type OnEnd
        14-23 enum PlayerState
        19-19 constructor PlayerState.PlayerState
        22-22 property PlayerState.isActive
        25-32 trait Audible
        29-31 method Audible.mute
        34-71 class Player
        40-43 constructor Player.Player
        45-45 constructor Player.silent
        47-50 constructor Player.fromJson
        52-53 property Player.current
        55-57 property Player.position
        59-64 method Player.play
        66-66 method Player.positions
        68-68 method Player.==
        70-70 method Player.create
        73-77 class TrackList
        74-74 property TrackList.total
        76-76 method TrackList.longest
        79-81 function main
        83-83 function compareTracks
    """,
    "pool.zig": """
        6-7 constant MAX_IDLE
        11-15 enum PoolError
        17-24 enum State
        21-23 method State.isIdle
        26-57 struct Pool
        34-42 struct Pool.Conn
        39-41 method Pool.Conn.close
        44-51 method Pool.init
        53-56 method Pool.acquire
        59-62 union Value
        64-73 struct List
        69-71 method List.len
        75-77 function pool_count
        79-82 test a pool starts empty
    """,
    "Queue.kt": """
        8-9 constant CAPACITY
        11-11 type Handler
        13-22 interface Sink
        19-20 method Sink.offer
        21-21 method Sink.close
        24-32 enum Priority
        28-28 method Priority.label
        31-31 method Priority.label
        34-37 class Outcome
        35-35 class Outcome.Done
        36-36 object Outcome.Empty
        39-77 class BoundedQueue
        51-53 property BoundedQueue.size
        55-57 constructor BoundedQueue.init
        59-61 constructor BoundedQueue.constructor
        63-67 method BoundedQueue.offer
        69-71 class BoundedQueue.Cursor
        70-70 method BoundedQueue.Cursor.next
        74-75 method BoundedQueue.of
        79-83 object Registry
        82-82 method Registry.find
        85-88 function Flow.drainTo
        90-91 property String.isBlankName
        93-95 interface Clock
        94-94 method Clock.now
    """,
    "queue.lua": """
        8-9 constant M.CAPACITY
        11-16 constant DEFAULTS
        21-28 function M.new
        30-36 method Queue.push
        38-40 method Queue.full
        42-45 function compare
        47-49 function Queue.pop
        51-53 function drain
        55-59 variable M.handlers
        61-63 function restart
    """,
    "Queue.pm": """
        1-1 package Job.Queue
        10-10 constant MAX_JOBS
        18-23 function new
        25-31 function add
        33-34 function count
        36-38 function _next_id
        40-42 package Job.Queue.Item
        41-41 function Job.Queue.Item.id
        44-47 function run_all
    """,
    "Router.php": """
        13-14 constant CACHE_SECONDS
        16-16 constant ROUTER_DEBUG
        18-27 interface Handler
        25-26 method Handler.handle
        29-38 trait Journal
        34-37 method Journal.record
        40-49 enum Method
        45-48 method Method.fromHeader
        51-94 class Router
        66-71 constructor Router.__construct
        73-86 method Router.add
        88-88 method Router.fallback
        90-93 method Router.count
        96-109 function router
        111-111 function dispatch
    """,
    "schema.graphql": """
        1-9 struct Customer
        11-13 interface Node
        15-19 struct OrderInput
        21-24 enum OrderState
        26-26 type SearchResult
        28-28 type DateTime
        30-30 macro key
        32-34 struct Query
        33-33 rpc Query.customer
        36-40 query GetCustomer
        42-45 query CustomerFields
    """,
    "schema.sql": """
        1-2 namespace shop
        4-9 table shop.customers
        11-11 type shop.order_state
        13-17 table orders
        19-19 key orders_by_customer
        21-26 view spending
        28-29 view top_customers
        31-34 function count_orders
        36-37 function orders_touch
        39-41 query recent
    """,
    "service.nix": """
        8-10 function renderSettings
        12-12 variable package
        17-25 key options.services.shop
        27-32 key config
    """,
    "Shapes.scala": """
        6-14 enum Shape
        11-14 method Shape.area
        16-19 trait Drawable
        18-18 method Drawable.draw
        19-19 method Drawable.T.show
        21-22 object Drawable[Shape]
        22-22 method Drawable[Shape].draw
        24-24 object ordering
        26-26 type Metres
        28-29 object Metres
        29-29 method Metres.apply
        32-35 function Shape.doubled
        37-38 function diagonal
        40-41 function run
    """,
    "shop.proto": """
        10-32 message Order
        12-16 enum Order.State
        18-21 message Order.Line
        34-36 message GetOrderRequest
        38-50 service Orders
        42-47 rpc Orders.GetOrder
        49-49 rpc Orders.Watch
        52-55 enum Channel
    """,
    "store.ml": """
        4-4 module Log
        6-7 constant capacity
        9-9 type key
        11-15 type answer
        17-17 type Full
        19-25 interface KEY
        21-21 type KEY.t
        23-24 method KEY.compare
        27-49 module Make
        29-29 type Make.t
        31-31 module Make.M
        33-33 type Make.t
        35-36 function Make.create
        38-40 function Make.add
        42-47 function Make.find
        48-48 function Make.find_all
        51-52 function >>?
        54-54 function hash
        56-64 class counter
        60-61 method counter.next
        63-63 method counter.report
        66-66 function now
    """,
    "store.mli": """
        3-4 type key
        6-6 type t
        8-9 type Full
        11-12 function create
        14-15 function find
        17-19 module Cache
        18-18 function Cache.clear
        21-23 interface S
        22-22 type S.t
        25-25 function now
    """,
    "Vault.sol": """
        7-10 interface IVault
        9-9 method IVault.deposit
        12-16 class Shares
        13-15 method Shares.toShares
        18-18 type TooMuch
        20-58 class Vault
        24-27 struct Vault.Position
        29-29 enum Vault.State
        31-31 type Vault.Deposited
        36-39 method Vault.whenOpen
        41-43 constructor Vault.constructor
        45-51 method Vault.deposit
        53-55 method Vault.rate
        57-57 method Vault.receive
    """,
}
"""For each source: lines, kind and qualified name of each definition, in order."""

DETAILS: list[tuple[str, str, str, str]] = [
    # source, qualified name, start of the signature, start of the doc
    ("inventory.rb", "Warehouse.Shelf.<<", "def <<(item)", "Puts an item onto the shelf.\n@raise [FullError]"),
    ("inventory.rb", "Warehouse.Shelf.volume", "define_method(:volume)", ""),
    ("inventory.rb", "Warehouse.Shelf.full?", "private def full?", ""),
    (
        "Router.php",
        "Router.add",
        "#[Pure] public function add(string $path, Handler $handler): static",
        "Adds a route.",
    ),
    ("Router.php", "Router", "#[Service] abstract class Router implements Handler", "Finds the handler of a path."),
    ("Cache.swift", "Cache", "open class Cache<Value: Storable>: NSObject where", "Keeps values"),
    ("Cache.swift", "Cache.prune", "func prune(before date: Date) async", "Forgets everything that is old."),
    ("Queue.kt", "Flow.drainTo", "suspend fun <T> Flow<T>.drainTo(sink: Sink<T>)", "Takes everything that the flow"),
    ("Queue.kt", "BoundedQueue.offer", "override fun offer(item: T): Boolean", ""),
    ("Parsers.scala", "Parser.map", "def map[B](f: A => B): Parser[B]", "Applies a function to the result."),
    ("Shapes.scala", "Drawable", "trait Drawable[T]", "What can be drawn."),
    ("Shapes.scala", "Shape.doubled", "def doubled: Shape", "A shape of twice the size."),
    ("queue.lua", "M.new", "function M.new(name)", "Makes an empty queue.\n@param name what it is called"),
    ("queue.lua", "Queue.pop", "Queue.pop = function(self)", ""),
    ("Parser.hs", "simplify", "simplify :: Expr -> Expr", "Simplifies an expression.\nZeroes are dropped."),
    ("Parser.hs", "Eval.eval", "eval :: Env -> a -> Maybe Integer", "Evaluates it."),
    ("Parser.hs", "Parser.fmap", "fmap f (Parser p)", ""),
    ("accounts.ex", "Shop.Accounts", "defmodule Shop.Accounts", "People and what they own."),
    ("accounts.ex", "Shop.Accounts.get_user", "def get_user(id) when is_integer(id)", "Finds a user.\n\n## Examples"),
    ("accounts.ex", "Shop.Accounts.id", "id :: pos_integer()", "Who someone is."),
    ("accounts.ex", "Shop.Accounts.traced", "defmacro traced(do: block)", "Writes the name of what runs."),
    (
        "pool.zig",
        "Pool.init",
        "pub fn init(allocator: std.mem.Allocator, address: Address) !Self",
        "Makes an empty pool.",
    ),
    ("pool.zig", "List", "pub fn List(comptime T: type) type", "A list of any type."),
    ("deploy.sh", "copy_build", "function copy_build", "Copies a build.\n  $1  the host"),
    ("player.dart", "Player.play", "Future<void> play(T track, {bool loop = false})", "Starts to play."),
    (
        "player.dart",
        "Player.fromJson",
        "factory Player.fromJson(Map<String, dynamic> json)",
        "A player by its description.",
    ),
    (
        "Orbits.jl",
        "Orbits.energy",
        "function energy(body::Body{T}, world::World) where {T<:Real}",
        "The energy of a body.",
    ),
    (
        "Orbits.jl",
        "Orbits.Body",
        "struct Body{T<:Real} <: AbstractBody",
        "Body(mass, position)\n\nSomething with a mass.",
    ),
    ("Orbits.jl", "Orbits.distance", "distance(a, b)::Float64", ""),
    ("panel.R", "summarise_panel", "summarise_panel <- function(data, by = NULL)", "Summarise a panel\n\n@param data"),
    ("panel.R", "PanelStack.push", "push = function(panel)", "@description Adds one."),
    ("store.ml", "Make.create", "let create ?(limit = capacity) ()", "Makes an empty store."),
    ("store.ml", ">>?", "let ( >>? ) answer f", ""),
    ("store.mli", "find", "val find : 'a t -> key -> 'a option", "Finds a value."),
    ("store.mli", "create", "val create : ?limit:int -> unit -> 'a t", "[create ~limit ()] is an empty store."),
    ("schema.sql", "shop.customers", "CREATE TABLE shop.customers", "Everyone who ever bought."),
    ("schema.sql", "count_orders", "CREATE FUNCTION count_orders(customer BIGINT)", "Gives the number of orders."),
    ("shop.proto", "Orders.GetOrder", "rpc GetOrder(GetOrderRequest) returns (Order)", "Gives one order."),
    ("network.tf", "aws_instance.web", 'resource "aws_instance" "web"', "The machine that serves the shop."),
    ("network.tf", "variable.region", 'variable "region"', "The region."),
    ("Ledger.m", "LedgerDelegate", "@protocol LedgerDelegate <NSObject>", "What a ledger tells of."),
    ("Ledger.m", "Ledger.post:error:", "- (void)post:(Entry *)entry error:(NSError **)error", "Adds an entry."),
    ("Ledger.m", "LedgerState", "typedef NS_ENUM(NSInteger, LedgerState)", ""),
    ("Queue.pm", "new", "sub new", "Makes a queue."),
    ("handler.clj", "parse-id", "(defn parse-id", "Reads an id from a path."),
    ("handler.clj", "Priced.price", "(price [this]", "The price in cents."),
    ("counter.erl", "increment", "-spec increment(pid(), amount()) -> ok.", "@doc Adds to a counter."),
    ("Inventory.fs", "Shop.Inventory.MemoryStore.Add", "member this.Add(item: Item)", "Adds an item."),
    ("Inventory.fs", "Shop.Inventory.total", "let rec total items", ""),
    ("Build.groovy", "Build", "class Build extends Task implements Runnable", "Builds one project."),
    ("Backup.psm1", "Copy-Backup", "function Copy-Backup", ".SYNOPSIS\nCopies a folder."),
    ("Vault.sol", "Vault.deposit", "function deposit(uint256 amount) external whenOpen returns", "@notice Puts tokens"),
    ("service.nix", "renderSettings", "renderSettings = settings", "Renders the settings."),
    ("flags.cmake", "add_flag_if_known", "function(add_flag_if_known target flag)", "Adds a flag if the compiler"),
    ("Makefile", "all", "all: shop docs", "Builds everything."),
    ("schema.graphql", "Customer", "type Customer implements Node & Named", "Someone who buys."),
    ("Cart.vue", "checkout", "async function checkout(): Promise<void>", "Pays for what is in the cart."),
    ("Clock.svelte", "tick", "function tick()", "Reads the time."),
]

REFERENCES: list[tuple[str, str, set[str]]] = [
    # source, qualified name, names that it refers to among others
    ("inventory.rb", "Warehouse.Shelf.<<", {"FullError", "full?", "push", "notify"}),
    ("inventory.rb", "Warehouse.Shelf", {"Base", "Enumerable", "Forwardable"}),
    ("Router.php", "Router.add", {"Handler", "InvalidArgumentException"}),
    ("Router.php", "Router", {"Service", "Handler", "Journal"}),
    ("Cache.swift", "Cache.value", {"CacheError", "missing"}),
    ("Queue.kt", "BoundedQueue", {"AbstractQueue", "Sink", "ArrayDeque"}),
    ("Parsers.scala", "Parser.many", {"parse", "loop", "drop"}),
    ("Shapes.scala", "diagonal", {"sqrt", "Context"}),
    ("queue.lua", "Queue.push", {"full", "insert"}),
    ("Parser.hs", "Expr.eval", {"eval", "lookup", "Add", "Num", "<$>"}),
    ("accounts.ex", "Shop.Accounts.list_users", {"Repo", "all", "from", "offset"}),
    ("pool.zig", "Pool.init", {"ArrayList", "Conn", "init"}),
    ("deploy.sh", "main", {"usage", "copy_build", "restart_service"}),
    ("player.dart", "main", {"runApp", "PlayerApp"}),
    ("Orbits.jl", "Orbits.energy", {"potential", "kinetic", "World"}),
    ("panel.R", "summarise_panel", {"check_panel", "group_by", "summarise"}),
    ("store.ml", "Make.find", {"M", "find_opt", "Found", "Missing"}),
    ("store.mli", "find", {"key", "t"}),
    ("schema.sql", "spending", {"customers", "orders", "sum"}),
    ("schema.sql", "orders_touch", {"orders", "touch_row"}),
    ("shop.proto", "Order", {"State", "Line", "Timestamp", "Card"}),
    ("network.tf", "aws_instance.web", {"base", "lookup", "types"}),
    ("Ledger.m", "Ledger.post:error:", {"addObject", "ledger:didPost:", "LedgerLog"}),
    ("Queue.pm", "add", {"count", "wake"}),
    ("handler.clj", "handler", {"parse-id", "response", "render", "not-found"}),
    ("counter.erl", "handle_call", {"add", "state"}),
    ("Inventory.fs", "Shop.Inventory.total", {"Pieces", "add"}),
    ("Build.groovy", "Build.run", {"execute"}),
    ("Backup.psm1", "Copy-Backup", {"Compress-Backup", "Remove-OldBackup"}),
    ("Vault.sol", "Vault.deposit", {"whenOpen", "TooMuch", "toShares", "rate", "transferFrom", "Deposited"}),
    ("service.nix", "renderSettings", {"concatStringsSep", "mapAttrsToList"}),
    ("flags.cmake", "shop_library", {"add_library", "add_flag_if_known"}),
    ("Makefile", "all", {"shop", "docs"}),
    ("schema.graphql", "GetCustomer", {"CustomerFields"}),
    ("Cart.vue", "checkout", {"sumOf", "pay"}),
    ("Clock.svelte", "tick", {"currentTime"}),
]

IMPORTS = {
    "inventory.rb": ("json", "storage/memory"),
    "Router.php": (
        "App\\Http",
        "Request",
        "Response",
        "InvalidArgumentException",
        "App\\Support\\normalise",
        "/helpers.php",
    ),
    "Cache.swift": ("Foundation", "Combine.AnyPublisher"),
    "Queue.kt": ("kotlinx.coroutines.flow.Flow", "java.util.concurrent.locks.ReentrantLock"),
    "Parsers.scala": ("scala.collection.mutable", "scala.util.Try", "cats.syntax.all"),
    "queue.lua": ("queue.heap", "log.Logger"),
    "Parser.hs": ("Control.Monad", "Data.Map.Strict", "Data.Text"),
    "accounts.ex": ("Ecto.Schema", "Ecto.Query", "Shop", "Logger"),
    "pool.zig": ("std", "builtin"),
    "deploy.sh": ('$(dirname "$0")/lib/log.sh', "./lib/retry.sh"),
    "player.dart": ("dart:async", "package:flutter/material.dart", "src/track.dart", "player.g.dart"),
    "Orbits.jl": ("LinearAlgebra", "Base", "JSON", "constants.jl"),
    "panel.R": ("dplyr", "ggplot2", "R/helpers.R"),
    "store.ml": ("Lwt.Infix",),
    "shop.proto": ("google/protobuf/timestamp.proto", "shop/common.proto"),
    "network.tf": ("./modules/network",),
    "Ledger.m": ("Foundation/Foundation.h", "Account.h", "CoreData"),
    "Queue.pm": ("strict", "warnings", "List::Util", "parent", "Job::Base", "Job::Worker", "constant"),
    "handler.clj": ("clojure.string", "ring.util.response", "java.time"),
    "counter.erl": ("kernel/include/logger.hrl", "counter.hrl", "lists"),
    "Inventory.fs": ("System", "System.Collections.Generic"),
    "Build.groovy": ("groovy.transform.CompileStatic",),
    "Backup.psm1": ("System.IO", "Archive"),
    "Vault.sol": ("./Token.sol", "./Owned.sol"),
    "service.nix": ("./shop.nix", "./common.nix"),
    "flags.cmake": ("CheckCXXCompilerFlag", "Threads", "tests"),
    "Makefile": ("config.mk",),
    "Cart.vue": ("vue", "./CartLine.vue"),
    "Clock.svelte": ("svelte",),
}


@cache
def _parsed(name: str) -> ParsedFile:
    return parse(name, (SOURCES / name).read_text("utf-8"))


def _entry(source: str, qualified_name: str) -> Entry:
    found = [entry for entry in _parsed(source).entries if entry.qualified_name == qualified_name and not entry.part]
    assert found, f"no {qualified_name} in {source}"
    return found[0]


def test_every_source_is_in_the_table() -> None:
    assert {path.name for path in SOURCES.iterdir()} == set(DEFINITIONS)


@pytest.mark.parametrize("source", sorted(DEFINITIONS))
def test_definitions(source: str) -> None:
    expected = []
    for line in DEFINITIONS[source].split("\n"):
        if line.strip():
            lines, kind, name = line.strip().split(" ", 2)
            first, last = lines.split("-")
            expected.append((kind, name, int(first), int(last)))
    parsed = _parsed(source)
    assert not parsed.has_errors
    assert table(parsed) == expected
    check_entries((SOURCES / source).read_text("utf-8"), parsed)


@pytest.mark.parametrize(("source", "name", "signature", "doc"), DETAILS)
def test_signatures_and_docs(source: str, name: str, signature: str, doc: str) -> None:
    entry = _entry(source, name)
    assert entry.signature.startswith(signature)
    assert entry.doc.startswith(doc)
    assert bool(entry.doc) == bool(doc)


@pytest.mark.parametrize(("source", "name", "expected"), REFERENCES)
def test_references(source: str, name: str, expected: set[str]) -> None:
    assert expected <= set(_entry(source, name).references)


@pytest.mark.parametrize("source", sorted(IMPORTS))
def test_imports(source: str) -> None:
    assert _parsed(source).imports == IMPORTS[source]


@pytest.mark.parametrize("source", sorted(DEFINITIONS))
def test_the_bare_name_ends_the_qualified_one(source: str) -> None:
    for entry in _parsed(source).entries:
        assert entry.qualified_name.endswith(entry.name)
        assert "\n" not in entry.name


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "rules.bzl",
            'def _impl(ctx):\n    """Builds."""\n    return run(ctx)\n\nshop = rule(implementation = _impl)\n',
            [("function", "_impl", 1, 3), ("variable", "shop", 5, 5)],
        ),
        (
            "light.frag",
            "struct Ray { vec3 origin; };\n\n// Shades.\nvec4 shade(Ray ray) {\n  return vec4(ray.origin, 1.0);\n}\n",
            [("struct", "Ray", 1, 1), ("function", "shade", 3, 6)],
        ),
        (
            "sky.hlsl",
            "struct Vertex { float4 at : POSITION; };\n\nfloat4 paint(Vertex v) : SV_TARGET {\n  return v.at;\n}\n",
            [("struct", "Vertex", 1, 1), ("function", "paint", 3, 5)],
        ),
        (
            "cart.luau",
            "local Cart = {}\n\nfunction Cart.add(price: number): number\n  return price + 1\nend\n\nreturn Cart\n",
            [("function", "Cart.add", 3, 5)],
        ),
    ],
)
def test_languages_read_by_a_relative(path: str, text: str, expected: list[tuple[str, str, int, int]]) -> None:
    parsed = parse(path, text)
    assert table(parsed) == expected
    check_entries(text, parsed)


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("a_spec.rb", "describe Cart do\n  it 'adds' do\n    add(1)\n  end\nend\n", ["Cart", "Cart.adds"]),
        ("CartTest.php", "<?php\nit('adds', function () {\n    add(1);\n});\n", ["adds"]),
        (
            "CartSpec.scala",
            'class CartSpec extends Spec {\n  test("adds") { add(1) }\n  "A cart" should "add" in { add(1) }\n}\n',
            ["CartSpec.adds", "CartSpec.A cart should add"],
        ),
        (
            "CartSpec.kt",
            'class CartSpec : Spec({\n  context("cart") {\n    test("adds") { add(1) }\n  }\n})\n',
            ["CartSpec.cart", "CartSpec.cart.adds"],
        ),
        (
            "CartSpec.swift",
            'class S: QuickSpec {\n  func spec() {\n    describe("cart") { it("adds") { add(1) } }\n  }\n}\n',
            ["S.spec.cart", "S.spec.cart.adds"],
        ),
        (
            "CartSpec.hs",
            'module CartSpec where\n\nspec :: Spec\nspec = do\n  describe "cart" $ do\n    it "adds" $ add 1\n',
            ["spec.cart", "spec.cart.adds"],
        ),
        ("cart_spec.lua", 'describe("cart", function()\n  it("adds", function() end)\nend)\n', ["cart", "cart.adds"]),
        ("cart_test.dart", "void main() {\n  test('adds', () {\n    add(1);\n  });\n}\n", ["main.adds"]),
        ("cart.jl", '@testset "adds" begin\n  @test add(1) == 2\nend\n', ["adds"]),
        ("test-cart.R", 'test_that("it adds", {\n  expect_equal(add(1), 2)\n})\n', ["it adds"]),
        ("cart.t", "subtest 'adds' => sub {\n    ok add(1);\n};\n", ["adds"]),
        ("Cart.Tests.ps1", "Describe 'cart' {\n    It 'adds' {\n        Add 1\n    }\n}\n", ["cart", "cart.adds"]),
        ("CartSpec.groovy", 'class CartSpec {\n  def "adds"() {\n    expect: add(1)\n  }\n}\n', ["CartSpec.adds"]),
        ("cart_test.clj", "(deftest adds\n  (is (= 2 (add 1))))\n", ["adds"]),
    ],
)
def test_tests_are_entries(path: str, text: str, names: list[str]) -> None:
    parsed = parse(path, text)
    assert [entry.qualified_name for entry in parsed.entries if entry.kind == "test"] == names
    check_entries(text, parsed)


def test_repeated_attributes_take_time_in_proportion() -> None:
    text = "defmodule A do\n" + '  @doc "x"\n' * 5000 + "  def f, do: 1\nend\n"
    parse("a.ex", "defmodule A do\nend\n")
    start = time.process_time()
    parse("a.ex", text)
    assert time.process_time() - start < 5


def test_headers_and_matlab() -> None:
    header = "#import <UIKit/UIKit.h>\nNS_ASSUME_NONNULL_BEGIN\n@interface Cart : NSObject\n- (void)pay;\n@end\n"
    parsed = parse("Cart.h", header)
    assert parsed.language == "objc"
    assert not parsed.has_errors
    assert table(parsed) == [("class", "Cart", 3, 5), ("method", "Cart.pay", 4, 4)]
    assert parse("solve.m", "function y = solve(x)\n% Halves.\ny = x / 2;\nend\n").language == "text"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("svelte", "<p>a</p>\n<script>let a;</script>\n", "        \n        let a;         \n"),
        ("vue", "<script setup>\r\nlet é;\r\n</script>", "              \r\nlet é;\r\n         "),
        ("objc", "typedef NS_ENUM(NSInteger, State) { A };", "enum                       State  { A };"),
        ("objc", "#if NS_BLOCKS\n@end NS_SWIFT_NAME(a(b:))", "#if NS_BLOCKS\n@end " + " " * 20),
        ("swift", "#if os(iOS)\nlet a = 1\n#endif", "           \nlet a = 1\n      "),
        ("kotlin", "class A(actual val a: Int, actual: Int)", "class A(       val a: Int, actual: Int)"),
        ("dart", "library;\nimport 'a.dart';", "        \nimport 'a.dart';"),
        ("python", "NS_ENUM", "NS_ENUM"),
    ],
)
def test_masking_keeps_every_offset(language: str, text: str, expected: str) -> None:
    assert masked(LANGUAGES[language], text.encode())[0] == expected.encode()


def _references(path: str, text: str) -> set[str]:
    return {name for entry in parse(path, text).entries for name in entry.references}


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        (
            "a.kt",
            "fun `adds items`() {\n    f()\n}\nclass `a b` {\n    fun g() = 1\n}\n",
            ["adds items", "a b", "a b.g"],
        ),
        (
            "a.m",
            (
                "@implementation A\n"
                "- (void)tableView:(UITableView *)view didSelectRowAtIndexPath:(NSIndexPath *)path {\n}\n"
                "- (void)save:(id)sender {\n}\n- (id)count {\n}\n"
                "+ (void)log:(NSString *)format, ... {\n}\n@end\n"
            ),
            ["A", "A.tableView:didSelectRowAtIndexPath:", "A.save", "A.count", "A.log"],
        ),
        ("a.h", "@protocol P\n- (void)move:(int)x\n    to:(int)y;\n@end\n", ["P", "P.move:to:"]),
        (
            "a.cpp",
            (
                "namespace a::b::inline v1 {\nclass X {\n  int f();\n};\n}\n"
                "namespace a::inline c::d {\nvoid g() {\n}\n}\ninline namespace e {\nint h();\n}\n"
            ),
            ["a.b.v1", "a.b.v1.X", "a.b.v1.X.f", "a.c.d", "a.c.d.g", "e", "e.h"],
        ),
        (
            "a.rs",
            (
                "proptest! {\n    #![proptest_config(Config {\n        cases: 99,\n    })]\n"
                '    #[test]\n    fn parses(s in "\\)(*", t in "[(]") {\n        parse(&s);\n    }\n\n'
                "    #[test]\n    fn adds(a in (0..10, 1), b: u8) {\n        add(a);\n    }\n}\n"
                "prop_compose! {\n    fn pair(max: u32)(a in 0..max)(b in Just(a)) -> (u32, u32) {\n"
                "        make(a, b)\n    }\n}\n"
                "mod tests {\n    proptest! {\n        fn nested(a in 0..10) {\n        }\n    }\n}\n"
            ),
            ["parses", "adds", "pair", "tests", "tests.nested"],
        ),
    ],
)
def test_names_that_are_more_than_a_word(path: str, text: str, names: list[str]) -> None:
    parsed = parse(path, text)
    check_entries(text, parsed)
    assert not parsed.has_errors
    assert [entry.qualified_name for entry in parsed.entries if entry.kind != "block"] == names


def test_uses_of_names_that_are_more_than_a_word() -> None:
    kotlin = "fun t() {\n    `adds items`()\n    cart.`is empty`(1)\n    a shouldBe b\n    c `should equal` 1 to 2\n}\n"
    assert _references("a.kt", kotlin) == {"adds items", "is empty", "shouldBe", "should equal", "to"}
    objc = (
        "void f(void) {\n  [self tableView:t didSelectRowAtIndexPath:p];\n  [cart add:[item with:1 and: 2]];\n"
        "  s = @selector(move:to:);\n  s = @selector( save: );\n  s = @selector(count);\n}\n"
    )
    assert _references("a.m", "#import <A.h>\n" + objc) == {
        "tableView:didSelectRowAtIndexPath:",
        "add",
        "with:and:",
        "move:to:",
        "save",
        "count",
    }
    rust = "proptest! {\n    fn adds(a in 0..10) {\n        add(a);\n    }\n}\n"
    assert _references("a.rs", rust) == {"add", "proptest"}
