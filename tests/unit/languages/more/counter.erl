%% @doc Counts things.
-module(counter).
-behaviour(gen_server).

-include_lib("kernel/include/logger.hrl").
-include("counter.hrl").
-import(lists, [map/2]).

-export([start_link/1, increment/2]).
-export([init/1, handle_call/3]).

-define(TIMEOUT, 5000).
-define(KEY(Name), {counter, Name}).

-record(state, {
    name :: atom(),
    value = 0 :: non_neg_integer()
}).

-type amount() :: pos_integer().
-callback on_change(amount()) -> ok.

%% Starts a counter.
-spec start_link(atom()) -> {ok, pid()}.
start_link(Name) ->
    gen_server:start_link({local, Name}, ?MODULE, [Name], []).

%% @doc Adds to a counter.
-spec increment(pid(), amount()) -> ok.
increment(Pid, Amount) when Amount > 0 ->
    gen_server:call(Pid, {add, Amount}, ?TIMEOUT);
increment(_Pid, 0) ->
    ok.

init([Name]) ->
    {ok, #state{name = Name}}.

handle_call({add, Amount}, _From, State) ->
    Value = add(State#state.value, Amount),
    {reply, ok, State#state{value = Value}};
handle_call(value, _From, State) ->
    {reply, State#state.value, State}.

add(A, B) ->
    A + B.
