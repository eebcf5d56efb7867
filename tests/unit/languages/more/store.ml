(** Stores of values. *)

open Lwt.Infix
module Log = (val Logs.src_log src : Logs.LOG)

(** How many values are kept. *)
let capacity = 128

type key = string

(** What the store says. *)
type 'a answer =
  | Found of 'a
  | Missing
  | Failed of { reason : string; code : int }

exception Full of int

(** What can be a key. *)
module type KEY = sig
  type t

  (** Orders two keys. *)
  val compare : t -> t -> int
end

(** A store of values by key. *)
module Make (K : KEY) : sig
  type 'a t
end = struct
  module M = Map.Make (K)

  type 'a t = { mutable values : 'a M.t; limit : int }

  (** Makes an empty store. *)
  let create ?(limit = capacity) () = { values = M.empty; limit }

  let add t key value =
    if M.cardinal t.values >= t.limit then raise (Full t.limit);
    t.values <- M.add key value t.values

  let rec find t = function
    | [] -> Missing
    | key :: rest -> (
        match M.find_opt key t.values with
        | Some value -> Found value
        | None -> find t rest)
  and find_all t keys = List.map (fun key -> find t [ key ]) keys
end

let ( >>? ) answer f =
  match answer with Found value -> f value | other -> other

let hash = function "" -> 0 | text -> Hashtbl.hash text

class virtual counter start =
  object (self)
    val mutable count = start

    (** Counts one more. *)
    method next = count <- count + 1; self#report count

    method virtual report : int -> unit
  end

external now : unit -> float = "store_now"

let () =
  let store = StringStore.create () in
  StringStore.add store "a" 1
