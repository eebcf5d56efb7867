defmodule Shop.AccountsTest do
  use ExUnit.Case, async: true

  setup do
    {:ok, user: insert(:user)}
  end

  describe "get_user/1" do
    test "finds by id", %{user: user} do
      assert Accounts.get_user(user.id) == user
    end
  end
end
