(** Stores of values. *)

(** The type of keys. *)
type key = string

type 'a t

exception Full of int
(** Raised when there is no room. *)

(** [create ~limit ()] is an empty store. *)
val create : ?limit:int -> unit -> 'a t

val find : 'a t -> key -> 'a option
(** Finds a value. *)

module Cache : sig
  val clear : unit -> unit
end

module type S = sig
  type t
end

external now : unit -> float = "store_now"
