defmodule Shop.Accounts do
  @moduledoc """
  People and what they own.
  """

  use Ecto.Schema
  import Ecto.Query, only: [from: 2]
  alias Shop.{Repo, User}
  require Logger

  @behaviour Shop.Store
  @page_size 50

  @typedoc "Who someone is."
  @type id :: pos_integer()

  @callback load(id) :: {:ok, User.t()} | :error

  defstruct [:id, name: "nobody"]

  defmodule NotFound do
    defexception [:message]

    def exception(id), do: %NotFound{message: "no #{id}"}
  end

  @doc """
  Finds a user.

  ## Examples

      iex> get_user(1)
  """
  @spec get_user(id) :: User.t() | nil
  def get_user(id) when is_integer(id) do
    Repo.get(User, id)
  end

  def get_user(%User{id: id}), do: get_user(id)

  def get_user(_other) do
    Logger.warn("not an id")
    nil
  end

  @doc "All users, a page at a time."
  @impl true
  def list_users(page \\ 0) do
    User
    |> from(limit: @page_size, offset: ^offset(page))
    |> Repo.all()
  end

  defp offset(page), do: page * @page_size

  defguard is_adult(user) when user.age >= 18

  # Writes the name of what runs.
  defmacro traced(do: block) do
    quote do
      Logger.debug("running")
      unquote(block)
    end
  end

  defdelegate count(query), to: Repo, as: :aggregate

  def left <|> right, do: merge(left, right)
end

defprotocol Shop.Priced do
  @doc "What it costs."
  def price(item)
end

defimpl Shop.Priced, for: Shop.Accounts do
  def price(_account), do: 0
end
