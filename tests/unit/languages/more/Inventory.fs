/// What a shop has in stock.
module Shop.Inventory

open System
open System.Collections.Generic

/// How much there is.
[<Struct>]
type Amount =
    | Pieces of int
    | Kilograms of float

type Item =
    { Name: string
      Amount: Amount }

    member this.IsEmpty = this.Amount = Pieces 0

type IStore =
    abstract member Find: string -> Item option

exception OutOfStock of string

/// Keeps items in memory.
type MemoryStore(limit: int) =
    let items = Dictionary<string, Item>()

    new() = MemoryStore(100)

    /// Adds an item.
    member this.Add(item: Item) =
        if items.Count >= limit then raise (OutOfStock item.Name)
        items.Add(item.Name, item)

    static member Create() = MemoryStore()

    interface IStore with
        member this.Find name =
            match items.TryGetValue name with
            | true, item -> Some item
            | _ -> None

let defaultLimit = 100

/// Adds two amounts.
let add left right =
    match left, right with
    | Pieces a, Pieces b -> Pieces(a + b)
    | _ -> failwith "cannot add"

let rec total items =
    match items with
    | [] -> Pieces 0
    | item :: rest -> add item.Amount (total rest)

module Report =
    let print (store: IStore) name =
        store.Find name |> Option.iter (fun item -> printfn "%s" item.Name)
