defmodule Shop.Accounts do
  @moduledoc """
  Users and how they sign in.
  """

  use GenServer
  import Ecto.Query
  alias Shop.{Repo, Token}
  alias Shop.Accounts.User

  defstruct [:id, :email]

  @type id :: integer()

  @doc """
  Deletes a user with all tokens.
  """
  @spec delete_user(User.t()) :: :ok | {:error, term()}
  def delete_user(%User{} = user) when not is_nil(user.id) do
    Repo.transaction(fn ->
      user |> tokens() |> Repo.delete_all()
      Repo.delete!(user)
    end)
  end

  def admin?(%User{role: :admin}), do: true
  def admin?(_user), do: false

  defp tokens(user) do
    from(token in Token, where: token.user_id == ^user.id)
  end

  defmacro with_user(user, do: block) do
    quote do
      unquote(block)
    end
  end
end

defimpl String.Chars, for: Shop.Accounts do
  def to_string(account), do: account.email
end
